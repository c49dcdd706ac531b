// Exports the readers of book origins for measuring: a reply's bytes in, the number of works out. And a walk
// over a whole document, which is what parsing alone takes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "origin/json_document.h"
#include "origin/readers.h"

#define BENCH_EXPORT(name) __attribute__((export_name(#name))) extern "C"

extern "C" void __wasm_call_ctors();

BENCH_EXPORT(_initialize) void bench_initialize() { __wasm_call_ctors(); }

// With room for the padding that readers want after the text.
BENCH_EXPORT(allocate) void* bench_allocate(std::uint32_t text_bytes) {
  return std::calloc(1, text_bytes + larder::origin::padding_bytes);
}

namespace {

using Reader = larder::Result<larder::origin::Reply> (*)(larder::origin::PaddedText, std::string_view);

// -1: it was no reply that the reader takes.
std::int32_t works_in(Reader read, const char* text, std::uint32_t text_bytes) {
  const std::string_view storage(text, std::size_t{text_bytes} + larder::origin::padding_bytes);
  const auto reply = read(larder::origin::PaddedText(storage, text_bytes), "");
  return reply ? static_cast<std::int32_t>(reply->works.size()) : -1;
}

}  // namespace

BENCH_EXPORT(openlibrary_search) std::int32_t bench_search(const char* text, std::uint32_t text_bytes) {
  return works_in(larder::origin::read_openlibrary_search, text, text_bytes);
}
BENCH_EXPORT(openlibrary_record) std::int32_t bench_record(const char* text, std::uint32_t text_bytes) {
  return works_in(larder::origin::read_openlibrary_record, text, text_bytes);
}
BENCH_EXPORT(openlibrary_isbns) std::int32_t bench_isbns(const char* text, std::uint32_t text_bytes) {
  return works_in(larder::origin::read_openlibrary_isbns, text, text_bytes);
}
BENCH_EXPORT(google_volumes) std::int32_t bench_volumes(const char* text, std::uint32_t text_bytes) {
  return works_in(larder::origin::read_google_volumes, text, text_bytes);
}
BENCH_EXPORT(isbndb) std::int32_t bench_isbndb(const char* text, std::uint32_t text_bytes) {
  return works_in(larder::origin::read_isbndb, text, text_bytes);
}

namespace {

using larder::origin::Fault;
using larder::origin::JsonValue;
using simdjson::ondemand::json_type;

// Unescapes every string and converts every integer, and builds nothing.
Fault walk_value(JsonValue value, std::uint32_t& sum) {
  json_type type;
  if (const Fault fault = value.type().get(type)) {
    return fault;
  }
  switch (type) {
    case json_type::object:
      return larder::origin::each_field(value, [&](std::string_view key, JsonValue member) {
        sum += static_cast<std::uint32_t>(key.size());
        return walk_value(member, sum);
      });
    case json_type::array:
      return larder::origin::each_element(value, [&](JsonValue element) { return walk_value(element, sum); });
    case json_type::string:
      return larder::origin::with_text(
          value, [&](std::string_view text) { sum += static_cast<std::uint32_t>(text.size()); });
    case json_type::number:
      return larder::origin::with_integer(
          value, [&](std::int64_t number) { sum += static_cast<std::uint32_t>(number); });
    case json_type::boolean:
    case json_type::null:
      return simdjson::SUCCESS;
  }
  return simdjson::SUCCESS;
}

}  // namespace

// -1 when the text is no JSON object; else a number that depends on every value, so that none is left out.
BENCH_EXPORT(walk) std::int32_t bench_walk(const char* text, std::uint32_t text_bytes) {
  const std::string_view storage(text, std::size_t{text_bytes} + larder::origin::padding_bytes);
  larder::origin::JsonDocument document;
  if (document.open(larder::origin::PaddedText(storage, text_bytes))) {
    return -1;
  }
  std::uint32_t sum = 0;
  const Fault fault = document.each_root_field([&](std::string_view key, JsonValue value) {
    sum += static_cast<std::uint32_t>(key.size());
    return walk_value(value, sum);
  });
  return fault == simdjson::SUCCESS ? static_cast<std::int32_t>(sum >> 1) : -1;
}
