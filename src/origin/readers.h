// The replies of book origins, each shape with a reader of its own. Pure, and safe on any bytes.
//
// `wanted_isbn13` ("" for none): the works that carry it come first. Errors: as Provider::read after its
// status was found to be 200. Works without a title are left out; what an origin says in another type than
// agreed counts as absent.
#pragma once

#include <string_view>

#include "base/result.h"
#include "origin/padded_text.h"
#include "origin/provider.h"

namespace larder::origin {

// Open Library (https://openlibrary.org/dev/docs/api/search and /dev/docs/api/books, November 2026).
// {numFound, docs: [work]}, the reply of /search.json.
Result<Reply> read_openlibrary_search(PaddedText json, std::string_view wanted_isbn13);
// The record of one edition (/books/OL…M.json, /isbn/….json) or work (/works/OL…W.json). Neither has authors'
// names: an edition's statement of responsibility stands in for them.
Result<Reply> read_openlibrary_record(PaddedText json, std::string_view wanted_isbn13);
// {"ISBN:…": edition, …}, the reply of /api/books?bibkeys=ISBN:…&jscmd=data.
Result<Reply> read_openlibrary_isbns(PaddedText json, std::string_view wanted_isbn13);

// Google Books, /books/v1/volumes (https://developers.google.com/books/docs/v1/reference/volumes, November
// 2026): {totalItems, items: [volume]}, or {error: {code, status, errors: [{reason}]}}.
Result<Reply> read_google_volumes(PaddedText json, std::string_view wanted_isbn13);

// ISBNdb (https://isbndb.com/apidocs/v2, November 2026): {book}, {total, books: [book]} or {author, books:
// [book]}.
Result<Reply> read_isbndb(PaddedText json, std::string_view wanted_isbn13);

// Larder's own {query, source, works}, as books_reply() writes it.
Result<Reply> read_books_reply(PaddedText json);

// Any of the origins' shapes, told apart by its members. Any other shape is corrupt.
Result<Reply> read_any(PaddedText json);

}  // namespace larder::origin
