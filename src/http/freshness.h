// What a shared cache may store, for how long it is fresh and how old it is (RFC 9111 §3, §4.2). Pure: the
// times are parameters, broken fields are ignored or read to the safe side.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "http/cache_control.h"
#include "http/message.h"

namespace larder::http {

enum class Storability : std::uint8_t {
  storable,
#define LARDER_STORABILITY(name, word, section, meaning) name,
#include "http/storability.def"
#undef LARDER_STORABILITY
};
// The word in Cache-Status; "" for storable.
std::string_view to_text(Storability storability);

struct RequestFacts {
  Method method = Method::get;
  RequestDirectives directives;
  // The request carried an Authorization field that the origin saw, or other credentials.
  bool has_authorization = false;
  // The answer is kept without the cookies that it sets.
  bool strips_cookies = false;
  // A lifetime may be guessed (§4.2.2).
  bool guesses = true;

  RequestFacts() {}
};

// §3.5: public, must-revalidate or s-maxage.
bool may_be_shared_when_authorised(const ResponseDirectives& directives);

// The first reason, in the order of the table, that forbids to store the response. Those of who asks and of
// sizes are the caller's (unshared, too_large).
Storability storable(const RequestFacts& request, int status, const Fields& response, Instant response_time);

enum class FreshnessBasis : std::uint8_t {
  none,       // nothing says for how long: not at all
  s_maxage,   // s-maxage, targeted or not
  max_age,    // max-age, targeted or not
  expires,    // Expires - Date; a broken Expires is in the past (§5.3)
  heuristic,  // a tenth of the time since Last-Modified (§4.2.2)
};

struct Freshness {
  FreshnessBasis basis = FreshnessBasis::none;
  // 0 to delta_seconds_max.
  Seconds lifetime{0};
};

// The guess stays below a day, whatever the document's age; that also keeps clear of the duty to warn of old
// caches.
inline constexpr Seconds heuristic_lifetime_max = std::chrono::hours(24);
inline constexpr int heuristic_lifetime_divisor = 10;

// §4.2.1: a targeted field in place of all others, then s-maxage, max-age, Expires, and last the guess, which
// only a status cacheable by default or the word public allows. A no-cache response has its lifetime too: who
// serves it looks at the directives.
Freshness freshness_lifetime(int status, const Fields& response, Instant response_time);

// §4.2.3, never negative. The whole seconds of it are the Age field. Of several Age values the first counts
// (§5.1).
Millis current_age(const Fields& response, Instant request_time, Instant response_time, Instant now);

// RFC 9110 §7.6.1: the connection's own fields: the registered ones and those that Connection names.
bool is_hop_by_hop(std::string_view name);
Fields without_hop_by_hop(const Fields& fields);

// §3.1: what is stored of a response: no hop-by-hop fields, no proxy authentication, nothing that private="…"
// or no-cache="…" of the directives in force names (fields that may not be served again without asking are
// not kept).
Fields fields_to_store(const Fields& response);

}  // namespace larder::http
