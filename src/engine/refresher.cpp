#include "engine/refresher.h"

#include <algorithm>

#include "base/mutation.h"
#include "config/limits.h"
#include "engine/large.h"
#include "engine/pause.h"
#include "engine/reader.h"
#include "engine/rehydrating.h"
#include "engine/storing.h"

namespace larder::engine {

using observe::Counter;
using observe::Label;
using policy::Reason;

// Not in an unnamed namespace: the older clang makes tail calls of coroutines that it can see through, which
// a module may not have.
namespace behind {

// How a refresh's question to the origin ended.
enum class Ended : std::uint8_t {
  answered,
  left,    // another isolate is at it or done
  failed,  // every attempt
};

Label pattern_of(Parts& parts, const Query& query) {
  return parts.counters.pattern(query.key.resource_number, query.key.pattern);
}

// The origin request that went past its soft time, and then the lock: others wait for it.
host::Task<void> finish(host::Context here, Parts& parts, const Query& query, Reading& reading) {
  Afterwards& afterwards = reading.afterwards;
  bool is_answered = reading.refusal() == nullptr && !reading.is_served_stale();
  tiers::EntryPtr fresh;
  if (is_answered) {
    fresh = reading.entry();
  }
  if (afterwards.unfinished) {
    const Copy former(reading.entry());
    Asking asking;
    asking.former = reading.entry();
    asking.log_seen = afterwards.unfinished->log_seen;
    asking.provider = afterwards.unfinished->provider;
    asking.late = afterwards.unfinished->late;
    const std::uint32_t ticket = afterwards.unfinished->ticket;
    const Instant requested_at = afterwards.unfinished->requested_at;
    auto fetched = co_await parts.gate.resume(here, query, std::move(asking), ticket, requested_at);
    is_answered = fetched.has_value() && fetched->origin_status < 500;
    if (is_answered) {
      const Reading late = keep_answer(parts, here, query, http::CacheStatus(), std::move(*fetched), former);
      fresh = late.entry();
      afterwards.remaining = late.afterwards.remaining;
    }
    if (afterwards.remaining == Remaining::store) {
      reading.outcome = Hit(fresh);
    } else {
      parts.refreshes.pause(query.key.storage_name, here.host().now() + config::limit::refresh_pause);
    }
  }
  if (!afterwards.permit.is_held()) {
    co_return;
  }
  Permit permit = std::move(afterwards.permit);
  if (is_answered) {
    co_await parts.locks.hand_over(here, std::move(permit), std::move(fresh));
  } else {
    co_await parts.locks.give_up(here, std::move(permit));
  }
}

// What the origin's answer leaves in the tiers.
host::Task<void> take_over(host::Context here, Parts& parts, const Query& query, Permit permit,
                           origin::Fetched fetched, const Copy& former) {
  if (auto header = large_header_of(here, parts, query, fetched)) {
    if (permit.is_held()) {
      co_await parts.locks.hand_over(here, std::move(permit), nullptr);
    }
    LargeAnswer large;
    large.header = std::move(*header);
    large.content = std::move(fetched.content);
    co_await store_large(here, parts, query, std::move(large));
    parts.refreshes.done(query.key.storage_name);
    parts.counters.add(Counter::refresh_success_total, pattern_of(parts, query));
    co_return;
  }
  const bool is_doubtful = fetched.doubtful;
  const Reading reading = keep_answer(parts, here, query, http::CacheStatus(), std::move(fetched), former);
  const bool is_stored = reading.afterwards.remaining == Remaining::store;
  if (permit.is_held()) {
    tiers::EntryPtr shared;
    if (is_stored) {
      shared = reading.entry();
    }
    co_await parts.locks.hand_over(here, std::move(permit), std::move(shared));
  }
  if (is_stored) {
    co_await store(here, parts, query, reading.entry());
  } else if (former.open(parts.control, query.key) != nullptr &&
             (reading.passed() == nullptr || !is_doubtful)) {
    // The origin's answer is no longer to be kept, so neither is its former one. Where a purge came first,
    // the former one is gone, and what stands there now was put after it.
    const auto removed = co_await parts.tiered.remove(here, query.key);
    if (!removed) {
      parts.counters.add(Counter::cache_errors_total, "remove", Label(removed.error().kind));
    }
  }
  parts.refreshes.done(query.key.storage_name);
  parts.counters.add(Counter::refresh_success_total, pattern_of(parts, query));
}

// `permit`: the lock, if this request holds it. It is released with an answer; without one it stays until
// its time is over, so that no other isolate asks so soon either.
host::Task<Ended> ask_origin(host::Context here, Parts& parts, const Query& query, Copy former,
                             Permit permit) {
  parts.counters.add(Counter::refresh_started_total, pattern_of(parts, query));
  const Instant end = here.host().now() + config::limit::refresh_time_max;
  for (std::uint32_t attempt = 1; attempt <= config::limit::refresh_attempts_max; ++attempt) {
    const Instant now = here.host().now();
    if (attempt > 1 && permit.is_held()) {
      const bool renewed = co_await parts.locks.renew(here, permit, config::limit::refresh_lock_kept);
      if (!renewed) {
        permit.leave_to_its_time();
        parts.counters.add(Counter::refresh_skipped_locked_total, pattern_of(parts, query));
        parts.refreshes.leave(query.key.storage_name, now + config::limit::refresh_pause);
        co_return Ended::left;
      }
    }
    // A copy that was purged meanwhile is not refreshed.
    former = Copy(former.open(parts.control, query.key));
    Asking asking;
    asking.former = former.as_asked();
    asking.timeout = std::min(config::limit::refresh_attempt_max, end - now);
    asking.attempt_timeout = asking.timeout;
    asking.log_seen = parts.control.sequence();
    if (asking.timeout <= Millis(0)) {
      break;
    }
    auto fetched = co_await parts.gate.ask(here, query, std::move(asking));
    const bool is_answered = fetched && fetched->origin_status < 500 && fetched->origin_status != 429;
    if (is_answered) {
      co_await take_over(here, parts, query, std::move(permit), std::move(*fetched), former);
      co_return Ended::answered;
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
  permit.leave_to_its_time();
  co_return Ended::failed;
}

// True: another isolate has refreshed the key already, and its answer is in this one's memory.
host::Task<bool> find_refreshed(host::Context here, Parts& parts, const Query& query, const Copy& former,
                                Permit& permit) {
  tiers::Look newer = co_await find_newer(here, parts, query, former.as_asked()->header.asked);
  const tiers::EntryPtr entry = newer.entry();
  if (entry == nullptr ||
      policy::decide(entry->header, Reason::shared, here.host().now(), policy::WhenStale::serve_and_refresh,
                     policy::eager_percent(query.overrides()))
              .action != policy::Action::serve) {
    co_return false;
  }
  newer.answers();
  parts.refreshes.done(query.key.storage_name);
  if (permit.is_held()) {
    co_await parts.locks.hand_over(here, std::move(permit), entry);
  }
  co_await parts.tiered.promote(here, query.key, tiers::Found(entry, newer.tier()));
  co_return true;
}

host::Task<void> refresh(host::Context here, Parts& parts, const Query& query, Copy former) {
  const std::string& key = query.key.storage_name;
  const Instant began = here.host().now();
  if (parts.gate.is_down(query, began)) {
    parts.refreshes.pause(key, began + config::limit::refresh_pause);
    co_return;
  }
  Locks::Taken lock;
  if (!LARDER_MUTATED(refresh_unlocked)) {
    std::string name = lock_name(parts, query, "refresh:");
    lock =
        co_await parts.locks.take(here, query.key, std::move(name), config::limit::refresh_lock_kept, began);
  }
  if (lock.state == Locks::State::value) {
    lock.entry = co_await screen(here, parts, query.key, "lock", std::move(lock.entry));
    lock.state = lock.entry == nullptr ? Locks::State::no_lock : lock.state;
  }
  const Instant now = here.host().now();
  if (lock.state == Locks::State::busy) {
    parts.counters.add(Counter::refresh_skipped_locked_total, pattern_of(parts, query));
    parts.refreshes.leave(key, now + config::limit::refresh_pause);
    co_return;
  }
  if (lock.state == Locks::State::value && lock.entry->header.asked > former.as_asked()->header.asked) {
    parts.counters.add(Counter::refresh_skipped_locked_total, pattern_of(parts, query));
    parts.tiered.put_nearest(query.key, lock.entry);
    parts.refreshes.done(key);
    co_await parts.tiered.promote(here, query.key, tiers::Found(lock.entry, std::nullopt));
    co_return;
  }
  if (lock.state == Locks::State::value) {
    // The lock's entry is no newer than ours. The lock cannot be taken until it expires, so the key is not
    // refreshed until then.
    parts.refreshes.leave(key, now + config::limit::lock_margin);
    co_return;
  }
  Permit permit = std::move(lock.permit);
  const bool is_refreshed = co_await find_refreshed(here, parts, query, former, permit);
  if (is_refreshed) {
    co_return;
  }
  const Ended ended = co_await ask_origin(here, parts, query, std::move(former), std::move(permit));
  if (ended == Ended::failed) {
    parts.counters.add(Counter::refresh_fail_total, pattern_of(parts, query));
    parts.refreshes.pause(key, here.host().now() + config::limit::refresh_pause);
  }
}

}  // namespace behind

host::Task<void> settle(host::Context here, Parts& parts, const Query& query, Reading reading) {
  co_await behind::finish(here, parts, query, reading);
  if (reading.afterwards.large) {
    co_await store_large(here, parts, query, std::move(*reading.afterwards.large));
  }
  const Hit* const hit = reading.hit();
  if (hit != nullptr) {
    switch (reading.afterwards.remaining) {
      case Remaining::nothing:
        break;
      case Remaining::promote:
        co_await parts.tiered.promote(here, query.key, tiers::Found(hit->entry, hit->found_in));
        if (hit->found_in == config::Tier::cold) {
          co_await rehydrate(here, parts, query, hit->entry);
        }
        break;
      case Remaining::store:
        co_await store(here, parts, query, hit->entry);
        break;
    }
    if (reading.afterwards.refresh == Refresh::due) {
      co_await behind::refresh(here, parts, query, Copy(hit->entry));
    }
  }
  co_await parts.locks.hand_back(here);
  if (parts.role == InstanceRole::normal) {
    co_await parts.control.read_ahead(here);
  }
}

}  // namespace larder::engine
