// What is done behind the response: locks handed back, entries stored, stale ones refreshed.
#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/engine.h"
#include "engine/make_entry.h"
#include "engine/pause.h"
#include "host/operations.h"

namespace larder::engine {

using observe::Counter;
using policy::Reason;

namespace {

// Outcomes of lock_acquire and verdicts of lock_release (host/ops.def).
constexpr std::uint8_t lock_retry = 0;
constexpr std::uint8_t lock_granted = 1;
constexpr std::uint8_t lock_value = 2;
constexpr std::uint8_t lock_alone = 3;

// Texts get smaller; pictures, archives and the like have been packed already.
bool is_packable(std::string_view content_type) {
  const std::string type = to_lower(content_type.substr(0, content_type.find(';')));
  return type.starts_with("text/") || contains(type, "json") || contains(type, "xml") ||
         contains(type, "javascript") || contains(type, "csv") || contains(type, "svg");
}

// The origin's own coding of the body: nothing of ours goes around it.
bool is_encoded(const entry::Header& header) {
  return std::any_of(header.fields.begin(), header.fields.end(),
                     [](const auto& field) { return field.first == "content-encoding"; });
}

}  // namespace

// Locks -----------------------------------------------------------------------------------------------------

// A purge makes a new lock of it: the answer of one who asked before the purge is no answer to one who came
// after it.
std::string Engine::lock_name(const Query& query, std::string_view purpose) const {
  const std::uint64_t generation = control_.purges().generation(query.key.storage_name, query.tags);
  const std::string suffix = generation == 0 ? "" : concat({"@", to_text(generation)});
  return concat({purpose, query.key.storage_name, suffix});
}

host::Task<Engine::LockOutcome> Engine::take_lock(host::Context here, const Query& query, std::string name,
                                                  Millis keep, Instant give_up) {
  LockOutcome lock;
  lock.token = to_hex(here.host().random_bytes(16));
  for (Instant now = here.host().now();; now = here.host().now()) {
    if (!lock_breaker_.admit(now)) {
      counters_.add(Counter::breaker_refused_total, "lock");
      co_return lock;
    }
    const Millis wait = std::max(give_up - now, Millis(0));
    auto acquired =
        co_await host::lock_acquire(here, name, lock.token, static_cast<std::uint64_t>(keep.count()),
                                    static_cast<std::uint64_t>(wait.count()));
    now = here.host().now();
    if (!acquired) {
      lock_breaker_.failed(now);
      counters_.add(Counter::cache_errors_total, "lock", to_text(acquired.error().kind));
      co_return lock;
    }
    lock_breaker_.succeeded();
    if (acquired->outcome == lock_granted) {
      counters_.add(Counter::lock_acquired_total);
      lock.state = LockState::granted;
      co_return lock;
    }
    counters_.add(Counter::lock_contended_total);
    if (acquired->outcome == lock_alone) {
      co_return lock;
    }
    if (acquired->outcome == lock_value) {
      // Whoever holds it may know less of purges than this isolate, or more.
      lock.entry = tiers::readable_entry(acquired->header, std::move(acquired->content), query.key);
      if (lock.entry != nullptr) {
        lock.entry = co_await screen(here, query.key, std::move(lock.entry));
      }
      lock.state = lock.entry == nullptr ? LockState::no_lock : LockState::value;
      co_return lock;
    }
    LARDER_ASSERT(acquired->outcome == lock_retry);
    if (now >= give_up) {
      lock.state = LockState::busy;
      co_return lock;
    }
  }
}

host::Task<void> Engine::release_lock(host::Context here, const Query& query, std::string name,
                                      std::string token, tiers::EntryPtr entry, bool failed) {
  (void)query;
  const bool small = entry != nullptr && entry->body.size() <= settings_.value_bytes_max;
  std::string header;
  if (small && !failed) {
    header = entry::encode(entry->header, Bytes(config::limit::header_value_bytes_max)).value_or("");
  }
  const host::Body nothing;
  const host::Body& content = header.empty() ? nothing : entry->body;
  std::uint8_t verdict = header.empty() ? lock_alone : lock_value;
  if (failed) {
    verdict = lock_retry;
  }
  Millis good_for{0};
  if (!header.empty()) {
    const Millis age = policy::standing(entry->header, here.host().now()).age;
    // Whoever would refresh it at once has no use for it.
    good_for = std::min(config::limit::lock_value_kept, policy::eager_age(entry->header) - age);
  }
  const auto value_millis = static_cast<std::uint64_t>(std::max(good_for, Millis(0)).count());
  const auto released =
      co_await host::lock_release(here, name, token, verdict, header, content, value_millis);
  if (!released) {
    // The lock's own time limit ends it.
    counters_.add(Counter::cache_errors_total, "lock", to_text(released.error().kind));
  }
}

// Storing ---------------------------------------------------------------------------------------------------

host::Task<tiers::EntryPtr> Engine::packed(host::Context here, const Query& query, tiers::EntryPtr entry) {
  const entry::Header& former = entry->header;
  if (former.encoding != entry::Encoding::identity || former.body_size < settings_.compress_threshold ||
      former.body_size.count == 0 || !is_packable(former.content_type) || is_encoded(former)) {
    co_return entry;
  }
  auto gzip = co_await host::body_gzip(here, entry->body);
  if (!gzip) {
    counters_.add(Counter::cache_errors_total, "gzip", to_text(gzip.error().kind));
    co_return entry;
  }
  if (gzip->packed.size() >= former.body_size) {
    co_return entry;
  }
  counters_.add(Counter::compressed_total, query.key.pattern);
  entry::Header header = former;
  header.encoding = entry::Encoding::gzip;
  header.stored_size = gzip->packed.size();
  co_return std::make_shared<const tiers::Entry>(std::move(header), std::move(gzip->packed));
}

host::Task<void> Engine::store(host::Context here, const Query& query, tiers::EntryPtr entry) {
  const tiers::EntryPtr as_stored = co_await packed(here, query, std::move(entry));
  co_await tiered_.put_farther(here, query.key, as_stored);
}

host::Task<void> Engine::settle(host::Context here, const Query& query, Reading reading) {
  co_await finish(here, query, reading);
  switch (reading.remaining) {
    case Remaining::nothing:
      break;
    case Remaining::promote:
      co_await tiered_.promote(here, query.key, tiers::Found(reading.entry, reading.found_in));
      break;
    case Remaining::store:
      co_await store(here, query, reading.entry);
      break;
  }
  if (reading.refresh) {
    co_await refresh(here, query, reading.entry);
  }
  if (!bypass_) {
    co_await control_.read_ahead(here);
  }
}

// The origin request that went past its soft time, and then the lock: others wait for it.
host::Task<void> Engine::finish(host::Context here, const Query& query, Reading& reading) {
  tiers::EntryPtr fresh = reading.stands_in ? nullptr : reading.entry;
  bool failed = reading.refusal != nullptr || reading.stands_in;
  if (reading.unfinished) {
    Asking asking;
    asking.former = reading.entry;
    asking.log_seen = reading.unfinished->log_seen;
    asking.provider = reading.unfinished->provider;
    asking.late = reading.unfinished->late;
    auto fetched = co_await gate_.resume(here, query, std::move(asking), reading.unfinished->ticket,
                                         reading.unfinished->requested_at);
    const Instant now = here.host().now();
    const Reading late = reading_of(here, query, http::CacheStatus(), std::move(fetched), reading.entry);
    failed = late.refusal != nullptr || late.stands_in;
    fresh = failed ? nullptr : late.entry;
    if (late.remaining == Remaining::store) {
      reading.remaining = Remaining::store;
      reading.entry = late.entry;
    } else {
      refreshes_.pause(query.key.storage_name, now + config::limit::refresh_pause);
    }
  }
  if (!reading.lock_token.empty()) {
    co_await release_lock(here, query, reading.lock_name, reading.lock_token, std::move(fresh), failed);
  }
}

// Refreshing ------------------------------------------------------------------------------------------------

host::Task<void> Engine::refresh(host::Context here, const Query& query, tiers::EntryPtr former) {
  const std::string& key = query.key.storage_name;
  const Instant began = here.host().now();
  if (gate_.is_down(query, began)) {
    refreshes_.pause(key, began + config::limit::refresh_pause);
    co_return;
  }
  const std::string name = lock_name(query, "refresh:");
  LockOutcome lock;
  if (!LARDER_MUTATED(refresh_unlocked)) {
    lock = co_await take_lock(here, query, name, config::limit::refresh_lock_kept, began);
  }
  const Instant now = here.host().now();
  if (lock.state == LockState::busy) {
    counters_.add(Counter::refresh_skipped_locked_total, query.key.pattern);
    refreshes_.leave(key, now + config::limit::refresh_pause);
    co_return;
  }
  if (lock.state == LockState::value && lock.entry->header.asked > former->header.asked) {
    counters_.add(Counter::refresh_skipped_locked_total, query.key.pattern);
    tiered_.put_nearest(query.key, lock.entry);
    refreshes_.done(key);
    co_await tiered_.promote(here, query.key, tiers::Found(lock.entry, policy::to_text(Reason::kv)));
    co_return;
  }
  if (lock.state == LockState::value) {
    // No newer than ours, and soon over: until then nobody has the lock, and nobody asks without it.
    refreshes_.leave(key, now + config::limit::lock_margin);
    co_return;
  }
  const bool holds = lock.state == LockState::granted;
  // Another isolate may have refreshed it already, and its answer be farther away.
  auto newer = co_await tiered_.get_newer(here, query.key, former->header.asked);
  LARDER_ASSERT(newer.has_value());
  if (newer->entry != nullptr &&
      policy::decide(newer->entry->header, Reason::kv, here.host().now(), true).action ==
          policy::Action::serve) {
    refreshes_.done(key);
    if (holds) {
      co_await release_lock(here, query, name, lock.token, newer->entry, false);
    }
    co_await tiered_.promote(here, query.key, *newer);
    co_return;
  }
  // Not inside of the await: g++ 12 destroys what a condition there did not make.
  std::string held;
  if (holds) {
    held = name;
  }
  const bool refreshed = co_await refresh_from_origin(here, query, std::move(former), held, lock.token);
  if (!refreshed) {
    // The lock is kept until its time is over: nobody else asks so soon either.
    counters_.add(Counter::refresh_fail_total, query.key.pattern);
    refreshes_.pause(key, here.host().now() + config::limit::refresh_pause);
  }
}

host::Task<bool> Engine::refresh_from_origin(host::Context here, const Query& query, tiers::EntryPtr former,
                                             std::string name, std::string token) {
  counters_.add(Counter::refresh_started_total, query.key.pattern);
  const Instant end = here.host().now() + config::limit::refresh_time_max;
  for (std::uint32_t attempt = 1; attempt <= config::limit::refresh_attempts_max; ++attempt) {
    const Instant now = here.host().now();
    if (attempt > 1 && !name.empty()) {
      // The holder's own token renews the lock.
      const auto renewed = co_await host::lock_acquire(
          here, name, token, static_cast<std::uint64_t>(config::limit::refresh_lock_kept.count()), 0);
      if (!renewed) {
        counters_.add(Counter::cache_errors_total, "lock", to_text(renewed.error().kind));
      } else if (renewed->outcome != lock_granted) {
        // Its time was over, and another isolate is at it or done.
        counters_.add(Counter::refresh_skipped_locked_total, query.key.pattern);
        refreshes_.leave(query.key.storage_name, now + config::limit::refresh_pause);
        co_return true;
      }
    }
    // A purge may have come meanwhile: what it reached is not asked about.
    former = judged(query.key, std::move(former));
    Asking asking;
    asking.former = former;
    asking.timeout = std::min(config::limit::refresh_attempt_max, end - now);
    asking.attempt_timeout = asking.timeout;
    asking.log_seen = control_.sequence();
    if (asking.timeout <= Millis(0)) {
      break;
    }
    auto fetched = co_await gate_.ask(here, query, std::move(asking));
    const bool failed = !fetched || fetched->origin_status >= 500 || fetched->origin_status == 429;
    if (!failed) {
      const Reading reading = reading_of(here, query, http::CacheStatus(), std::move(fetched), former);
      const bool stored = reading.remaining == Remaining::store;
      if (!name.empty()) {
        tiers::EntryPtr shared;
        if (stored) {
          shared = reading.entry;
        }
        co_await release_lock(here, query, name, token, shared, false);
      }
      if (stored) {
        co_await store(here, query, reading.entry);
      } else if (!reading.fetched || !reading.fetched->doubtful) {
        // The origin's answer is no longer to be kept, so neither is its former one.
        const auto removed = co_await tiered_.remove(here, query.key);
        if (!removed) {
          counters_.add(Counter::cache_errors_total, "remove", to_text(removed.error().kind));
        }
      }
      refreshes_.done(query.key.storage_name);
      counters_.add(Counter::refresh_success_total, query.key.pattern);
      co_return true;
    }
    const bool asked_away =
        !fetched && (fetched.error().not_asked || fetched.error().retry_after_seconds > 0);
    if (asked_away || attempt == config::limit::refresh_attempts_max) {
      break;
    }
    const Millis pause = policy::backoff(attempt + 1, config::limit::backoff_first,
                                         config::limit::backoff_max, random_of(here.host()));
    if (here.host().now() + pause >= end) {
      break;
    }
    co_await pause_for(here, pause);
  }
  co_return false;
}

}  // namespace larder::engine
