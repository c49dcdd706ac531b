#include "tiers/replacement_trials.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tiers/frequency_history.h"
#include "tiers/resident_set.h"

namespace larder::tiers::replacement_trials_test {
namespace {

// Mixed as a hash of a key is (SplitMix64).
std::uint64_t hash_of(std::uint64_t number) {
  std::uint64_t mixed = (number + 1) * 0x9E37'79B9'7F4A'7C15;
  mixed = (mixed ^ mixed >> 30) * 0xBF58'476D'1CE4'E5B9;
  mixed = (mixed ^ mixed >> 27) * 0x94D0'49BB'1331'11EB;
  return mixed ^ mixed >> 31;
}

constexpr Bytes charge(100);

// Trials for a cache of so many entries.
class Course {
 public:
  explicit Course(std::size_t entry_count)
      : trials_(Bytes(charge.count * entry_count)), entry_count_(entry_count) {}

  void access(std::uint64_t number, Bytes size = charge) {
    float& frequency = frequencies_[number];
    frequency += history_.unit();
    trials_.access(hash_of(number), size, frequency, history_.unit());
    const std::size_t resident_count = std::min(entry_count_, frequencies_.size());
    trials_.adjust(resident_count, history_.unit());
    history_.advance(1, resident_count);
  }
  ReplacementTrials& trials() { return trials_; }

