// What came of a request for a resource.
#pragma once

#include <memory>
#include <optional>

#include "engine/flights.h"
#include "engine/query.h"
#include "http/cache_status.h"
#include "origin/fetch.h"
#include "policy/decision.h"
#include "tiers/cache.h"

namespace larder::engine {

// What is left to do once the client has its answer.
enum class Remaining : std::uint8_t {
  nothing,
  promote,  // into the tiers nearer than the one that had it
  store,    // into the farther tiers: it came from the origin
};

// An origin request that went past its soft time limit: the rest of it is done behind the response.
struct Unfinished {
  std::uint32_t ticket = 0;
  std::shared_ptr<const origin::Late> late;
  // Which of the resource's providers was asked.
  std::size_t provider = 0;
  Instant requested_at;
  std::uint64_t log_seen = 0;

  Unfinished() {}
};

// Exactly one of: an entry, a body that is not kept (`fetched`), a refusal.
struct Reading {
  tiers::EntryPtr entry;
  // A server error's is shared by all who waited for it.
  std::shared_ptr<const origin::Fetched> fetched;
  std::shared_ptr<const origin::Refusal> refusal;
  http::CacheStatus status;
  // Of the entry, at the time of the decision.
  Millis age{0};
  Remaining remaining = Remaining::nothing;
  // The lock that this request holds and has to hand back; empty: none.
  std::string lock_name;
  std::string lock_token;
  // The entry is to be refreshed behind the response.
  bool refresh = false;
  // The entry is past its time and stands in for an origin that failed, is slow or is not asked.
  bool stands_in = false;
  // This client was held back; what came of it is no answer to others.
  bool limited = false;
  // The entry is the memory tier's own, as far as it came from there.
  bool repeatable = true;
  std::optional<Unfinished> unfinished;
  std::string_view found_in;

  Reading() {}
};

}  // namespace larder::engine
