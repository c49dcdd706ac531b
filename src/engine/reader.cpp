#include "engine/reader.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/large.h"
#include "engine/make_entry.h"
#include "host/operations.h"

namespace larder::engine {

using observe::Counter;
using policy::Answer;
using policy::FlightState;
using policy::Held;
using policy::LockState;
using policy::Move;
using policy::Participation;
using policy::Reason;
using policy::Turn;
using policy::Unlooked;

Reason reason_of(const origin::Refusal& refusal) {
  if (refusal.limited) {
    return Reason::rate_limited;
  }
  if (refusal.spent) {
    return Reason::spending_cap;
  }
  if (refusal.not_stored) {
    return Reason::only_if_cached;
  }
  return refusal.not_asked ? Reason::origin_down : Reason::stale_if_error;
}

namespace {

// RFC 9111 §5.2.1.7.
origin::Refusal nothing_stored() {
  origin::Refusal refusal(
      Error(ErrorKind::not_found, "larder", Retry::never,
            "There is no stored answer, and the request wants no other (only-if-cached)."));
  refusal.not_stored = true;
  return refusal;
}

}  // namespace

Reader::Reader(Parts& parts, host::Context here, const Query& query, Wanted wanted, Millis patience)
    : parts_(parts),
      here_(here),
      query_(query),
      wanted_(wanted),
      patience_(patience),
      facts_(first_facts(parts, query, wanted)) {}

host::Task<Reading> Reader::run(tiers::Look near) {
  if (near.was_made()) {
    looked_to_ = near.tier();
    found_in_ = near.tier();
    copy_ = Copy(near.entry());
    look_ = std::move(near);
  }
  Reading reading = co_await steps();
  // A client that was held back has a limit of its own: the flight is lost, and the next of its followers
  // leads.
  if (lead_ && reading.sharing == Sharing::all) {
    lead_->finish(flight_result_of(query_, reading));
  }
  reading.afterwards.permit = std::move(permit_);
  co_return reading;
}

host::Task<Reading> Reader::run_in_recovery() {
  const Millis patience = query_.resource->origin.timeout_hard + config::limit::lock_margin;
  FlightEnd end = FlightEnd::none;
  while (!lead_ && end != FlightEnd::finished) {
    // Lost, or overdue: all its followers come round again, and the first of them leads.
    end = co_await join(query_.key.storage_name, patience, std::nullopt);
  }
  if (end == FlightEnd::finished) {
    if (auto shared = share()) {
      shared->status.forward = http::ForwardReason::bypass;
      shared->status.detail = policy::to_text(Reason::recovery);
      co_return std::move(*shared);
    }
  }
  Reading reading = co_await steps();
  if (lead_ && reading.sharing == Sharing::all) {
    FlightResult result;
    result.status = reading.status;
    const origin::Fetched* const passed = reading.passed();
    if (passed == nullptr || is_for_all(query_, *passed)) {
      result.outcome.emplace(reading.outcome);
      result.sender = sender_of(query_);
    }
    lead_->finish(std::move(result));
  }
  co_return reading;
}

host::Task<Reading> Reader::run_alone() {
  facts_.flight = FlightState::over;
  Reading reading = co_await steps();
  co_return reading;
}

host::Task<Reading> Reader::steps() {
  for (;;) {
    gather();
    const policy::Step step = policy::next_step(facts_);
    switch (step.move) {
      case Move::serve:
        co_return served(step.reason);
      case Move::look:
        co_await look();
        break;
      case Move::join:
        co_await join_first();
        break;
      case Move::join_late:
        co_await join_late();
        break;
      case Move::share:
        if (auto reading = share()) {
          co_return std::move(*reading);
        }
        facts_.flight = FlightState::over;
        break;
      case Move::take_turn:
        co_await take_turn();
        break;
      case Move::lock:
        co_await lock();
        break;
      case Move::ask:
        co_await ask();
        break;
      case Move::wait:
        co_await wait();
        break;
      case Move::keep: {
        Reading reading = co_await keep();
        co_return reading;
      }
      case Move::serve_stale:
        co_return stale_reading(step.reason);
      case Move::serve_stale_at_once:
        forward_ = http::CacheStatus();
        co_return stale_reading(step.reason);
      case Move::refuse:
        co_return refused(step.reason);
      case Move::pass_on:
        co_await pass_on(facts_.participation, step.reason);
        break;
    }
  }
}

Unlooked Reader::unlooked() const {
  if (!looked_to_) {
    return Unlooked::memory;
  }
  return parts_.tiered.next_tier(query_.key, *looked_to_) == nullptr ? Unlooked::none : Unlooked::farther;
}

void Reader::gather() {
  const Instant now = here_.host().now();
  learn(facts_, parts_, query_, copy_, wanted_, now);
  facts_.hit = found_in_ ? policy::reason_of(*found_in_) : Reason::shared;
  facts_.unlooked = unlooked();
  if (facts_.answer == Answer::unasked) {
    forward_ = forward_of(parts_, query_, facts_.held, facts_.objection);
  }
}

// Tiers -----------------------------------------------------------------------------------------------------

host::Task<void> Reader::look() {
  config::Tier tier = config::Tier::memory;
  if (!looked_to_) {
    looked_to_ = tier;
    look_ = parts_.tiered.look_near(query_.key);
  } else {
    tiers::GuardedTier* const next = parts_.tiered.next_tier(query_.key, *looked_to_);
    tier = next->tier();
    looked_to_ = tier;
    tiers::Look made = co_await next->look(here_, query_.key);
    look_ = std::move(made);
  }
  tiers::EntryPtr stub = look_.stub();
  if (stub != nullptr && is_newer(*stub, copy_.as_asked().get(), facts_.held)) {
    stub = co_await screen(here_, parts_, query_.key, config::to_text(tier), std::move(stub));
    if (stub != nullptr) {
      tier = config::Tier::cold;
      tiers::Look made = co_await parts_.tiered.look_cold(here_, query_.key, std::move(stub));
      look_ = std::move(made);
    }
  }
  tiers::EntryPtr entry = look_.entry();
  if (entry == nullptr || !is_newer(*entry, copy_.as_asked().get(), facts_.held)) {
    co_return;
  }
  entry = co_await screen(here_, parts_, query_.key, config::to_text(tier), std::move(entry));
  if (entry == nullptr) {
    co_return;
  }
  if (tier != config::Tier::memory) {
    parts_.tiered.put_nearest(query_.key, entry);
  }
  // A copy that fits, and may stand in, is not given up for one that does not fit.
  const Held held = held_of(parts_, query_, entry.get(), wanted_, here_.host().now());
  if (fits(held) || copy_.as_asked() == nullptr) {
    copy_ = Copy(std::move(entry));
    found_in_ = tier;
  }
}

host::Task<tiers::Look> find_newer(host::Context here, Parts& parts, const Query& query, Instant than) {
  tiers::GuardedTier* next = parts.tiered.next_tier(query.key, config::Tier::memory);
  for (; next != nullptr; next = parts.tiered.next_tier(query.key, next->tier())) {
    tiers::Look look = co_await next->look(here, query.key);
    config::Tier tier = next->tier();
    if (tiers::EntryPtr stub = look.stub(); stub != nullptr && stub->header.asked > than) {
      tier = config::Tier::cold;
      tiers::Look cold = co_await parts.tiered.look_cold(here, query.key, std::move(stub));
      look = std::move(cold);
    }
    if (look.entry() == nullptr || look.entry()->header.asked <= than) {
      continue;
    }
    const tiers::EntryPtr left = co_await screen(here, parts, query.key, config::to_text(tier), look.entry());
    if (left == nullptr) {
      continue;
    }
    look.replace(left);
    parts.tiered.put_nearest(query.key, left);
    co_return look;
  }
  co_return tiers::Look();
}

// Other requests of this isolate ----------------------------------------------------------------------------

host::Task<FlightEnd> Reader::join(std::string name, Millis patience, std::optional<Instant> give_up) {
  const Instant now = here_.host().now();
  flight_ = parts_.flights.find(name, now);
  if (flight_ == nullptr) {
    lead_.emplace(parts_.flights, here_.host(), name, parts_.flights.begin(name, now + patience));
    co_return FlightEnd::none;
  }
  parts_.counters.add(Counter::single_flight_joined_total);
  flight_->follow(here_.request());
  const Instant end = give_up.value_or(flight_->deadline());
  while (flight_->end() == FlightEnd::none) {
    const Millis left =
        LARDER_MUTATED(waiter_without_deadline) ? Millis(3'600'000) : end - here_.host().now();
    if (left <= Millis(0)) {
      break;
    }
    const auto waited = co_await host::park(here_, config::millis_of(left));
    if (!waited) {
      break;
    }
  }
  co_return flight_->end();
}

host::Task<void> Reader::join_first() {
  // All of a request's waiting is one wait.
  if (!give_up_) {
    give_up_ = here_.host().now() + config::limit::single_flight_wait;
  }
  const Millis patience =
      query_.resource->origin.timeout_hard + config::limit::lock_wait + config::limit::lock_margin;
  const FlightEnd end = co_await join(query_.key.storage_name, patience, give_up_);
  if (lead_) {
    facts_.flight = FlightState::none;
  } else if (end == FlightEnd::finished) {
    facts_.flight = FlightState::finished;
  } else if (end == FlightEnd::none) {
    parts_.counters.add(Counter::single_flight_expired_total);
    facts_.flight = FlightState::overdue;
  }
  // Lost: all its followers come round again, and the first of them leads.
}

host::Task<void> Reader::join_late() {
  // Its leader waits for nobody but the origin, so the flight's deadline is near.
  const Millis patience = query_.resource->origin.timeout_hard + config::limit::lock_margin;
  std::string name = concat({query_.key.storage_name, " alone"});
  const FlightEnd end = co_await join(std::move(name), patience, std::nullopt);
  facts_.flight = !lead_ && end == FlightEnd::finished ? FlightState::finished : FlightState::over;
}

std::optional<Reading> Reader::share() {
  const FlightResult& result = flight_->result();
  const Instant now = here_.host().now();
  if (!result.outcome || !may_be_shared(result, query_)) {
    return std::nullopt;
  }
  const Hit* const hit = std::get_if<Hit>(&*result.outcome);
  http::CacheStatus collapsed = forwarded(http::ForwardReason::miss, Reason::shared);
  collapsed.collapsed = true;
  if (hit == nullptr) {
    std::optional<Reading> reading;
    std::uint32_t origin_status = 0;
    if (const auto* const passed = std::get_if<Passed>(&*result.outcome)) {
      reading.emplace(*passed);
      origin_status = passed->fetched->origin_status;
    } else if (const auto* const refused = std::get_if<Refused>(&*result.outcome)) {
      reading.emplace(*refused);
      origin_status = refused->refusal->origin_status;
    }
    if (origin_status != 0) {
      collapsed.forward_status = static_cast<int>(origin_status);
    }
    reading->status = std::move(collapsed);
    return reading;
  }
  tiers::EntryPtr entry = Copy(hit->entry).open(parts_.control, query_.key);
  const Held held = held_of(parts_, query_, entry.get(), wanted_, now);
  if (hit->role == Role::stale && (held == Held::stale || held == Held::answers)) {
    Reading reading = reading_of_stale(parts_, std::move(entry), result.status, Reason::shared, now);
    reading.status.detail = result.status.detail;
    reading.status.collapsed = result.status.forward.has_value();
    return reading;
  }
  if (held != Held::answers || objection_of(query_, *entry, now) != Reason::absent) {
    // It tells why, and may spare a body.
    copy_ = Copy(hit->entry);
    return std::nullopt;
  }
  Reading reading = reading_of_entry(parts_, query_, std::move(entry), hit->found_in, wanted_, now);
  if (result.status.stored) {
    reading.status = std::move(collapsed);
  }
  return reading;
}

// The key's lock --------------------------------------------------------------------------------------------

host::Task<Locks::Taken> Reader::take_lock(std::string name, Instant give_up) {
  // A holder that is still within its own time limit keeps the lock.
  const Millis keep = query_.resource->origin.timeout_hard + config::limit::lock_margin;
  auto taken = co_await parts_.locks.take(here_, query_.key, std::move(name), keep, give_up);
  if (taken.state == Locks::State::value) {
    // The holder may know less of purges than this isolate, or more.
    taken.entry = co_await screen(here_, parts_, query_.key, "lock", std::move(taken.entry));
    taken.state = taken.entry == nullptr ? Locks::State::no_lock : taken.state;
  }
  co_return taken;
}

host::Task<void> Reader::lock() {
  // The last tier had nothing.
  look_ = tiers::Look();
  const Instant began = here_.host().now();
  // Who has a copy waits for another isolate's answer no longer than for the origin's own.
  const Millis wait = facts_.held == Held::stale
                          ? std::min(config::limit::lock_wait, query_.resource->origin.timeout_soft)
                          : config::limit::lock_wait;
  const std::string name = lock_name(parts_, query_, "");
  auto taken = co_await take_lock(name, began + wait);
  if (std::string now_named = lock_name(parts_, query_, "");
      taken.state == Locks::State::no_lock && now_named != name) {
    // What it handed over was purged, as this isolate has just learnt: the purge has a lock of its own.
    taken = co_await take_lock(std::move(now_named), began + wait);
  }
  if (const tiers::EntryPtr known = copy_.as_asked();
      taken.state == Locks::State::value && !is_newer(*taken.entry, known.get(), facts_.held)) {
    // It was handed over before the copy at hand was fetched. All who know that copy share another lock.
    const std::string purpose = concat({"after:", to_text(millis_since_epoch(known->header.asked)), ":"});
    std::string newer_named = lock_name(parts_, query_, purpose);
    taken = co_await take_lock(std::move(newer_named), began + wait);
  }
  facts_.lock = LockState::not_needed;
  if (taken.state == Locks::State::busy) {
    facts_.lock = LockState::busy;
  } else if (taken.state == Locks::State::held) {
    facts_.lock = LockState::held;
    permit_ = std::move(taken.permit);
  } else if (taken.state == Locks::State::value) {
    const Instant now = here_.host().now();
    const Held held = held_of(parts_, query_, taken.entry.get(), wanted_, now);
    if (held == Held::answers && is_newer(*taken.entry, copy_.as_asked().get(), facts_.held) &&
        objection_of(query_, *taken.entry, now) == Reason::absent) {
      parts_.tiered.put_nearest(query_.key, taken.entry);
      copy_ = Copy(std::move(taken.entry));
      found_in_.reset();
    }
  }
}

// The origin ------------------------------------------------------------------------------------------------

host::Task<void> Reader::take_turn() {
  facts_.turn = Turn::not_needed;
  auto turn = co_await parts_.gate.take_turn(here_, query_, patience_);
  if (turn) {
    turn_ = std::move(*turn);
  } else {
    take_in(tl::make_unexpected(std::move(turn.error())));
  }
}

void Reader::take_in(origin::OriginResult<origin::Fetched> fetched) {
  if (!fetched) {
    facts_.answer = Answer::refused;
    facts_.refusal = reason_of(fetched.error());
    if (fetched.error().origin_status != 0) {
      forward_.forward_status = static_cast<int>(fetched.error().origin_status);
    }
#ifdef LARDER_MUTATIONS
    if (const tiers::EntryPtr former = asked_about_.as_asked();
        LARDER_MUTATED(failure_is_kept) && former != nullptr) {
      entry::Header header = former->header;
      header.kind = entry::Kind::negative;
      header.status = 404;
      header.created = here_.host().now();
      parts_.tiered.put_nearest(query_.key, std::make_shared<const tiers::Entry>(std::move(header), *former));
    }
#endif
  } else if (fetched->ticket != 0) {
    facts_.answer = Answer::late;
  } else {
    facts_.answer = fetched->origin_status >= 500 ? Answer::server_error : Answer::came;
    if (fetched->origin_status >= 500) {
      forward_.forward_status = static_cast<int>(fetched->origin_status);
    }
  }
  said_.emplace(std::move(fetched));
}

host::Task<void> Reader::ask() {
  if (query_.directives.only_if_cached) {
    take_in(tl::make_unexpected(nothing_stored()));
    co_return;
  }
  if (query_.directives.no_store) {
    forward_ = forwarded(http::ForwardReason::bypass, Reason::request_no_store);
    facts_.held = Held::nothing;
  }
  const config::Origin& origin = query_.resource->origin;
  const bool has_copy = facts_.held == Held::stale || facts_.held == Held::confirms ||
                        (facts_.held == Held::answers && facts_.objection != Reason::absent);
  if (has_copy) {
    asked_about_ = Copy(copy_.open(parts_.control, query_.key));
  }
  Asking asking;
  // Conditions and ranges are the cache's own affair where it takes part, and the origin's where it does not.
  const bool passes_by = forward_.forward == http::ForwardReason::bypass;
  // No copy is made of a HEAD's answer, so where there is none already the conditions are the origin's too.
  asking.forwarding.with_conditions = passes_by || (query_.wants_no_body() && !has_copy);
  asking.forwarding.with_range = query_.wants_part && (passes_by || !has_copy);
  if (asking.forwarding.with_range && !passes_by) {
    forward_.detail = policy::to_text(Reason::range);
  }
  asking.read_by = query_.wants_no_body() ? http::Method::head : http::Method::get;
  asking.former = asked_about_.as_asked();
  asking.timeout = origin.timeout_hard;
  asking.attempt_timeout = origin.timeout_hard;
  asking.attempts_max = config::limit::attempts_max;
  asking.log_seen = parts_.control.sequence();
  asking.turn = turn_;
  if (query_.client) {
    asking.client = query_.client();
  }
  if (facts_.held == Held::stale) {
    asking.soft = origin.timeout_soft;
  }
  auto fetched = co_await parts_.gate.ask(here_, query_, std::move(asking));
  take_in(std::move(fetched));
}

host::Task<void> Reader::wait() {
  const Unfinished pending(**said_);
  Asking rest;
  rest.former = asked_about_.as_asked();
  rest.log_seen = pending.log_seen;
  rest.provider = pending.provider;
  rest.late = pending.late;
  auto fetched =
      co_await parts_.gate.resume(here_, query_, std::move(rest), pending.ticket, pending.requested_at);
  take_in(std::move(fetched));
}

host::Task<void> Reader::pass_on(Participation participation, Reason reason) {
  const auto observes = participation == Participation::observe_only;
  // The null implementation counts what would have been.
  tiers::Cache* const observer = parts_.registry.find(config::to_text(config::CacheImplementation::null));
  LARDER_ASSERT(observer != nullptr);
  if (observes) {
    const auto looked = co_await observer->get(here_, query_.key);
    LARDER_ASSERT(looked.has_value());
  }
  forward_ = forwarded(http::ForwardReason::bypass, reason);
  facts_.held = Held::nothing;
  co_await ask();
  if (observes && facts_.answer != Answer::refused) {
    const auto put = co_await observer->put(here_, query_.key, nullptr);
    LARDER_ASSERT(put.has_value());
  }
}

// Readings --------------------------------------------------------------------------------------------------

host::Task<Reading> Reader::keep() {
  std::optional<LargeAnswer> large;
  // Who fills the cache ahead reads no stream, and both halves would wait for that.
  const bool is_read = wanted_ == Wanted::servable && !query_.directives.no_store;
  if (forward_.forward != http::ForwardReason::bypass && is_read) {
    large = co_await split_large(here_, parts_, query_, **said_);
  }
  Reading reading = keep_answer(parts_, here_, query_, std::move(forward_), std::move(**said_), asked_about_);
  if (large) {
    reading.status.stored = true;
    reading.status.unkept = "";
    reading.afterwards.large = std::move(large);
  }
  co_return reading;
}

Reading Reader::served(Reason reason) {
  tiers::EntryPtr entry = copy_.open(parts_.control, query_.key);
  look_.answers();
  Reading reading =
      reading_of_entry(parts_, query_, std::move(entry), found_in_, wanted_, here_.host().now());
  if (reason == Reason::request_max_stale) {
    reading.status.detail = policy::to_text(reason);
  }
  if (found_in_ != config::Tier::memory) {
    reading.afterwards.remaining = Remaining::promote;
  }
  if (!found_in_) {
    reading.status = std::move(forward_);
    reading.status.collapsed = true;
    reading.status.detail = policy::to_text(reason);
  }
  return reading;
}

Reading Reader::stale_reading(Reason reason) {
  const Instant now = here_.host().now();
  const std::string& key = query_.key.storage_name;
  tiers::EntryPtr entry = copy_.open(parts_.control, query_.key);
  Reading reading = reading_of_stale(parts_, std::move(entry), std::move(forward_), reason, now);
  switch (facts_.answer) {
    case Answer::unasked:
    case Answer::came:
      break;
    case Answer::late:
      // The rest goes on behind the response; meanwhile nobody else of this isolate asks.
      reading.afterwards.unfinished.emplace(**said_);
      parts_.refreshes.pause(
          key, (*said_)->requested_at + query_.resource->origin.timeout_hard + config::limit::lock_margin);
      break;
    case Answer::refused: {
      // That one client asks too often says nothing about the origin, and where the breaker spoke, it is for
      // the breaker to say how long.
      const origin::Refusal& refusal = said_->error();
      if (!refusal.limited && !refusal.not_asked) {
        parts_.refreshes.pause(key, now + config::limit::refresh_pause);
      }
      reading.sharing = refusal.limited ? Sharing::one_client : Sharing::all;
      break;
    }
    case Answer::server_error:
      parts_.refreshes.pause(key, now + config::limit::refresh_pause);
      break;
  }
  return reading;
}

Reading Reader::refused(Reason reason) {
  origin::Refusal& refusal = said_->error();
  const Sharing sharing = refusal.limited ? Sharing::one_client : Sharing::all;
  Reading reading(Refused(std::move(refusal)));
  reading.status = std::move(forward_);
  if (reason != Reason::stale_if_error) {
    reading.status.detail = policy::to_text(reason);
  }
  reading.sharing = sharing;
  return reading;
}

}  // namespace larder::engine
