#include "booklist/list_format.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace larder::booklist {

namespace {

constexpr std::string_view format_source = "booklist";
// What an error lists of the headers found.
constexpr std::size_t headers_told_max = 30;
constexpr std::size_t header_told_bytes_max = 60;

struct FormatRow {
  ListFormat format;
  std::string_view label;
  NameStyle author_style;
  NameStyle more_authors_style;
  std::uint32_t scale;
};
constexpr FormatRow format_rows[] = {
#define LARDER_LIST_FORMAT(name, label, author_style, more_authors_style, scale) \
  {ListFormat::name, label, NameStyle::author_style, NameStyle::more_authors_style, scale},
#include "booklist/list_format.def"
};

struct MarkRow {
  ListFormat format;
  std::string_view header;
};
constexpr MarkRow mark_rows[] = {
#define LARDER_LIST_MARK(format, header) {ListFormat::format, header},
#include "booklist/list_format.def"
};

struct HeaderRow {
  ListFormat format;
  ListColumn column;
  std::string_view header;
};
constexpr HeaderRow header_rows[] = {
#define LARDER_LIST_HEADER(format, column, header) {ListFormat::format, ListColumn::column, header},
#include "booklist/list_format.def"
};

struct ShelfRow {
  ShelfMeaning meaning;
  std::string_view name;
};
constexpr ShelfRow shelf_rows[] = {
#define LARDER_LIST_SHELF(meaning, name) {ShelfMeaning::meaning, name},
#include "booklist/list_format.def"
};

constexpr std::string_view column_names[] = {
#define LARDER_LIST_COLUMN(name, meaning) #name,
#include "booklist/list_format.def"
};

constexpr std::string_view column_meanings[] = {
#define LARDER_LIST_COLUMN(name, meaning) meaning,
#include "booklist/list_format.def"
};

// ASCII letters and digits in lower case, and all that is not ASCII.
std::string plain(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    if (is_alpha(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80) {
      letters.push_back(to_lower(c));
    }
  }
  return letters;
}

std::optional<std::size_t> index_of(const std::vector<std::string>& plain_headers, std::string_view header) {
  const auto found = std::find(plain_headers.begin(), plain_headers.end(), header);
  if (found == plain_headers.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - plain_headers.begin());
}

ListColumns columns_of(const FormatRow& row, const std::vector<std::string>& plain_headers) {
  ListColumns columns;
  columns.author_style = row.author_style;
  columns.more_authors_style = row.more_authors_style;
  columns.scale = row.scale;
  for (const HeaderRow& header : header_rows) {
    std::vector<std::size_t>& at = columns.at[static_cast<std::size_t>(header.column)];
    if (header.format != row.format || (!at.empty() && header.column != ListColumn::isbn)) {
      continue;
    }
    if (const auto index = index_of(plain_headers, header.header)) {
      at.push_back(*index);
    }
  }
  return columns;
}

// "Goodreads, StoryGraph, … or Open Library"
std::string format_names() {
  std::string names;
  for (const FormatRow& row : format_rows) {
    if (row.format == ListFormat::generic) {
      continue;
    }
    const bool is_last = static_cast<std::size_t>(row.format) + 2 == std::size(format_rows);
    names.append(names.empty() ? "" : is_last ? " or " : ", ").append(row.label);
  }
  return names;
}

bool has_marks(ListFormat format, const std::vector<std::string>& plain_headers) {
  return std::all_of(std::begin(mark_rows), std::end(mark_rows), [&](const MarkRow& mark) {
    return mark.format != format || index_of(plain_headers, mark.header);
  });
}

std::vector<std::string> all_plain(const std::vector<std::string>& headers) {
  std::vector<std::string> plain_headers;
  for (const std::string& header : headers) {
    plain_headers.push_back(plain(header));
  }
  return plain_headers;
}

}  // namespace

std::string_view to_text(ListColumn column) { return column_names[static_cast<std::size_t>(column)]; }

std::string_view meaning_of(ListColumn column) { return column_meanings[static_cast<std::size_t>(column)]; }

std::optional<ListColumn> find_column(std::string_view name) {
  for (std::size_t i = 0; i < list_columns; ++i) {
    if (column_names[i] == name) {
      return static_cast<ListColumn>(i);
    }
  }
  return std::nullopt;
}

std::string_view to_text(ListFormat format) { return format_rows[static_cast<std::size_t>(format)].label; }

ShelfMeaning shelf_meaning(std::string_view shelf) {
  const std::string name = plain(shelf);
  for (const ShelfRow& row : shelf_rows) {
    if (row.name == name) {
      return row.meaning;
    }
  }
  return ShelfMeaning::none;
}

Result<ListHead> read_list_head(const CsvText& text, const ListLimits& limits) {
  ListHead head;
  head.layout = tell_csv_layout(text.text());
  CsvReader reader(text.text(), head.layout, limits);
  const auto read = reader.next();
  if (!read) {
    return tl::make_unexpected(read.error());
  }
  for (std::size_t i = 0; i < reader.size(); ++i) {
    head.headers.push_back(collapse_spaces(reader.field(i)));
  }
  const std::vector<std::string> plain_headers = all_plain(head.headers);
  for (const FormatRow& row : format_rows) {
    ListColumns columns = columns_of(row, plain_headers);
    if (has_marks(row.format, plain_headers) && columns.has(ListColumn::author)) {
      head.format = row.format;
      head.columns = std::move(columns);
      break;
    }
  }
  return head;
}

Failure refuse_headers(const ListHead& head) {
  std::string found;
  for (std::size_t i = 0; i < head.headers.size() && i < headers_told_max; ++i) {
    found += concat({i == 0 ? "\"" : ", \"", utf8_prefix(head.headers[i], header_told_bytes_max), "\""});
  }
  if (head.headers.size() > headers_told_max) {
    found +=
        concat({" and ", larder::to_text(std::uint64_t{head.headers.size() - headers_told_max}), " more"});
  }
  constexpr std::string_view needed =
      ". Needed: \"Author\" or \"Authors\"; welcome: \"Title\", \"ISBN\", \"Rating\", \"Read Count\", "
      "\"Shelves\". "
      "Rename the columns in the first line, or upload an export as it is, of ";
  return fail(ErrorKind::invalid, format_source,
              concat({"No column of this list is known to name authors. Found: ", found, needed,
                      format_names(), "."}));
}

Result<ListColumns> map_columns(const ListHead& head, const std::vector<MappedColumn>& mapping) {
  ListColumns columns;
  std::vector<bool> is_mapped(head.headers.size());
  for (const auto& [column, index] : mapping) {
    std::vector<std::size_t>& at = columns.at[static_cast<std::size_t>(column)];
    if (index >= head.headers.size()) {
      return fail(ErrorKind::invalid, format_source,
                  concat({"There is no column ", larder::to_text(index), " in this list."}));
    }
    const auto place = static_cast<std::size_t>(index);
    if (is_mapped[place]) {
      return fail(ErrorKind::invalid, format_source,
                  concat({"Column ", larder::to_text(index), " is named twice."}));
    }
    if (!at.empty() && column != ListColumn::isbn) {
      return fail(ErrorKind::invalid, format_source,
                  concat({"Two columns are named for ", to_text(column), "; there may be one."}));
    }
    is_mapped[place] = true;
    at.push_back(place);
  }
  if (!columns.has(ListColumn::author)) {
    return fail(ErrorKind::invalid, format_source, "No column is named for author, which is needed.");
  }
  return columns;
}

}  // namespace larder::booklist
