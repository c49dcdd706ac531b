#include "tiers/frequency_sketch.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace larder::tiers::frequency_sketch_test {
namespace {

// Mixed as a hash of a key is (SplitMix64).
std::uint64_t hash_of(std::uint64_t number) {
  std::uint64_t mixed = (number + 1) * 0x9E37'79B9'7F4A'7C15;
  mixed = (mixed ^ mixed >> 30) * 0xBF58'476D'1CE4'E5B9;
  mixed = (mixed ^ mixed >> 27) * 0x94D0'49BB'1331'11EB;
  return mixed ^ mixed >> 31;
}

TEST(FrequencySketch, CountsToFifteen) {
  FrequencySketch sketch;
  EXPECT_EQ(sketch.frequency(hash_of(1)), 0u);
  for (std::uint64_t count = 1; count <= 20; ++count) {
    sketch.add(hash_of(1), 1);
    EXPECT_EQ(sketch.frequency(hash_of(1)), count < 15 ? count : 15);
  }
  EXPECT_EQ(sketch.frequency(hash_of(2)), 0u);
  sketch.add(hash_of(2), 1'000'000);
  EXPECT_EQ(sketch.frequency(hash_of(2)), 15u);
}

TEST(FrequencySketch, HalvesAllAfterNineAdditionsForEachEntry) {
  FrequencySketch sketch;
  sketch.fit(100);
  sketch.add(hash_of(0), 12);
  for (std::uint64_t number = 1; number < 9 * 100 - 12; ++number) {
    sketch.add(hash_of(number), 1);
  }
  EXPECT_GE(sketch.frequency(hash_of(0)), 12u);
  const std::uint64_t before = sketch.frequency(hash_of(0));
  sketch.add(hash_of(1), 1);
  EXPECT_EQ(sketch.frequency(hash_of(0)), before / 2);
}

TEST(FrequencySketch, TellsResidentKeysApart) {
  constexpr std::uint64_t entry_count = 10'000;
  FrequencySketch sketch;
  sketch.fit(entry_count);
  for (std::uint64_t number = 0; number < entry_count; ++number) {
    sketch.add(hash_of(number), 1 + number % 4);
  }
  std::size_t exact_count = 0;
  for (std::uint64_t number = 0; number < entry_count; ++number) {
    EXPECT_GE(sketch.frequency(hash_of(number)), 1 + number % 4);
    exact_count += sketch.frequency(hash_of(number)) == 1 + number % 4 ? 1 : 0;
  }
  EXPECT_GT(exact_count, entry_count * 99 / 100);
}

TEST(FrequencySketch, KeepsWhatItCountedWhenItGrowsAndShrinks) {
  FrequencySketch sketch;
  for (std::uint64_t number = 0; number < 30; ++number) {
    sketch.add(hash_of(number), 1 + number % 10);
  }
  for (const std::size_t entry_count : {std::size_t{50'000}, std::size_t{700}, std::size_t{0}}) {
    sketch.fit(entry_count);
    for (std::uint64_t number = 0; number < 30; ++number) {
      EXPECT_EQ(sketch.frequency(hash_of(number)), 1 + number % 10);
    }
  }
  sketch.clear();
  EXPECT_EQ(sketch.frequency(hash_of(9)), 0u);
}

}  // namespace
}  // namespace larder::tiers::frequency_sketch_test
