// How long an entry may be served, and as what. Pure: the time is a parameter.
#pragma once

#include <cstdint>

#include "base/units.h"
#include "entry/header.h"

namespace larder::policy {

enum class Freshness : std::uint8_t {
  fresh,           // within fresh_for
  stale,           // past it, within stale_for: may be served while it is refreshed
  stale_if_error,  // past that, within error_for: may be served while the origin fails
  expired,         // never served again
};

// `age` is never negative: an entry from the future (a clock behind another's) counts as just made.
// `ttl` is what is left of the fresh time, negative when it is over (RFC 9211 §2.4).
struct Standing {
  Freshness freshness;
  Millis age;
  Millis ttl;

  Standing(Freshness freshness_, Millis age_, Millis ttl_) : freshness(freshness_), age(age_), ttl(ttl_) {}
};

// stale_for and error_for both count from the end of the fresh time (RFC 5861 §3 and §4). Bounds are
// exclusive: an entry of age fresh_for is stale (RFC 9111 §4.2: fresh while freshness_lifetime >
// current_age).
Standing standing(const entry::Header& header, Instant now);

// How long a store keeps the entry physically, from now: as long as any rule could serve it. At least
// `floor`.
Millis retention(const entry::Header& header, Instant now, Millis floor);

}  // namespace larder::policy
