// What ResidentSet is held against: replacement policies of the literature, for entries of one size, over
// keys that are numbers from 0. Written for comparison alone: plain, and exact where ResidentSet estimates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace larder::tiers {

using NumberedKey = std::uint32_t;

// A trace, and how many different keys it has.
struct NumberedTrace {
  std::string name;
  std::vector<NumberedKey> accesses;
  std::size_t key_count = 0;
};

// Hits in per cent of the accesses, for a cache of so many entries.
double lru_percent(const NumberedTrace& trace, std::size_t entry_count);
// Yang and others, SOSP 2023: a small queue of a tenth, ghosts for 0.9 of the entries.
double s3_fifo_percent(const NumberedTrace& trace, std::size_t entry_count);
// Einziger and others, 2017 and 2018: a window that begins with 1 % and climbs to where hits are more.
double adaptive_tiny_lfu_percent(const NumberedTrace& trace, std::size_t entry_count);
// ResidentSet, its keys hashed with the seed.
double resident_percent(const NumberedTrace& trace, std::size_t entry_count, std::uint64_t seed);

}  // namespace larder::tiers