 private:
  ReplacementTrials trials_;
  std::size_t entry_count_;
  FrequencyHistory history_;
  std::map<std::uint64_t, float> frequencies_;
};

TEST(ReplacementTrials, BeginWithFrequency) {
  EXPECT_EQ(ReplacementTrials(Bytes(1'000)).policy(), ReplacementPolicy::frequency);
}

TEST(ReplacementTrials, ALoopIsForFrequency) {
  for (const std::size_t entry_count : {100u, 1'000u, 10'000u}) {
    Course run(entry_count);
    for (std::uint64_t access = 0; access < 10 * entry_count; ++access) {
      run.access(access % (entry_count * 3 / 2));
    }
    EXPECT_EQ(run.trials().policy(), ReplacementPolicy::frequency) << entry_count;
  }
}

// Each key is asked for three times in short order, and never again.
TEST(ReplacementTrials, WhatIsAskedForAgainSoonAndThenNoMoreIsForRecency) {
  for (const std::size_t entry_count : {100u, 1'000u, 10'000u}) {
    Course run(entry_count);
    for (std::uint64_t access = 0; access < 20 * entry_count; ++access) {
      run.access(access / 3 + entry_count * (access % 3) / 4);
    }
    EXPECT_EQ(run.trials().policy(), ReplacementPolicy::recency) << entry_count;
  }
}

TEST(ReplacementTrials, GoBackWhenTheAccessesDo) {
  Course run(500);
  std::vector<ReplacementPolicy> policies;
  std::uint64_t base = 0;
  for (int phase = 0; phase < 2; ++phase) {
    for (std::uint64_t access = 0; access < 15'000; ++access) {
      run.access(base + access % 750);
    }
    policies.push_back(run.trials().policy());
    base += 1'000'000;
    for (std::uint64_t access = 0; access < 15'000; ++access) {
      run.access(base + access / 3 + 125 * (access % 3));
    }
    policies.push_back(run.trials().policy());
  }
  EXPECT_EQ(policies, (std::vector{ReplacementPolicy::frequency, ReplacementPolicy::recency,
                                   ReplacementPolicy::frequency, ReplacementPolicy::recency}));
}

// What they hold is bounded, however large the cache and however small the entries.
TEST(ReplacementTrials, HoldFewKeysOfALargeCache) {
  for (const Bytes size : {charge, Bytes(1)}) {
    Course run(200'000);
    std::size_t largest = 0;
    for (std::uint64_t access = 0; access < 600'000; ++access) {
      run.access(hash_of(access) % 500'000, size);
      largest = std::max(largest, run.trials().key_count());
    }
    EXPECT_LE(largest, 4u * 2'048u);
    EXPECT_GE(largest, 512u);
  }
}

TEST(ReplacementTrials, SampleAllKeysOfASmallCacheAndFewOfALargeOne) {
  Course small(1'000);
  Course large(64'000);
  for (std::uint64_t access = 0; access < 64'000; ++access) {
    small.access(access);
    large.access(access);
  }
  int small_count = 0;
  int large_count = 0;
  for (std::uint64_t number = 0; number < 64'000; ++number) {
    small_count += small.trials().is_sampled(hash_of(number)) ? 1 : 0;
    large_count += large.trials().is_sampled(hash_of(number)) ? 1 : 0;
  }
  EXPECT_EQ(small_count, 64'000);
  EXPECT_NEAR(large_count, 1'000, 150);
  // The cache became small again.
  large.trials().set_budget(Bytes(charge.count * 100), 1);
  for (int halving = 0; halving < 6; ++halving) {
    large.trials().adjust(100, 1);
  }
  EXPECT_TRUE(large.trials().is_sampled(hash_of(1)));
}

TEST(ReplacementTrials, ForgetWhatWasErasedAndEverything) {
  Course run(100);
  run.access(1);
  run.access(2);
  EXPECT_EQ(run.trials().key_count(), 2u);
  run.trials().forget(hash_of(1));
  run.trials().forget(hash_of(3));
  EXPECT_EQ(run.trials().key_count(), 1u);
  run.trials().clear();
  EXPECT_EQ(run.trials().key_count(), 0u);
}

TEST(ReplacementTrials, LeaveOutWhatIsTooLargeForTheSample) {
  Course run(100);
  run.access(1, Bytes(100 * 100 / 8));
  run.access(2, Bytes(100 * 100 / 8 + 1));
  EXPECT_EQ(run.trials().key_count(), 1u);
}

// Random accesses of random sizes, erasures and budgets: each trial keeps to its budget, which its own
// assertions hold it to, and nothing is kept that none of them holds.
TEST(ReplacementTrials, TakeEntriesThatChangeTheirSizes) {
  std::mt19937_64 random(1);
  Course run(100);
  for (int step = 0; step < 20'000; ++step) {
    run.access(random() % 300, Bytes(1 + random() % 1'000));
    if (random() % 20 == 0) {
      run.trials().forget(hash_of(random() % 300));
    }
    if (random() % 200 == 0) {
      run.trials().set_budget(Bytes(random() % 20'000), 1);
    }
  }
  EXPECT_GT(run.trials().key_count(), 0u);
  run.trials().set_budget(Bytes(0), 1);
  EXPECT_EQ(run.trials().key_count(), 0u);
}

// Of all keys' entries, as a set of the real thing keeps them: what loops stays, and what comes in bursts
// does.
TEST(ReplacementTrials, GuideTheSet) {
  struct Nothing {};
  using Set = ResidentSet<Nothing>;
  constexpr std::uint64_t entry_count = 200;
  Set set(Bytes(1'000 * entry_count));
  const auto hits_of = [&](std::uint64_t access_count, auto number_of) {
    int hits = 0;
    for (std::uint64_t access = 0; access < access_count; ++access) {
      const std::string name = std::to_string(1'000'000 + number_of(access));
      if (set.find(name) != nullptr) {
        ++hits;
      } else {
        set.put(name, Nothing{}, Bytes(1'000 - Set::overhead().count - 7));
      }
    }
    return hits;
  };
  const auto loop = [](std::uint64_t access) { return access % 300; };
  const auto burst = [](std::uint64_t access) { return 1'000 + access / 3 + 50 * (access % 3); };
  hits_of(10'000, loop);
  EXPECT_GE(hits_of(3'000, loop), 1'900);
  hits_of(10'000, burst);
  const auto later_burst = [&](std::uint64_t access) { return burst(access + 10'000); };
  EXPECT_GE(hits_of(3'000, later_burst), 1'900);
}

}  // namespace
}  // namespace larder::tiers::replacement_trials_test
