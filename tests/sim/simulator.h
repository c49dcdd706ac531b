// A deterministic run of many isolates of the real app against a faulty world. Same seed and steps, same run.
#pragma once

#include <cstdint>
#include <string>

#include "base/mutation.h"
#include "sim/epoch.h"
#include "sim/journal.h"

namespace larder::sim {

struct Trial {
  std::uint64_t seed = 0;
  std::uint64_t steps = 0;
  Mutation mutation = Mutation::none;
};

// A step is one completed operation or one arriving request. Ends at the first violation.
Journal simulate(const Trial& run);

// From this many steps on, a run must have come to every fault and probe.
inline constexpr std::uint64_t steps_of_a_full_run = 1'000'000;
inline constexpr std::uint64_t steps_per_epoch = 12'000;

// What a violation is, how it came to it, and how to see it again.
std::string explain(const Trial& run, const Violation& violation);

}  // namespace larder::sim
