#include "http/validators.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "http/date.h"
#include "http/syntax.h"

namespace larder::http {

namespace {

// RFC 9110 §8.8.3: etagc, with obs-text.
constexpr bool is_entity_tag_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f && c != '"';
}

bool is_opaque(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_entity_tag_character);
}

// Takes one entity-tag from the front of `rest`; leaves `rest` alone if there is none.
std::optional<EntityTag> take_entity_tag(std::string_view& rest) {
  const bool weak = rest.substr(0, 2) == "W/";
  const std::string_view quoted = rest.substr(weak ? 2 : 0);
  if (quoted.empty() || quoted.front() != '"') {
    return std::nullopt;
  }
  const std::size_t close = quoted.find('"', 1);
  if (close == std::string_view::npos || !is_opaque(quoted.substr(1, close - 1))) {
    return std::nullopt;
  }
  EntityTag tag;
  tag.weak = weak;
  tag.opaque = quoted.substr(1, close - 1);
  rest = quoted.substr(close + 1);
  return tag;
}

}  // namespace

EntityTag EntityTag::strong(std::string opaque_) {
  LARDER_ASSERT(is_opaque(opaque_));
  EntityTag tag;
  tag.opaque = std::move(opaque_);
  return tag;
}

std::optional<EntityTag> parse_entity_tag(std::string_view text) {
  std::string_view rest = trim_whitespace(text);
  auto tag = take_entity_tag(rest);
  return rest.empty() ? tag : std::nullopt;
}

std::string to_text(const EntityTag& tag) { return concat({tag.weak ? "W/\"" : "\"", tag.opaque, "\""}); }

bool matches_strongly(const EntityTag& a, const EntityTag& b) {
  return !a.weak && !b.weak && a.opaque == b.opaque;
}

bool matches_weakly(const EntityTag& a, const EntityTag& b) { return a.opaque == b.opaque; }

IfNoneMatch parse_if_none_match(std::string_view value) {
  IfNoneMatch condition;
  std::string_view rest = trim_whitespace(value);
  condition.any = rest == "*";
  while (!rest.empty()) {
    auto tag = take_entity_tag(rest);
    rest = trim_whitespace(rest);
    if (tag && (rest.empty() || rest.front() == ',')) {
      condition.tags.push_back(std::move(*tag));
    }
    // A tag has been taken with its commas: up to the next one there is nothing or something broken.
    const std::size_t comma = rest.find(',');
    rest = comma == std::string_view::npos ? std::string_view() : trim_whitespace(rest.substr(comma + 1));
  }
  return condition;
}

Representation representation_of(int status, const Fields& response, Instant response_time) {
  Representation representation;
  representation.status = status;
  if (const auto etag = response.find("ETag")) {
    representation.etag = parse_entity_tag(*etag);
  }
  const auto date_in = [&](std::string_view name) {
    const auto value = response.combined(name);
    return value ? parse_date(*value, response_time) : std::nullopt;
  };
  representation.last_modified = date_in("Last-Modified");
  if (!representation.last_modified) {
    representation.last_modified = date_in("Date").value_or(response_time);
  }
  return representation;
}

Precondition evaluate_preconditions(Method method, const Conditions& conditions,
                                    const Representation& representation, Instant now) {
  const bool applies = (method == Method::get || method == Method::head) && representation.status >= 200 &&
                       representation.status <= 299;
  if (!applies) {
    return Precondition::proceed;
  }
  if (conditions.if_none_match) {
    const IfNoneMatch condition = parse_if_none_match(*conditions.if_none_match);
    const bool has_copy =
        std::any_of(condition.tags.begin(), condition.tags.end(), [&](const EntityTag& tag) {
          return representation.etag && matches_weakly(tag, *representation.etag);
        });
    return condition.any || has_copy ? Precondition::not_modified : Precondition::proceed;
  }
  if (conditions.if_modified_since && representation.last_modified) {
    const auto since = parse_date(*conditions.if_modified_since, now);
    // A date carries whole seconds.
    const auto modified = std::chrono::floor<Seconds>(*representation.last_modified);
    return since && modified <= *since ? Precondition::not_modified : Precondition::proceed;
  }
  return Precondition::proceed;
}

bool belongs_in_not_modified(std::string_view field_name) {
  for (const std::string_view name :
       {"cache-control", "content-location", "date", "etag", "expires", "vary"}) {
    if (equals_ignoring_case(field_name, name)) {
      return true;
    }
  }
  return false;
}

}  // namespace larder::http
