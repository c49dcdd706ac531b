// Read-through: look up, decide, ask the origin once, answer, then store and refresh.
//
// What a read does, and in which order, is the table of policy/read_rules.def; reader.h does the steps and
// refresher.h what is left behind the response. Requests of one isolate share a flight (flights.h), isolates
// share a lock (key_lock.h), and the origin is asked through its gate (origin_gate.h). What was purged is no
// entry (control.h, copy.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/explain.h"
#include "engine/parts.h"
#include "engine/reading.h"

namespace larder::engine {

class Engine {
 public:
  // All of them outlive the engine.
  Engine(const config::Settings& settings, tiers::CacheRegistry& registry, tiers::TieredCache& tiered,
         observe::Counters& counters, Control& control, InstanceRole role, redis::Client redis);

  // A memory hit without waiting, or nothing; then read() goes on from `near`.
  std::optional<Reading> read_now(Instant now, const Query& query, tiers::Look& near);
  // Answers from the nearest place that may. Ends when there is an answer; nothing is stored outside of
  // memory yet. `query` outlives the call (it is the caller's frame's). `near`: the look into memory that
  // read_now() has made for this read; memory is not looked into again.
  host::Task<Reading> read(host::Context here, const Query& query, tiers::Look near);
  // Whether settle() has nothing to do after this reading, a hit of read_now(), if it is called now.
  bool is_settled(Instant now, const Reading& reading) const;
  // Past the cache, for a method whose answers are not kept (mode http). Where it has changed something, what
  // was kept of that is purged, in every tier and isolate, when this returns.
  host::Task<Reading> pass(host::Context here, const Query& query);
  // The rest, to be done after the response.
  host::Task<void> settle(host::Context here, const Query& query, Reading reading);

  // What read() would do now, and why; nothing is done. `query` is the caller's frame's.
  host::Task<Explanation> explain(host::Context here, const Query& query);

  // For work that can wait. As read(), but with nothing that is past its fresh time, and the origin is asked
  // at its polite rate (Pace::warming), whose turn is waited for up to `patience`. settle() follows as after
  // read().
  host::Task<Reading> read_fresh(host::Context here, const Query& query, Millis patience);
  // As settle(), for who answers for the entry's being where all isolates find it: it is put there unless it
  // was read from there. Errors: the store's.
  host::Task<Result<tiers::Stored>> settle_for_all(host::Context here, const Query& query, Reading reading);
  // What the tier that all isolates share has for these keys, as far as purges let it be; nullptr: nothing.
  // An entry whose body is packed comes without it. One operation for as many keys as the tier reads at once.
  // Errors: the store's; unavailable while its breaker is open.
  host::Task<Result<std::vector<tiers::EntryPtr>>> find_many(host::Context here,
                                                             const std::vector<Query>& queries);
  // What is there for one key, its body unpacked; nullptr: nothing that can be read. The origin is not asked.
  host::Task<tiers::EntryPtr> find_whole(host::Context here, const Query& query);
  // Puts an entry where all isolates find it. Errors: the store's.
  host::Task<Result<tiers::Stored>> keep(host::Context here, const Query& query, tiers::EntryPtr entry);

  // As OriginGate::ask_model.
  host::Task<origin::OriginResult<origin::ModelAnswer>> ask_model(host::Context here, std::string purpose,
                                                                  origin::ModelPrompt prompt, Millis timeout);

  // To be called with every new view of the control log: what it purges leaves the memory tier.
  void purge_memory();

  std::size_t locks_held() const { return parts_.locks.held(); }
  // What experiments and POLICY_OVERRIDES say now: for queries that are made from here on.
  void take_up(std::shared_ptr<const experiments::Plan> plan) { plan_ = std::move(plan); }
  const experiments::Plan& plan() const { return *plan_; }
  std::shared_ptr<const experiments::Plan> shared_plan() const { return plan_; }

  std::size_t flights_under_way() const { return parts_.flights.under_way(); }
  std::size_t refreshes_remembered() const { return parts_.refreshes.count(); }

 private:
  host::Task<void> invalidate(host::Context here, const Query& query, const origin::Fetched& fetched);
  // The reading of a packed entry, for one who takes no gzip.
  host::Task<Reading> with_plain_body(host::Context here, const Query& query, Reading reading);
  void count_read(const Query& query, const Reading& reading);

  Parts parts_;
  std::shared_ptr<const experiments::Plan> plan_ = std::make_shared<const experiments::Plan>();
};

}  // namespace larder::engine
