// When to try again, and how often that may happen. Pure: randomness is a parameter.
#pragma once

#include <cstdint>

#include "base/units.h"

namespace larder::policy {

// The pause before attempt `attempt` (the second attempt is 2): exponential from `first` to `most`, of which
// a random part is taken, so that requests that failed together do not come back together. `random` is any 32
// bits.
Millis backoff(std::uint32_t attempt, Millis first, Millis most, std::uint32_t random);

// Retries are a share of the requests: a failing origin is not asked twice as often as a healthy one.
class RetryBudget {
 public:
  // Every request earns a tenth of a retry, up to ten.
  void request() { tenths_ = tenths_ + 1 < tenths_max ? tenths_ + 1 : tenths_max; }
  bool take() {
    if (tenths_ < 10) {
      return false;
    }
    tenths_ -= 10;
    return true;
  }

 private:
  static constexpr std::uint32_t tenths_max = 100;
  // An isolate that has just begun may try a few times again.
  std::uint32_t tenths_ = 30;
};

}  // namespace larder::policy
