#include "base/wire.h"

#include "base/assert.h"

namespace larder {

void RecordWriter::number(std::uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i) {
    out_.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
  }
}

void RecordWriter::text(std::string_view value) {
  LARDER_ASSERT(value.size() <= UINT32_MAX);
  u32(static_cast<std::uint32_t>(value.size()));
  out_.append(value);
}

void RecordWriter::texts(const std::vector<std::string>& values) {
  u32(static_cast<std::uint32_t>(values.size()));
  for (const std::string& value : values) {
    text(value);
  }
}

void RecordWriter::pairs(const TextPairs& values) {
  u32(static_cast<std::uint32_t>(values.size()));
  for (const auto& [name, value] : values) {
    text(name);
    text(value);
  }
}

void RecordReader::refuse() {
  ok_ = false;
  rest_ = {};
}

std::uint64_t RecordReader::number(unsigned width) {
  if (rest_.size() < width) {
    refuse();
    return 0;
  }
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
  }
  rest_.remove_prefix(width);
  return value;
}

std::string_view RecordReader::view() {
  const std::uint32_t size = u32();
  if (rest_.size() < size) {
    refuse();
    return {};
  }
  const std::string_view value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

std::string RecordReader::text() { return std::string(view()); }

std::uint32_t RecordReader::count(std::size_t bytes_min) {
  const std::uint32_t items = u32();
  if (items > rest_.size() / bytes_min) {
    refuse();
    return 0;
  }
  return items;
}

std::vector<std::string> RecordReader::texts() {
  const std::uint32_t items = count(4);
  std::vector<std::string> values;
  values.reserve(items);
  for (std::uint32_t i = 0; i < items && ok_; ++i) {
    values.push_back(text());
  }
  return values;
}

TextPairs RecordReader::pairs() {
  const std::uint32_t items = count(8);
  TextPairs values;
  values.reserve(items);
  for (std::uint32_t i = 0; i < items && ok_; ++i) {
    std::string name = text();
    std::string value = text();
    values.emplace_back(std::move(name), std::move(value));
  }
  return values;
}

}  // namespace larder
