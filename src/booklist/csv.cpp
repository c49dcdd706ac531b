#include "booklist/csv.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/assert.h"
#include "base/text.h"

namespace larder::booklist {

namespace {

constexpr std::string_view csv_source = "booklist";

// Eight bytes at a time. The tests below mark the high bit of each byte that they hold for; bytes above the
// first that is marked may be marked wrongly, so only the lowest mark counts, which is the first byte on a
// little-endian machine (WebAssembly is one).
constexpr std::uint64_t ones = 0x0101010101010101;
constexpr std::uint64_t highs = 0x8080808080808080;
constexpr std::ptrdiff_t word_bytes = 8;

constexpr std::uint64_t repeat(char c) { return ones * static_cast<unsigned char>(c); }
constexpr std::uint64_t zeros_in(std::uint64_t word) { return (word - ones) & ~word & highs; }
// `bound` is at most 0x80.
constexpr std::uint64_t below(std::uint64_t word, std::uint64_t bound) {
  return (word - ones * bound) & ~word & highs;
}

std::uint64_t word_at(const char* place) {
  std::uint64_t word = 0;
  std::memcpy(&word, place, sizeof word);
  return word;
}

std::ptrdiff_t first_of(std::uint64_t marks) { return std::countr_zero(marks) / 8; }

constexpr bool ends_line(char c) { return c == '\n' || c == '\r'; }

std::string count_text(std::uint64_t count) { return larder::to_text(count); }

// Encodings
// ----------------------------------------------------------------------------------------------------------

enum class Finding : std::uint8_t { utf8, other, binary };

// One pass: NULs, and whether it is UTF-8.
Finding survey(std::string_view text) {
  Finding finding = Finding::utf8;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    if (end - at >= word_bytes) {
      const std::uint64_t word = word_at(at);
      if ((word & highs) == 0) {
        if (zeros_in(word) != 0) {
          return Finding::binary;
        }
        at += word_bytes;
        continue;
      }
    }
    if (*at == '\0') {
      return Finding::binary;
    }
    const std::size_t length = utf8_length(text, static_cast<std::size_t>(at - text.data()));
    if (length == 0) {
      finding = Finding::other;
    }
    at += length == 0 ? 1 : length;
  }
  return finding;
}

void append_code_point(std::string& text, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

// 0x80 to 0x9f (WHATWG Encoding Standard, index windows-1252); all other bytes are their own code points.
constexpr std::array<std::uint16_t, 32> windows_1252_points = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

void append_windows_1252(std::string& text, char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool special = byte >= 0x80 && byte < 0xa0;
  append_code_point(text, special ? windows_1252_points[byte - 0x80U] : byte);
}

// What a piece of text consists of beyond ASCII: characters of several bytes in UTF-8, and bytes that are
// part of none.
struct Makeup {
  std::size_t characters = 0;
  std::size_t strays = 0;
};

Makeup makeup_of(std::string_view piece) {
  Makeup makeup;
  for (std::size_t at = 0; at < piece.size();) {
    const std::size_t length = utf8_length(piece, at);
    makeup.characters += length > 1 ? 1U : 0U;
    makeup.strays += length == 0 ? 1U : 0U;
    at += std::max<std::size_t>(length, 1);
  }
  return makeup;
}

// Whether a piece is UTF-8 with a slip of Windows-1252 in it, rather than Windows-1252 that looks like UTF-8
// here and there.
bool is_mostly_utf8(const Makeup& makeup) { return makeup.characters > makeup.strays; }

// Piece by piece between what ends a field in any layout; all of that is ASCII.
CsvText repaired(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 8);
  std::uint64_t pieces_repaired = 0;
  bool has_utf8 = false;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = std::min(bytes.find_first_of(",;\t\"\r\n", at), bytes.size());
    const std::string_view piece = bytes.substr(at, end - at);
    const Makeup makeup = makeup_of(piece);
    const bool keeps_characters = makeup.strays == 0 || is_mostly_utf8(makeup);
    has_utf8 = has_utf8 || (keeps_characters && makeup.characters > 0);
    pieces_repaired += makeup.strays > 0 ? 1U : 0U;
    for (std::size_t i = 0; i < piece.size();) {
      const std::size_t length = keeps_characters ? utf8_length(piece, i) : 0;
      if (length == 0) {
        append_windows_1252(text, piece[i]);
        ++i;
        continue;
      }
      text.append(piece, i, length);
      i += length;
    }
    text.append(bytes, end, 1);
    at = end + 1;
  }
  return CsvText(std::move(text), has_utf8 ? CsvEncoding::mixed : CsvEncoding::windows_1252, pieces_repaired);
}

