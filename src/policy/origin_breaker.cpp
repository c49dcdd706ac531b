#include "policy/origin_breaker.h"

#include <algorithm>
#include <set>

#include "base/mutation.h"
#include "config/limits.h"

namespace larder::policy {

namespace {

// Keys of one resource begin alike: their ends tell most of them apart at once.
bool is_same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.empty() || a.back() == b.back()) && a == b;
}

template <typename List>
auto find_key(List& list, std::string_view key) {
  return std::find_if(list.begin(), list.end(), [&](const auto& one) { return is_same(one.key, key); });
}

}  // namespace

OriginBreakerRules::OriginBreakerRules(const BreakerRules& times_)
    : window(config::limit::breaker_window),
      keys_min(config::limit::breaker_keys_min),
      failing_percent(config::limit::breaker_failing_percent),
      slow_percent(config::limit::breaker_slow_percent),
      probes_max(config::limit::breaker_probes_max),
      told_keys_min(config::limit::retry_after_keys_min),
      keys_remembered_max(config::limit::breaker_keys_remembered_max),
      keys_held_max(config::limit::breaker_keys_held_max),
      times(times_) {}

// A wider circuit -------------------------------------------------------------------------------------------

RateCircuit::RateCircuit(const OriginBreakerRules& rules, std::size_t resources_min)
    : rules_(rules), resources_min_(resources_min), open_for_(rules.times.open_first) {}

BreakerState RateCircuit::state(Instant now) const {
  return circuit_state(is_open_, open_until_, rules_.times, now);
}

bool RateCircuit::has_worked(std::string_view key) const { return find_key(proven_, key) != proven_.end(); }

std::size_t RateCircuit::count(Instant now, Probes probes) const {
  return static_cast<std::size_t>(std::count_if(probes_.begin(), probes_.end(), [&](const Probe& probe) {
    return now < probe.until && (probes == Probes::all || !probe.has_worked);
  }));
}

bool RateCircuit::may_ask(Instant now, std::string_view key) const {
  switch (state(now)) {
    case BreakerState::closed:
      return true;
    case BreakerState::open:
      // Nothing that has worked has failed: it may do so still.
      return evidence_ == Evidence::weak && now >= early_probe_from_ && has_worked(key);
    case BreakerState::half_open:
      break;
  }
  if (has_worked(key)) {
    return count(now, Probes::all) < rules_.probes_max;
  }
  const std::size_t kept_free = proven_.empty() ? 0 : 1;
  return count(now, Probes::unproven) + kept_free < rules_.probes_max &&
         count(now, Probes::all) < rules_.probes_max;
}

bool RateCircuit::admit(Instant now, std::string_view key) {
  if (!may_ask(now, key)) {
    return false;
  }
  if (state(now) == BreakerState::closed) {
    return true;
  }
  if (state(now) == BreakerState::open) {
    early_probe_from_ = now + rules_.times.open_first;
  }
  probes_.erase(std::remove_if(probes_.begin(), probes_.end(),
                               [now](const Probe& probe) { return now >= probe.until; }),
                probes_.end());
  Probe probe;
  probe.key = std::string(key);
  probe.has_worked = has_worked(key);
  probe.until = now + rules_.times.probe_patience;
  probes_.push_back(std::move(probe));
  return true;
}

void RateCircuit::withdraw(std::string_view key) {
  const auto probe = find_key(probes_, key);
  if (probe != probes_.end()) {
    probes_.erase(probe);
  }
}

void RateCircuit::remember(Instant now, const OriginCall& call, CallOutcome outcome) {
  Key key;
  bool worked = outcome != CallOutcome::failed;
  for (std::deque<Key>* const list : {&proven_, &unproven_}) {
    const auto known = find_key(*list, call.key);
    if (known != list->end()) {
      key.was_fast = known->was_fast;
      worked = worked || list == &proven_;
      if (!LARDER_MUTATED(breaker_counts_requests)) {
        list->erase(known);
      }
    }
  }
  key.key = std::string(call.key);
  key.group = std::string(call.group.empty() ? call.key : call.group);
  key.resource = std::string(call.resource);
  key.at = now;
  key.outcome = outcome;
  key.was_fast = key.was_fast || outcome == CallOutcome::good;
  std::deque<Key>& list = worked ? proven_ : unproven_;
  list.push_back(std::move(key));
  if (list.size() > rules_.keys_remembered_max) {
    list.pop_front();
  }
}

