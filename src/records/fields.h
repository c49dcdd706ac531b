// The structs of objects.def, and how they are written to and read from bytes (base/wire.h):
//
//   SpentDay                   a LARDER_RECORD, and SpentDays for a list of it
//   buckets::take_arguments    of each LARDER_METHOD, and buckets::take_results
//   buckets::memory_kept       of each LARDER_BOUND, in the types of config/limits.h
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire.h"
#include "config/limits.h"
#include "host/for_each.h"

namespace larder::records {

namespace field {

using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using text = std::string;
using texts = std::vector<std::string>;
using bytes = std::string;

inline void write(RecordWriter& to, std::uint8_t value) { to.u8(value); }
inline void write(RecordWriter& to, std::uint32_t value) { to.u32(value); }
inline void write(RecordWriter& to, std::uint64_t value) { to.u64(value); }
inline void write(RecordWriter& to, const std::string& value) { to.text(value); }
inline void write(RecordWriter& to, const std::vector<std::string>& values) { to.texts(values); }
inline void read(RecordReader& from, std::uint8_t& into) { into = from.u8(); }
inline void read(RecordReader& from, std::uint32_t& into) { into = from.u32(); }
inline void read(RecordReader& from, std::uint64_t& into) { into = from.u64(); }
inline void read(RecordReader& from, std::string& into) { into = from.text(); }
inline void read(RecordReader& from, std::vector<std::string>& into) { into = from.texts(); }

template <typename Record>
void write(RecordWriter& to, const std::vector<Record>& values) {
  to.u32(static_cast<std::uint32_t>(values.size()));
  for (const Record& value : values) {
    write(to, value);
  }
}
template <typename Record>
void read(RecordReader& from, std::vector<Record>& into) {
  const std::uint32_t count = from.count(1);
  for (std::uint32_t i = 0; i < count && from.ok(); ++i) {
    into.emplace_back();
    read(from, into.back());
  }
}

#define LARDER_RECORD(record, records, fields) \
  struct record;                               \
  using records = std::vector<record>;
#include "records/objects.def"

#define LARDER_MEMBER(type, name) field::type name{};
#define LARDER_WRITE(type, name) field::write(to, value.name);
#define LARDER_READ(type, name) field::read(from, into.name);
#define LARDER_STRUCT(name, fields)                                                          \
  struct name {                                                                              \
    name() {}                                                                                \
    LARDER_FOR_EACH(LARDER_MEMBER, fields)                                                   \
  };                                                                                         \
  inline void write([[maybe_unused]] RecordWriter& to, [[maybe_unused]] const name& value) { \
    LARDER_FOR_EACH(LARDER_WRITE, fields)                                                    \
  }                                                                                          \
  inline void read([[maybe_unused]] RecordReader& from, [[maybe_unused]] name& into) {       \
    LARDER_FOR_EACH(LARDER_READ, fields)                                                     \
  }

#define LARDER_RECORD(record, records, fields) LARDER_STRUCT(record, fields)
#include "records/objects.def"

}  // namespace field

#define LARDER_RECORD(record, records, fields) \
  using field::record;                         \
  using field::records;
#include "records/objects.def"

#define LARDER_METHOD(object, method, number, arguments, results) \
  namespace object {                                              \
  LARDER_STRUCT(method##_arguments, arguments)                    \
  LARDER_STRUCT(method##_results, results)                        \
  inline constexpr std::uint32_t method##_number = number;        \
  }
#include "records/objects.def"
#undef LARDER_STRUCT
#undef LARDER_READ
#undef LARDER_WRITE
#undef LARDER_MEMBER

#define LARDER_BOUND(object, name, unit, value, why)     \
  namespace object {                                     \
  inline constexpr config::limit_unit::unit name{value}; \
  }
#include "records/objects.def"

template <typename Struct>
std::string encode(const Struct& value) {
  RecordWriter record;
  write(record, value);
  return std::move(record).take();
}

// nullopt for bytes that are no such struct, whatever they are.
template <typename Struct>
std::optional<Struct> decode(std::string_view bytes) {
  RecordReader reader(bytes);
  Struct value;
  read(reader, value);
  return reader.complete() ? std::optional<Struct>(std::move(value)) : std::nullopt;
}

}  // namespace larder::records
