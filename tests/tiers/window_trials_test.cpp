#include "tiers/window_trials.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "base/units.h"
#include "tiers/frequency_sketch.h"

namespace larder::tiers::window_trials_test {
namespace {

constexpr Bytes charge(1000);
constexpr std::uint64_t smallest_permille = 8;
constexpr std::uint64_t largest_permille = 990;

// Mixed as a hash of a key is (SplitMix64).
std::uint64_t hash_of(std::uint64_t number) {
  std::uint64_t mixed = (number + 1) * 0x9E37'79B9'7F4A'7C15;
  mixed = (mixed ^ mixed >> 30) * 0xBF58'476D'1CE4'E5B9;
  mixed = (mixed ^ mixed >> 27) * 0x94D0'49BB'1331'11EB;
  return mixed ^ mixed >> 31;
}

// Trials for a cache of so many entries, which is full.
class Trials {
 public:
  explicit Trials(std::size_t entry_count) : trials_(Bytes(charge.count * entry_count)) {
    sketch_.fit(entry_count);
    // Each call halves the sample once at most.
    for (int call = 0; call < 20; ++call) {
      trials_.fit(entry_count, sketch_);
    }
  }

  void access(std::uint64_t number) {
    sketch_.add(hash_of(number), 1);
    trials_.access(hash_of(number), charge, 1, sketch_);
  }

  // Asked for twice, the second time after so many others.
  void access_in_pairs(std::uint64_t first, std::uint64_t count, std::uint64_t distance) {
    for (std::uint64_t number = first; number < first + count; ++number) {
      access(number);
      access(number - distance);
    }
  }

  void access_in_circles(std::uint64_t length, std::uint64_t count) {
    for (std::uint64_t turn = 0; turn < count; ++turn) {
      access(turn % length);
    }
  }

  std::uint64_t window_permille() const { return trials_.window_permille(); }
  void clear() { trials_.clear(); }
  void set_budget(Bytes budget) { trials_.set_budget(budget, sketch_); }

 private:
  FrequencySketch sketch_;
  WindowTrials trials_;
};

TEST(WindowTrials, BeginWithTheSmallestAndKeepItWhileAllAreAlike) {
  Trials trials(100);
  EXPECT_EQ(trials.window_permille(), smallest_permille);
  trials.access_in_circles(50, 2'000);
  EXPECT_EQ(trials.window_permille(), smallest_permille);
}

// Whether all keys are in the sample, or one in sixteen.
TEST(WindowTrials, FollowTheAccesses) {
  for (const std::uint64_t entry_count : {200u, 20'000u}) {
    SCOPED_TRACE(entry_count);
    Trials trials(entry_count);
    // What comes again comes soon: only a large window still has it, when main is not full of what was
    // popular.
    trials.access_in_pairs(1'000'000, 20 * entry_count, entry_count * 2 / 5);
    EXPECT_EQ(trials.window_permille(), largest_permille);
    // A loop twice as long as the cache: only what is kept in spite of newcomers is there when it comes
    // again.
    trials.access_in_circles(2 * entry_count, 100 * entry_count);
    EXPECT_EQ(trials.window_permille(), smallest_permille);
    trials.access_in_pairs(9'000'000, 100 * entry_count, entry_count * 2 / 5);
    EXPECT_EQ(trials.window_permille(), largest_permille);
    trials.clear();
    EXPECT_EQ(trials.window_permille(), smallest_permille);
  }
}

TEST(WindowTrials, DecideNothingWithoutABudget) {
  Trials trials(0);
  trials.access_in_pairs(1'000, 1'000, 10);
  EXPECT_EQ(trials.window_permille(), smallest_permille);
  trials.set_budget(Bytes(100'000));
  trials.access_in_pairs(5'000, 5'000, 40);
  EXPECT_EQ(trials.window_permille(), largest_permille);
}

TEST(WindowTrials, WhatIsForgottenIsNoHit) {
  FrequencySketch sketch;
  WindowTrials trials(Bytes(charge.count * 100));
  for (std::uint64_t number = 1'000; number < 4'000; ++number) {
    trials.access(hash_of(number), charge, 1, sketch);
    trials.forget(hash_of(number - 40));
    trials.access(hash_of(number - 40), charge, 1, sketch);
  }
  EXPECT_EQ(trials.window_permille(), smallest_permille);
}

}  // namespace
}  // namespace larder::tiers::window_trials_test
