// The replacement policies that ResidentQueues can follow.
#pragma once

#include <array>
#include <cstdint>

namespace larder::tiers {

enum class ReplacementPolicy : std::uint8_t {
  frequency,                // W-TinyLFU with a window of 1 %: for loops, scans and lasting popularity
  frequency_after_recency,  // the same with a window of 10 %: for what is asked for again soon, then by fame
  second_chance,            // S3-FIFO: for popularity that changes
  recency,                  // LRU: for what is asked for again soon and then no more
};

// The first is the one to begin with.
inline constexpr std::array replacement_policies = {
    ReplacementPolicy::frequency, ReplacementPolicy::frequency_after_recency,
    ReplacementPolicy::second_chance, ReplacementPolicy::recency};

}  // namespace larder::tiers
