// The tiers and the cache implementations as enums, and what tiers.def says of each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace larder::config {

// In the order in which a reader tries them.
enum class Tier : std::uint8_t {
#define LARDER_TIER(word, ...) word,
#include "config/tiers.def"
};
inline constexpr std::array all_tiers = {
#define LARDER_TIER(word, ...) Tier::word,
#include "config/tiers.def"
};
std::string_view to_text(Tier tier);

// Who shares what a tier keeps.
enum class Reach : std::uint8_t { isolate, data_centre, deployment };
// How a tier's keys are listed.
enum class Listing : std::uint8_t { none, pages };

struct TierRow {
  Tier tier;
  Reach reach;
  Listing listing;
  std::size_t keys_at_once;
};
const TierRow& row_of(Tier tier);

// The values of CACHE_IMPL.
enum class CacheImplementation : std::uint8_t {
#define LARDER_CACHE(word, ...) word,
#include "config/tiers.def"
};
inline constexpr std::array all_cache_implementations = {
#define LARDER_CACHE(word, ...) CacheImplementation::word,
#include "config/tiers.def"
};
std::string_view to_text(CacheImplementation implementation);

// The tiers of an implementation, the nearest first; none where it keeps nothing.
const std::vector<Tier>& chain_of(CacheImplementation implementation);

}  // namespace larder::config
