#include "engine/explain.h"

#include <algorithm>
#include <array>
#include <utility>

namespace larder::engine {

using policy::Answer;
using policy::FlightState;
using policy::Held;
using policy::LockState;
using policy::Move;
using policy::Reason;
using policy::Unlooked;

namespace {

std::vector<config::Purge> purges_of(const Parts& parts, const Query& query) {
  std::vector<config::Purge> reaching;
  for (const config::Purge& purge : parts.control.purge_list()) {
    if (policy::PurgeBook({purge}).generation(query.key.storage_name, query.tags) != 0) {
      reaching.push_back(purge);
    }
  }
  return reaching;
}

// Goes through the steps of a read without doing them.
class Forecast {
 public:
  // Both outlive it.
  Forecast(Parts& parts, const Query& query, Instant now, Explanation& told)
      : parts_(parts), query_(query), now_(now), told_(told) {
    facts_ = first_facts(parts, query, Wanted::servable);
  }

  void run() {
    while (take_step()) {
    }
  }

 private:
  // False: it was the last one.
  bool take_step() {
    gather();
    const policy::Step step = policy::next_step(facts_);
    PlannedStep planned(step);
    bool goes_on = false;
    switch (step.move) {
      case Move::look:
        planned.tier = look();
        goes_on = true;
        break;
      case Move::join:
        goes_on = join();
        break;
      case Move::take_turn:
        facts_.turn = policy::Turn::not_needed;
        goes_on = true;
        break;
      case Move::lock:
        // Whether another isolate holds the lock is not asked, since asking would take it.
        facts_.lock = LockState::held;
        goes_on = true;
        break;
      case Move::ask:
        told_.status = forward_;
        foresee();
        break;
      case Move::pass_on:
        told_.status = forwarded(http::ForwardReason::bypass, step.reason);
        break;
      case Move::serve:
      case Move::serve_stale:
      case Move::serve_stale_at_once:
        told_.status = status_of_copy(step.reason);
        break;
      case Move::join_late:
      case Move::share:
      case Move::wait:
      case Move::keep:
      case Move::refuse:
        // These follow the answer of another request or of the origin, and neither is asked here.
        break;
    }
    told_.steps.push_back(planned);
    return goes_on;
  }

  void gather() {
    learn(facts_, parts_, query_, copy_, Wanted::servable, now_);
    facts_.hit = found_in_ ? policy::reason_of(*found_in_) : Reason::shared;
    facts_.unlooked = Unlooked::memory;
    if (looked_to_) {
      const bool is_last = parts_.tiered.next_tier(query_.key, *looked_to_) == nullptr;
      facts_.unlooked = is_last ? Unlooked::none : Unlooked::farther;
    }
    forward_ = forward_of(parts_, query_, facts_.held, facts_.objection);
  }

  // Looks into the next tier, and keeps its entry where a read would.
  config::Tier look() {
    const config::Tier tier =
        looked_to_ ? parts_.tiered.next_tier(query_.key, *looked_to_)->tier() : config::Tier::memory;
    looked_to_ = tier;
    // Memory is looked into at the beginning, whether or not the resource's entries live there.
    const tiers::EntryPtr entry = query_.key.tiers.has(tier) ? seen_in(tier) : nullptr;
    if (entry != nullptr && tiers::is_stub(*entry)) {
      // Its value is in R2, unless what is there is older.
      const tiers::EntryPtr cold = seen_in(config::Tier::cold);
      if (cold != nullptr && cold->header.asked >= entry->header.asked) {
        take_up(cold, config::Tier::cold);
      }
    } else if (entry != nullptr) {
      take_up(entry, tier);
    }
    return tier;
  }

  tiers::EntryPtr seen_in(config::Tier tier) const {
    const auto seen = std::find_if(told_.copies.begin(), told_.copies.end(),
                                   [&](const TierCopy& copy) { return copy.tier == tier; });
    return seen == told_.copies.end() ? nullptr : seen->entry;
  }

  void take_up(const tiers::EntryPtr& entry, config::Tier tier) {
    if (!is_newer(*entry, copy_.as_asked().get(), facts_.held)) {
      return;
    }
    const tiers::EntryPtr left = Copy(entry).open(parts_.control, query_.key);
    const Held held = held_of(parts_, query_, left.get(), Wanted::servable, now_);
    if (left != nullptr && (fits(held) || copy_.as_asked() == nullptr)) {
      copy_ = Copy(left);
      found_in_ = tier;
    }
  }

  // A request of this isolate that fetches the key would answer this one too; without one this one leads.
  bool join() {
    if (parts_.flights.find(query_.key.storage_name, now_) == nullptr) {
      facts_.flight = FlightState::none;
      return true;
    }
    told_.status = forwarded(http::ForwardReason::miss, Reason::shared);
    told_.status.collapsed = true;
    return false;
  }

  void foresee() {
    static constexpr std::array answers = {Answer::came, Answer::late, Answer::server_error, Answer::refused};
    for (const Answer answer : answers) {
      // A server's error is an answer in mode http alone, and a late answer is waited for unless a copy may
      // stand in.
      const bool is_possible = answer == Answer::server_error
                                   ? query_.resource->mode == config::Mode::http
                                   : answer != Answer::late || facts_.held == Held::stale;
      if (is_possible) {
        policy::ReadFacts facts = facts_;
        facts.answer = answer;
        facts.refusal = Reason::stale_if_error;
        told_.outlooks.emplace_back(answer, policy::next_step(facts));
      }
    }
  }

  http::CacheStatus status_of_copy(Reason reason) const {
    http::CacheStatus status;
    const tiers::EntryPtr entry = copy_.open(parts_.control, query_.key);
    status.detail = policy::to_text(reason);
    status.ttl = std::chrono::floor<http::Seconds>(policy::standing(entry->header, now_).ttl);
    return status;
  }

  Parts& parts_;
  const Query& query_;
  Instant now_;
  Explanation& told_;
  policy::ReadFacts facts_;
  http::CacheStatus forward_;
  Copy copy_;
  std::optional<config::Tier> found_in_;
  std::optional<config::Tier> looked_to_;
};

}  // namespace

host::Task<Explanation> explain(host::Context here, Parts& parts, const Query& query) {
  co_await parts.control.make_current(here);
  Explanation told;
  for (tiers::CacheTier* tier : parts.tiered.tiers()) {
    TierCopy copy(tier->tier());
    auto found = co_await tier->get(here, query.key);
    if (found) {
      copy.entry = std::move(found->entry);
    } else {
      copy.failure = std::move(found.error());
    }
    told.copies.push_back(std::move(copy));
  }
  told.purges = purges_of(parts, query);
  Forecast(parts, query, here.host().now(), told).run();
  if (query.view != nullptr) {
    told.status.variant = query.view->label;
  }
  co_return told;
}

}  // namespace larder::engine
