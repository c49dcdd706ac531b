#include "tiers/tiered_cache.h"

#include "base/assert.h"
#include "base/mutation.h"
#include "config/limits.h"

namespace larder::tiers {

using observe::Counter;

namespace {

config::Tier tier_of(const Cache& tier) {
  const auto found = config::find_word(config::all_tiers, tier.name());
  LARDER_ASSERT(found.has_value());
  return *found;
}

}  // namespace

TieredCache::TieredCache(std::string_view name, observe::Counters& counters,
                         std::unique_ptr<MemoryTier> memory, std::vector<std::unique_ptr<Cache>> farther)
    : name_(name), counters_(counters), memory_(std::move(memory)), farther_(std::move(farther)) {
  const policy::BreakerRules rules(config::limit::breaker_failures_max, config::limit::breaker_open_first,
                                   config::limit::breaker_open_max, config::limit::origin_timeout_max);
  breakers_.assign(farther_.size(), policy::Breaker(rules));
}

host::Task<EntryPtr> TieredCache::screened(host::Context here, const Key& key, EntryPtr entry) {
  if (screen_ == nullptr) {
    co_return entry;
  }
  co_return co_await screen_->screen(here, key, std::move(entry));
}

void TieredCache::count_error(std::string_view tier, const Error& error) {
  counters_.add(Counter::cache_errors_total, tier, to_text(error.kind));
}

EntryPtr TieredCache::find(const Key& key) {
  if (!key.tiers.has(config::Tier::memory)) {
    return nullptr;
  }
  EntryPtr entry = memory_->find(key);
  if (entry != nullptr) {
    counters_.add(Counter::cache_hits_total, memory_->name(), key.pattern);
  }
  return entry;
}

host::Task<Result<Found>> TieredCache::get(host::Context here, Key key) {
  if (EntryPtr near = find(key); near != nullptr) {
    EntryPtr left = co_await screened(here, key, std::move(near));
    if (left != nullptr) {
      co_return Found(std::move(left), memory_->name());
    }
  }
  counters_.add(Counter::cache_miss_total, memory_->name(), key.pattern);
  co_return co_await get_farther(here, key, Instant::min());
}

host::Task<Result<Found>> TieredCache::get_newer(host::Context here, Key key, Instant than) {
  co_return co_await get_farther(here, key, than);
}

host::Task<Found> TieredCache::get_farther(host::Context here, const Key& key, Instant than) {
  for (std::size_t i = 0; i < farther_.size(); ++i) {
    const std::unique_ptr<Cache>& tier = farther_[i];
    if (!key.tiers.has(tier_of(*tier))) {
      continue;
    }
    if (!breakers_[i].admit(here.host().now())) {
      counters_.add(Counter::breaker_refused_total, tier->name());
      continue;
    }
    auto found = co_await tier->get(here, key);
    if (!found) {
      breakers_[i].failed(here.host().now());
      count_error(tier->name(), found.error());
      continue;
    }
    breakers_[i].succeeded();
    if (found->entry != nullptr && found->entry->header.asked <= than) {
      found->entry = nullptr;
    }
    if (found->entry != nullptr) {
      found->entry = co_await screened(here, key, std::move(found->entry));
    }
    const bool hit = found->entry != nullptr;
    counters_.add(hit ? Counter::cache_hits_total : Counter::cache_miss_total, tier->name(), key.pattern);
    if (hit) {
      put_nearest(key, found->entry);
      co_return std::move(*found);
    }
  }
  co_return Found();
}

Stored TieredCache::put_nearest(const Key& key, const EntryPtr& entry) {
  if (!key.tiers.has(config::Tier::memory) || memory_->keep(key, entry) == Stored::declined) {
    return Stored::declined;
  }
  counters_.add(Counter::cache_set_total, memory_->name(), key.pattern);
  return Stored::stored;
}

host::Task<Stored> TieredCache::put_one(host::Context here, std::size_t at, Key key, EntryPtr entry) {
  Cache& tier = *farther_[at];
  if (!key.tiers.has(tier_of(tier))) {
    co_return Stored::declined;
  }
  if (!breakers_[at].admit(here.host().now())) {
    counters_.add(Counter::breaker_refused_total, tier.name());
    co_return Stored::declined;
  }
  const std::string pattern = key.pattern;
  const auto stored = co_await tier.put(here, std::move(key), std::move(entry));
  if (!stored) {
    breakers_[at].failed(here.host().now());
    count_error(tier.name(), stored.error());
    co_return Stored::declined;
  }
  breakers_[at].succeeded();
  if (*stored == Stored::stored) {
    counters_.add(Counter::cache_set_total, tier.name(), pattern);
  }
  co_return *stored;
}

host::Task<Stored> TieredCache::put_farther(host::Context here, Key key, EntryPtr entry) {
  Stored outcome = Stored::declined;
  for (std::size_t i = 0; i < farther_.size(); ++i) {
    const Stored stored = co_await put_one(here, i, key, entry);
    outcome = stored == Stored::stored ? stored : outcome;
  }
  co_return outcome;
}

std::size_t TieredCache::count_to_farthest(const Key& key) const {
  std::size_t count = farther_.size();
  while (count > 0 && !key.tiers.has(tier_of(*farther_[count - 1]))) {
    --count;
  }
  return count;
}

std::string_view TieredCache::farthest_of(const Key& key) const {
  const std::size_t count = count_to_farthest(key);
  return count == 0 ? std::string_view() : farther_[count - 1]->name();
}

host::Task<Result<Stored>> TieredCache::put_farthest(host::Context here, Key key, EntryPtr entry) {
  const std::size_t at = count_to_farthest(key);
  if (at == 0) {
    co_return Stored::declined;
  }
  Cache& tier = *farther_[at - 1];
  policy::Breaker& breaker = breakers_[at - 1];
  if (!breaker.admit(here.host().now())) {
    counters_.add(Counter::breaker_refused_total, tier.name());
    co_return fail_for_now(ErrorKind::unavailable, "tiers", "The store has failed repeatedly.");
  }
  const std::string pattern = key.pattern;
  auto stored = co_await tier.put(here, std::move(key), std::move(entry));
  if (!stored) {
    breaker.failed(here.host().now());
    count_error(tier.name(), stored.error());
    co_return stored;
  }
  breaker.succeeded();
  if (*stored == Stored::stored) {
    counters_.add(Counter::cache_set_total, tier.name(), pattern);
  }
  co_return stored;
}

host::Task<void> TieredCache::promote(host::Context here, Key key, Found found) {
  if (LARDER_MUTATED(promotion_resets_age)) {
    entry::Header header = found.entry->header;
    header.created = here.host().now();
    found.entry = std::make_shared<const Entry>(std::move(header), *found.entry);
  }
  for (std::size_t i = 0; i < farther_.size(); ++i) {
    if (farther_[i]->name() == found.tier) {
      co_return;
    }
    co_await put_one(here, i, key, found.entry);
  }
}

host::Task<Result<Stored>> TieredCache::put(host::Context here, Key key, EntryPtr entry) {
  const Stored nearest = put_nearest(key, entry);
  const Stored farther = co_await put_farther(here, std::move(key), std::move(entry));
  co_return nearest == Stored::stored ? nearest : farther;
}

host::Task<Result<bool>> TieredCache::remove(host::Context here, Key key) {
  counters_.add(Counter::cache_del_total, name_, key.pattern);
  const auto from_memory = co_await memory_->remove(here, key);
  Result<bool> removed(from_memory && *from_memory);
  for (const auto& tier : farther_) {
    auto from_tier = co_await tier->remove(here, key);
    if (!from_tier) {
      // A copy that could not be removed would come back: the caller has to know. The other tiers go on.
      count_error(tier->name(), from_tier.error());
      removed = tl::make_unexpected(std::move(from_tier.error()));
    } else if (removed) {
      removed = *removed || *from_tier;
    }
  }
  co_return removed;
}

host::Task<Result<KeyPage>> TieredCache::keys(host::Context here, std::string prefix, std::string cursor,
                                              std::uint32_t count_max) {
  // The farthest tier that can list has the most.
  for (std::size_t left = farther_.size(); left > 0; --left) {
    auto page = co_await farther_[left - 1]->keys(here, prefix, cursor, count_max);
    if (page || page.error().kind != ErrorKind::unsupported) {
      co_return page;
    }
  }
  co_return co_await memory_->keys(here, std::move(prefix), std::move(cursor), count_max);
}

host::Task<Result<std::uint64_t>> TieredCache::invalidate_tag(host::Context here, std::string tag) {
  counters_.add(Counter::cache_invalidate_total, name_, tag);
  co_return co_await memory_->invalidate_tag(here, std::move(tag));
}

void TieredCache::write_status(JsonWriter& json) const {
  json.begin_object().key(memory_->name());
  memory_->write_status(json);
  for (const auto& tier : farther_) {
    json.key(tier->name());
    tier->write_status(json);
  }
  json.end_object();
}

std::vector<Cache*> TieredCache::tiers() const {
  std::vector<Cache*> tiers = {memory_.get()};
  for (const auto& tier : farther_) {
    tiers.push_back(tier.get());
  }
  return tiers;
}

}  // namespace larder::tiers
