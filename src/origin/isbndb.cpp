// ISBNdb (https://isbndb.com/apidocs/v2, November 2026). It knows editions, not works, and needs a key. An
// exhausted key may answer 404, so that its 404 says nothing: no negative may be cached on its word alone.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "http/path.h"
#include "origin/json_document.h"
#include "origin/provider.h"
#include "origin/provider_support.h"
#include "origin/readers.h"
#include "origin/reading.h"
#include "origin/work_builder.h"

namespace larder::origin {

namespace {

constexpr std::string_view isbndb_source = "isbndb";

// `segment` is what is looked for, as http::path_segment() has it.
std::string path_for(LookupKind kind, std::string_view segment) {
  switch (kind) {
    case LookupKind::title:
      return concat({"/books/", segment, "?page=1&pageSize=20"});
    case LookupKind::isbn:
      return concat({"/book/", segment});
    case LookupKind::author:
      return concat({"/author/", segment, "?page=1&pageSize=100"});
    case LookupKind::subject:
      return concat({"/books/", segment, "?page=1&pageSize=100&column=subjects"});
  }
  LARDER_UNREACHABLE();
}

Fault read_book(JsonValue book, WorkBuilder& work, std::string& title_long) {
  return each_field(book, [&](std::string_view key, JsonValue value) {
    if (key == "title") {
      return with_text(value, [&](std::string_view text) { work.title(text); });
    }
    if (key == "title_long") {
      return with_text(value,
                       [&](std::string_view text) { title_long = utf8_prefix(text, title_bytes_max); });
    }
    if (key == "authors") {
      return with_texts(value, [&](std::string_view text) { work.author(text); });
    }
    if (key == "isbn13") {
      if (const Fault fault = with_text(value, [&](std::string_view text) { work.isbndb_id(text); })) {
        return fault;
      }
    }
    if (key == "isbn" || key == "isbn10" || key == "isbn13") {
      return read_isbns(value, work);
    }
    if (key == "date_published" || key == "publish_date") {
      return read_year(value, work);
    }
    if (key == "image") {
      return with_text(value, [&](std::string_view text) { work.cover(text); });
    }
    if (key == "subjects") {
      return with_texts(value, [&](std::string_view text) { work.subject(text); });
    }
    return simdjson::SUCCESS;
  });
}

Fault add_book(JsonValue book, Collector& collector) {
  return collector.add([&](WorkBuilder& work) {
    std::string title_long;
    const Fault fault = read_book(book, work, title_long);
    if (!work.has_title()) {
      work.title(title_long);
    }
    return fault;
  });
}

class IsbnDb final : public Provider {
 public:
  constexpr IsbnDb() = default;

  std::string_view name() const override { return isbndb_source; }

  // 1, 3 or 5 by plan; the reply does not tell which.
  std::uint32_t requests_per_second_max(const Access&) const override { return 1; }

  Result<Plan> plan(const Lookup& lookup, const Access& access) const override {
    const Result<std::string> text = checked_text(isbndb_source, lookup);
    if (!text) {
      return Failure(text.error());
    }
    const Result<std::string> segment = http::path_segment(*text);
    if (!segment) {
      return fail(ErrorKind::invalid, isbndb_source, segment.error().message);
    }
    Plan plan;
    plan.url = make_url(access, path_for(lookup.kind, *segment));
    plan.headers.emplace_back("accept", "application/json");
    plan.answer_statuses = {200};
    return plan;
  }

  Result<Reply> read(const Lookup& lookup, std::uint32_t status, std::string_view content_type,
                     PaddedText body) const override {
    if (status == 404) {
      Reply reply;
      reply.authority = Authority::doubtful;
      return reply;
    }
    if (std::optional<Error> fault = fault_of_status(isbndb_source, status)) {
      return Failure(std::move(*fault));
    }
    if (std::optional<Error> fault = fault_of_body(isbndb_source, content_type, body.text())) {
      return Failure(std::move(*fault));
    }
    return read_isbndb(body, wanted_isbn(lookup));
  }
};

constexpr IsbnDb the_isbndb;

}  // namespace

const Provider& isbndb();
const Provider& isbndb() { return the_isbndb; }

Result<Reply> read_isbndb(PaddedText json, std::string_view wanted_isbn13) {
  Collector collector(wanted_isbn13);
  bool has_book = false;
  bool has_list = false;
  bool has_error = false;
  const auto on_field = [&](std::string_view key, JsonValue value) {
    if (key == "total") {
      return with_integer(value, [&](std::int64_t total) { collector.claims(total); });
    }
    if (key == "book") {
      has_book = true;
      return add_book(value, collector);
    }
    has_error = has_error || key == "errorMessage" || key == "errorType";
    if (key != "books" && key != "data") {
      return simdjson::SUCCESS;
    }
    if (const Fault fault = is_array(value, has_list)) {
      return fault;
    }
    return each_element(value, [&](JsonValue book) { return add_book(book, collector); });
  };
  JsonDocument document;
  if (std::optional<Error> error = read_root(isbndb_source, document, json, on_field)) {
    return Failure(std::move(*error));
  }
  if (!has_book && !has_list && has_error) {
    return fail_for_now(ErrorKind::unavailable, isbndb_source,
                        "isbndb sent an error in place of an answer; ask later");
  }
  if (!has_book && !has_list) {
    return wrong_shape(isbndb_source, "a book or a list of books");
  }
  return std::move(collector).finish();
}

}  // namespace larder::origin
