// Open Library's shapes. Keys are paths ("/works/OL27448W"), covers are numbers, negative ones mean "none".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "origin/json_document.h"
#include "origin/readers.h"
#include "origin/reading.h"
#include "origin/work_builder.h"

namespace larder::origin {

namespace {

constexpr std::string_view readers_source = "openlibrary";

Fault read_document(JsonValue document, WorkBuilder& work) {
  return each_field(document, [&](std::string_view key, JsonValue value) {
    if (key == "key") {
      return with_text(value, [&](std::string_view text) { work.openlibrary_id(text); });
    }
    if (key == "title") {
      return with_text(value, [&](std::string_view text) { work.title(text); });
    }
    if (key == "subtitle") {
      return with_text(value, [&](std::string_view text) { work.subtitle(text); });
    }
    if (key == "author_name") {
      return with_texts_while(
          value, [&] { return work.takes_authors(); }, [&](std::string_view text) { work.author(text); });
    }
    if (key == "isbn") {
      return read_isbns(value, work);
    }
    if (key == "subject") {
      return with_texts_while(
          value, [&] { return work.takes_subjects(); }, [&](std::string_view text) { work.subject(text); });
    }
    if (key == "first_publish_year") {
      return read_year(value, work);
    }
    if (key == "cover_i") {
      return with_integer(value, [&](std::int64_t number) { work.openlibrary_cover(number); });
    }
    return simdjson::SUCCESS;
  });
}

// "Fantasy" or {"name": "Fantasy"}.
template <typename OnText>
Fault with_names(JsonValue list, OnText&& on_text) {
  return each_element(list, [&](JsonValue element) {
    if (const Fault fault = with_text(element, on_text)) {
      return fault;
    }
    return each_field(element, [&](std::string_view key, JsonValue value) {
      return key == "name" ? with_text(value, on_text) : simdjson::SUCCESS;
    });
  });
}

// [{"key": "/works/OL27448W"}]
Fault read_work_keys(JsonValue list, WorkBuilder& work) {
  return each_element(list, [&](JsonValue element) {
    return each_field(element, [&](std::string_view key, JsonValue value) {
      return key == "key" ? with_text(value, [&](std::string_view text) { work.openlibrary_id(text); })
                          : simdjson::SUCCESS;
    });
  });
}

// [6796986, -1]: the first that is a cover.
Fault read_cover_numbers(JsonValue list, WorkBuilder& work) {
  bool found = false;
  return each_element(list, [&](JsonValue element) {
    return with_integer(element, [&](std::int64_t number) {
      if (!found && number > 0) {
        work.openlibrary_cover(number);
        found = true;
      }
    });
  });
}

// {small, medium, large}: the greatest there is.
Fault read_cover_addresses(JsonValue sizes, WorkBuilder& work) {
  std::string_view best;
  int best_rank = 0;
  const Fault fault = each_field(sizes, [&](std::string_view key, JsonValue value) {
    const int rank = key == "large" ? 3 : key == "medium" ? 2 : key == "small" ? 1 : 0;
    return with_text(value, [&](std::string_view text) {
      if (rank > best_rank) {
        best = text;
        best_rank = rank;
      }
    });
  });
  work.cover(best);
  return fault;
}

Fault read_identifiers(JsonValue identifiers, WorkBuilder& work) {
  return each_field(identifiers, [&](std::string_view key, JsonValue value) {
    return key == "isbn_10" || key == "isbn_13" ? read_isbns(value, work) : simdjson::SUCCESS;
  });
}

// One member of a work's or an edition's record, in the forms that the record itself and jscmd=data give it.
Fault read_member(std::string_view key, JsonValue value, WorkBuilder& work) {
  if (key == "title") {
    return with_text(value, [&](std::string_view text) { work.title(text); });
  }
  if (key == "subtitle") {
    return with_text(value, [&](std::string_view text) { work.subtitle(text); });
  }
  if (key == "key") {
    return with_text(value, [&](std::string_view text) { work.openlibrary_id(text); });
  }
  if (key == "works") {
    return read_work_keys(value, work);
  }
  if (key == "authors") {
    return with_names(value, [&](std::string_view text) { work.author(text); });
  }
  if (key == "by_statement") {
    return with_text(value, [&](std::string_view text) { work.author_statement(text); });
  }
  if (key == "isbn_10" || key == "isbn_13") {
    return read_isbns(value, work);
  }
  if (key == "identifiers") {
    return read_identifiers(value, work);
  }
  if (key == "subjects") {
    return with_names(value, [&](std::string_view text) { work.subject(text); });
  }
  if (key == "first_publish_date" || key == "publish_date") {
    return read_year(value, work);
  }
  if (key == "covers") {
    return read_cover_numbers(value, work);
  }
  return key == "cover" ? read_cover_addresses(value, work) : simdjson::SUCCESS;
}

}  // namespace

Result<Reply> read_openlibrary_search(PaddedText json, std::string_view wanted_isbn13) {
  Collector collector(wanted_isbn13);
  bool has_list = false;
  bool has_error = false;
  const auto on_field = [&](std::string_view key, JsonValue value) {
    if (key == "numFound") {
      return with_integer(value, [&](std::int64_t number) { collector.claims(number); });
    }
    has_error = has_error || key == "error";
    if (key != "docs") {
      return simdjson::SUCCESS;
    }
    if (const Fault fault = is_array(value, has_list)) {
      return fault;
    }
    return each_element(value, [&](JsonValue document) {
      return collector.add([&](WorkBuilder& work) { return read_document(document, work); });
    });
  };
  JsonDocument document;
  if (std::optional<Error> error = read_root(readers_source, document, json, on_field)) {
    return Failure(std::move(*error));
  }
  if (!has_list && has_error) {
    return fail_for_now(ErrorKind::unavailable, readers_source,
                        "openlibrary sent an error in place of an answer; ask later");
  }
  if (!has_list) {
    return wrong_shape(readers_source, "a list of docs");
  }
  return std::move(collector).finish();
}

Result<Reply> read_openlibrary_record(PaddedText json, std::string_view wanted_isbn13) {
  Collector collector(wanted_isbn13);
  WorkBuilder work(wanted_isbn13);
  JsonDocument document;
  const auto on_field = [&](std::string_view key, JsonValue value) { return read_member(key, value, work); };
  if (std::optional<Error> error = read_root(readers_source, document, json, on_field)) {
    return Failure(std::move(*error));
  }
  if (!collector.take(std::move(work))) {
    return wrong_shape(readers_source, "a title");
  }
  return std::move(collector).finish();
}

Result<Reply> read_openlibrary_isbns(PaddedText json, std::string_view wanted_isbn13) {
  constexpr std::string_view prefix = "ISBN:";
  Collector collector(wanted_isbn13);
  JsonDocument document;
  bool has_other = false;
  const auto on_field = [&](std::string_view bibkey, JsonValue value) {
    if (bibkey.substr(0, prefix.size()) != prefix) {
      has_other = true;
      return simdjson::SUCCESS;
    }
    return collector.add([&](WorkBuilder& work) {
      work.isbn(bibkey.substr(prefix.size()));
      return each_field(
          value, [&](std::string_view key, JsonValue member) { return read_member(key, member, work); });
    });
  };
  if (std::optional<Error> error = read_root(readers_source, document, json, on_field)) {
    return Failure(std::move(*error));
  }
  if (has_other && collector.is_empty()) {
    return wrong_shape(readers_source, "members named ISBN:…");
  }
  return std::move(collector).finish();
}

}  // namespace larder::origin
