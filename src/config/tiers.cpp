#include "config/tiers.h"

#include "base/assert.h"
#include "config/limits.h"

namespace larder::config {

std::string_view to_text(Tier tier) {
  switch (tier) {
#define LARDER_TIER(word, ...) \
  case Tier::word:             \
    return #word;
#include "config/tiers.def"
  }
  LARDER_UNREACHABLE();
}

const TierRow& row_of(Tier tier) {
  static constexpr std::array rows = {
#define LARDER_TIER(word, meaning, hit, holds, reach, listing, keys_at_once, ...) \
  TierRow{Tier::word, Reach::reach, Listing::listing, keys_at_once},
#include "config/tiers.def"
  };
  return rows[static_cast<std::size_t>(tier)];
}

std::string_view to_text(CacheImplementation implementation) {
  switch (implementation) {
#define LARDER_CACHE(word, ...)   \
  case CacheImplementation::word: \
    return #word;
#include "config/tiers.def"
  }
  LARDER_UNREACHABLE();
}

const std::vector<Tier>& chain_of(CacheImplementation implementation) {
  static const std::vector<std::vector<Tier>> chains = {
#define LARDER_CACHE(word, meaning, chain) chain,
#include "config/tiers.def"
  };
  return chains[static_cast<std::size_t>(implementation)];
}

}  // namespace larder::config
