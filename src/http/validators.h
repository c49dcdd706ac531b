// Validators and the preconditions that a cache answers itself (RFC 9110 §8.8, §13; RFC 9111 §4.3.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "http/message.h"

namespace larder::http {

// RFC 9110 §8.8.3. `opaque` is what stands between the quotes; a backslash in it is an ordinary character.
struct EntityTag {
  bool weak = false;
  std::string opaque;

  EntityTag() {}
  // `opaque_` holds no quote, space or control character.
  static EntityTag strong(std::string opaque_);
  friend bool operator==(const EntityTag&, const EntityTag&) = default;
};

// nullopt for what is not exactly one entity-tag: unquoted text, w/ in lower case, two tags.
std::optional<EntityTag> parse_entity_tag(std::string_view text);
std::string to_text(const EntityTag& tag);

// RFC 9110 §8.8.3.2: equal, and neither is weak; equal, whichever is weak.
bool matches_strongly(const EntityTag& a, const EntityTag& b);
bool matches_weakly(const EntityTag& a, const EntityTag& b);

// RFC 9110 §13.1.2. Elements that are no entity-tag are left out; `any` is "*", alone.
struct IfNoneMatch {
  bool any = false;
  std::vector<EntityTag> tags;

  IfNoneMatch() {}
};
IfNoneMatch parse_if_none_match(std::string_view value);

// The combined values of the request's fields. If-Match and If-Unmodified-Since are the origin's affair (RFC
// 9110 §13.2.1).
struct Conditions {
  std::optional<std::string_view> if_none_match;
  std::optional<std::string_view> if_modified_since;
  // http/range.h.
  std::optional<std::string_view> range;
  std::optional<std::string_view> if_range;
};

// What would be sent without the conditions.
struct Representation {
  int status = 200;
  std::optional<EntityTag> etag;
  // RFC 9111 §4.3.2: where Last-Modified is absent, Date, and where that is absent, the time of receipt.
  std::optional<Instant> last_modified;

  Representation() {}
};
// The same from stored response fields.
Representation representation_of(int status, const Fields& response, Instant response_time);

enum class Precondition : std::uint8_t {
  proceed,       // send the representation
  not_modified,  // 304: the client's copy is this one
};

// RFC 9110 §13.2.2. Preconditions bind only on GET and HEAD that would be answered with 2xx; If-None-Match,
// even a broken one, puts If-Modified-Since out of force; a broken date is ignored. `now` is for two-digit
// years.
Precondition evaluate_preconditions(Method method, const Conditions& conditions,
                                    const Representation& representation, Instant now);

// RFC 9110 §15.4.5: the fields that a 304 repeats because a 200 would have had them. In any case.
bool belongs_in_not_modified(std::string_view field_name);

}  // namespace larder::http
