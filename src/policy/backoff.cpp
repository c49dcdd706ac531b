#include "policy/backoff.h"

#include <algorithm>

namespace larder::policy {

Millis backoff(std::uint32_t attempt, Millis first, Millis most, std::uint32_t random) {
  Millis pause = first;
  for (std::uint32_t step = 2; step < attempt && pause < most; ++step) {
    pause *= 2;
  }
  pause = std::min(pause, most);
  // Between half of it and all of it.
  const std::int64_t half = pause.count() / 2;
  return Millis(half + static_cast<std::int64_t>(random) % (pause.count() - half + 1));
}

}  // namespace larder::policy