enum class ByteOrder : std::uint8_t { little, big };

Result<std::string> from_utf16(std::string_view bytes, ByteOrder order) {
  const auto advice = [](std::string_view what) {
    return fail(
        ErrorKind::invalid, csv_source,
        concat({"This file is UTF-16 that ", what,
                ". Save it again, as CSV UTF-8 if the program offers that, and upload the new file."}));
  };
  const auto unit_at = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return order == ByteOrder::little ? std::uint32_t{first} | std::uint32_t{second} << 8
                                      : std::uint32_t{second} | std::uint32_t{first} << 8;
  };
  if (bytes.size() % 2 != 0) {
    return advice("breaks off in the middle of a character");
  }
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    const std::uint32_t unit = unit_at(at);
    if (unit == 0) {
      return advice("holds zeros, which no text does");
    }
    if (unit < 0xd800 || unit > 0xdfff) {
      append_code_point(text, unit);
      continue;
    }
    const std::uint32_t low = at + 2 < bytes.size() ? unit_at(at + 2) : 0;
    if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) {
      return advice("has half of a character where a whole one should be");
    }
    append_code_point(text, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
    at += 2;
  }
  return text;
}

Failure refuse_empty() {
  return fail(ErrorKind::invalid, csv_source,
              "The file is empty. Export the list again and upload the file that comes of it.");
}

bool is_blank(std::string_view text) {
  for (const char c : text) {
    if (!is_space(c)) {
      return false;
    }
  }
  return true;
}

Result<CsvText> whole_text(CsvText text) {
  if (is_blank(text.text())) {
    return refuse_empty();
  }
  return text;
}

}  // namespace

std::string_view to_text(CsvEncoding encoding) {
  switch (encoding) {
    case CsvEncoding::utf8:
      return "utf-8";
    case CsvEncoding::windows_1252:
      return "windows-1252";
    case CsvEncoding::mixed:
      return "utf-8 and windows-1252";
    case CsvEncoding::utf16:
      return "utf-16";
  }
  return "";
}

Result<Bytes> check_file_size(Bytes size, const ListLimits& limits) {
  if (size > limits.file_bytes_max || size >= file_bytes_utmost) {
    constexpr std::string_view advice =
        " are taken. Split it, repeat the header line in each part, and upload the parts one after the "
        "other.";
    return fail(ErrorKind::too_large, csv_source,
                concat({"The list has ", count_text(size.count), " bytes; at most ",
                        count_text(limits.file_bytes_max.count), advice}));
  }
  return size;
}

Result<CsvText> read_csv_text(std::string_view bytes, const ListLimits& limits) {
  if (const auto size = check_file_size(Bytes(bytes.size()), limits); !size) {
    return tl::make_unexpected(size.error());
  }
  if (bytes.starts_with("PK\x03\x04")) {
    return fail(
        ErrorKind::invalid, csv_source,
        "This is a spreadsheet or a ZIP archive, not CSV. Open it, save the sheet as CSV UTF-8, and upload "
        "that.");
  }
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    if (bytes.starts_with(order == ByteOrder::little ? "\xff\xfe" : "\xfe\xff")) {
      auto text = from_utf16(bytes.substr(2), order);
      if (!text) {
        return tl::make_unexpected(std::move(text.error()));
      }
      return whole_text(CsvText(std::move(*text), CsvEncoding::utf16, 0));
    }
  }
  if (bytes.starts_with("\xef\xbb\xbf")) {
    bytes.remove_prefix(3);
  }
  switch (survey(bytes)) {
    case Finding::utf8:
      return whole_text(CsvText(bytes));
    case Finding::other:
      return whole_text(repaired(bytes));
    case Finding::binary:
      break;
  }
  return fail(ErrorKind::invalid, csv_source,
              "This file is binary, not text. Export the list as CSV (UTF-8) and upload that.");
}

