// One read: it gathers the facts, does the step that the plan says (policy/read_plan.h), and asks again.
#pragma once

#include <optional>

#include "engine/serving.h"

namespace larder::engine {

class Reader {
 public:
  // All of them outlive it. `wanted` fresh is a read that can wait: it follows no other request, nothing
  // stands in, and its origin's turn is waited for up to `patience`.
  Reader(Parts& parts, host::Context here, const Query& query, Wanted wanted, Millis patience = Millis(0));
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // `near`: the look into memory that was made for this read in this very step, or none.
  host::Task<Reading> run(tiers::Look near);
  // In an instance that stands in for a lost one, which keeps nothing: the origin, and those who ask the same
  // at the same time share one answer, so that what was lost multiplies nothing.
  host::Task<Reading> run_in_recovery();
  // The origin alone, past tiers, flights and locks.
  host::Task<Reading> run_alone();

 private:
  host::Task<Reading> steps();
  // The facts that may have changed since the last step.
  void gather();
  policy::Unlooked unlooked() const;

  host::Task<void> look();
  // Looks for a flight of this name, and waits for it until `give_up`; leads one with this patience where
  // there is none.
  host::Task<FlightEnd> join(std::string name, Millis patience, std::optional<Instant> give_up);
  host::Task<void> join_first();
  host::Task<void> join_late();
  std::optional<Reading> share();
  host::Task<void> take_turn();
  host::Task<void> lock();
  host::Task<Locks::Taken> take_lock(std::string name, Instant give_up);
  host::Task<void> ask();
  host::Task<void> wait();
  host::Task<void> pass_on(policy::Participation participation, policy::Reason reason);
  void take_in(origin::OriginResult<origin::Fetched> fetched);

  // The origin's answer, whose body is split where R2 is to have it too.
  host::Task<Reading> keep();
  Reading served(policy::Reason reason);
  Reading stale_reading(policy::Reason reason);
  Reading refused(policy::Reason reason);

  Parts& parts_;
  host::Context here_;
  const Query& query_;
  Wanted wanted_;
  Millis patience_;
  policy::ReadFacts facts_;
  // Why the origin is asked.
  http::CacheStatus forward_;
  // The newest copy that was found, and the tier that had it; none: a lock handed it over.
  Copy copy_;
  std::optional<config::Tier> found_in_;
  // The last look, and how far they have come.
  tiers::Look look_;
  std::optional<config::Tier> looked_to_;
  // The wait for other requests is over then.
  std::optional<Instant> give_up_;
  std::optional<Flights::Lead> lead_;
  std::shared_ptr<Flight> flight_;
  Permit permit_;
  // The origin whose turn was taken; empty: none.
  std::string turn_;
  // What the origin was asked about, and what it said.
  Copy asked_about_;
  std::optional<origin::OriginResult<origin::Fetched>> said_;
};

// Asks about the copies that are at hand in the tiers behind memory: the first that was asked for after
// `than`, which memory has by then.
host::Task<tiers::Look> find_newer(host::Context here, Parts& parts, const Query& query, Instant than);

// Why the origin's refusal is what the client gets, or a copy in its place.
policy::Reason reason_of(const origin::Refusal& refusal);

}  // namespace larder::engine
