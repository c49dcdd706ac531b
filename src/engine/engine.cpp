#include "engine/engine.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/make_entry.h"
#include "host/operations.h"
#include "http/cache_control.h"

namespace larder::engine {

using observe::Counter;
using policy::Reason;

namespace {

http::CacheStatus forwarded(http::ForwardReason why, Reason detail) {
  http::CacheStatus status;
  status.forward = why;
  status.detail = policy::to_text(detail);
  return status;
}

Reason reason_of_tier(std::string_view tier) {
  if (tier == "memory") {
    return Reason::memory;
  }
  return tier == "edge" ? Reason::edge : Reason::kv;
}

// Why a copy stands in for the origin, or nothing does.
Reason reason_of(const origin::Refusal& refusal) {
  if (refusal.limited) {
    return Reason::rate_limited;
  }
  if (refusal.spent) {
    return Reason::spending_cap;
  }
  return refusal.not_asked ? Reason::origin_down : Reason::stale_if_error;
}

// RFC 9111 §5.2.1.7.
Reading nothing_stored() {
  origin::Refusal refusal(
      Error(ErrorKind::not_found, "larder", false,
            "There is no stored answer, and the request wants no other (only-if-cached)."));
  refusal.not_stored = true;
  Reading reading;
  reading.status = forwarded(http::ForwardReason::miss, Reason::only_if_cached);
  reading.refusal = std::make_shared<const origin::Refusal>(std::move(refusal));
  return reading;
}

// RFC 9111 §4.1: an entry made under Vary fits only requests with the same selecting fields.
bool fits_request(const Query& query, const entry::Header& header) {
  if (header.vary.empty() || LARDER_MUTATED(variant_unchecked)) {
    return true;
  }
  std::vector<std::string> names;
  for (const std::string_view part : split(header.vary, '&')) {
    names.emplace_back(part.substr(0, part.find('=')));
  }
  return query.read_header && http::secondary_key(names, query.read_header) == header.vary;
}

// The entry as far as the purges let it be: itself, a stale form of it, or nothing.
tiers::EntryPtr judged_by(const policy::PurgeBook& purges, std::string_view storage_name,
                          tiers::EntryPtr entry) {
  if (entry == nullptr || purges.size() == 0) {
    return entry;
  }
  entry::Header header = entry->header;
  switch (purges.judge(storage_name, header)) {
    case policy::PurgeVerdict::kept:
      return entry;
    case policy::PurgeVerdict::softened:
      return std::make_shared<const tiers::Entry>(std::move(header), *entry);
    case policy::PurgeVerdict::dropped:
      return nullptr;
  }
  LARDER_UNREACHABLE();
}

// A server's error that says nothing about who asked. Asking once more for each who waits would only add to
// what ails it.
bool is_failure_of_all(const origin::Fetched& fetched) {
  if (fetched.origin_status < 500 || fetched.streamed || fetched.origin_fields.find("set-cookie")) {
    return false;
  }
  const http::ResponseDirectives directives = http::select_directives(fetched.origin_fields).directives;
  return !directives.private_ && !directives.no_store;
}

policy::BreakerRules lock_rules() {
  return policy::BreakerRules(config::limit::breaker_failures_max, config::limit::breaker_open_first,
                              config::limit::breaker_open_max, config::limit::lock_wait);
}

}  // namespace

Engine::Engine(const config::Settings& settings, tiers::CacheRegistry& registry, tiers::TieredCache& tiered,
               observe::Counters& counters, Control& control, bool bypass)
    : settings_(settings),
      registry_(registry),
      tiered_(tiered),
      counters_(counters),
      control_(control),
      gate_(settings, counters),
      lock_breaker_(lock_rules()),
      bypass_(bypass) {
  tiered_.set_screen(this);
}

// What may be served ----------------------------------------------------------------------------------------

tiers::EntryPtr Engine::judged(const tiers::Key& key, tiers::EntryPtr entry) {
  return judged_by(control_.purges(), key.storage_name, std::move(entry));
}

host::Task<tiers::EntryPtr> Engine::screen(host::Context here, const tiers::Key& key, tiers::EntryPtr entry) {
  if (!control_.is_current(here.host().now())) {
    co_await control_.make_current(here);
  }
  tiers::EntryPtr left = judged(key, entry);
  if (left != entry) {
    counters_.add(Counter::purged_entries_total, key.pattern, left == nullptr ? "dropped" : "softened");
  }
  co_return left;
}

void Engine::purge_memory() {
  // What is in memory was judged when it came, so only what is new can reach it.
  if (LARDER_MUTATED(memory_ignores_purges) || control_.news().size() == 0) {
    return;
  }
  tiered_.memory().revise([this](std::string_view storage_name, const tiers::EntryPtr& entry) {
    return judged_by(control_.news(), storage_name, entry);
  });
}

Reading Engine::hit(const policy::Decision& decision, tiers::Found found) const {
  Reading reading;
  reading.status.detail = policy::to_text(decision.reason);
  reading.status.ttl = std::chrono::floor<http::Seconds>(decision.standing.ttl);
  reading.age = decision.standing.age;
  reading.found_in = found.tier;
  reading.entry = std::move(found.entry);
  return reading;
}

std::optional<Reading> Engine::usable(Instant now, const Query& query, const tiers::Found& found,
                                      http::CacheStatus& forward) {
  if (found.entry == nullptr) {
    forward = forwarded(http::ForwardReason::miss, Reason::absent);
    return std::nullopt;
  }
  const entry::Header& header = found.entry->header;
  if (!fits_request(query, header)) {
    forward = forwarded(http::ForwardReason::vary_miss, Reason::other_variant);
    return std::nullopt;
  }
  if (header.kind == entry::Kind::negative && !settings_.negative_cache_enabled) {
    forward = forwarded(http::ForwardReason::miss, Reason::absent);
    return std::nullopt;
  }
  const policy::Decision decision =
      policy::decide(header, reason_of_tier(found.tier), now, settings_.stale_while_revalidate_enabled);
  if (decision.action == policy::Action::fetch) {
    forward = forwarded(http::ForwardReason::stale, decision.reason);
    return std::nullopt;
  }
  Reading reading = hit(decision, found);
  if (decision.action == policy::Action::serve_and_refresh) {
    const Instant deadline = now + config::limit::refresh_lock_kept;
    reading.refresh = refreshes_.begin(query.key.storage_name, now, deadline);
  }
  return reading;
}

Reading Engine::stand_in(Instant now, tiers::EntryPtr former, http::CacheStatus status, Reason reason) {
  counters_.add(Counter::stale_rescues_total, policy::to_text(reason));
  const policy::Standing standing = policy::standing(former->header, now);
  Reading reading;
  reading.status = std::move(status);
  reading.status.detail = policy::to_text(reason);
  reading.status.ttl = std::chrono::floor<http::Seconds>(standing.ttl);
  reading.age = standing.age;
  reading.entry = std::move(former);
  reading.stands_in = true;
  return reading;
}

// Reading ---------------------------------------------------------------------------------------------------

std::optional<Reading> Engine::read_now(Instant now, const Query& query) {
  if (bypass_ || query.authorized || !control_.is_current(now) ||
      policy::admit(settings_, query.key.pattern).participation != policy::Participation::full) {
    return std::nullopt;
  }
  tiers::EntryPtr near = tiered_.find(query.key);
  if (near == nullptr || (near->header.encoding != entry::Encoding::identity && !query.accepts_gzip())) {
    return std::nullopt;
  }
  http::CacheStatus forward;
  auto reading = usable(now, query, tiers::Found(std::move(near), tiered_.memory().name()), forward);
  if (reading) {
    count_read(query, *reading);
  }
  return reading;
}

host::Task<Reading> Engine::read(host::Context here, const Query& query) {
  const policy::Admission admission = policy::admit(settings_, query.key.pattern);
  Reading reading;
  const bool serves = !bypass_ && !query.authorized && admission.participation == policy::Participation::full;
  if (query.directives.only_if_cached && !serves) {
    reading = nothing_stored();
  } else if (bypass_) {
    reading = co_await fetch(here, query, forwarded(http::ForwardReason::bypass, Reason::recovery), nullptr);
  } else if (admission.participation == policy::Participation::pass_through) {
    reading = co_await fetch(here, query, forwarded(http::ForwardReason::bypass, admission.reason), nullptr);
  } else if (admission.participation == policy::Participation::observe_only) {
    // The null implementation counts what would have been.
    tiers::Cache* const observer = registry_.find("null");
    LARDER_ASSERT(observer != nullptr);
    const auto looked = co_await observer->get(here, query.key);
    reading = co_await fetch(here, query, forwarded(http::ForwardReason::bypass, admission.reason), nullptr);
    if (looked && reading.refusal == nullptr) {
      const auto put = co_await observer->put(here, query.key, nullptr);
      LARDER_ASSERT(put.has_value());
    }
  } else if (query.authorized) {
    reading = co_await fetch(here, query, forwarded(http::ForwardReason::bypass, Reason::unshared), nullptr);
  } else if (query.directives.only_if_cached || query.directives.no_store) {
    reading = co_await read_stored(here, query);
  } else {
    reading = co_await read_cached(here, query);
    // The log may have been read on the way, and have switched the cache off.
    const policy::Admission left = policy::admit(settings_, query.key.pattern);
    if (left.participation != policy::Participation::full && reading.entry != nullptr &&
        (!reading.status.forward || reading.stands_in)) {
      if (reading.refresh) {
        refreshes_.done(query.key.storage_name);
      }
      reading = co_await fetch(here, query, forwarded(http::ForwardReason::bypass, left.reason), nullptr);
    }
  }
  count_read(query, reading);
  co_return reading;
}

host::Task<Reading> Engine::read_cached(host::Context here, const Query& query) {
  Reading reading = co_await read_through(here, query);
  if (reading.entry != nullptr && reading.entry->header.encoding == entry::Encoding::gzip &&
      !query.accepts_gzip()) {
    reading = co_await unpacked(here, query, std::move(reading));
  }
  co_return reading;
}

host::Task<Reading> Engine::read_stored(host::Context here, const Query& query) {
  auto found = co_await tiered_.get(here, query.key);
  // A tier that fails is counted and passed over, so there is always a value.
  LARDER_ASSERT(found.has_value());
  http::CacheStatus forward;
  auto used = usable(here.host().now(), query, *found, forward);
  if (used && used->entry->header.encoding == entry::Encoding::gzip && !query.accepts_gzip()) {
    used->entry = co_await unpack(here, used->entry);
    used->repeatable = false;
    if (used->entry == nullptr && used->refresh) {
      refreshes_.done(query.key.storage_name);
    }
  }
  if (used && used->entry != nullptr) {
    used->remaining = found->tier == tiered_.memory().name() ? Remaining::nothing : Remaining::promote;
    co_return std::move(*used);
  }
  if (query.directives.only_if_cached) {
    co_return nothing_stored();
  }
  co_return co_await fetch(here, query, forwarded(http::ForwardReason::bypass, Reason::request_no_store),
                           nullptr);
}

host::Task<tiers::EntryPtr> Engine::unpack(host::Context here, tiers::EntryPtr packed) {
  auto plain = co_await host::body_gunzip(here, packed->body, config::limit::body_bytes_max);
  entry::Header header = packed->header;
  if (!plain || plain->unpacked.size() != header.body_size) {
    counters_.add(Counter::cache_errors_total, "gunzip",
                  plain ? to_text(ErrorKind::corrupt) : to_text(plain.error().kind));
    co_return nullptr;
  }
  header.encoding = entry::Encoding::identity;
  header.stored_size = header.body_size;
  co_return std::make_shared<const tiers::Entry>(std::move(header), std::move(plain->unpacked));
}

host::Task<Reading> Engine::unpacked(host::Context here, const Query& query, Reading reading) {
  tiers::EntryPtr plain = co_await unpack(here, reading.entry);
  if (plain != nullptr) {
    reading.entry = std::move(plain);
    // These bytes are no tier's: nobody would take a lane back.
    reading.repeatable = false;
    co_return reading;
  }
  // What cannot be unpacked is no entry: it goes, and the origin is asked.
  refreshes_.done(query.key.storage_name);
  const auto removed = co_await tiered_.remove(here, query.key);
  if (!removed) {
    counters_.add(Counter::cache_errors_total, "remove", to_text(removed.error().kind));
  }
  co_return co_await fetch(here, query, forwarded(http::ForwardReason::miss, Reason::absent), nullptr);
}

host::Task<Reading> Engine::read_through(host::Context here, const Query& query) {
  if (!settings_.stampede_protection_enabled || LARDER_MUTATED(flights_unshared)) {
    co_return co_await look_and_fetch(here, query);
  }
  const std::string key = query.key.storage_name;
  const Instant give_up = here.host().now() + config::limit::single_flight_wait;
  while (auto flight = flights_.find(key, here.host().now())) {
    const FlightState state = co_await wait_for(here, flight, give_up);
    if (state == FlightState::landed) {
      co_return co_await from_landing(here, query, std::move(flight));
    }
    if (state == FlightState::under_way) {
      counters_.add(Counter::single_flight_expired_total);
      co_return co_await read_alone(here, query);
    }
    // Lost: all its followers come round again, and the first of them leads. All of a request's waiting is
    // one wait.
  }
  const Millis patience =
      query.resource->origin.timeout_hard + config::limit::lock_wait + config::limit::lock_margin;
  Flights::Lead lead(flights_, here.host(), key, flights_.begin(key, here.host().now() + patience));
  Reading reading = co_await look_and_fetch(here, query);
  // Others have limits of their own: the flight is lost, and the next of them leads.
  if (!reading.limited) {
    lead.land(landing_of(reading));
  }
  co_return reading;
}

host::Task<Reading> Engine::read_alone(host::Context here, const Query& query) {
  const Instant now = here.host().now();
  const http::CacheStatus missed = forwarded(http::ForwardReason::miss, Reason::absent);
  tiers::EntryPtr former = tiered_.find(query.key);
  if (former != nullptr && fits_request(query, former->header) && policy::may_stand_in(former->header, now)) {
    co_return stand_in(now, std::move(former), forwarded(http::ForwardReason::stale, Reason::slow_origin),
                       Reason::slow_origin);
  }
  const std::string key = concat({query.key.storage_name, " alone"});
  if (auto flight = flights_.find(key, now)) {
    // Its leader waits for nobody but the origin, so the flight's deadline is near.
    const FlightState state = co_await wait_for(here, flight, flight->deadline());
    if (state == FlightState::landed) {
      co_return co_await from_landing(here, query, std::move(flight));
    }
    co_return co_await fetch(here, query, missed, nullptr);
  }
  const Instant deadline = now + query.resource->origin.timeout_hard + config::limit::lock_margin;
  Flights::Lead lead(flights_, here.host(), key, flights_.begin(key, deadline));
  Reading reading = co_await fetch(here, query, missed, nullptr);
  // Others have limits of their own: the flight is lost, and the next of them leads.
  if (!reading.limited) {
    lead.land(landing_of(reading));
  }
  co_return reading;
}

host::Task<FlightState> Engine::wait_for(host::Context here, std::shared_ptr<Flight> flight,
                                         Instant give_up) {
  counters_.add(Counter::single_flight_joined_total);
  flight->follow(here.request());
  while (flight->state() == FlightState::under_way) {
    const Millis left =
        LARDER_MUTATED(waiter_without_deadline) ? Millis(3'600'000) : give_up - here.host().now();
    if (left <= Millis(0)) {
      break;
    }
    const auto waited = co_await host::park(here, static_cast<std::uint64_t>(left.count()));
    if (!waited) {
      break;
    }
  }
  co_return flight->state();
}

host::Task<Reading> Engine::from_landing(host::Context here, const Query& query,
                                         std::shared_ptr<Flight> flight) {
  const Landing& landing = flight->landing();
  const Instant now = here.host().now();
  Reading reading;
  if (landing.refusal != nullptr) {
    reading.refusal = landing.refusal;
    reading.status = forwarded(http::ForwardReason::miss, Reason::shared);
    reading.status.collapsed = true;
    if (landing.refusal->origin_status != 0) {
      reading.status.forward_status = static_cast<int>(landing.refusal->origin_status);
    }
    co_return reading;
  }
  if (landing.failure != nullptr) {
    reading.fetched = landing.failure;
    reading.status = forwarded(http::ForwardReason::miss, Reason::shared);
    reading.status.collapsed = true;
    reading.status.forward_status = static_cast<int>(landing.failure->origin_status);
    co_return reading;
  }
  // A purge may have come while it was under way.
  const tiers::Found found(judged(query.key, landing.found.entry), landing.found.tier);
  if (landing.stands_in && found.entry != nullptr && fits_request(query, found.entry->header) &&
      policy::may_stand_in(found.entry->header, now)) {
    reading = stand_in(now, found.entry, landing.status, Reason::shared);
    reading.status.detail = landing.status.detail;
    reading.status.collapsed = landing.status.forward.has_value();
    co_return reading;
  }
  http::CacheStatus forward;
  auto used = usable(now, query, found, forward);
  if (!used) {
    // Nothing to share: each fetches its own, without a queue behind a key that cannot be cached.
    co_return co_await fetch(here, query, std::move(forward), nullptr);
  }
  if (landing.from_origin) {
    used->status = forwarded(http::ForwardReason::miss, Reason::shared);
    used->status.collapsed = true;
  }
  co_return std::move(*used);
}

Landing Engine::landing_of(const Reading& reading) const {
  Landing landing;
  landing.refusal = reading.refusal;
  if (reading.fetched != nullptr && is_failure_of_all(*reading.fetched)) {
    landing.failure = reading.fetched;
  }
  landing.found =
      tiers::Found(reading.entry, reading.found_in.empty() ? tiered_.memory().name() : reading.found_in);
  landing.from_origin = reading.remaining == Remaining::store;
  landing.stands_in = reading.stands_in;
  landing.status = reading.status;
  return landing;
}

host::Task<Reading> Engine::look_and_fetch(host::Context here, const Query& query) {
  auto found = co_await tiered_.get(here, query.key);
  // A tier that fails is counted and passed over, so there is always a value.
  LARDER_ASSERT(found.has_value());
  http::CacheStatus forward;
  auto used = usable(here.host().now(), query, *found, forward);
  if (used) {
    used->remaining = found->tier == tiered_.memory().name() ? Remaining::nothing : Remaining::promote;
    co_return std::move(*used);
  }
  tiers::EntryPtr former;
  if (found->entry != nullptr && found->entry->header.kind == entry::Kind::positive &&
      fits_request(query, found->entry->header)) {
    former = found->entry;
    // Another isolate may have asked meanwhile, and its answer be farther away.
    auto newer = co_await tiered_.get_newer(here, query.key, former->header.asked);
    LARDER_ASSERT(newer.has_value());
    http::CacheStatus why_not;
    if (auto fresher = usable(here.host().now(), query, *newer, why_not)) {
      fresher->remaining = Remaining::promote;
      co_return std::move(*fresher);
    }
  }
  // Looking into the tiers may have brought a new view of the control log, which may have switched the cache
  // off.
  const policy::Admission left = policy::admit(settings_, query.key.pattern);
  if (left.participation != policy::Participation::full) {
    co_return co_await fetch(here, query, forwarded(http::ForwardReason::bypass, left.reason), nullptr);
  }
  const Instant now = here.host().now();
  former = judged(query.key, std::move(former));
  if (former != nullptr && policy::may_stand_in(former->header, now)) {
    // The origin is down, or was just asked for this key in vain, or keeps it waiting.
    if (gate_.is_down(query, now)) {
      co_return stand_in(now, std::move(former), http::CacheStatus(), Reason::origin_down);
    }
    if (refreshes_.has_failed(query.key.storage_name, now)) {
      co_return stand_in(now, std::move(former), http::CacheStatus(), Reason::slow_origin);
    }
  }
  co_return co_await fetch_locked(here, query, std::move(forward), std::move(former));
}

// Asking the origin -----------------------------------------------------------------------------------------

host::Task<Reading> Engine::fetch_locked(host::Context here, const Query& query, http::CacheStatus status,
                                         tiers::EntryPtr former) {
  if (!settings_.stampede_protection_enabled) {
    co_return co_await fetch(here, query, std::move(status), std::move(former));
  }
  const config::Origin& origin = query.resource->origin;
  const Instant began = here.host().now();
  const bool replaceable = former != nullptr && policy::may_stand_in(former->header, began);
  // Who has a copy waits for another isolate's answer no longer than for the origin's own.
  const Millis wait =
      replaceable ? std::min(config::limit::lock_wait, origin.timeout_soft) : config::limit::lock_wait;
  // A holder that is still within its own time limit keeps the lock.
  const Millis keep = origin.timeout_hard + config::limit::lock_margin;
  std::string name = lock_name(query, "");
  LockOutcome lock = co_await take_lock(here, query, name, keep, began + wait);
  if (const std::string now_named = lock_name(query, "");
      lock.state == LockState::no_lock && now_named != name) {
    // What it handed over was purged, as this isolate has just learnt: the purge has a lock of its own.
    name = now_named;
    lock = co_await take_lock(here, query, name, keep, began + wait);
  }
  const Instant now = here.host().now();
  if (lock.state == LockState::value) {
    http::CacheStatus why_not;
    auto used = usable(now, query, tiers::Found(lock.entry, tiered_.memory().name()), why_not);
    if (used) {
      tiered_.put_nearest(query.key, lock.entry);
      used->status = std::move(status);
      used->status.collapsed = true;
      used->status.detail = policy::to_text(Reason::shared);
      // The holder writes KV; this data centre's own cache may not have it yet.
      used->found_in = policy::to_text(Reason::kv);
      used->remaining = Remaining::promote;
      co_return std::move(*used);
    }
  }
  // A purge may have come while it waited.
  former = judged(query.key, std::move(former));
  if (lock.state == LockState::busy && former != nullptr && policy::may_stand_in(former->header, now)) {
    co_return stand_in(now, std::move(former), std::move(status), Reason::slow_origin);
  }
  Reading reading = co_await fetch(here, query, std::move(status), std::move(former));
  if (lock.state == LockState::granted) {
    reading.lock_name = name;
    reading.lock_token = lock.token;
  }
  co_return reading;
}

host::Task<Reading> Engine::fetch(host::Context here, const Query& query, http::CacheStatus status,
                                  tiers::EntryPtr former) {
  const config::Origin& origin = query.resource->origin;
  Asking asking;
  asking.former = former;
  asking.timeout = origin.timeout_hard;
  asking.attempt_timeout = origin.timeout_hard;
  asking.attempts_max = config::limit::attempts_max;
  asking.log_seen = control_.sequence();
  if (settings_.public_limit_enabled && query.client) {
    asking.client = query.client();
  }
  const bool keeps = status.forward != http::ForwardReason::bypass;
  const Instant now = here.host().now();
  if (former != nullptr && keeps && policy::may_stand_in(former->header, now)) {
    asking.soft = origin.timeout_soft;
  }
  auto fetched = co_await gate_.ask(here, query, std::move(asking));
  if (fetched && fetched->ticket != 0) {
    // The rest goes on behind the response; meanwhile nobody else of this isolate asks.
    const Instant asked = fetched->requested_at;
    tiers::EntryPtr left = judged(query.key, former);
    if (left == nullptr || !policy::may_stand_in(left->header, here.host().now())) {
      // Purged or past its time by now: nothing stands in, so the answer is waited for.
      Asking rest;
      rest.former = former;
      rest.log_seen = fetched->log_seen;
      rest.provider = fetched->provider;
      rest.late = fetched->late;
      const std::uint32_t ticket = fetched->ticket;
      auto late = co_await gate_.resume(here, query, std::move(rest), ticket, asked);
      co_return reading_of(here, query, std::move(status), std::move(late), former);
    }
    refreshes_.pause(query.key.storage_name, asked + origin.timeout_hard + config::limit::lock_margin);
    Reading reading = stand_in(here.host().now(), std::move(left), std::move(status), Reason::slow_origin);
    reading.unfinished.emplace();
    reading.unfinished->ticket = fetched->ticket;
    reading.unfinished->late = fetched->late;
    reading.unfinished->provider = fetched->provider;
    reading.unfinished->requested_at = asked;
    reading.unfinished->log_seen = fetched->log_seen;
    co_return reading;
  }
  co_return reading_of(here, query, std::move(status), std::move(fetched), former);
}

Reading Engine::reading_of_failure(Instant now, const Query& query, http::CacheStatus status,
                                   origin::Refusal refusal, const tiers::EntryPtr& copy) {
  if (refusal.origin_status != 0) {
    status.forward_status = static_cast<int>(refusal.origin_status);
  }
  const Reason reason = reason_of(refusal);
  if (copy != nullptr) {
    // That one client asks too often says nothing about the origin, and where the breaker spoke, it is for
    // the breaker to say how long.
    if (!refusal.limited && !refusal.not_asked) {
      refreshes_.pause(query.key.storage_name, now + config::limit::refresh_pause);
    }
    Reading rescued = stand_in(now, copy, std::move(status), reason);
    rescued.limited = refusal.limited;
    return rescued;
  }
  Reading reading;
  reading.status = std::move(status);
  if (reason != Reason::stale_if_error) {
    reading.status.detail = policy::to_text(reason);
  }
  reading.limited = refusal.limited;
  reading.refusal = std::make_shared<const origin::Refusal>(std::move(refusal));
  return reading;
}

Reading Engine::reading_of(host::Context here, const Query& query, http::CacheStatus status,
                           origin::OriginResult<origin::Fetched> fetched, const tiers::EntryPtr& former) {
  const Instant now = here.host().now();
  Reading reading;
  reading.status = std::move(status);
  if (LARDER_MUTATED(failure_is_kept) && !fetched && former != nullptr) {
    entry::Header header = former->header;
    header.kind = entry::Kind::negative;
    header.status = 404;
    header.created = now;
    tiered_.put_nearest(query.key, std::make_shared<const tiers::Entry>(std::move(header), *former));
  }
  // A purge may have come while the origin was asked.
  const tiers::EntryPtr copy = judged(query.key, former);
  const bool rescues = copy != nullptr && policy::may_stand_in(copy->header, now);
  if (!fetched) {
    return reading_of_failure(now, query, std::move(reading.status), std::move(fetched.error()),
                              rescues ? copy : nullptr);
  }
  // 0: the answer was known without asking.
  if (fetched->origin_status != 0) {
    reading.status.forward_status = static_cast<int>(fetched->origin_status);
  }
  // In mode http a server error is an answer, but a copy is the better one (RFC 9111 §4.2.4).
  if (fetched->origin_status >= 500 && rescues) {
    refreshes_.pause(query.key.storage_name, now + config::limit::refresh_pause);
    return stand_in(now, copy, std::move(reading.status), Reason::stale_if_error);
  }
  const bool keeps = reading.status.forward != http::ForwardReason::bypass;
  tiers::EntryPtr made;
  if (fetched->not_modified) {
    LARDER_ASSERT(former != nullptr);
    counters_.add(Counter::revalidated_total, query.key.pattern);
    made = renew_entry(here.host(), settings_, query, *former, *fetched);
    if (made == nullptr) {
      // Confirmed, and not to be kept any longer: it answers this request.
      made = former;
      reading.entry = former;
      reading.age = policy::standing(former->header, now).age;
      return reading;
    }
  } else if (keeps) {
    made = make_entry(here.host(), settings_, query, *fetched);
  }
#ifdef LARDER_MUTATIONS
  if (LARDER_MUTATED(body_leaked)) {
    fetched->content.forget();
  }
#endif
  // Purged while it was under way: it answers the request that asked before, and nobody else.
  const tiers::EntryPtr left = judged(query.key, made);
  if (left == nullptr) {
    if (made == nullptr) {
      reading.fetched = std::make_shared<const origin::Fetched>(std::move(*fetched));
    } else {
      reading.entry = made;
      reading.age = policy::standing(made->header, now).age;
    }
    return reading;
  }
  reading.entry = left;
  reading.status.stored = true;
  reading.remaining = Remaining::store;
  reading.age = policy::standing(left->header, now).age;
  tiered_.put_nearest(query.key, left);
  refreshes_.done(query.key.storage_name);
  return reading;
}

void Engine::count_read(const Query& query, const Reading& reading) {
  counters_.add(Counter::cache_candidate_requests_total, query.resource->match.path,
                http::to_text(query.method));
  const bool stale = reading.entry != nullptr && reading.status.ttl && *reading.status.ttl < http::Seconds(0);
  if (stale || reading.stands_in) {
    counters_.add(Counter::cache_hit_stale_total);
  } else {
    counters_.add(reading.status.forward ? Counter::cache_miss_reads_total : Counter::cache_hit_fresh_total);
  }
}

}  // namespace larder::engine
