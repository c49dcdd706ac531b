// Read-through: look up, decide, ask the origin once, answer, then store and refresh.
//
// The wrapper is stale-while-revalidate: what is stale but within its bound answers at once and is refreshed
// behind the response (refresh.cpp). Inside of it, a miss is protected: requests of one isolate share a
// flight, isolates share a lock, and the origin is asked through its gate (origin_gate.h). What was purged is
// no entry (control.h).
#pragma once

#include "config/settings.h"
#include "engine/control.h"
#include "engine/flights.h"
#include "engine/origin_gate.h"
#include "engine/reading.h"
#include "engine/refresh_book.h"
#include "observe/counters.h"
#include "policy/breaker.h"
#include "tiers/registry.h"
#include "tiers/tiered_cache.h"

namespace larder::engine {

class Engine final : public tiers::EntryScreen {
 public:
  // All of them outlive the engine. `bypass`: this instance stands in for one that was lost and keeps
  // nothing.
  Engine(const config::Settings& settings, tiers::CacheRegistry& registry, tiers::TieredCache& tiered,
         observe::Counters& counters, Control& control, bool bypass);

  // Answers from the nearest place that may. Ends when there is an answer; nothing is stored outside of
  // memory yet. `query` outlives the call (it is the caller's frame's).
  host::Task<Reading> read(host::Context here, const Query& query);

  // The rest, to be done after the response.
  host::Task<void> settle(host::Context here, const Query& query, Reading reading);

  // For work that can wait (stocking.cpp). As read(), but with nothing that is past its fresh time, and the
  // origin is asked at its polite rate, whose turn is waited for up to `patience`. settle() follows as after
  // read().
  host::Task<Reading> read_fresh(host::Context here, Query& query, Millis patience);
  // What the tier that all isolates share has for these keys, as far as purges let it be; nullptr: nothing.
  // An entry whose body is packed comes without it. One operation for every limit::kv_keys_at_once. Errors:
  // as the operation says.
  host::Task<Result<std::vector<tiers::EntryPtr>>> find_many(host::Context here,
                                                             const std::vector<Query>& queries);
  // What is there for one key, its body unpacked; nullptr: nothing that can be read. The origin is not asked.
  host::Task<tiers::EntryPtr> find_whole(host::Context here, const Query& query);
  // Puts an entry where all isolates find it. Errors: the store's.
  host::Task<Result<tiers::Stored>> keep(host::Context here, const Query& query, tiers::EntryPtr entry);

  // As OriginGate::ask_model.
  host::Task<origin::OriginResult<origin::ModelAnswer>> ask_model(host::Context here, std::string purpose,
                                                                  origin::ModelPrompt prompt,
                                                                  Millis timeout) {
    return gate_.ask_model(here, std::move(purpose), std::move(prompt), timeout);
  }

  // A memory hit without waiting, or nothing.
  std::optional<Reading> read_now(Instant now, const Query& query);

  // To be called with every new view of the control log: what it purges leaves the memory tier.
  void purge_memory();

  std::size_t flights_under_way() const { return flights_.under_way(); }
  std::size_t refreshes_remembered() const { return refreshes_.count(); }

  // What a tier found, as far as the control log lets it be: nothing, the entry, or a stale form of it.
  host::Task<tiers::EntryPtr> screen(host::Context here, const tiers::Key& key,
                                     tiers::EntryPtr entry) override;

 private:
  // A lock that was asked for.
  enum class LockState : std::uint8_t {
    granted,  // this request holds it
    value,    // its holder's answer is in `entry`
    busy,     // somebody holds it, and the wait is over
    no_lock,  // it failed, or its holder has nothing to share
  };
  struct LockOutcome {
    LockState state = LockState::no_lock;
    std::string token;
    tiers::EntryPtr entry;

    LockOutcome() {}
  };

