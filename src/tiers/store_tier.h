// What the tiers over a store with header and body have in common: bounds, encoding and retention.
#pragma once

#include "tiers/tier.h"

namespace larder::tiers {

// What goes into a store for an entry, or nothing where the entry does not fit its bounds.
struct Storable {
  std::string header;
  std::uint64_t keep_seconds = 0;

  Storable() {}
};

struct StoreBounds {
  Bytes value_bytes_max;
  Bytes header_bytes_max;
  // The least that the store keeps anything for.
  Millis keep_min;

  StoreBounds(Bytes value, Bytes header, Millis keep)
      : value_bytes_max(value), header_bytes_max(header), keep_min(keep) {}
};

std::optional<Storable> storable(const Entry& entry, const StoreBounds& bounds, Instant now);

}  // namespace larder::tiers
