#include "imports_store.h"

#include "base/assert.h"
#include "base/wire.h"

#define LARDER_IMPORT(name) __attribute__((import_module("larder"), import_name(#name))) extern "C"

// Of the object whose call is running. What is read: its length, or -1 where there is nothing; nothing is
// written when it is longer than `capacity`.
LARDER_IMPORT(store_get)
std::int32_t larder_import_store_get(const char* key, std::uint32_t key_size, char* into,
                                     std::uint32_t capacity);
LARDER_IMPORT(store_put)
void larder_import_store_put(const char* key, std::uint32_t key_size, const char* value,
                             std::uint32_t value_size);
LARDER_IMPORT(store_erase) void larder_import_store_erase(const char* key, std::uint32_t key_size);
// A record: u32 count, then as many (text key, bytes value).
LARDER_IMPORT(store_range)
std::int32_t larder_import_store_range(const char* start, std::uint32_t start_size, const char* end,
                                       std::uint32_t end_size, std::uint32_t count_max,
                                       std::uint32_t descending, char* into, std::uint32_t capacity);
LARDER_IMPORT(store_recall) std::int32_t larder_import_store_recall(char* into, std::uint32_t capacity);
LARDER_IMPORT(store_remember) void larder_import_store_remember(const char* memory, std::uint32_t size);

namespace larder::wasm {

namespace {

constexpr std::size_t capacity_at_first = 1024;
constexpr std::size_t range_capacity_at_first = 65'536;

std::uint32_t size_of(std::string_view bytes) { return static_cast<std::uint32_t>(bytes.size()); }

// `read_into(into, capacity)` as the imports are; a second time where the first had too little room.
template <typename ReadInto>
std::optional<std::string> read_whole(std::size_t capacity, ReadInto read_into) {
  std::string bytes(capacity, '\0');
  for (;;) {
    const std::int32_t size = read_into(bytes.data(), size_of(bytes));
    if (size < 0) {
      return std::nullopt;
    }
    const bool fits = static_cast<std::size_t>(size) <= bytes.size();
    bytes.resize(static_cast<std::size_t>(size));
    if (fits) {
      return bytes;
    }
  }
}

}  // namespace

std::optional<std::string> ImportsStore::get(std::string_view key) {
  return read_whole(capacity_at_first, [&](char* into, std::uint32_t capacity) {
    return larder_import_store_get(key.data(), size_of(key), into, capacity);
  });
}

void ImportsStore::put(std::string_view key, std::string_view value) {
  larder_import_store_put(key.data(), size_of(key), value.data(), size_of(value));
}

void ImportsStore::erase(std::string_view key) { larder_import_store_erase(key.data(), size_of(key)); }

std::vector<records::Row> ImportsStore::range(const records::Range& range) {
  if (range.start >= range.end || range.count_max == 0) {
    return {};
  }
  const auto record = read_whole(range_capacity_at_first, [&](char* into, std::uint32_t capacity) {
    return larder_import_store_range(range.start.data(), size_of(range.start), range.end.data(),
                                     size_of(range.end), static_cast<std::uint32_t>(range.count_max),
                                     range.order == records::Order::descending ? 1 : 0, into, capacity);
  });
  LARDER_ASSERT(record.has_value());
  RecordReader reader(*record);
  const std::uint32_t count = reader.count(8);
  std::vector<records::Row> rows;
  rows.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string key = reader.text();
    std::string value = reader.bytes();
    rows.emplace_back(std::move(key), std::move(value));
  }
  LARDER_ASSERT(reader.complete());
  return rows;
}

std::optional<std::string> ImportsStore::recall() {
  return read_whole(capacity_at_first, [](char* into, std::uint32_t capacity) {
    return larder_import_store_recall(into, capacity);
  });
}

void ImportsStore::remember(std::string_view memory) {
  larder_import_store_remember(memory.data(), size_of(memory));
}

}  // namespace larder::wasm
