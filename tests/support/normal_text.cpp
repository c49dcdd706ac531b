#include "support/normal_text.h"

#include <utf8proc.h>

#include <cstdlib>

#include "base/assert.h"

namespace larder::sim {

namespace {

constexpr utf8proc_int32_t sigma = 0x3c3;
constexpr utf8proc_int32_t final_sigma = 0x3c2;

const utf8proc_uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

std::string mapped_by(int flags, std::string_view text) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto options = static_cast<utf8proc_option_t>(flags);
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  const utf8proc_ssize_t bytes = utf8proc_map(bytes_of(text), size, &mapped, options);
  LARDER_ASSERT(bytes >= 0);
  const std::string result(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(bytes));
  std::free(mapped);
  return result;
}

std::string decomposed(std::string_view text) {
  return mapped_by(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, text);
}

}  // namespace

std::string normal_text(std::string_view text) {
  const std::string parts = decomposed(text);
  std::string lower;
  for (std::string_view rest = parts; !rest.empty();) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t taken =
        utf8proc_iterate(bytes_of(rest), static_cast<utf8proc_ssize_t>(rest.size()), &point);
    LARDER_ASSERT(taken > 0);
    point = utf8proc_tolower(point);
    utf8proc_uint8_t encoded[4];
    const utf8proc_ssize_t size = utf8proc_encode_char(point == final_sigma ? sigma : point, encoded);
    lower.append(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size));
    rest.remove_prefix(static_cast<std::size_t>(taken));
  }
  return decomposed(lower);
}

std::string lower_text(std::string_view text) {
  return mapped_by(UTF8PROC_COMPOSE | UTF8PROC_STABLE, normal_text(text));
}

}  // namespace larder::sim
