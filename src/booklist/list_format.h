// Which column of a list holds what: known formats by their headers (list_format.def), others by a mapping
// that others have worked out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "booklist/author_name.h"
#include "booklist/csv.h"

namespace larder::booklist {

enum class ListColumn : std::uint8_t {
#define LARDER_LIST_COLUMN(name, meaning) name,
#include "booklist/list_format.def"
};
inline constexpr std::size_t list_columns = 0
#define LARDER_LIST_COLUMN(name, meaning) +1
#include "booklist/list_format.def"
    ;
std::string_view to_text(ListColumn column);
// "the title of the book"
std::string_view meaning_of(ListColumn column);
std::optional<ListColumn> find_column(std::string_view name);

enum class ListFormat : std::uint8_t {
#define LARDER_LIST_FORMAT(name, label, author_style, more_authors_style, scale) name,
#include "booklist/list_format.def"
};
// "Goodreads"
std::string_view to_text(ListFormat format);

enum class ShelfMeaning : std::uint8_t { none, favourite, to_read, reading, read, abandoned };
ShelfMeaning shelf_meaning(std::string_view shelf);

// Where the columns are, and how their text is meant.
struct ListColumns {
  // Indices into a row, by column: none, one, or of ISBNs several.
  std::array<std::vector<std::size_t>, list_columns> at;
  NameStyle author_style = NameStyle::told_apart;
  NameStyle more_authors_style = NameStyle::told_apart;
  // The best rating; 0: told from the largest one in the list (5, 10 or 100).
  std::uint32_t scale = 0;

  ListColumns() {}
  const std::vector<std::size_t>& of(ListColumn column) const { return at[static_cast<std::size_t>(column)]; }
  bool has(ListColumn column) const { return !of(column).empty(); }
};

// What the first row tells.
struct ListHead {
  CsvLayout layout;
  std::vector<std::string> headers;
  // Absent if the headers are those of no known format: then there are no columns.
  std::optional<ListFormat> format;
  ListColumns columns;

  ListHead() {}
};

// Errors: those of CsvReader::next.
Result<ListHead> read_list_head(const CsvText& text, const ListLimits& limits);

// For a head without format: invalid; lists the headers found and those needed.
Failure refuse_headers(const ListHead& head);

// What a column of the list holds.
struct MappedColumn {
  ListColumn column;
  // Into ListHead::headers; not trusted: map_columns checks it.
  std::uint64_t index;
};

// For a list whose format is not known. Names of authors are told apart as in generic lists. Errors: invalid
// if there is no such column, one is named twice, or there is none for authors.
Result<ListColumns> map_columns(const ListHead& head, const std::vector<MappedColumn>& mapping);

}  // namespace larder::booklist
