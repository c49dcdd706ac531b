#include "policy/breaker.h"

#include <algorithm>

#include "base/mutation.h"
#include "config/limits.h"

namespace larder::policy {

BreakerRules breaker_rules(Millis probe_patience) {
  return BreakerRules(config::limit::breaker_failures_max, config::limit::breaker_open_first,
                      config::limit::breaker_open_max, probe_patience);
}

BreakerState circuit_state(bool is_open, Instant open_until, const BreakerRules& rules, Instant now) {
  if (is_open && (now < open_until || LARDER_MUTATED(breaker_never_closes))) {
    return BreakerState::open;
  }
  return is_open && now < open_until + rules.open_max ? BreakerState::half_open : BreakerState::closed;
}

BreakerState Breaker::state(Instant now) const { return circuit_state(is_open_, open_until_, rules_, now); }

bool Breaker::admit(Instant now) {
  switch (state(now)) {
    case BreakerState::closed:
      return true;
    case BreakerState::open:
      return false;
    case BreakerState::half_open:
      break;
  }
  if (now < probe_until_) {
    return false;
  }
  probe_until_ = now + rules_.probe_patience;
  return true;
}

void Breaker::succeeded() {
  failures_ = 0;
  is_open_ = false;
  open_for_ = rules_.open_first;
}

void Breaker::failed(Instant now) {
  if (is_open_ && state(now) == BreakerState::closed) {
    succeeded();
  }
  ++failures_;
  if (!is_open_) {
    if (failures_ >= rules_.failures_max) {
      open(now + open_for_);
    }
    return;
  }
  // A straggler from before it opened says nothing new.
  if (state(now) == BreakerState::half_open) {
    open_for_ = std::min(open_for_ * 2, rules_.open_max);
    open(now + open_for_);
  }
}

void Breaker::hold(Instant now, Instant until) {
  const Instant bounded = std::min(until, now + rules_.open_max);
  if (bounded > now && (!is_open_ || bounded > open_until_)) {
    open(bounded);
  }
}

}  // namespace larder::policy
