// A request for a resource, and what came of it.
#pragma once

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

struct Query {
  // Lives as long as the app.
  const config::Resource* resource = nullptr;
  tiers::Key key;
  std::vector<std::string> tags;
  config::FieldValues values;
  http::Method method = http::Method::get;
  // The request carries Authorization: its answer is not shared.
  bool authorized = false;
  // Reads a field of the request, for Vary.
  http::FieldReader read_header;

  Query() {}
};

// What is left to do once the client has its answer.
enum class Remaining : std::uint8_t {
  nothing,
  promote,  // into the tiers nearer than the one that had it
  store,    // into the farther tiers: it came from the origin
};

// Exactly one of: an entry, a body that is not kept (`fetched`), a refusal.
struct Reading {
  tiers::EntryPtr entry;
  std::optional<origin::Fetched> fetched;
  std::shared_ptr<const origin::Refusal> refusal;
  http::CacheStatus status;
  // Of the entry, at the time of the decision.
  Millis age{0};
  Remaining remaining = Remaining::nothing;
  // The lock that this request holds and has to hand back; empty: none.
  std::string lock_token;
  std::string_view found_in;

  Reading() {}
};

}  // namespace larder::engine
