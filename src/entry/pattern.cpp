#include "entry/pattern.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"

namespace larder::entry {

namespace {

constexpr std::string_view separators = ":/|.#";
constexpr std::size_t hex_identifier_digits = 16;

bool is_version(std::string_view piece) {
  return piece.size() >= 2 && to_lower(piece.front()) == 'v' &&
         std::all_of(piece.begin() + 1, piece.end(), is_digit);
}

bool is_skipped(std::string_view piece) {
  return piece.empty() || equals_ignoring_case(piece, "api") || is_version(piece);
}

bool is_hex(char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f'); }

// UUIDs are hex digits with hyphens between.
bool is_identifier(std::string_view piece) {
  const auto digits = std::count_if(piece.begin(), piece.end(), is_hex);
  const auto hyphens = std::count(piece.begin(), piece.end(), '-');
  const bool all_hex = static_cast<std::size_t>(digits + hyphens) == piece.size();
  return is_digit(piece.front()) || (all_hex && static_cast<std::size_t>(digits) >= hex_identifier_digits);
}

bool is_plain(char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; }

// Without "_123" or "-123" or "123" at its end.
std::string_view without_number(std::string_view piece) {
  const std::size_t letters = piece.find_last_not_of("0123456789") + 1;
  const bool has_number = letters < piece.size();
  piece = piece.substr(0, letters);
  while (has_number && !piece.empty() && (piece.back() == '-' || piece.back() == '_')) {
    piece.remove_suffix(1);
  }
  return piece;
}

std::string_view first_piece(std::string_view key) {
  for (;;) {
    const std::size_t end = key.find_first_of(separators);
    const std::string_view piece = key.substr(0, end);
    if (!is_skipped(piece)) {
      return piece;
    }
    if (end == std::string_view::npos) {
      return {};
    }
    key.remove_prefix(end + 1);
  }
}

}  // namespace

std::string pattern_of(std::string_view key) {
  const std::string_view piece = first_piece(key);
  if (piece.empty() || is_identifier(piece) || !std::all_of(piece.begin(), piece.end(), is_plain)) {
    return std::string(other_pattern);
  }
  const std::string_view name = without_number(piece);
  if (name.empty() || name.size() > config::limit::pattern_bytes_max) {
    return std::string(other_pattern);
  }
  return to_lower(name);
}

PatternTable::PatternTable(std::size_t patterns_max) : patterns_max_(patterns_max) {
  LARDER_ASSERT(patterns_max > 0);
  names_.emplace_back(other_pattern);
}

std::size_t PatternTable::index_of(std::string_view pattern) {
  const auto found = std::find(names_.begin(), names_.end(), pattern);
  if (found != names_.end()) {
    return static_cast<std::size_t>(found - names_.begin());
  }
  if (names_.size() == patterns_max_ || pattern.empty() ||
      pattern.size() > config::limit::pattern_bytes_max) {
    return 0;
  }
  names_.emplace_back(pattern);
  return names_.size() - 1;
}

std::string_view PatternTable::name(std::size_t index) const {
  LARDER_ASSERT(index < names_.size());
  return names_[index];
}

}  // namespace larder::entry
