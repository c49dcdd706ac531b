// Length-prefixed records: how operations, their results and entry headers are written as bytes.
// Little-endian;
//   u8, u32, u64   1, 4, 8 bytes
//   text           u32 length, then that many bytes (any bytes)
//   bytes          the same; what JavaScript passes on unread
//   texts          u32 count, then that many texts
//   pairs          u32 count, then that many (text, text)
// shim/wire.js is the other side. Both are fuzzed against each other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace larder {

using TextPairs = std::vector<std::pair<std::string, std::string>>;

class RecordWriter {
 public:
  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  void text(std::string_view value);
  void bytes(std::string_view value) { text(value); }
  void texts(const std::vector<std::string>& values);
  void pairs(const TextPairs& values);

  const std::string& bytes() const { return out_; }
  std::string take() && { return std::move(out_); }

 private:
  void number(std::uint64_t value, unsigned width);

  std::string out_;
};

// Reads what RecordWriter wrote, from bytes that may be anything. Past the end or on a length that does not
// fit, every further read gives zero or empty and ok() is false: check once, at the end.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::string text();
  std::string bytes() { return text(); }
  std::vector<std::string> texts();
  TextPairs pairs();
  // A count of items that follow, of at least `bytes_min` each: one that cannot fit in the rest is refused
  // before anything is reserved.
  std::uint32_t count(std::size_t bytes_min);

  bool ok() const { return ok_; }
  // Everything was read and nothing is left over.
  bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::uint64_t number(unsigned width);
  std::string_view view();
  void refuse();

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace larder
