// The one source of chance in a run: SplitMix64 (Steele, Lea and Flood, 2014). Same seed, same run.
#pragma once

#include <cstdint>

#include "base/units.h"

namespace larder::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  // Below `bound`, which is not 0. The bias is far below what a run could tell.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  std::size_t index(std::size_t count) { return static_cast<std::size_t>(below(count)); }
  // Both ends included.
  Millis between(Millis low, Millis high) {
    const auto span = static_cast<std::uint64_t>((high - low).count()) + 1;
    return low + Millis(static_cast<std::int64_t>(below(span)));
  }
  // With a probability of so many millionths.
  bool chance(std::uint32_t millionths) { return millionths > 0 && below(1'000'000) < millionths; }
  bool percent(std::uint32_t percents) { return chance(percents * 10'000); }

 private:
  std::uint64_t state_;
};

}  // namespace larder::sim