RateCircuit::Evidence RateCircuit::judge(Instant now, Fault fault) const {
  struct Count {
    std::size_t well = 0;
    std::size_t at_fault = 0;
  };
  const bool slow_too = fault == Fault::failing_or_slow;
  const Instant from = std::max(since_, now - rules_.window);
  std::map<std::string_view, Count> groups;
  std::size_t keys = 0;
  std::set<std::string_view> resources;
  const auto count = [&](const Key& key, bool is_evidence) {
    const bool at_fault =
        key.outcome == CallOutcome::failed || (slow_too && key.outcome == CallOutcome::slow);
    if (key.at < from) {
      return;
    }
    if (!at_fault) {
      ++groups[key.group].well;
    } else if (is_evidence) {
      ++groups[key.group].at_fault;
      resources.insert(key.resource);
      ++keys;
    }
  };
  // An origin that has always been slow is not unwell.
  for (const Key& key : proven_) {
    count(key, !slow_too || key.was_fast || key.outcome == CallOutcome::failed);
  }
  if (LARDER_MUTATED(breaker_counts_requests)) {
    for (const Key& key : unproven_) {
      count(key, true);
    }
  }
  const std::size_t groups_well = static_cast<std::size_t>(
      std::count_if(groups.begin(), groups.end(), [](const auto& group) { return group.second.well > 0; }));
  const std::size_t keys_min = slow_too ? 2 * rules_.keys_min : rules_.keys_min;
  if (groups_well == 0) {
    // Nothing is answered at all: whatever fails, or is slow, is evidence.
    const Evidence evidence = keys > 0 ? Evidence::strong : Evidence::weak;
    for (const Key& key : unproven_) {
      count(key, true);
    }
    return keys >= keys_min && resources.size() >= resources_min_ ? evidence : Evidence::none;
  }
  auto failing = static_cast<std::size_t>(std::count_if(groups.begin(), groups.end(), [](const auto& group) {
    return group.second.at_fault > group.second.well;
  }));
  if (LARDER_MUTATED(breaker_counts_requests)) {
    failing = keys;
  }
  const std::uint32_t percent = slow_too ? rules_.slow_percent : rules_.failing_percent;
  const bool is_share = failing * 100 >= groups.size() * percent;
  return failing >= keys_min && is_share && resources.size() >= resources_min_ ? Evidence::strong
                                                                               : Evidence::none;
}

void RateCircuit::open(Instant now, Instant until, Evidence evidence) {
  is_open_ = true;
  evidence_ = evidence;
  open_until_ = until;
  early_probe_from_ = now;
  probes_.clear();
  probes_good_ = 0;
  probes_failed_ = 0;
}

void RateCircuit::close(Instant now) {
  is_open_ = false;
  evidence_ = Evidence::none;
  open_for_ = rules_.times.open_first;
  since_ = now;
  probes_.clear();
  told_.clear();
}

void RateCircuit::probe_failed(Instant now, KeyHistory history) {
  if (state(now) == BreakerState::open) {
    // It was asked early, in vain: its failure is the proof that was missing.
    evidence_ = Evidence::strong;
    return;
  }
  ++probes_failed_;
  const bool has_worked = history == KeyHistory::has_worked;
  if (has_worked || probes_failed_ >= rules_.probes_max) {
    open_for_ = std::min(open_for_ * 2, rules_.times.open_max);
    open(now, now + open_for_, has_worked ? Evidence::strong : evidence_);
  }
}

void RateCircuit::report(Instant now, const OriginCall& call, CallOutcome outcome) {
  if (is_open_ && state(now) == BreakerState::closed) {
    close(now);
  }
  const bool worked_before = has_worked(call.key);
  const auto probe = find_key(probes_, call.key);
  const bool is_probe = probe != probes_.end();
  if (is_probe) {
    probes_.erase(probe);
  }
  remember(now, call, outcome);
  if (outcome != CallOutcome::failed) {
    good_at_ = now;
    told_.clear();
  }
  if (!is_open_) {
    Evidence evidence = Evidence::none;
    if (outcome == CallOutcome::failed) {
      evidence = judge(now, Fault::failing);
    }
    if (outcome != CallOutcome::good && evidence == Evidence::none) {
      evidence = judge(now, Fault::failing_or_slow);
    }
    if (evidence != Evidence::none) {
      open(now, now + open_for_, evidence);
    }
    return;
  }
  if (outcome == CallOutcome::failed) {
    // A straggler from before it opened says nothing new.
    if (is_probe) {
      probe_failed(now, worked_before ? KeyHistory::has_worked : KeyHistory::never_worked);
    }
    return;
  }
  constexpr std::size_t good_probes_enough = 2;
  probes_good_ += is_probe ? 1 : 0;
  if (outcome == CallOutcome::good && (worked_before || probes_good_ >= good_probes_enough)) {
    close(now);
  }
}

