// A reader's list: the bytes of a file in, books and their authors out. Nothing here knows where the file
// came from or what becomes of the authors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "booklist/author_name.h"
#include "booklist/csv.h"
#include "booklist/list_format.h"

namespace larder::booklist {

// An author, once for each normal form.
struct ListAuthor {
  // The spelling that tells most (tells_more).
  std::string display;
  std::string normal;

  ListAuthor(std::string display_, std::string normal_)
      : display(std::move(display_)), normal(std::move(normal_)) {}
};

struct BookAuthor {
  // Into BookList::authors.
  std::uint32_t author;
  AuthorRole role;
};

enum class ReadState : std::uint8_t { unknown, to_read, reading, read, abandoned };

struct Book {
  std::string title;
  // Thirteen digits, or "".
  std::string isbn;
  // At least one, each once.
  std::vector<BookAuthor> authors;
  // 100 is the best; 0: not rated.
  std::uint32_t rating_percent = 0;
  std::uint32_t read_count = 0;
  ReadState state = ReadState::unknown;
  // It is on a shelf of favourites.
  bool favourite = false;

  Book() {}
};

// What was met on the way, for the answer to an upload. Nothing of it makes a list bad.
struct ListCounts {
  std::uint64_t rows = 0;
  // With more or fewer fields than the header.
  std::uint64_t rows_ragged = 0;
  std::uint64_t rows_without_author = 0;
  // Of a book that an earlier row has, by the same first author and with the same title: they are one.
  std::uint64_t rows_repeated = 0;
  // Of what the reader has thrown away, or of what is no book.
  std::uint64_t rows_left_out = 0;
  // CsvReader::rows_joined and stray_quotes.
  std::uint64_t rows_joined = 0;
  std::uint64_t stray_quotes = 0;
  // CsvText::fields_repaired.
  std::uint64_t fields_repaired = 0;
  std::uint64_t isbns_recovered = 0;
  std::uint64_t isbns_lost = 0;
  std::uint64_t isbns_refused = 0;
  // Beyond ListLimits::book_authors_max.
  std::uint64_t authors_left_out = 0;
};

struct BookList {
  CsvEncoding encoding = CsvEncoding::utf8;
  std::vector<Book> books;
  // In the order in which they were met.
  std::vector<ListAuthor> authors;
  ListCounts counts;

  BookList() {}
};

// Reads the rows with the head's columns, or with those of map_columns. Errors: those of CsvReader::next;
// invalid for a list without rows, and for one in which no row names an author.
Result<BookList> read_books(const CsvText& text, const ListHead& head, const ListColumns& columns,
                            const NormalText& normal_text, const ListLimits& limits);

// All of it for a list in a known format. Errors: also those of read_csv_text and refuse_headers.
Result<BookList> read_book_list(std::string_view bytes, const NormalText& normal_text,
                                const ListLimits& limits);

}  // namespace larder::booklist