CsvLayout tell_csv_layout(std::string_view text) {
  CsvLayout layout;
  while (layout.header_at < text.size() && ends_line(text[layout.header_at])) {
    ++layout.header_at;
  }
  const std::string_view rest = text.substr(layout.header_at);
  if (rest.size() >= 5 && equals_ignoring_case(rest.substr(0, 4), "sep=") &&
      (rest[4] == ',' || rest[4] == ';' || rest[4] == '\t') && (rest.size() == 5 || ends_line(rest[5]))) {
    layout.delimiter = rest[4];
    layout.header_at += 5;
    return layout;
  }
  constexpr std::string_view candidates = ",\t;";
  std::array<std::size_t, candidates.size()> counts{};
  bool quoted = false;
  for (const char c : rest) {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && ends_line(c)) {
      break;
    } else if (const std::size_t which = candidates.find(c); !quoted && which != std::string_view::npos) {
      ++counts[which];
    }
  }
  std::size_t best = 0;
  for (std::size_t which = 1; which < candidates.size(); ++which) {
    best = counts[which] > counts[best] ? which : best;
  }
  layout.delimiter = candidates[best];
  return layout;
}

// CsvReader
// ----------------------------------------------------------------------------------------------------------

CsvReader::CsvReader(std::string_view text, CsvLayout layout, const ListLimits& limits)
    : begin_(text.data()),
      end_(text.data() + text.size()),
      at_(text.data() + layout.header_at),
      row_(at_),
      delimiter_(layout.delimiter),
      delimiter_word_(repeat(layout.delimiter)),
      rows_max_(limits.rows_max),
      field_bytes_max_(static_cast<std::size_t>(limits.field_bytes_max.count)),
      fields_(limits.fields_max) {
  LARDER_ASSERT(layout.header_at <= text.size() && text.size() < file_bytes_utmost.count);
}

// Delimiter, line end, or the end of the text. Other control characters below CR, which are rare, are looked
// at one by one, and so is a tab that is no delimiter.
const char* CsvReader::find_end(const char* from) const {
  constexpr std::uint64_t line_ends_below = '\r' + 1;
  while (end_ - from >= word_bytes) {
    const std::uint64_t word = word_at(from);
    const std::uint64_t marks = below(word, line_ends_below) | zeros_in(word ^ delimiter_word_);
    if (marks == 0) {
      from += word_bytes;
      continue;
    }
    from += first_of(marks);
    if (*from == delimiter_ || ends_line(*from)) {
      return from;
    }
    ++from;
  }
  while (from < end_ && *from != delimiter_ && !ends_line(*from)) {
    ++from;
  }
  return from;
}

const char* CsvReader::find_quote(const char* from, bool& line_ends) const {
  constexpr std::uint64_t quotes = repeat('"');
  constexpr std::uint64_t line_ends_below = '\r' + 1;
  while (end_ - from >= word_bytes) {
    const std::uint64_t word = word_at(from);
    const std::uint64_t marks = zeros_in(word ^ quotes) | below(word, line_ends_below);
    if (marks == 0) {
      from += word_bytes;
      continue;
    }
    from += first_of(marks);
    if (*from == '"') {
      return from;
    }
    line_ends = line_ends || ends_line(*from);
    ++from;
  }
  while (from < end_ && *from != '"') {
    line_ends = line_ends || ends_line(*from);
    ++from;
  }
  return from;
}

bool CsvReader::joins_rows(const char* opening, const char* closing) const {
  if (width_ < 2) {
    return false;
  }
  const char* at = opening;
  while (at > row_ && !ends_line(at[-1])) {
    --at;
  }
  std::size_t lines = 0;
  std::size_t whole = 0;
  while (at <= closing) {
    std::size_t fields = 1;
    const char* const line = at;
    while (at < end_ && !ends_line(*at)) {
      fields += *at == delimiter_ ? 1U : 0U;
      ++at;
    }
    // CRLF is one end, and an empty line is none.
    lines += at > line ? 1U : 0U;
    whole += fields == width_ ? 1U : 0U;
    ++at;
  }
  return 2 * whole > lines;
}

void CsvReader::count_joined() {
  rows_joined_ += width_ > 0 && count_ != width_ ? row_line_ends_ : row_joined_;
  row_line_ends_ = 0;
  row_joined_ = 0;
}

bool CsvReader::keep(const char* from, const char* to, Quotes quotes) {
  const auto bytes = static_cast<std::size_t>(to - from);
  if (bytes > field_bytes_max_) {
    return false;
  }
  fields_[count_++] = Field{from, static_cast<std::uint32_t>(bytes), quotes == Quotes::doubled};
  return true;
}

bool CsvReader::take_plain() {
  const char* const from = at_;
  at_ = find_end(from);
  return keep(from, at_, Quotes::plain);
}

