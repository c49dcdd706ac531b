// A request for a resource, and what came of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "config/declaration.h"
#include "engine/flights.h"
#include "http/cache_status.h"
#include "http/message.h"
#include "http/vary.h"
#include "origin/fetch.h"
#include "policy/decision.h"
#include "tiers/cache.h"

namespace larder::engine {

// What may wait keeps to the origin's polite rate, all isolates together; a reader's request goes at once.
enum class Pace : std::uint8_t { reader, warming };

struct Query {
  // Lives as long as the app.
  const config::Resource* resource = nullptr;
  tiers::Key key;
  std::vector<std::string> tags;
  config::FieldValues values;
  http::Method method = http::Method::get;
  // Names the client for its rate limit; "": nobody to hold to it.
  std::function<std::string()> client;
  // The request carries Authorization: its answer is not shared.
  bool authorized = false;
  // Whether the client takes gzip: asked only where it makes a difference.
  std::function<bool()> accepts_gzip;
  // Reads a field of the request, for Vary.
  http::FieldReader read_header;
  Pace pace = Pace::reader;
  // The origin whose turn was taken already (origin::origin_name); empty: none.
  std::string turn;

  Query() {}
};

// What is left to do once the client has its answer.
enum class Remaining : std::uint8_t {
  nothing,
  promote,  // into the tiers nearer than the one that had it
  store,    // into the farther tiers: it came from the origin
};

// An origin request that went past its soft time limit: the rest of it is done behind the response.
struct Unfinished {
  std::uint32_t ticket = 0;
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
