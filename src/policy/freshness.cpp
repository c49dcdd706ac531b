#include "policy/freshness.h"

#include <algorithm>

#include "base/mutation.h"

namespace larder::policy {

Standing standing(const entry::Header& header, Instant now) {
  const Millis age = std::max(now - header.created, Millis(0));
  const Millis late = LARDER_MUTATED(freshness_off_by_one) ? Millis(1'000) : Millis(0);
  const Millis ttl = header.fresh_for + late - age;
  const Millis over = -ttl;
  Freshness freshness = Freshness::expired;
  if (over < Millis(0)) {
    freshness = Freshness::fresh;
  } else if (over < header.stale_for) {
    freshness = Freshness::stale;
  } else if (over < header.error_for) {
    freshness = Freshness::stale_if_error;
  }
  return Standing(freshness, age, ttl);
}

Millis retention(const entry::Header& header, Instant now, Millis floor) {
  const Millis kept = header.fresh_for + std::max(header.stale_for, header.error_for);
  const Millis age = std::max(now - header.created, Millis(0));
  return std::max(kept - age, floor);
}

}  // namespace larder::policy
