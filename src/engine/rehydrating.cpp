#include "engine/rehydrating.h"

#include <algorithm>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/copy.h"
#include "engine/serving.h"

namespace larder::engine {

using observe::Counter;

std::string cold_lock_name(std::string_view storage_name) { return concat({"cold:", storage_name}); }

// Not in an unnamed namespace: the older clang makes tail calls of coroutines that it can see through.
namespace rehydration {

// What the shared tier says under the lock: whether the stub that was read is still there.
host::Task<bool> is_still_cold(host::Context here, tiers::GuardedTier& shared, const Query& query,
                               const tiers::EntryPtr& entry) {
  const auto found = co_await shared.bare().get(here, query.key);
  co_return found && found->entry != nullptr&& is_stub(*found->entry) &&
      found->entry->header.asked <= entry->header.asked;
}

host::Task<std::string_view> put_back(host::Context here, Parts& parts, tiers::GuardedTier& shared,
                                      const Query& query, tiers::EntryPtr entry) {
  if (!LARDER_MUTATED(rehydration_resurrects)) {
    const bool is_cold = co_await is_still_cold(here, shared, query, entry);
    if (!is_cold) {
      co_return "changed";
    }
    // A purge may have come since the answer.
    entry = co_await screen(here, parts, query.key, config::to_text(config::Tier::cold), std::move(entry));
    if (entry == nullptr) {
      co_return "purged";
    }
  } else {
    entry::Header header = entry->header;
    header.asked = here.host().now();
    header.body_asked = header.asked;
    header.log_seen = UINT64_MAX;
    header.body_log_seen = UINT64_MAX;
    entry = std::make_shared<const tiers::Entry>(std::move(header), *entry);
  }
  const auto stored = co_await shared.put(here, query.key, std::move(entry));
  co_return stored && *stored == tiers::Stored::stored ? "stored" : "failed";
}

}  // namespace rehydration

host::Task<void> rehydrate(host::Context here, Parts& parts, const Query& query, tiers::EntryPtr entry) {
  tiers::GuardedTier* const shared = parts.tiered.shared_tier();
  if (shared == nullptr || !query.key.tiers.has(shared->tier())) {
    co_return;
  }
  // An answer too large for an isolate stays in R2.
  const Bytes most = std::min(parts.settings.value_bytes_max, Bytes(config::limit::streamed_body_bytes_min));
  if (entry->body.size() > most) {
    parts.counters.add(Counter::cold_rehydrations_total, "too_large");
    co_return;
  }
  auto lock = co_await parts.locks.take(here, query.key, cold_lock_name(query.key.storage_name),
                                        config::limit::cold_lock_kept, here.host().now());
  if (lock.state != Locks::State::held) {
    parts.counters.add(Counter::cold_rehydrations_total, "locked");
    co_return;
  }
  const std::string_view outcome =
      co_await rehydration::put_back(here, parts, *shared, query, std::move(entry));
  parts.counters.add(Counter::cold_rehydrations_total, outcome);
  if (outcome == "stored") {
    lock.permit.leave_to_its_time();
  } else {
    co_await parts.locks.give_up(here, std::move(lock.permit));
  }
}

}  // namespace larder::engine
