// Tiers stacked from the nearest to the farthest, each behind its guard. What a look-up finds is judged by
// who reads: the chain makes look-ups, one tier at a time, and puts entries where they belong. A tier that
// fails degrades to a miss and is counted. Where no tier wants a value, it is not kept at all.
//
// While entries move from one shared store to another, the former one stands behind the chain: it is read,
// and what is removed is removed there too, but nothing is put into it.
#pragma once

#include <memory>
#include <vector>

#include "tiers/guarded_tier.h"

namespace larder::tiers {

class TieredCache final : public Cache {
 public:
  // `farther`: every tier that any chain it is to follow has, memory apart. The chain is that of
  // `implementation`.
  TieredCache(config::CacheImplementation implementation, observe::Counters& counters,
              std::unique_ptr<MemoryTier> memory, std::vector<std::unique_ptr<CacheTier>> farther);

  std::string_view name() const override { return config::to_text(implementation_); }
  // Whether the tiers of the implementation's chain, and the former one, are there.
  bool can_follow(config::CacheImplementation implementation, std::optional<config::Tier> former) const;
  // Has the chain of this implementation from now on, with `former` behind it. A read that is under way goes
  // on with the tiers that it finds. can_follow() is asserted.
  void follow(config::CacheImplementation implementation, std::optional<config::Tier> former);
  config::CacheImplementation implementation() const { return implementation_; }
  bool has(config::Tier tier) const;

  // A look-up in memory: no waiting. None is made where the key does not live there.
  Look look_near(const Key& key);
  // The nearest tier behind `after` that the key lives in; nullptr: there is none.
  GuardedTier* next_tier(const Key& key, config::Tier after);
  // The farthest of the tiers that the key's entries are put into, memory apart; nullptr: there is none.
  GuardedTier* farthest_tier(const Key& key);
  // The tier that all isolates share, and put entries into; nullptr: there is none.
  GuardedTier* shared_tier();
  // The object store behind the shared tier; nullptr: there is none. No look-up of a key goes there by
  // itself, and nothing is put there but what the shared tier cannot keep, and what the archiver moves.
  GuardedTier* cold_tier() { return cold_; }
  // The entry that a stub stands for; what is older than its stub, or of another key, is none.
  host::Task<Look> look_cold(host::Context here, Key key, EntryPtr stub);
  // Into R2, and then its stub into the shared tier. Errors: the stores'; unavailable while a breaker is
  // open.
  host::Task<Result<Stored>> put_cold(host::Context here, Key key, EntryPtr entry);
  // The one that entries are moved from, which is read alone; nullptr: there is none.
  GuardedTier* former_tier() { return former_; }

  // The first entry that a tier has. `found.tier` names it; one from a farther tier is in memory when this
  // returns.
  host::Task<Result<Found>> get(host::Context here, Key key) override;
  // Puts into every tier; stored if any of them keeps it. Errors: none; a failing tier is counted and the
  // others go on.
  host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry) override;
  // Into the memory tier only: visible to the next request of this isolate, without waiting.
  Stored put_nearest(const Key& key, const EntryPtr& entry);
  // Into the tiers farther than memory. To be done after the response.
  host::Task<Stored> put_farther(host::Context here, Key key, EntryPtr entry);
  // Into the farthest of its tiers, which the most isolates share. Errors: the store's; unavailable while its
  // breaker is open.
  host::Task<Result<Stored>> put_farthest(host::Context here, Key key, EntryPtr entry);
  // Into the tiers between memory and the one it was found in (from R2: those in front of the shared tier);
  // where a lock handed it over, into those that its holder does not write for this isolate too. To be done
  // after the response.
  host::Task<void> promote(host::Context here, Key key, Found found);

  // From every tier, whatever the entry's tiers are. Errors: the last failure of a tier; the others have
  // removed theirs.
  host::Task<Result<bool>> remove(host::Context here, Key key) override;
  // Of the farthest tier that lists its keys: it has the most.
  host::Task<Result<KeyPage>> list(host::Context here, std::string prefix, std::string cursor,
                                   std::uint32_t count_max) override;
  host::Task<Result<std::uint64_t>> invalidate_tag(host::Context here, std::string tag) override;
  void write_status(JsonWriter& json) const override;

  // One by one, the nearest first, unguarded and uncounted. Borrowed.
  std::vector<CacheTier*> tiers() const;

  MemoryTier& memory() { return *memory_; }
  const MemoryTier& memory() const { return *memory_; }

 private:
  // nullptr: there is none.
  GuardedTier* find(config::Tier tier) const;

  config::CacheImplementation implementation_;
  observe::Counters& counters_;
  std::unique_ptr<MemoryTier> memory_;
  // Every tier there is, and of these the chain, the nearest first, with the former one at its end.
  std::vector<std::unique_ptr<GuardedTier>> all_;
  std::vector<GuardedTier*> chain_;
  GuardedTier* former_ = nullptr;
  GuardedTier* cold_ = nullptr;
};

// The chain of a row of config/tiers.def, ready to follow any other: Redis is there where `setup` has a
// server.
std::unique_ptr<TieredCache> make_tiered_cache(config::CacheImplementation implementation,
                                               const TierSetup& setup, observe::Counters& counters);

}  // namespace larder::tiers
