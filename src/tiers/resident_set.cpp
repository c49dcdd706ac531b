#include "tiers/resident_set.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace larder::tiers {

std::uint64_t SeededKeyHash::operator()(std::string_view key) const {
  return XXH64(key.data(), key.size(), seed);
}

}  // namespace larder::tiers
