// What the readers of all shapes share. For the readers of this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "origin/json_document.h"
#include "origin/provider.h"
#include "origin/work_builder.h"

namespace larder::origin {

// ISBNs as an array of strings, as one string, or (where an origin forgets the quotes) as numbers.
Fault read_isbns(JsonValue value, WorkBuilder& work);
// A year as a number, or within a date that is a string.
Fault read_year(JsonValue value, WorkBuilder& work);

// Gathers the works of one reply, within works_max.
class Collector {
 public:
  explicit Collector(std::string_view wanted_isbn13) : wanted_isbn13_(wanted_isbn13) {}

  // How many works the origin says it has.
  void claims(std::int64_t count) { has_more_ = has_more_ || count > 0; }

  // `fill(WorkBuilder&) -> Fault` for one element of the origin's list.
  template <typename Fill>
  Fault add(Fill&& fill) {
    if (reply_.works.size() >= works_max) {
      return simdjson::SUCCESS;
    }
    WorkBuilder work(wanted_isbn13_);
    const Fault fault = fill(work);
    if (!take(std::move(work))) {
      has_more_ = true;
    }
    return fault;
  }

  // False: it has no title and is left out.
  bool take(WorkBuilder&& work);
  bool is_empty() const { return reply_.works.empty(); }

  // No works is authoritative only where the origin neither claims nor sent any. Where an ISBN is wanted, and
  // no work carries it, those that carry others are none: they were sent, but are no answer.
  Reply finish() &&;

 private:
  std::string_view wanted_isbn13_;
  Reply reply_;
  bool has_more_ = false;
};

// Reads the root's members; the error, if the document as a whole cannot be read.
template <typename OnField>
std::optional<Error> read_root(std::string_view source, JsonDocument& document, PaddedText json,
                               OnField&& on_field) {
  if (const Fault fault = document.open(json)) {
    return to_error(source, fault);
  }
  if (const Fault fault = document.each_root_field(std::forward<OnField>(on_field))) {
    return to_error(source, fault);
  }
  return std::nullopt;
}

}  // namespace larder::origin
