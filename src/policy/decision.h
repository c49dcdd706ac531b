// What to do with a request, decided from facts alone and done once.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"
#include "config/limits.h"
#include "config/overrides.h"
#include "config/settings.h"
#include "entry/header.h"
#include "policy/freshness.h"

namespace larder::policy {

enum class Reason : std::uint8_t {
#define LARDER_REASON(name, text, status, meaning) name,
#include "policy/reasons.def"
#undef LARDER_REASON
};
std::string_view to_text(Reason reason);
// The reason of a hit in this tier.
Reason reason_of(config::Tier tier);

// How far the cache takes part in a request.
enum class Participation : std::uint8_t {
  full,          // look up, share, store
  observe_only,  // count, then straight to the origin
  pass_through,  // straight to the origin
};

struct Admission {
  Participation participation;
  // Why not full; meaningless otherwise.
  Reason reason;

  Admission(Participation participation_, Reason reason_) : participation(participation_), reason(reason_) {}
};

// Precedence as requirement F7: FEATURE_CACHE=false is pure pass-through whatever else is set, then the
// implementation, then the list of patterns. Last what `overrides` say: a pattern that is not cached is
// observed.
Admission admit(const config::Settings& settings, const config::Overrides& overrides,
                std::string_view key_pattern);

// The settings, but for what is overridden.
bool protects_from_stampedes(const config::Settings& settings, const config::Overrides& overrides);
bool keeps_negatives(const config::Settings& settings, const config::Overrides& overrides);
Bytes compress_threshold(const config::Settings& settings, const config::Overrides& overrides);
// Per cent of its fresh time after which a read refreshes an entry.
std::uint32_t eager_percent(const config::Overrides& overrides);

enum class Action : std::uint8_t {
  serve,              // the entry answers
  serve_and_refresh,  // the entry answers, and the origin is asked behind the response (near its end, or
                      // partial)
  fetch,              // ask the origin
};

struct Decision {
  Action action;
  Reason reason;
  Standing standing;

  Decision(Action action_, Reason reason_, Standing standing_)
      : action(action_), reason(reason_), standing(standing_) {}
};

// What becomes of an entry past its fresh time (ENABLE_SWR).
enum class WhenStale : std::uint8_t {
  serve_and_refresh,  // it answers within its stale time, and is refreshed behind the answer
  fetch,              // it answers while it is fresh, and is not refreshed before its time is over
};
WhenStale when_stale(const config::Settings& settings, const config::Overrides& overrides);

// For an entry that is at hand. `hit` is the reason where it answers.
Decision decide(const entry::Header& header, Reason hit, Instant now, WhenStale when_stale,
                std::uint32_t eager_percent = config::limit::eager_refresh_percent);

// Whether the entry may stand in for an origin that failed, is slow or is not asked (stale-if-error): within
// its bound, and never a negative entry.
bool may_serve_stale(const entry::Header& header, Instant now);

// The age from which on a read of a fresh entry refreshes it.
Millis eager_age(const entry::Header& header, std::uint32_t percent = config::limit::eager_refresh_percent);

}  // namespace larder::policy
