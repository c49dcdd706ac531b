// A book as Larder tells of it, whichever origin it comes from, and the reply that carries books.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"

namespace larder::origin {

// What one reply may hold. The rest is left out, never refused.
inline constexpr std::size_t works_max = 100;
inline constexpr std::size_t isbns_per_work_max = 128;  // of either form
inline constexpr std::size_t authors_per_work_max = 32;
inline constexpr std::size_t subjects_per_work_max = 20;
// Longer text is cut at the end of a code point; a longer address or id is left out, since a part of one is
// wrong.
inline constexpr std::size_t title_bytes_max = 1024;
inline constexpr std::size_t author_bytes_max = 256;
inline constexpr std::size_t subject_bytes_max = 128;
inline constexpr std::size_t cover_url_bytes_max = 1024;
inline constexpr std::size_t id_bytes_max = 64;
// Years outside of this are typing errors. Negative ones are before the common era.
inline constexpr std::int32_t year_min = -3000;
inline constexpr std::int32_t year_max = 2100;

// The work's (or, where an origin knows editions alone, the edition's) identifier at each origin; empty if
// unknown. That of Open Library is "OL27448W", or "OL7353617M" for an edition whose work is not told.
struct WorkIds {
#define LARDER_WORK_ID(name, take) std::string name;
#include "origin/work_ids.def"

  WorkIds() {}
};

// All text is UTF-8 without control characters. Made by WorkBuilder, which keeps the limits above.
struct Work {
  std::string title;     // never empty
  std::string subtitle;  // empty: none
  std::vector<std::string> authors;
  // Valid, without hyphens, each once. isbn10 holds the short form of every ISBN-13 that has one, in the same
  // order.
  std::vector<std::string> isbn10;
  std::vector<std::string> isbn13;
  std::optional<std::int32_t> first_publish_year;
  std::string cover_url;  // https; empty: none
  std::vector<std::string> subjects;
  WorkIds ids;

  Work() {}
};

// [Work, …]. Members that are absent are left out, but authors, isbn10, isbn13 and ids are always there.
void write_works(JsonWriter& json, const std::vector<Work>& works);

// {query, source, works}: the body of the answer to a book look-up. `source` is the provider's name.
std::string books_reply(std::string_view query, std::string_view source, const std::vector<Work>& works);

}  // namespace larder::origin
