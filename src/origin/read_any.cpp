// Tells the shapes of readers.h apart by the members of the root.

#include <string_view>
#include <utility>

#include "origin/json_document.h"
#include "origin/readers.h"
#include "origin/reading.h"

namespace larder::origin {

namespace {

constexpr std::string_view any_source = "books";

enum class Shape : std::uint8_t {
  unknown,             // none of the others
  openlibrary_search,  // docs
  openlibrary_record,  // key, with title and type
  openlibrary_isbns,   // ISBN:…
  google_volumes,      // totalItems, items or error
  isbndb,              // book, books or data
};

Shape shape_by(std::string_view key) {
  if (key == "docs" || key == "numFound") {
    return Shape::openlibrary_search;
  }
  if (key == "totalItems" || key == "items" || key == "error") {
    return Shape::google_volumes;
  }
  if (key == "book" || key == "books" || key == "data") {
    return Shape::isbndb;
  }
  if (key.substr(0, 5) == "ISBN:") {
    return Shape::openlibrary_isbns;
  }
  return key == "key" ? Shape::openlibrary_record : Shape::unknown;
}

Result<Reply> read_shape(Shape shape, PaddedText json) {
  switch (shape) {
    case Shape::unknown:
      return wrong_shape(any_source, "any member that a known reply has");
    case Shape::openlibrary_search:
      return read_openlibrary_search(json, "");
    case Shape::openlibrary_record:
      return read_openlibrary_record(json, "");
    case Shape::openlibrary_isbns:
      return read_openlibrary_isbns(json, "");
    case Shape::google_volumes:
      return read_google_volumes(json, "");
    case Shape::isbndb:
      return read_isbndb(json, "");
  }
  LARDER_UNREACHABLE();
}

}  // namespace

Result<Reply> read_any(PaddedText json) {
  Shape shape = Shape::unknown;
  {
    JsonDocument document;
    const auto on_field = [&](std::string_view key, JsonValue) {
      shape = shape == Shape::unknown ? shape_by(key) : shape;
      return simdjson::SUCCESS;
    };
    if (std::optional<Error> error = read_root(any_source, document, json, on_field)) {
      return Failure(std::move(*error));
    }
  }
  return read_shape(shape, json);
}

}  // namespace larder::origin
