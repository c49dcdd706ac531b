#include "config/key_field.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"

namespace larder::config {

bool takes_parameter(const KeyField& field, std::string_view name) {
  const bool is_named =
      std::any_of(field.query_names.begin(), field.query_names.end(), [&](const std::string& one) {
        return one.ends_with('*') ? name.starts_with(std::string_view(one).substr(0, one.size() - 1))
                                  : name == one;
      });
  switch (field.query_choice) {
    case QueryChoice::all:
      return true;
    case QueryChoice::only:
      return is_named;
    case QueryChoice::except:
      return !is_named;
  }
  LARDER_UNREACHABLE();
}

std::optional<std::int64_t> parse_billionths(std::string_view text) {
  constexpr std::size_t decimals = 9;
  constexpr std::uint64_t billion = 1'000'000'000;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  const std::size_t point = text.find('.');
  const auto whole = parse_unsigned(text.substr(0, point));
  std::string fraction(point == std::string_view::npos ? std::string_view("0") : text.substr(point + 1));
  if (!whole || *whole > billion || fraction.empty() ||
      fraction.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  fraction.resize(decimals, '0');
  const auto magnitude = static_cast<std::int64_t>(*whole * billion + *parse_unsigned(fraction));
  return negative ? -magnitude : magnitude;
}

std::optional<JsonPath> parse_json_path(std::string_view text) {
  JsonPath path;
  while (!text.empty()) {
    if (text.starts_with("[]")) {
      path.emplace_back("[]");
      text.remove_prefix(2);
      continue;
    }
    if (!path.empty()) {
      if (text.front() != '.') {
        return std::nullopt;
      }
      text.remove_prefix(1);
    }
    const std::string_view name = text.substr(0, text.find_first_of(".["));
    if (name.empty() || contains(name, "]")) {
      return std::nullopt;
    }
    path.emplace_back(name);
    text.remove_prefix(name.size());
  }
  return path.empty() ? std::nullopt : std::optional(std::move(path));
}

}  // namespace larder::config