bool CsvReader::take_quoted() {
  const char* const from = at_ + 1;
  bool line_ends = false;
  const char* quote = find_quote(from, line_ends);
  Quotes quotes = Quotes::plain;
  while (end_ - quote > 1 && quote[1] == '"') {
    quotes = Quotes::doubled;
    quote = find_quote(quote + 2, line_ends);
  }
  const bool has_quotes = delimiter_ != '\t';
  if (quote >= end_ && has_quotes) {
    unclosed_ = true;
    return false;
  }
  const char* const behind = quote + 1;
  const bool closes = quote < end_ && (behind == end_ || *behind == delimiter_ || ends_line(*behind));
  const bool joins = closes && line_ends && joins_rows(at_, quote);
  if (closes && (has_quotes || !joins)) {
    const char* const opening = at_;
    at_ = behind;
    if (line_ends) {
      const std::uint64_t count = line_at(behind, opening) - 1;
      row_line_ends_ += count;
      row_joined_ += joins ? count : 0;
    }
    return keep(from, quote, quotes);
  }
  ++stray_quotes_;
  if (!has_quotes || line_ends) {
    return take_plain();
  }
  const char* const whole = at_;
  at_ = find_end(behind);
  return keep(whole, at_, Quotes::plain);
}

void CsvReader::skip_empty_lines() {
  while (at_ < end_ && ends_line(*at_)) {
    ++at_;
  }
}

Result<bool> CsvReader::next() {
  skip_empty_lines();
  row_ = at_;
  count_ = 0;
  scratch_.clear();
  if (at_ == end_) {
    return false;
  }
  // The header is no row of the list.
  if (rows_ > rows_max_) {
    return refuse_row();
  }
  ++rows_;
  for (;;) {
    if (count_ == fields_.size()) {
      return refuse_field();
    }
    const bool quoted = at_ < end_ && *at_ == '"';
    if (!(quoted ? take_quoted() : take_plain())) {
      return refuse_field();
    }
    if (at_ == end_ || *at_ != delimiter_) {
      break;
    }
    ++at_;
  }
  if (row_line_ends_ > 0) {
    count_joined();
  }
  width_ = rows_ == 1 ? count_ : width_;
  return true;
}

std::string_view CsvReader::undoubled(std::size_t index) {
  if (scratch_.capacity() < static_cast<std::size_t>(at_ - row_)) {
    // Views of the old memory could be about if this row had been undoubled in part; it has not, since the
    // first time takes enough for all of the row.
    LARDER_ASSERT(scratch_.empty());
    scratch_.reserve(static_cast<std::size_t>(at_ - row_));
  }
  Field& field = fields_[index];
  const std::string_view raw(field.at, field.bytes);
  const std::size_t begin = scratch_.size();
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t quote = raw.find('"', at);
    const std::size_t end = quote == std::string_view::npos ? raw.size() : quote + 1;
    scratch_.append(raw, at, end - at);
    // Past the quote's double.
    at = quote == std::string_view::npos ? end : end + 1;
  }
  field = Field{scratch_.data() + begin, static_cast<std::uint32_t>(scratch_.size() - begin), false};
  return std::string_view(field.at, field.bytes);
}

std::uint64_t CsvReader::line_at(const char* place, const char* first) {
  std::uint64_t line = 1;
  for (const char* at = first; at < place; ++at) {
    const bool pair = *at == '\r' && at + 1 < place && at[1] == '\n';
    line += ends_line(*at) && !pair ? 1U : 0U;
  }
  return line;
}

Failure CsvReader::refuse_row() {
  at_ = end_;
  return fail(
      ErrorKind::too_large, csv_source,
      concat({"The list has more than ", count_text(rows_max_),
              " rows. Split it, repeat the header line in each part, and upload the parts one after the "
              "other."}));
}

Failure CsvReader::refuse_field() {
  const std::string line = count_text(line_at(row_, begin_));
  const bool too_many = count_ == fields_.size();
  const char* const field = at_;
  at_ = end_;
  if (unclosed_) {
    return fail(ErrorKind::invalid, csv_source,
                concat({"The quote that opens on line ", count_text(line_at(field, begin_)),
                        " is never closed. Add the missing \" or take the opening one away."}));
  }
  if (too_many) {
    return fail(ErrorKind::too_large, csv_source,
                concat({"The row on line ", line, " has more than ", count_text(fields_.size()),
                        " fields. Remove columns, or the stray delimiters in that row."}));
  }
  return fail(ErrorKind::too_large, csv_source,
              concat({"The row on line ", line, " has a field of more than ", count_text(field_bytes_max_),
                      " bytes. Shorten it; if it looks short, a quote before it is not closed."}));
}

}  // namespace larder::booklist
