// Keys of rows: a table's name and columns, each followed by '/'. Numbers have a fixed width, so that keys
// are in the order of their numbers; texts are percent-encoded, so that keys are ASCII and no text runs into
// the next column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/units.h"

namespace larder::records {

class Key {
 public:
  explicit Key(std::string_view table) : key_(table) { key_.push_back('/'); }

  Key& number(std::uint64_t value) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4) {
      key_.push_back(digits[(value >> shift) & 0xf]);
    }
    key_.push_back('/');
    return *this;
  }
  Key& time(Instant at) { return number(static_cast<std::uint64_t>(millis_since_epoch(at))); }
  Key& text(std::string_view value) {
    key_.append(percent_encode(value)).push_back('/');
    return *this;
  }

  const std::string& str() const { return key_; }
  // The end of the range of all keys that begin with this one.
  std::string end() const {
    std::string end = key_;
    // The character after '/'.
    end.back() = '0';
    return end;
  }

 private:
  std::string key_;
};

// Reads a key's columns again.
class KeyReader {
 public:
  // `key` outlives it.
  KeyReader(std::string_view key, std::string_view table)
      : rest_(key.substr(key.size() < table.size() + 1 ? key.size() : table.size() + 1)) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (const char digit : column()) {
      value = value << 4 | static_cast<std::uint64_t>(is_digit(digit) ? digit - '0' : digit - 'a' + 10);
    }
    return value;
  }
  std::string text() { return percent_decode(column(), PlusSign::itself).value_or(""); }

 private:
  std::string_view column() {
    const std::size_t end = rest_.find('/');
    const std::string_view column = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return column;
  }

  std::string_view rest_;
};

}  // namespace larder::records
