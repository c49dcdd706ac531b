// Comma-, tab- and semicolon-separated values (RFC 4180), read row by row without a copy of the text.
//
// Beyond the RFC: lines end in LF, CR or CRLF; empty lines are passed over; rows may have any number of
// fields; a quote within an unquoted field is a character like any other; a field whose closing quote is
// followed by more text is taken as it stands, quotes and all, and counted; such a field never goes on behind
// the end of its line. White space is kept.
//
// Tools that write tabs between fields often know no quotes. So between tabs a quote that opens a field is
// text, and counted, where none closes the field, and where most of the lines that it would join to one row
// have as many fields as the header already.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "booklist/list_limits.h"

namespace larder::booklist {

enum class CsvEncoding : std::uint8_t {
  utf8,
  windows_1252,
  // Some fields are the one, some the other.
  mixed,
  utf16,
};
// "utf-8"
std::string_view to_text(CsvEncoding encoding);

// A file's text as UTF-8 without a byte order mark. Text that was UTF-8 already is a view of the given bytes,
// which have to live as long; other text is owned.
class CsvText {
 public:
  explicit CsvText(std::string_view given) : given_(given) {}
  CsvText(std::string converted, CsvEncoding encoding, std::uint64_t fields_repaired)
      : converted_(std::move(converted)), encoding_(encoding), fields_repaired_(fields_repaired) {}

  std::string_view text() const { return encoding_ == CsvEncoding::utf8 ? given_ : converted_; }
  // What the bytes were. Windows-1252 is a guess: it is what spreadsheets write that do not write UTF-8.
  CsvEncoding encoding() const { return encoding_; }
  // Pieces between delimiters, quotes and line ends that were not UTF-8.
  std::uint64_t fields_repaired() const { return fields_repaired_; }

 private:
  std::string_view given_;
  std::string converted_;
  CsvEncoding encoding_ = CsvEncoding::utf8;
  std::uint64_t fields_repaired_ = 0;
};

// Refuses a file by its size alone, before anything of it is read. Errors: too_large.
Result<Bytes> check_file_size(Bytes size, const ListLimits& limits);

// Text that is not UTF-8 is judged field by field, so that one wrong byte spoils no other field: a field is
// Windows-1252, unless it has more characters of several bytes in UTF-8 than bytes that are none; then only
// the latter are. Errors, each with advice: too_large; invalid for nothing at all, a spreadsheet's own
// format, binary data, and UTF-16 that breaks off or is malformed.
Result<CsvText> read_csv_text(std::string_view bytes, const ListLimits& limits);

// How a text is laid out: its delimiter, and the byte where its header begins.
struct CsvLayout {
  char delimiter = ',';
  std::size_t header_at = 0;
};

// Told from the first line that has text: the one of comma, tab and semicolon that is most frequent in it
// outside of quotes; comma if there is none. A line "sep=;", which Excel writes, says it outright.
CsvLayout tell_csv_layout(std::string_view text);

// A cursor over rows. Not copied, because fields may lie in memory of its own.
class CsvReader {
 public:
  // `text` is UTF-8 below file_bytes_utmost that outlives the reader. The first row, the header, is not
  // counted against rows_max.
  CsvReader(std::string_view text, CsvLayout layout, const ListLimits& limits);
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  // Goes to the next row; false at the end. After an error there is no next row. Errors: too_large for rows,
  // fields and bytes of a field; invalid for a quote that is never closed. Each names the line.
  Result<bool> next();

  std::size_t size() const { return count_; }
  // The text of a field of this row, valid until next(); "" beyond the row's end.
  std::string_view field(std::size_t index) {
    if (index >= count_) {
      return {};
    }
    const Field& found = fields_[index];
    return found.doubled ? undoubled(index) : std::string_view(found.at, found.bytes);
  }
  // The bytes of a field that was not asked for yet, between its quotes and with quotes that stand for one as
  // they are; "" beyond the row's end.
  std::string_view raw_field(std::size_t index) const {
    return index < count_ ? std::string_view(fields_[index].at, fields_[index].bytes) : std::string_view();
  }
  // Whether a field, or a part of one, lies in the text, and so is valid as long as that.
  bool lies_in_text(std::string_view field) const {
    return !std::less<>()(field.data(), begin_) && std::less<>()(field.data(), end_);
  }
  // Rows so far, the header included.
  std::uint64_t rows() const { return rows_; }
  // The line of the file on which this row begins, the first is 1. Takes time in proportion to the text
  // before.
  std::uint64_t line() const { return line_at(row_, begin_); }
  // Quotes that open a field and are taken for text.
  std::uint64_t stray_quotes() const { return stray_quotes_; }
  // Line ends within quotes that may have joined rows: the row that came of it has another number of fields
  // than the header, or most of the joined lines have the header's. Other line ends within quotes are text.
  std::uint64_t rows_joined() const { return rows_joined_; }

 private:
  struct Field {
    const char* at;
    std::uint32_t bytes;
    // Holds quotes that stand for one.
    bool doubled;
  };

  // Both read one field from at_ and leave at_ behind it. False: it is too long, or its quote is never
  // closed.
  bool take_plain();
  bool take_quoted();
  enum class Quotes : std::uint8_t { plain, doubled };
  bool keep(const char* from, const char* to, Quotes quotes);
  const char* find_end(const char* from) const;
  // The next quote; `line_ends` becomes true if there are line ends before it.
  const char* find_quote(const char* from, bool& line_ends) const;
  // Whether most of the lines from that of the opening quote to that of the closing one are rows by
  // themselves.
  bool joins_rows(const char* opening, const char* closing) const;
  // At the end of a row with line ends within quotes.
  void count_joined();
  void skip_empty_lines();
  std::string_view undoubled(std::size_t index);
  // The line of a place, that of `first` being 1.
  static std::uint64_t line_at(const char* place, const char* first);
  Failure refuse_row();
  Failure refuse_field();

  const char* begin_;
  const char* end_;
  const char* at_;
  const char* row_;
  char delimiter_;
  std::uint64_t delimiter_word_;
  std::size_t rows_max_;
  std::size_t field_bytes_max_;
  std::vector<Field> fields_;
  std::size_t count_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t stray_quotes_ = 0;
  // Fields of the header; 0 before it is read.
  std::size_t width_ = 0;
  // Of this row: line ends within quotes, and how many of them seem to join rows.
  std::uint64_t row_line_ends_ = 0;
  std::uint64_t row_joined_ = 0;
  std::uint64_t rows_joined_ = 0;
  bool unclosed_ = false;
  // Undoubled fields of this row. It never grows while views of it are about.
  std::string scratch_;
};

}  // namespace larder::booklist
