#include "redis/frame.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"

namespace larder::redis {

namespace {

constexpr std::string_view magic = "LRD1";
constexpr char form_raw = 'r';
constexpr char form_base64 = 'b';
constexpr std::size_t header_digits = 8;
constexpr std::size_t body_digits = 16;
constexpr std::size_t checksum_digits = 16;
// What the checksum does not cover is the checksum: it ends the head.
constexpr std::size_t covered_head_bytes = frame_head_bytes - checksum_digits;
static_assert(magic.size() + 1 + header_digits + body_digits == covered_head_bytes);

struct Head {
  char form = form_raw;
  std::uint64_t header_bytes = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t checksum = 0;
};

std::uint64_t checksum_of(std::string_view head, std::string_view rest) {
  const std::uint64_t seed = XXH64(head.data(), covered_head_bytes, 0);
  return XXH64(rest.data(), rest.size(), seed);
}

void append_hex(std::string& text, std::uint64_t number, std::size_t digits) {
  for (std::size_t left = digits; left > 0; --left) {
    text.push_back("0123456789abcdef"[(number >> (4 * (left - 1))) & 15U]);
  }
}

std::optional<std::uint64_t> read_hex(std::string_view digits) {
  std::uint64_t number = 0;
  for (const char c : digits) {
    const bool is_letter = c >= 'a' && c <= 'f';
    if (!is_letter && !is_digit(c)) {
      return std::nullopt;
    }
    number = number << 4U | static_cast<std::uint64_t>(is_letter ? c - 'a' + 10 : c - '0');
  }
  return number;
}

std::optional<Head> read_head(std::string_view value) {
  if (value.size() < frame_head_bytes || !value.starts_with(magic)) {
    return std::nullopt;
  }
  Head head;
  head.form = value[magic.size()];
  const std::size_t at = magic.size() + 1;
  const auto header_bytes = read_hex(value.substr(at, header_digits));
  const auto body_bytes = read_hex(value.substr(at + header_digits, body_digits));
  const auto checksum = read_hex(value.substr(covered_head_bytes, checksum_digits));
  const bool is_known = head.form == form_raw || head.form == form_base64;
  if (!is_known || !header_bytes || !body_bytes || !checksum ||
      *header_bytes > config::limit::header_value_bytes_max) {
    return std::nullopt;
  }
  head.header_bytes = *header_bytes;
  head.body_bytes = *body_bytes;
  head.checksum = *checksum;
  return head;
}

}  // namespace

std::string frame(std::string_view header, std::string_view body, Carriage carriage) {
  const bool is_encoded = carriage == Carriage::text && !is_utf8(body);
  const std::string encoded = is_encoded ? to_base64url(body) : std::string();
  const std::string_view stored = is_encoded ? std::string_view(encoded) : body;
  std::string value;
  value.reserve(frame_head_bytes + header.size() + stored.size());
  value.append(magic).push_back(is_encoded ? form_base64 : form_raw);
  append_hex(value, header.size(), header_digits);
  append_hex(value, stored.size(), body_digits);
  value.append(checksum_digits, '0').append(header).append(stored);
  const std::string_view written = value;
  std::string checksum;
  append_hex(checksum, checksum_of(written, written.substr(frame_head_bytes)), checksum_digits);
  value.replace(covered_head_bytes, checksum_digits, checksum);
  return value;
}

std::optional<Framed> unframe(std::string_view value) {
  const auto head = read_head(value);
  if (!head) {
    return std::nullopt;
  }
  const std::string_view rest = value.substr(frame_head_bytes);
  if (rest.size() < head->header_bytes || rest.size() - head->header_bytes != head->body_bytes ||
      (checksum_of(value, rest) != head->checksum && !LARDER_MUTATED(redis_frame_unchecked))) {
    return std::nullopt;
  }
  const auto header_bytes = static_cast<std::size_t>(head->header_bytes);
  const std::string_view header = rest.substr(0, header_bytes);
  const std::string_view stored = rest.substr(header_bytes);
  if (head->form == form_raw) {
    return Framed(header, stored);
  }
  auto decoded = from_base64url(stored);
  return decoded ? std::optional<Framed>(Framed(header, std::move(*decoded))) : std::nullopt;
}

std::optional<std::size_t> header_end(std::string_view beginning) {
  const auto head = read_head(beginning);
  return head ? std::optional<std::size_t>(frame_head_bytes + static_cast<std::size_t>(head->header_bytes))
              : std::nullopt;
}

std::string_view header_of(std::string_view beginning) {
  const auto end = header_end(beginning);
  return end && *end <= beginning.size() ? beginning.substr(frame_head_bytes, *end - frame_head_bytes)
                                         : std::string_view();
}

}  // namespace larder::redis