void RateCircuit::told(Instant now, const OriginCall& call, Instant until) {
  const bool was_probe = find_key(probes_, call.key) != probes_.end();
  withdraw(call.key);
  const auto known = find_key(told_, call.key);
  if (known != told_.end()) {
    told_.erase(known);
  }
  Told one;
  one.key = std::string(call.key);
  one.resource = std::string(call.resource);
  one.at = now;
  one.until = until;
  told_.push_back(std::move(one));
  if (told_.size() > rules_.keys_remembered_max) {
    told_.pop_front();
  }
  std::size_t keys = 0;
  std::set<std::string_view> resources;
  Instant earliest = until;
  for (const Told& other : told_) {
    if (other.at >= now - rules_.window && other.until > now) {
      ++keys;
      resources.insert(other.resource);
      earliest = std::min(earliest, other.until);
    }
  }
  const bool is_said_of_all = keys >= rules_.told_keys_min && resources.size() >= resources_min_;
  if (is_said_of_all || was_probe || LARDER_MUTATED(retry_after_for_all)) {
    open(now, std::max(earliest, is_open_ ? open_until_ : Instant()), Evidence::strong);
  }
}

// All three -------------------------------------------------------------------------------------------------

OriginBreaker::OriginBreaker(const OriginBreakerRules& rules) : rules_(rules), origin_(rules, 2) {}

RateCircuit& OriginBreaker::resource_of(std::string_view name) {
  auto found = resources_.find(name);
  if (found == resources_.end()) {
    found = resources_.emplace(std::string(name), RateCircuit(rules_, 1)).first;
  }
  return found->second;
}

const RateCircuit* OriginBreaker::find_resource(std::string_view name) const {
  const auto found = resources_.find(name);
  return found == resources_.end() ? nullptr : &found->second;
}

OriginBreaker::Held& OriginBreaker::hold(Instant now, std::string_view key) {
  auto found = held_.find(key);
  if (found == held_.end()) {
    if (held_.size() >= rules_.keys_held_max) {
      held_.erase(std::min_element(held_.begin(), held_.end(),
                                   [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
    }
    found = held_.emplace(std::string(key), Held(Breaker(rules_.times), now)).first;
  }
  found->second.at = now;
  return found->second;
}

bool OriginBreaker::admit(Instant now, const OriginCall& call) {
  const auto held = held_.find(call.key);
  if (held != held_.end() && !held->second.breaker.admit(now)) {
    return false;
  }
  RateCircuit& resource = resource_of(call.resource);
  if (resource.admit(now, call.key)) {
    if (origin_.admit(now, call.key)) {
      return true;
    }
    resource.withdraw(call.key);
  }
  if (held != held_.end()) {
    held->second.breaker.withdraw();
  }
  return false;
}

bool OriginBreaker::may_ask(Instant now, const OriginCall& call) const {
  const auto held = held_.find(call.key);
  const RateCircuit* const resource = find_resource(call.resource);
  const bool is_held = held != held_.end() && held->second.breaker.state(now) == BreakerState::open;
  return !is_held && (resource == nullptr || resource->may_ask(now, call.key)) &&
         origin_.may_ask(now, call.key);
}

void OriginBreaker::report(Instant now, const OriginCall& call, CallOutcome outcome, Millis stay_away) {
  RateCircuit& resource = resource_of(call.resource);
  if (outcome == CallOutcome::failed && stay_away > Millis(0)) {
    const Instant until = now + std::min(stay_away, rules_.times.open_max);
    hold(now, call.key).breaker.hold(now, until);
    resource.told(now, call, until);
    origin_.told(now, call, until);
    return;
  }
  if (outcome == CallOutcome::failed) {
    hold(now, call.key).breaker.failed(now);
  } else {
    const auto held = held_.find(call.key);
    if (held != held_.end()) {
      held_.erase(held);
    }
  }
  resource.report(now, call, outcome);
  origin_.report(now, call, outcome);
}

void OriginBreaker::withdraw(const OriginCall& call) {
  const auto held = held_.find(call.key);
  if (held != held_.end()) {
    held->second.breaker.withdraw();
  }
  resource_of(call.resource).withdraw(call.key);
  origin_.withdraw(call.key);
}

Instant OriginBreaker::open_until(Instant now, const OriginCall& call) const {
  Instant until;
  const auto held = held_.find(call.key);
  if (held != held_.end() && held->second.breaker.state(now) != BreakerState::closed) {
    until = held->second.breaker.open_until();
  }
  const RateCircuit* const resource = find_resource(call.resource);
  if (resource != nullptr && resource->state(now) != BreakerState::closed) {
    until = std::max(until, resource->open_until());
  }
  if (origin_.state(now) != BreakerState::closed) {
    until = std::max(until, origin_.open_until());
  }
  return until;
}

}  // namespace larder::policy
