#include "tiers/tiered_cache.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "config/limits.h"
#include "tiers/variant_tier.h"

namespace larder::tiers {

using observe::Counter;
using observe::Label;

TieredCache::TieredCache(config::CacheImplementation implementation, observe::Counters& counters,
                         std::unique_ptr<MemoryTier> memory, std::vector<std::unique_ptr<CacheTier>> farther)
    : implementation_(implementation), counters_(counters), memory_(std::move(memory)) {
  for (std::unique_ptr<CacheTier>& tier : farther) {
    all_.push_back(std::make_unique<GuardedTier>(std::move(tier), counters));
  }
  follow(implementation, std::nullopt);
}

GuardedTier* TieredCache::find(config::Tier tier) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one->tier() == tier; });
  return found == all_.end() ? nullptr : found->get();
}

bool TieredCache::can_follow(config::CacheImplementation implementation,
                             std::optional<config::Tier> former) const {
  const std::vector<config::Tier>& chain = config::chain_of(implementation);
  return (!former || find(*former) != nullptr) &&
         std::all_of(chain.begin(), chain.end(),
                     [&](config::Tier tier) { return tier == memory_->tier() || find(tier) != nullptr; });
}

void TieredCache::follow(config::CacheImplementation implementation, std::optional<config::Tier> former) {
  LARDER_ASSERT(can_follow(implementation, former));
  implementation_ = implementation;
  chain_.clear();
  cold_ = nullptr;
  for (const config::Tier tier : config::chain_of(implementation)) {
    if (tier == config::Tier::cold) {
      cold_ = find(tier);
    } else if (tier != memory_->tier()) {
      chain_.push_back(find(tier));
    }
  }
  former_ = former ? find(*former) : nullptr;
  if (former_ != nullptr && std::find(chain_.begin(), chain_.end(), former_) == chain_.end()) {
    chain_.push_back(former_);
  } else {
    former_ = nullptr;
  }
}

bool TieredCache::has(config::Tier tier) const {
  return tier == memory_->tier() || (cold_ != nullptr && tier == cold_->tier()) ||
         std::any_of(chain_.begin(), chain_.end(), [&](const auto* one) { return one->tier() == tier; });
}

Look TieredCache::look_near(const Key& key) {
  if (!key.tiers.has(memory_->tier())) {
    return Look();
  }
  return Look(counters_, memory_->tier(), counters_.pattern(key.resource_number, key.pattern),
              memory_->find(key));
}

GuardedTier* TieredCache::next_tier(const Key& key, config::Tier after) {
  bool is_behind = after == memory_->tier();
  for (GuardedTier* const tier : chain_) {
    if (is_behind && key.tiers.has(tier->tier())) {
      return tier;
    }
    is_behind = is_behind || tier->tier() == after;
  }
  return nullptr;
}

GuardedTier* TieredCache::shared_tier() {
  for (GuardedTier* const tier : chain_) {
    if (tier->row().reach == config::Reach::deployment && tier != former_) {
      return tier;
    }
  }
  return nullptr;
}

host::Task<Look> TieredCache::look_cold(host::Context here, Key key, EntryPtr stub) {
  Look look;
  if (cold_ != nullptr) {
    look = co_await cold_->look(here, std::move(key));
  }
  if (look.entry() != nullptr && look.entry()->header.asked < stub->header.asked) {
    look.replace(nullptr);
  }
  co_return look;
}

host::Task<Result<Stored>> TieredCache::put_cold(host::Context here, Key key, EntryPtr entry) {
  GuardedTier* const shared = shared_tier();
  // Variants stand under names of their own, which a stub does not tell.
  if (cold_ == nullptr || shared == nullptr || !key.tiers.has(shared->tier()) ||
      !entry->header.vary.empty()) {
    co_return Stored::declined;
  }
  entry::Header header = entry->header;
  auto stored = co_await cold_->put(here, key, std::move(entry));
  if (!stored || *stored == Stored::declined) {
    co_return stored;
  }
  EntryPtr stub = std::make_shared<const Entry>(std::move(header), host::Body::from_bytes(here.host(), ""),
                                                entry::BodyPlace::cold);
  auto pointed_to = co_await shared->put(here, std::move(key), std::move(stub));
  co_return pointed_to;
}

host::Task<Result<Found>> TieredCache::get(host::Context here, Key key) {
  Look look = look_near(key);
  for (GuardedTier* next = next_tier(key, memory_->tier()); look.entry() == nullptr && next != nullptr;
       next = next_tier(key, next->tier())) {
    look = co_await next->look(here, key);
    if (EntryPtr stub = look.stub(); stub != nullptr) {
      look = co_await look_cold(here, key, std::move(stub));
    }
  }
  if (look.entry() == nullptr) {
    co_return Found();
  }
  look.answers();
  if (look.tier() != memory_->tier()) {
    put_nearest(key, look.entry());
  }
  co_return Found(look.entry(), look.tier());
}

Stored TieredCache::put_nearest(const Key& key, const EntryPtr& entry) {
  if (!key.tiers.has(memory_->tier()) || memory_->keep(key, entry) == Stored::declined) {
    return Stored::declined;
  }
  counters_.add(Counter::cache_set_total, Label(memory_->tier()),
                counters_.pattern(key.resource_number, key.pattern));
  return Stored::stored;
}

host::Task<Stored> TieredCache::put_farther(host::Context here, Key key, EntryPtr entry) {
  Stored outcome = Stored::declined;
  if (key.tiers.has(memory_->tier()) && memory_->is_crowded_out(key, *entry)) {
    co_return outcome;
  }
  for (GuardedTier* next = next_tier(key, memory_->tier()); next != nullptr;
       next = next_tier(key, next->tier())) {
    if (next == former_) {
      break;
    }
    const auto stored = co_await next->put(here, key, entry);
    outcome = stored && *stored == Stored::stored ? Stored::stored : outcome;
  }
  co_return outcome;
}

