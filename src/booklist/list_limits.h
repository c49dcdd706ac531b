// What a reader's list may amount to. An upload is refused as soon as one of these is passed.
#pragma once

#include <cstddef>

#include "base/units.h"

namespace larder::booklist {

struct ListLimits {
  // Of the file as it came. An export of 10,000 books with reviews stays below half of it.
  Bytes file_bytes_max{std::uint64_t{10} << 20};
  // Below the header.
  std::size_t rows_max = 50'000;
  // Of a row, the header too. LibraryThing, the widest known export, has about 60.
  std::size_t fields_max = 256;
  // A review at Goodreads has at most 20,000 characters, in UTF-8 at most four times as many bytes.
  Bytes field_bytes_max{std::uint64_t{128} << 10};
  // Of a book; what a list names beyond is counted and left out.
  std::size_t book_authors_max = 24;

  ListLimits() {}
};

// A field is measured in 32 bits.
inline constexpr Bytes file_bytes_utmost{std::uint64_t{1} << 31};

}  // namespace larder::booklist
