// What fills the cache before anybody asks: reading that can wait, and putting entries where all isolates
// find them.
#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/engine.h"
#include "host/operations.h"

namespace larder::engine {

using policy::Reason;

host::Task<Reading> Engine::read_fresh(host::Context here, Query& query, Millis patience) {
  query.pace = Pace::warming;
  http::CacheStatus forward;
  tiers::EntryPtr former;
  auto used = co_await search(here, query, tiers::Look(), Wanted::fresh, forward, former);
  if (used) {
    if (used->entry->header.encoding == entry::Encoding::gzip) {
      co_return co_await unpacked(here, query, std::move(*used));
    }
    co_return std::move(*used);
  }
  auto refused = co_await gate_.take_turn(here, query, patience);
  if (refused) {
    Reading reading;
    reading.refusal = std::make_shared<const origin::Refusal>(std::move(*refused));
    co_return reading;
  }
  http::CacheStatus missed;
  missed.forward = http::ForwardReason::miss;
  Reading reading = co_await fetch_locked(here, query, std::move(missed), nullptr);
  if (reading.entry != nullptr && reading.entry->header.encoding == entry::Encoding::gzip) {
    reading = co_await unpacked(here, query, std::move(reading));
  }
  co_return reading;
}

host::Task<Result<std::vector<tiers::EntryPtr>>> Engine::find_many(host::Context here,
                                                                   const std::vector<Query>& queries) {
  co_await control_.make_current(here);
  tiers::GuardedTier* const shared = tiered_.shared_tier();
  if (shared == nullptr) {
    co_return std::vector<tiers::EntryPtr>(queries.size());
  }
  std::vector<tiers::Key> keys;
  for (const Query& query : queries) {
    keys.push_back(query.key);
  }
  auto entries = co_await shared->get_many(here, std::move(keys));
  if (entries) {
    for (std::size_t i = 0; i < queries.size(); ++i) {
      (*entries)[i] = judged(queries[i].key, std::move((*entries)[i]));
    }
  }
  co_return entries;
}

host::Task<tiers::EntryPtr> Engine::find_whole(host::Context here, const Query& query) {
  tiers::Look look = tiered_.look_near(query.key);
  tiers::EntryPtr entry = look.entry();
  if (entry != nullptr) {
    entry = co_await screen(here, query.key, config::to_text(config::Tier::memory), std::move(entry));
  }
  if (entry == nullptr) {
    look = co_await find_newer(here, query, Instant::min());
    entry = look.entry();
  }
  if (entry != nullptr) {
    look.answers();
  }
  if (entry != nullptr && entry->header.encoding == entry::Encoding::gzip) {
    entry = co_await unpack(here, std::move(entry));
  }
  co_return entry;
}

host::Task<Result<tiers::Stored>> Engine::keep(host::Context here, const Query& query,
                                               tiers::EntryPtr entry) {
  // A reader of this isolate must not go on seeing what this replaces.
  if (tiered_.memory().peek(query.key) != nullptr) {
    tiered_.put_nearest(query.key, entry);
  }
  const tiers::EntryPtr as_stored = co_await packed(here, query, std::move(entry));
  auto stored = co_await tiered_.put_farthest(here, query.key, as_stored);
  co_return stored;
}

}  // namespace larder::engine
