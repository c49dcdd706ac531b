// Traces that were made up, not recorded: popularity, scans, loops, drifts, bursts, and changes from one to
// another. The same seed and length give the same traces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tiers/reference_policies.h"

namespace larder::tiers {

std::vector<NumberedTrace> synthetic_traces(std::uint64_t seed, std::size_t access_count);

}  // namespace larder::tiers