  Reading hit(const policy::Decision& decision, tiers::Found found) const;
  // The reading that a found entry makes, or nothing; then `forward` says why not.
  std::optional<Reading> usable(Instant now, const Query& query, const tiers::Found& found,
                                http::CacheStatus& forward);
  tiers::EntryPtr judged(const tiers::Key& key, tiers::EntryPtr entry);
  // The entry in place of the origin's answer.
  Reading stand_in(Instant now, tiers::EntryPtr former, http::CacheStatus status, policy::Reason reason);

  host::Task<tiers::Found> find_newest(host::Context here, const tiers::Key& key);
  host::Task<Reading> read_cached(host::Context here, const Query& query);
  // For a request that wants a stored answer and no other, or whose own must not be stored.
  host::Task<Reading> read_stored(host::Context here, const Query& query);
  host::Task<Reading> read_through(host::Context here, const Query& query);
  // After the wait for a leader is over: one request an isolate asks the origin, without the lock.
  host::Task<Reading> read_alone(host::Context here, const Query& query);
  // under_way: the wait is over.
  host::Task<FlightState> wait_for(host::Context here, std::shared_ptr<Flight> flight, Instant give_up);
  host::Task<Reading> from_landing(host::Context here, const Query& query, std::shared_ptr<Flight> flight);
  host::Task<Reading> look_and_fetch(host::Context here, const Query& query);
  // The origin, once for all isolates: through the key's lock where the protection is on and the lock
  // answers. `former`: the copy at hand, past its time; nullptr: none.
  host::Task<Reading> fetch_locked(host::Context here, const Query& query, http::CacheStatus status,
                                   tiers::EntryPtr former);
  host::Task<Reading> fetch(host::Context here, const Query& query, http::CacheStatus status,
                            tiers::EntryPtr former);
  // What the origin's answer means for the reading: an entry in memory, a body to pass on, or a stand-in.
  Reading reading_of(host::Context here, const Query& query, http::CacheStatus status,
                     origin::OriginResult<origin::Fetched> fetched, const tiers::EntryPtr& former);
  // `copy` may stand in; nullptr: none does.
  Reading reading_of_failure(Instant now, const Query& query, http::CacheStatus status,
                             origin::Refusal refusal, const tiers::EntryPtr& copy);
  // The same for a flight's landing.
  Landing landing_of(const Reading& reading) const;
  // The entry with its body unpacked; nullptr where that cannot be done, which is counted.
  host::Task<tiers::EntryPtr> unpack(host::Context here, tiers::EntryPtr packed);
  // A gzip entry for a client that does not take it: with its body unpacked.
  host::Task<Reading> unpacked(host::Context here, const Query& query, Reading reading);

  // Waits at most until `give_up`; `keep` is how long the holder may take.
  host::Task<LockOutcome> take_lock(host::Context here, const Query& query, std::string name, Millis keep,
                                    Instant give_up);
  host::Task<void> release_lock(host::Context here, const Query& query, std::string name, std::string token,
                                tiers::EntryPtr entry, bool failed);
  std::string lock_name(const Query& query, std::string_view purpose) const;

  host::Task<void> finish(host::Context here, const Query& query, Reading& reading);
  host::Task<void> refresh(host::Context here, const Query& query, tiers::EntryPtr former);
  // False: every attempt failed.
  host::Task<bool> refresh_from_origin(host::Context here, const Query& query, tiers::EntryPtr former,
                                       std::string name, std::string token);
  host::Task<void> store(host::Context here, const Query& query, tiers::EntryPtr entry);
  // The entry as the farther tiers keep it: packed where that is worth it.
  host::Task<tiers::EntryPtr> packed(host::Context here, const Query& query, tiers::EntryPtr entry);

  void count_read(const Query& query, const Reading& reading);

  const config::Settings& settings_;
  tiers::CacheRegistry& registry_;
  tiers::TieredCache& tiered_;
  observe::Counters& counters_;
  Control& control_;
  OriginGate gate_;
  policy::Breaker lock_breaker_;
  Flights flights_;
  RefreshBook refreshes_;
  bool bypass_;
};

}  // namespace larder::engine
