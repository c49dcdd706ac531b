// A circuit breaker: one state machine for tiers, the lock and single keys of an origin (origin_breaker.h).
// Closed, it lets everything through and counts failures in a row; open, it lets nothing through until a
// time; half-open, it lets one probe through and waits for its outcome. Where nobody has asked for `open_max`
// since it could be tried, it is closed: what is so long ago says nothing, and of those who come at once none
// is refused for it. It is kept by each isolate for itself.
#pragma once

#include <cstdint>

#include "base/units.h"

namespace larder::policy {

enum class BreakerState : std::uint8_t { closed, open, half_open };

struct BreakerRules {
  // Failures in a row that open it.
  std::uint32_t failures_max;
  // How long it stays open the first time; twice as long each time a probe fails, up to `open_max`.
  Millis open_first;
  Millis open_max;
  // After this a probe that never came back no longer counts, and the next one is let through.
  Millis probe_patience;

  BreakerRules(std::uint32_t failures, Millis first, Millis most, Millis patience)
      : failures_max(failures), open_first(first), open_max(most), probe_patience(patience) {}
};

// As the limits have them: the same for origins and their keys, tiers and the lock, but for the patience with
// a probe.
BreakerRules breaker_rules(Millis probe_patience);

// Of a circuit that opened until then, or did not.
BreakerState circuit_state(bool is_open, Instant open_until, const BreakerRules& rules, Instant now);

class Breaker {
 public:
  explicit Breaker(const BreakerRules& rules) : rules_(rules), open_for_(rules.open_first) {}

  BreakerState state(Instant now) const;
  // Whether the caller may go ahead. Where the answer is yes, it owes a report.
  bool admit(Instant now);
  void succeeded();
  void failed(Instant now);
  // Nothing was sent after all: a probe is given back, and nothing is learnt.
  void withdraw() { probe_until_ = Instant(); }
  // Asked to stay away (Retry-After): open until then, within `open_max`.
  void hold(Instant now, Instant until);
  // When it may be tried again; not later than now if it may be tried at once.
  Instant open_until() const { return open_until_; }

 private:
  void open(Instant until) {
    open_until_ = until;
    is_open_ = true;
    probe_until_ = Instant();
  }

  BreakerRules rules_;
  std::uint32_t failures_ = 0;
  bool is_open_ = false;
  Instant open_until_;
  Instant probe_until_;
  Millis open_for_;
};

}  // namespace larder::policy
