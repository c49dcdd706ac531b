// The tiers, one file each. A tier is a Cache over one store; TieredCache stacks them.
#pragma once

#include <functional>
#include <memory>

#include "config/vocabulary.h"
#include "tiers/cache.h"

namespace larder::tiers {

// What a stored pair of header text and body is, if it is the entry for `key`: decodes, checks the schema,
// the full key and the size. nullptr otherwise: undecodable means miss.
EntryPtr readable_entry(const std::string& header, host::Body body, const Key& key);

// The isolate's memory: a look-up never suspends, so it can also be asked without a coroutine.
class MemoryTier : public Cache {
 public:
  virtual EntryPtr find(const Key& key) = 0;
  virtual Stored keep(const Key& key, EntryPtr entry) = 0;
  // Puts every entry through `revision`: nullptr drops it, another entry takes its place.
  virtual void revise(
      const std::function<EntryPtr(std::string_view storage_name, const EntryPtr&)>& revision) = 0;
  // Accesses that were answered without asking.
  virtual void record_accesses(std::string_view storage_name, std::uint64_t count) = 0;
  // Bodies held at this moment.
  virtual std::size_t count() const = 0;
};

std::unique_ptr<MemoryTier> make_memory_tier(host::Host& host, Bytes budget, std::uint64_t seed);
std::unique_ptr<Cache> make_edge_tier();
std::unique_ptr<Cache> make_kv_tier(Bytes value_bytes_max);

}  // namespace larder::tiers
