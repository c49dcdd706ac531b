// Tiers stacked from the nearest to the farthest: a look-up stops at the first that has the key, and what it
// found is promoted to the nearer ones. A tier that fails degrades to a miss and is counted. Where no tier
// wants a value, it is not kept at all.
#pragma once

#include <memory>
#include <vector>

#include "observe/counters.h"
#include "tiers/tier.h"

namespace larder::tiers {

class TieredCache final : public Cache {
 public:
  // The nearest tier first; `memory` is nearer than all.
  TieredCache(std::string_view name, observe::Counters& counters, std::unique_ptr<MemoryTier> memory,
              std::vector<std::unique_ptr<Cache>> farther);

  std::string_view name() const override { return name_; }

  // The nearest entry without any waiting.
  EntryPtr find(const Key& key);

  // `found.tier` names the tier. An entry from a farther tier is in memory when this returns.
  host::Task<Result<Found>> get(host::Context here, Key key) override;
  // Puts into every tier; stored if any of them keeps it. Errors: none; a failing tier is counted and the
  // others go on.
  host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry) override;
  // Into the memory tier only: visible to the next request of this isolate, without waiting.
  Stored put_nearest(const Key& key, const EntryPtr& entry);
  // Into the tiers farther than memory. To be done after the response.
  host::Task<Stored> put_farther(host::Context here, Key key, EntryPtr entry);
  // Into the tiers between memory and the one it was found in. To be done after the response.
  host::Task<void> promote(host::Context here, Key key, Found found);

  // From every tier, whatever the entry's tiers are. Errors: the last failure of a tier; the others have
  // removed theirs.
  host::Task<Result<bool>> remove(host::Context here, Key key) override;
  host::Task<Result<KeyPage>> keys(host::Context here, std::string prefix, std::string cursor,
                                   std::uint32_t count_max) override;
  host::Task<Result<std::uint64_t>> invalidate_tag(host::Context here, std::string tag) override;
  void write_status(JsonWriter& json) const override;

  MemoryTier& memory() { return *memory_; }
  const MemoryTier& memory() const { return *memory_; }

 private:
  void count_error(std::string_view tier, const Error& error);
  host::Task<Stored> put_one(host::Context here, Cache& tier, Key key, EntryPtr entry);

  std::string_view name_;
  observe::Counters& counters_;
  std::unique_ptr<MemoryTier> memory_;
  std::vector<std::unique_ptr<Cache>> farther_;
};

}  // namespace larder::tiers
