// Waiting, and the randomness that keeps waits apart.
#pragma once

#include <cstdint>

#include "host/operations.h"
#include "host/random.h"

namespace larder::host {

// Returns when the time is over, whoever wakes the request meanwhile.
inline Task<void> pause_for(Context here, Millis pause) {
  const Instant end = here.host().now() + pause;
  for (Millis left = pause; left > Millis(0); left = end - here.host().now()) {
    const auto waited = co_await park(here, static_cast<std::uint64_t>(left.count()));
    if (!waited) {
      co_return;
    }
  }
}

// Any 32 bits.
inline std::uint32_t random_of(Host& host) { return static_cast<std::uint32_t>(random_number(host, 4)); }

}  // namespace larder::host
