// Larder's own answer to a book look-up, read back from where it was kept.

#include <string_view>
#include <utility>

#include "origin/json_document.h"
#include "origin/readers.h"
#include "origin/reading.h"
#include "origin/work_builder.h"

namespace larder::origin {

namespace {

constexpr std::string_view own_source = "entry";

Fault read_ids(JsonValue ids, WorkBuilder& work) {
  return each_field(ids, [&](std::string_view key, JsonValue value) {
    return with_text(value, [&](std::string_view text) {
#define LARDER_WORK_ID(name, take) \
  if (key == #name) {              \
    work.name##_id(text);          \
  }
#include "origin/work_ids.def"
    });
  });
}

Fault read_own_work(JsonValue book, WorkBuilder& work) {
  return each_field(book, [&](std::string_view key, JsonValue value) {
    if (key == "title") {
      return with_text(value, [&](std::string_view text) { work.title(text); });
    }
    if (key == "subtitle") {
      return with_text(value, [&](std::string_view text) { work.subtitle(text); });
    }
    if (key == "authors") {
      return with_texts(value, [&](std::string_view text) { work.author(text); });
    }
    if (key == "isbn10" || key == "isbn13") {
      return with_texts(value, [&](std::string_view text) { work.isbn(text); });
    }
    if (key == "firstPublishYear") {
      return with_integer(value, [&](std::int64_t year) { work.year(year); });
    }
    if (key == "coverUrl") {
      return with_text(value, [&](std::string_view text) { work.cover(text); });
    }
    if (key == "subjects") {
      return with_texts(value, [&](std::string_view text) { work.subject(text); });
    }
    return key == "ids" ? read_ids(value, work) : simdjson::SUCCESS;
  });
}

}  // namespace

Result<Reply> read_books_reply(PaddedText json) {
  Collector collector("");
  bool has_works = false;
  const auto on_field = [&](std::string_view key, JsonValue value) {
    if (key != "works") {
      return simdjson::SUCCESS;
    }
    if (const Fault fault = is_array(value, has_works)) {
      return fault;
    }
    return each_element(value, [&](JsonValue book) {
      return collector.add([&](WorkBuilder& work) { return read_own_work(book, work); });
    });
  };
  JsonDocument document;
  if (std::optional<Error> error = read_root(own_source, document, json, on_field)) {
    return Failure(std::move(*error));
  }
  if (!has_works) {
    return wrong_shape(own_source, "a list of works");
  }
  return std::move(collector).finish();
}

}  // namespace larder::origin