GuardedTier* TieredCache::farthest_tier(const Key& key) {
  GuardedTier* farthest = nullptr;
  for (GuardedTier* next = next_tier(key, memory_->tier()); next != nullptr;
       next = next_tier(key, next->tier())) {
    farthest = next == former_ ? farthest : next;
  }
  return farthest;
}

host::Task<Result<Stored>> TieredCache::put_farthest(host::Context here, Key key, EntryPtr entry) {
  GuardedTier* const farthest = farthest_tier(key);
  if (farthest == nullptr) {
    co_return Stored::declined;
  }
  auto stored = co_await farthest->put(here, std::move(key), std::move(entry));
  co_return stored;
}

host::Task<void> TieredCache::promote(host::Context here, Key key, Found found) {
  if (LARDER_MUTATED(promotion_resets_age)) {
    entry::Header header = found.entry->header;
    header.created = here.host().now();
    found.entry = std::make_shared<const Entry>(std::move(header), *found.entry);
  }
  // What no isolate can hold stays in R2.
  const bool is_large = found.tier == config::Tier::cold &&
                        found.entry->body.size() > Bytes(config::limit::streamed_body_bytes_min);
  if (found.tier == memory_->tier() || is_large) {
    co_return;
  }
  for (GuardedTier* next = next_tier(key, memory_->tier()); next != nullptr;
       next = next_tier(key, next->tier())) {
    // What was in R2 goes back into the shared tier under its lock (engine/rehydrating.h).
    const bool by_reach = !found.tier || *found.tier == config::Tier::cold;
    const bool ends = next == former_ || (by_reach ? next->row().reach == config::Reach::deployment
                                                   : next->tier() == *found.tier);
    if (ends) {
      co_return;
    }
    const auto stored = co_await next->put(here, key, found.entry);
    static_cast<void>(stored);
  }
}

host::Task<Result<Stored>> TieredCache::put(host::Context here, Key key, EntryPtr entry) {
  const Stored nearest = put_nearest(key, entry);
  const Stored farther = co_await put_farther(here, std::move(key), std::move(entry));
  co_return nearest == Stored::stored ? nearest : farther;
}

host::Task<Result<bool>> TieredCache::remove(host::Context here, Key key) {
  counters_.add(Counter::cache_del_total, Label(implementation_),
                counters_.pattern(key.resource_number, key.pattern));
  const auto from_memory = co_await memory_->remove(here, key);
  Result<bool> removed(from_memory && *from_memory);
  const std::vector<GuardedTier*> chain = chain_;
  GuardedTier* const cold = cold_;
  for (GuardedTier* const tier : chain) {
    auto from_tier = co_await tier->remove(here, key);
    if (!from_tier) {
      // A copy that could not be removed would come back: the caller has to know. The other tiers go on.
      removed = tl::make_unexpected(std::move(from_tier.error()));
    } else if (removed) {
      removed = *removed || *from_tier;
    }
  }
  if (cold != nullptr && !LARDER_MUTATED(purge_spares_cold)) {
    // Without its stub nobody finds it there, whether this succeeds or not.
    const auto from_cold = co_await cold->remove(here, key);
    static_cast<void>(from_cold);
  }
  co_return removed;
}

host::Task<Result<KeyPage>> TieredCache::list(host::Context here, std::string prefix, std::string cursor,
                                              std::uint32_t count_max) {
  for (std::size_t left = chain_.size(); left > 0; --left) {
    GuardedTier& tier = *chain_[left - 1];
    if (&tier != former_ && tier.row().listing == config::Listing::pages) {
      auto page = co_await tier.list(here, std::move(prefix), std::move(cursor), count_max);
      co_return page;
    }
  }
  auto page = co_await memory_->list(here, std::move(prefix), std::move(cursor), count_max);
  co_return page;
}

host::Task<Result<std::uint64_t>> TieredCache::invalidate_tag(host::Context here, std::string tag) {
  counters_.add(Counter::cache_invalidate_total, Label(implementation_), tag);
  auto dropped = co_await memory_->invalidate_tag(here, std::move(tag));
  co_return dropped;
}

void TieredCache::write_status(JsonWriter& json) const {
  json.begin_object();
  for (const CacheTier* tier : tiers()) {
    json.key(tier->name());
    tier->write_status(json);
  }
  json.end_object();
}

std::vector<CacheTier*> TieredCache::tiers() const {
  std::vector<CacheTier*> tiers = {memory_.get()};
  for (GuardedTier* const tier : chain_) {
    tiers.push_back(&tier->bare());
  }
  if (cold_ != nullptr) {
    tiers.push_back(&cold_->bare());
  }
  return tiers;
}

std::unique_ptr<TieredCache> make_tiered_cache(config::CacheImplementation implementation,
                                               const TierSetup& setup, observe::Counters& counters) {
  std::vector<std::unique_ptr<CacheTier>> farther;
  for (const config::Tier tier : config::all_tiers) {
    const bool is_there = tier != config::Tier::redis || setup.redis.address().has_value();
    if (tier != config::Tier::memory && is_there) {
      auto made = make_tier(tier, setup);
      // What is in R2 has no variants (put_cold).
      farther.push_back(tier == config::Tier::cold ? std::move(made)
                                                   : std::make_unique<VariantTier>(std::move(made)));
    }
  }
  auto memory = make_memory(setup, value_bytes_max_of(config::Tier::memory, setup));
  return std::make_unique<TieredCache>(implementation, counters, std::move(memory), std::move(farther));
}

}  // namespace larder::tiers
