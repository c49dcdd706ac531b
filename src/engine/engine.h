// Read-through: look up, decide, ask the origin once, answer, then store.
#pragma once

#include "config/settings.h"
#include "engine/flights.h"
#include "engine/reading.h"
#include "observe/counters.h"
#include "tiers/registry.h"
#include "tiers/tiered_cache.h"

namespace larder::engine {

class Engine {
 public:
  // All of them outlive the engine. `bypass`: this instance stands in for one that was lost and keeps
  // nothing.
  Engine(const config::Settings& settings, tiers::CacheRegistry& registry, tiers::TieredCache& tiered,
         observe::Counters& counters, bool bypass)
      : settings_(settings), registry_(registry), tiered_(tiered), counters_(counters), bypass_(bypass) {}

  // Answers from the nearest place that may. Ends when there is an answer; nothing is stored outside of
  // memory yet. `query` outlives the call (it is the caller's frame's).
  host::Task<Reading> read(host::Context here, const Query& query);

  // The rest, to be done after the response.
  host::Task<void> settle(host::Context here, const Query& query, const Reading& reading);

  // A memory hit without waiting, or nothing.
  std::optional<Reading> read_now(Instant now, const Query& query);

  std::size_t flights_under_way() const { return flights_.under_way(); }

 private:
  Reading hit(const policy::Decision& decision, tiers::Found found) const;
  std::optional<Reading> usable(Instant now, const Query& query, const tiers::Found& found,
                                http::CacheStatus& forward) const;
  host::Task<Reading> read_through(host::Context here, const Query& query);
  // After the wait for a leader is over: one request an isolate asks the origin, without the lock.
  host::Task<Reading> read_alone(host::Context here, const Query& query);
  // under_way: the wait is over.
  host::Task<FlightState> wait_for(host::Context here, std::shared_ptr<Flight> flight, Instant give_up);
  host::Task<Reading> from_landing(host::Context here, const Query& query, std::shared_ptr<Flight> flight);
  host::Task<Reading> look_and_fetch(host::Context here, const Query& query);
  // The origin, once for all isolates: through the key's lock where the protection is on and the lock
  // answers.
  host::Task<Reading> fetch_locked(host::Context here, const Query& query, http::CacheStatus status);
  host::Task<Reading> fetch(host::Context here, const Query& query, http::CacheStatus status);
  host::Task<void> release_lock(host::Context here, const Query& query, const Reading& reading);
  Landing landing_of(const Reading& reading) const;
  void count_read(const Query& query, const Reading& reading);

  const config::Settings& settings_;
  tiers::CacheRegistry& registry_;
  tiers::TieredCache& tiered_;
  observe::Counters& counters_;
  Flights flights_;
  bool bypass_;
};

}  // namespace larder::engine
