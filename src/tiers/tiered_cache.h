// Tiers stacked from the nearest to the farthest: a look-up stops at the first that has the key, and what it
// found is promoted to the nearer ones. A tier that fails degrades to a miss and is counted. Where no tier
// wants a value, it is not kept at all.
#pragma once

#include <memory>
#include <vector>

#include "observe/counters.h"
#include "policy/breaker.h"
#include "tiers/tier.h"

namespace larder::tiers {

// Asked about every entry that a look-up finds, before anybody sees it.
class EntryScreen {
 public:
  virtual ~EntryScreen() = default;
  // The entry, another in its place, or nullptr: then the look-up goes on farther away.
  virtual host::Task<EntryPtr> screen(host::Context here, const Key& key, EntryPtr entry) = 0;
};

class TieredCache final : public Cache {
 public:
  // The nearest tier first; `memory` is nearer than all.
  TieredCache(std::string_view name, observe::Counters& counters, std::unique_ptr<MemoryTier> memory,
              std::vector<std::unique_ptr<Cache>> farther);

  std::string_view name() const override { return name_; }

  // Borrowed; outlives the look-ups.
  void set_screen(EntryScreen* screen) { screen_ = screen; }

  // The nearest entry without any waiting, and without the screen.
  EntryPtr find(const Key& key);

  // `found.tier` names the tier. An entry from a farther tier is in memory when this returns.
  host::Task<Result<Found>> get(host::Context here, Key key) override;
  // As get(), from the tiers farther than memory, and nothing that was asked for at `than` or before.
  host::Task<Result<Found>> get_newer(host::Context here, Key key, Instant than);
  // Puts into every tier; stored if any of them keeps it. Errors: none; a failing tier is counted and the
  // others go on.
  host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry) override;
  // Into the memory tier only: visible to the next request of this isolate, without waiting.
  Stored put_nearest(const Key& key, const EntryPtr& entry);
  // Into the tiers farther than memory. To be done after the response.
  host::Task<Stored> put_farther(host::Context here, Key key, EntryPtr entry);
  // The name of the farthest of its tiers but memory, which the most isolates share; empty: it has none.
  std::string_view farthest_of(const Key& key) const;
  // Into the farthest of its tiers, which the most isolates share. Errors: the store's; unavailable while its
  // breaker is open.
  host::Task<Result<Stored>> put_farthest(host::Context here, Key key, EntryPtr entry);
  // Into the tiers between memory and the one it was found in. To be done after the response.
  host::Task<void> promote(host::Context here, Key key, Found found);

  // From every tier, whatever the entry's tiers are. Errors: the last failure of a tier; the others have
  // removed theirs.
  host::Task<Result<bool>> remove(host::Context here, Key key) override;
  host::Task<Result<KeyPage>> keys(host::Context here, std::string prefix, std::string cursor,
                                   std::uint32_t count_max) override;
  host::Task<Result<std::uint64_t>> invalidate_tag(host::Context here, std::string tag) override;
  void write_status(JsonWriter& json) const override;

  // One by one, the nearest first, without the screen. Borrowed.
  std::vector<Cache*> tiers() const;

  MemoryTier& memory() { return *memory_; }
  const MemoryTier& memory() const { return *memory_; }

 private:
  host::Task<Found> get_farther(host::Context here, const Key& key, Instant than);
  host::Task<EntryPtr> screened(host::Context here, const Key& key, EntryPtr entry);
  void count_error(std::string_view tier, const Error& error);
  // How many tiers there are up to the farthest that the key has, that one included.
  std::size_t count_to_farthest(const Key& key) const;
  host::Task<Stored> put_one(host::Context here, std::size_t at, Key key, EntryPtr entry);

  std::string_view name_;
  observe::Counters& counters_;
  std::unique_ptr<MemoryTier> memory_;
  std::vector<std::unique_ptr<Cache>> farther_;
  // One for each of `farther_`: a store that fails is left alone for a while.
  std::vector<policy::Breaker> breakers_;
  EntryScreen* screen_ = nullptr;
};

}  // namespace larder::tiers
