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

namespace {

// The entry that a key of KV holds, without its body where that is packed or no text; nullptr if it holds
// none for this key.
tiers::EntryPtr entry_of(host::Host& host, const tiers::Key& key, const std::string& header,
                         std::string_view content) {
  auto decoded = entry::decode(header);
  if (!decoded || decoded->key != key.proof) {
    return nullptr;
  }
  const std::string_view type = decoded->content_type;
  const bool is_text = type.starts_with("text/") || contains(type, "json") || contains(type, "xml");
  if (decoded->encoding != entry::Encoding::identity || !is_text) {
    return std::make_shared<const tiers::Entry>(std::move(*decoded), host::Body());
  }
  if (decoded->stored_size.count != content.size()) {
    return nullptr;
  }
  return std::make_shared<const tiers::Entry>(std::move(*decoded), host::Body::from_bytes(host, content));
}

bool is_fresh(const tiers::EntryPtr& entry, Instant now) {
  return entry != nullptr && policy::standing(entry->header, now).freshness == policy::Freshness::fresh;
}

}  // namespace

// The nearest copy, or, where that is past its fresh time, a newer one that another isolate has put farther
// away.
host::Task<tiers::Found> Engine::find_newest(host::Context here, const tiers::Key& key) {
  auto nearest = co_await tiered_.get(here, key);
  LARDER_ASSERT(nearest.has_value());
  tiers::Found found = std::move(*nearest);
  while (found.entry != nullptr && !is_fresh(found.entry, here.host().now())) {
    auto newer = co_await tiered_.get_newer(here, key, found.entry->header.asked);
    LARDER_ASSERT(newer.has_value());
    if (newer->entry == nullptr) {
      break;
    }
    found = std::move(*newer);
  }
  co_return found;
}

host::Task<Reading> Engine::read_fresh(host::Context here, Query& query, Millis patience) {
  query.pace = Pace::warming;
  const tiers::Found found = co_await find_newest(here, query.key);
  http::CacheStatus forward;
  const Instant now = here.host().now();
  if (is_fresh(found.entry, now) && !LARDER_MUTATED(fresh_asked_again)) {
    if (auto used = usable(now, query, found, forward)) {
      // Whoever reads it for its own sake refreshes it.
      if (used->refresh) {
        refreshes_.done(query.key.storage_name);
        used->refresh = false;
      }
      used->remaining = found.tier == tiered_.memory().name() ? Remaining::nothing : Remaining::promote;
      if (used->entry->header.encoding == entry::Encoding::gzip) {
        co_return co_await unpacked(here, query, std::move(*used));
      }
      co_return std::move(*used);
    }
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

host::Task<Result<tiers::Stored>> Engine::settle_for_all(host::Context here, const Query& query,
                                                         Reading reading) {
  // What the lock handed over its holder may have failed to store.
  const bool is_there = reading.remaining == Remaining::promote && !reading.status.collapsed &&
                        reading.found_in == tiered_.farthest_of(query.key);
  if (!is_there) {
    reading.remaining = Remaining::nothing;
  }
  const tiers::EntryPtr entry = reading.entry;
  co_await settle(here, query, std::move(reading));
  if (is_there) {
    co_return tiers::Stored::stored;
  }
  // A purge may have come meanwhile: what it reached is for the one who asked before it.
  if (judged(query.key, entry) == nullptr) {
    co_return tiers::Stored::declined;
  }
  auto stored = co_await keep(here, query, entry);
  co_return stored;
}

host::Task<Result<std::vector<tiers::EntryPtr>>> Engine::find_many(host::Context here,
                                                                   const std::vector<Query>& queries) {
  co_await control_.make_current(here);
  std::vector<tiers::EntryPtr> entries;
  while (entries.size() < queries.size()) {
    const std::size_t from = entries.size();
    const std::size_t count = std::min(queries.size() - from, config::limit::kv_keys_at_once);
    std::vector<std::string> keys;
    for (std::size_t i = from; i < from + count; ++i) {
      keys.push_back(queries[i].key.storage_name);
    }
    auto read = co_await host::kv_get_many(here, keys);
    if (!read) {
      co_return tl::make_unexpected(std::move(read.error()));
    }
    LARDER_ASSERT(read->headers.size() == count && read->contents.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      const Query& query = queries[from + i];
      entries.push_back(
          judged(query.key, entry_of(here.host(), query.key, read->headers[i], read->contents[i])));
    }
  }
  co_return entries;
}

host::Task<tiers::EntryPtr> Engine::find_whole(host::Context here, const Query& query) {
  auto found = co_await tiered_.get(here, query.key);
  LARDER_ASSERT(found.has_value());
  tiers::EntryPtr entry = found->entry;
  if (entry != nullptr && entry->header.encoding == entry::Encoding::gzip) {
    entry = co_await unpack(here, std::move(entry));
  }
  co_return entry;
}

host::Task<Result<tiers::Stored>> Engine::keep(host::Context here, const Query& query,
                                               tiers::EntryPtr entry) {
  // A reader of this isolate must not go on seeing what this replaces.
  if (tiered_.find(query.key) != nullptr) {
    tiered_.put_nearest(query.key, entry);
  }
  const tiers::EntryPtr as_stored = co_await packed(here, query, std::move(entry));
  auto stored = co_await tiered_.put_farthest(here, query.key, as_stored);
  co_return stored;
}

}  // namespace larder::engine
