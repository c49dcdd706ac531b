// Cache-Control of requests and responses (RFC 9111 §5.2, RFC 5861, RFC 8246) and its targeted form
// CDN-Cache-Control (RFC 9213). Reading never fails: unknown directives and arguments where none belong are
// ignored; of two values of one directive the first counts (§4.2.1); what cannot be read is read to the safe
// side, as said at each function.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "http/syntax.h"

namespace larder::http {

struct ResponseDirectives {
  std::optional<Seconds> max_age;
  std::optional<Seconds> s_maxage;
  std::optional<Seconds> stale_while_revalidate;
  std::optional<Seconds> stale_if_error;
  // Unqualified: about the whole response. The qualified form (no-cache="a, b") only fills the names, in
  // lower case.
  bool no_cache = false;
  bool private_ = false;
  std::vector<std::string> no_cache_fields;
  std::vector<std::string> private_fields;
  bool no_store = false;
  bool public_ = false;
  bool must_revalidate = false;
  bool proxy_revalidate = false;
  bool must_understand = false;
  bool immutable = false;
  bool no_transform = false;

  ResponseDirectives() {}
  friend bool operator==(const ResponseDirectives&, const ResponseDirectives&) = default;
};

struct RequestDirectives {
  std::optional<Seconds> max_age;
  std::optional<Seconds> min_fresh;
  // Staleness the client accepts; delta_seconds_max for max-stale without a value, which accepts any.
  std::optional<Seconds> max_stale;
  bool no_cache = false;
  bool no_store = false;
  bool no_transform = false;
  bool only_if_cached = false;

  RequestDirectives() {}
  friend bool operator==(const RequestDirectives&, const RequestDirectives&) = default;
};

// `value` is the combined field value. A broken max-age or s-maxage counts as 0 (§4.2.1: invalid freshness is
// stale), a broken stale-* window as absent, and a broken list of field names makes no-cache and private
// unqualified.
ResponseDirectives parse_response_directives(std::string_view value);
// Directives with broken numbers are ignored.
RequestDirectives parse_request_directives(std::string_view value);

// RFC 9213 §2.1: a dictionary of directives; nullopt if it is empty, is no dictionary or gives a number of
// seconds another type than Integer: then the field is ignored as a whole.
std::optional<ResponseDirectives> parse_targeted_directives(std::string_view value);

enum class DirectiveSource : std::uint8_t {
  none,           // neither field is there
  cache_control,  // Cache-Control; Expires counts too
  targeted,       // CDN-Cache-Control; Cache-Control and Expires do not count (RFC 9213 §2.2)
};

struct SelectedDirectives {
  DirectiveSource source = DirectiveSource::none;
  ResponseDirectives directives;

  SelectedDirectives() {}
};

// RFC 9213 §2.2 with the target list ["CDN-Cache-Control"].
SelectedDirectives select_directives(const Fields& response);

// The field value; "" if no directive is set. Order: who may store, how long, then the rest.
std::string format_cache_control(const ResponseDirectives& directives);

}  // namespace larder::http
