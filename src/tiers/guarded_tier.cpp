#include "tiers/guarded_tier.h"

#include <algorithm>

#include "base/assert.h"
#include "config/limits.h"
#include "policy/freshness.h"

namespace larder::tiers {

using observe::Counter;
using observe::Label;

namespace {

Failure refused() {
  return fail_for_now(ErrorKind::unavailable, "tiers", "The store has failed repeatedly.");
}

// KV keeps nothing for less than a minute.
std::uint64_t kept_byte_seconds(const Entry& entry, std::string_view storage_name, Instant now) {
  const Millis kept = policy::retention(entry.header, now, std::chrono::minutes(1));
  const std::uint64_t seconds = config::millis_of(kept) / 1000;
  return (entry.body.size().count + storage_name.size()) * seconds;
}

}  // namespace

GuardedTier::GuardedTier(std::unique_ptr<CacheTier> tier, observe::Counters& counters)
    : tier_(std::move(tier)),
      counters_(counters),
      breaker_(policy::breaker_rules(config::limit::origin_timeout_max)) {}

void GuardedTier::count_error(const Error& error) {
  counters_.add(Counter::cache_errors_total, Label(tier()), Label(error.kind));
}

bool GuardedTier::admits(Instant now) {
  const bool admitted = breaker_.admit(now);
  if (!admitted) {
    counters_.add(Counter::breaker_refused_total, Label(tier()));
  }
  return admitted;
}

template <typename T>
void GuardedTier::report(const Result<T>& done, Instant now) {
  if (done) {
    breaker_.succeeded();
  } else {
    if (done.error().kind == ErrorKind::rejected) {
      breaker_.succeeded();
    } else {
      breaker_.failed(now);
    }
    count_error(done.error());
  }
}

host::Task<Look> GuardedTier::look(host::Context here, Key key) {
  if (!admits(here.host().now())) {
    co_return Look();
  }
  const Label pattern = counters_.pattern(key.resource_number, key.pattern);
  const Instant began = here.host().now();
  auto found = co_await tier_->get(here, std::move(key));
  const Instant ended = here.host().now();
  report(found, ended);
  counters_.observe(observe::Histogram::tier_duration_seconds, Label(tier()), ended - began);
  EntryPtr entry;
  if (found) {
    entry = std::move(found->entry);
  }
  co_return Look(counters_, tier(), pattern, std::move(entry));
}

host::Task<Result<Stored>> GuardedTier::put(host::Context here, Key key, EntryPtr entry) {
  if (!admits(here.host().now())) {
    co_return refused();
  }
  const Label pattern = counters_.pattern(key.resource_number, key.pattern);
  const std::uint64_t size = entry == nullptr ? 0 : entry->header.body_size.count;
  const std::uint64_t kept = tier() == config::Tier::kv && entry != nullptr
                                 ? kept_byte_seconds(*entry, key.storage_name, here.host().now())
                                 : 0;
  auto stored = co_await tier_->put(here, std::move(key), std::move(entry));
  report(stored, here.host().now());
  if (stored && *stored == Stored::stored) {
    counters_.add(Counter::cache_set_total, Label(tier()), pattern);
    counters_.observe(observe::Histogram::value_size_bytes, pattern, size);
    if (kept > 0) {
      counters_.add(Counter::kept_byte_seconds_total, Label(metrics::BilledItem::kv_bytes), {}, kept);
    }
  }
  co_return stored;
}

host::Task<Result<std::vector<EntryPtr>>> GuardedTier::get_many(host::Context here, std::vector<Key> keys) {
  std::vector<EntryPtr> entries;
  while (entries.size() < keys.size()) {
    if (!admits(here.host().now())) {
      co_return refused();
    }
    const auto from = keys.begin() + static_cast<std::ptrdiff_t>(entries.size());
    const std::size_t count = std::min(keys.size() - entries.size(), row().keys_at_once);
    const std::vector<Key> some(from, from + static_cast<std::ptrdiff_t>(count));
    auto read = co_await tier_->get_many(here, some);
    report(read, here.host().now());
    if (!read) {
      co_return read;
    }
    LARDER_ASSERT(read->size() == count);
    for (EntryPtr& entry : *read) {
      entries.push_back(std::move(entry));
    }
  }
  co_return entries;
}

host::Task<Result<bool>> GuardedTier::remove(host::Context here, Key key) {
  auto removed = co_await tier_->remove(here, std::move(key));
  if (!removed) {
    count_error(removed.error());
  }
  co_return removed;
}

host::Task<Removal> GuardedTier::remove_many(host::Context here, std::vector<std::string> storage_names) {
  auto removal = co_await tier_->remove_many(here, std::move(storage_names));
  if (removal.failure) {
    count_error(*removal.failure);
  }
  co_return removal;
}

host::Task<NamedRemoval> GuardedTier::remove_matching(host::Context here, std::string keys_under,
                                                      NameSet names, std::string cursor, Instant give_up) {
  auto removal = co_await tier_->remove_matching(here, std::move(keys_under), std::move(names),
                                                 std::move(cursor), give_up);
  if (removal.failure && removal.failure->kind != ErrorKind::unsupported) {
    count_error(*removal.failure);
  }
  co_return removal;
}

host::Task<Result<KeyPage>> GuardedTier::list(host::Context here, std::string prefix, std::string cursor,
                                              std::uint32_t count_max) {
  auto page = co_await tier_->list(here, std::move(prefix), std::move(cursor), count_max);
  if (!page) {
    count_error(page.error());
  }
  co_return page;
}

}  // namespace larder::tiers
