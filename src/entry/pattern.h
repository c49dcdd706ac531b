// Key patterns: the label under which keys of one kind are counted (`user:123` counts as `user`). Labels are
// bounded in number and length, because every one of them is a time series for ever.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace larder::entry {

// The pattern of what has none, and of all that no longer fit a table.
inline constexpr std::string_view other_pattern = "other";

// The pattern of a key of any make. The key is split at ":", "/", "|", "." and "#"; empty pieces, "api" and
// versions
// ("v2") at the front are skipped; the next piece is the pattern, in lower case and without a number that
// ends it
// (`user_123` is `user`). A piece that looks like an identifier (starts with a digit, is a UUID or 16 or more
// hex digits) or has anything but letters, digits, "-" and "_" gives other_pattern, as does one above
// limit::pattern_bytes_max. Larder's own keys need no guess: see Key::pattern.
std::string pattern_of(std::string_view key);

// Hands out small indices for patterns. Index 0 is other_pattern.
class PatternTable {
 public:
  // `patterns_max` counts other_pattern and is at least 1.
  explicit PatternTable(std::size_t patterns_max);

  // The pattern's index, which is new if it is seen for the first time, and 0 once the table is full.
  std::size_t index_of(std::string_view pattern);
  // `index` is below size().
  std::string_view name(std::size_t index) const;
  std::size_t size() const { return names_.size(); }

 private:
  std::size_t patterns_max_;
  std::vector<std::string> names_;
};

}  // namespace larder::entry
