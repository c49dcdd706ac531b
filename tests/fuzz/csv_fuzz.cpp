// Any bytes as a file: it is refused with advice, or read to its end, the same twice; fields lie within their
// limits and are UTF-8. Whatever list of books comes of it hangs together.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/isbn.h"
#include "base/text.h"
#include "booklist/book_list.h"
#include "booklist/warming_plan.h"
#include "support/normal_text.h"

namespace {

using namespace larder;
using namespace larder::booklist;

void check_error(const Error& error) {
  LARDER_ASSERT(error.kind == ErrorKind::invalid || error.kind == ErrorKind::too_large);
  LARDER_ASSERT(!error.retryable && !error.message.empty() && is_utf8(error.message));
}

// Asks for the fields in one order or the other, since the first one asked for may move what the others lie
// in.
std::vector<std::string> rows_of(const CsvText& text, const ListLimits& limits, std::size_t step) {
  std::vector<std::string> fields;
  CsvReader reader(text.text(), tell_csv_layout(text.text()), limits);
  for (;;) {
    const auto more = reader.next();
    if (!more) {
      check_error(more.error());
      LARDER_ASSERT(reader.next() == false);
      return fields;
    }
    if (!*more) {
      return fields;
    }
    LARDER_ASSERT(reader.size() >= 1 && reader.size() <= limits.fields_max);
    LARDER_ASSERT(reader.rows() <= limits.rows_max + 1);
    std::vector<std::string_view> row(reader.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t at = step == 1 ? i : row.size() - 1 - i;
      row[at] = reader.field(at);
    }
    for (const std::string_view field : row) {
      LARDER_ASSERT(is_utf8(field) && Bytes(field.size()) <= limits.field_bytes_max);
      fields.emplace_back(field);
    }
  }
}

void check_list(const BookList& list, const ListLimits& limits) {
  LARDER_ASSERT(!list.books.empty() && list.books.size() <= list.counts.rows);
  LARDER_ASSERT(list.counts.rows <= limits.rows_max);
  for (const Book& book : list.books) {
    LARDER_ASSERT(!book.authors.empty() && book.authors.size() <= limits.book_authors_max);
    LARDER_ASSERT(book.rating_percent <= 100 && is_utf8(book.title));
    LARDER_ASSERT(book.isbn.empty() || parse_isbn(book.isbn)->thirteen() == book.isbn);
    for (const BookAuthor& author : book.authors) {
      LARDER_ASSERT(author.author < list.authors.size());
    }
  }
  const auto planned = plan_warming(list, warming_depth_max, Aggressiveness::eager);
  LARDER_ASSERT(planned.has_value() && !planned->empty() && planned->size() <= list.authors.size());
}

void check(std::string_view bytes) {
  ListLimits limits;
  limits.rows_max = 20;
  limits.fields_max = 30;
  limits.field_bytes_max = Bytes(200);
  const auto text = read_csv_text(bytes, limits);
  if (!text) {
    return check_error(text.error());
  }
  LARDER_ASSERT(is_utf8(text->text()));
  LARDER_ASSERT(rows_of(*text, limits, 1) == rows_of(*text, limits, 2));
  const NormalText platform = sim::normal_text;
  const auto list = read_book_list(bytes, platform, limits);
  if (!list) {
    return check_error(list.error());
  }
  check_list(*list, limits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  check(bytes);
  // Past the header.
  check("Title,Author,Additional Authors,ISBN,My Rating,Read Count,Exclusive Shelf,Bookshelves\n" + bytes);
  check("Title\tPrimary Author\tPrimary Author Role\tSecondary Author\tSecondary Author Roles\tISBN\n" +
        bytes);
  return 0;
}
