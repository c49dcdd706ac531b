// The tiers, one file each: a CacheTier is a Cache over one store, and a row of config/tiers.def. TieredCache
// stacks them, each behind a GuardedTier.
#pragma once

#include <functional>
#include <memory>

#include "redis/client.h"
#include "tiers/cache.h"

namespace larder::tiers {

// The header of what is stored under the key's name, if it is the key's: decodes, checks the schema and the
// full key. nullopt otherwise: undecodable means miss.
std::optional<entry::Header> readable_header(std::string_view header, const Key& key);
// The same with the body, whose size has to be the header's; nullptr otherwise. Of a stub, the stub.
EntryPtr readable_entry(std::string_view header, host::Body body, const Key& key);

// How many of several entries are gone.
struct Removal {
  // In the order in which they were named, up to the first that could not be removed.
  std::size_t count = 0;
  std::optional<Error> failure;

  Removal() {}
};

// Names of entries: all that begin with a text, or that a pattern of policy::fits_pattern() matches.
struct NameSet {
  enum class Kind : std::uint8_t { prefix, pattern };
  Kind kind;
  std::string text;

  NameSet(Kind kind_, std::string text_) : kind(kind_), text(std::move(text_)) {}
  bool has(std::string_view name) const;
};

// A stretch of a removal by name.
struct NamedRemoval {
  std::uint64_t count = 0;
  // Where it goes on; empty: it has been through all names.
  std::string next_cursor;
  // What ended the stretch early.
  std::optional<Error> failure;

  NamedRemoval() {}
};

class CacheTier : public Cache {
 public:
  virtual config::Tier tier() const = 0;
  std::string_view name() const final { return config::to_text(tier()); }

  // The entries of several keys, in their order; nullptr where there is none. A store that gives many at once
  // may give what is no text, or is packed, without its body. Errors: as get().
  virtual host::Task<Result<std::vector<EntryPtr>>> get_many(host::Context here,
                                                             const std::vector<Key>& keys);

  // By the names that list() gives.
  virtual host::Task<Result<bool>> remove_named(host::Context here, std::string storage_name) = 0;
  virtual host::Task<Removal> remove_many(host::Context here, std::vector<std::string> storage_names);
  host::Task<Result<bool>> remove(host::Context here, Key key) override;
  // Whether remove_matching() is offered.
  virtual bool removes_by_name() const { return false; }
  // Removes the entries of a set of names within `keys_under`, CACHE_PREFIX with its colon, from `cursor`
  // ("": the beginning) until `give_up`. Names that begin with `keys_under` and another colon are no entries:
  // they stay. Failure: unsupported where the store cannot choose by name.
  virtual host::Task<NamedRemoval> remove_matching(host::Context here, std::string keys_under, NameSet names,
                                                   std::string cursor, Instant give_up);
  // Asks the store how it is, for write_status() and advice(); bounded. False: this kind of store has nothing
  // to say. That it gave no answer is a part of its status.
  virtual host::Task<bool> survey(host::Context here);
  // What an operator should change at the store, as far as it has been asked; "" where it is as it should be.
  virtual std::string advice() const { return ""; }
};

// The isolate's memory: a look-up never suspends, so it can also be asked without a coroutine.
class MemoryTier : public CacheTier {
 public:
  // An access: it counts for the replacement policy.
  virtual EntryPtr find(const Key& key) = 0;
  // The same without a trace, as get() too: for what is no read.
  virtual EntryPtr peek(const Key& key) const = 0;
  virtual Stored keep(const Key& key, EntryPtr entry) = 0;
  // Whether the entry is a variant that was not taken in beside those of its key (variant_set.h): then no
  // farther tier is to take it either.
  virtual bool is_crowded_out(const Key& key, const Entry& entry) const = 0;
  // Puts every entry through `revision`: nullptr drops it, another entry takes its place.
  virtual void revise(
      const std::function<EntryPtr(std::string_view storage_name, const EntryPtr&)>& revision) = 0;
  // Accesses that were answered without asking.
  virtual void record_accesses(std::string_view storage_name, std::uint64_t count) = 0;
  // Bodies held at this moment, and what is spent on them.
  virtual std::size_t count() const = 0;
  virtual Bytes used() const = 0;
};

// What tiers are made with.
struct TierSetup {
  // Outlives the tiers.
  host::Host& host;
  // CACHE_MAX_VALUE_BYTES.
  Bytes value_bytes_max;
  // Of the memory tier, in all, and the seed of its replacement.
  Bytes memory_bytes;
  std::uint64_t memory_seed;
  // Of the Redis tier, and the policy that its server is to be set to; "": none.
  redis::Client redis{std::nullopt};
  std::string eviction_policy;

  TierSetup(host::Host& host_, Bytes value, Bytes memory, std::uint64_t seed)
      : host(host_), value_bytes_max(value), memory_bytes(memory), memory_seed(seed) {}
};

// The factories of tiers.def, each defined by its tier's file. `value_bytes_max`: the row's bound.
#define LARDER_TIER(word, meaning, hit, holds, reach, listing, keys_at_once, bound, bound_text, shared_by, \
                    factory)                                                                               \
  std::unique_ptr<CacheTier> factory(const TierSetup& setup, Bytes value_bytes_max);
#include "config/tiers.def"
// The memory tier as what it is.
std::unique_ptr<MemoryTier> make_memory(const TierSetup& setup, Bytes value_bytes_max);

// The bound of a row.
Bytes value_bytes_max_of(config::Tier tier, const TierSetup& setup);
std::unique_ptr<CacheTier> make_tier(config::Tier tier, const TierSetup& setup);

}  // namespace larder::tiers
