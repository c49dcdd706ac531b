#include "tiers/frequency_history.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace larder::tiers::frequency_history_test {
namespace {

// The upper half tells keys apart.
constexpr std::uint64_t hash_of(std::uint64_t number) { return number << 32; }

TEST(FrequencyHistory, GivesBackOnceWhatItRemembers) {
  FrequencyHistory history;
  EXPECT_EQ(history.take(hash_of(1)), 0);
  history.remember(hash_of(1), 2.5F, 10);
  EXPECT_EQ(history.take(hash_of(2)), 0);
  EXPECT_EQ(history.take(hash_of(1)), 2.5F);
  EXPECT_EQ(history.take(hash_of(1)), 0);
}

TEST(FrequencyHistory, TheUnitDoublesInFourAccessesForEachEntry) {
  FrequencyHistory history;
  EXPECT_EQ(history.unit(), 1);
  history.advance(4'000, 1'000);
  EXPECT_NEAR(history.unit(), 2, 0.001);
  history.advance(400, 100);
  EXPECT_NEAR(history.unit(), 4, 0.01);
}

TEST(FrequencyHistory, AccessesInOneCallCountAsOneByOne) {
  FrequencyHistory at_once;
  FrequencyHistory one_by_one;
  at_once.advance(177, 50);
  for (int access = 0; access < 177; ++access) {
    one_by_one.advance(1, 50);
  }
  EXPECT_NEAR(at_once.unit() / one_by_one.unit(), 1, 1e-6);
}

TEST(FrequencyHistory, OneCallDoublesTheUnitAtMost) {
  FrequencyHistory history;
  history.advance(UINT64_MAX, 1'000);
  EXPECT_NEAR(history.unit(), 2, 0.001);
  history.advance(UINT64_MAX, 0);
  EXPECT_NEAR(history.unit(), 4, 0.05);
}

TEST(FrequencyHistory, UnitAndFrequenciesAreScaledBeforeTheyOverflow) {
  FrequencyHistory history;
  history.remember(hash_of(1), FrequencyHistory::scale * 3, 0);
  int calls = 0;
  while (!history.is_due_for_scaling()) {
    history.advance(1'000, 100);
    ++calls;
  }
  EXPECT_EQ(calls, 61);
  const float before = history.unit();
  history.scale_down();
  EXPECT_FALSE(history.is_due_for_scaling());
  EXPECT_EQ(history.unit(), before / FrequencyHistory::scale);
  EXPECT_EQ(history.take(hash_of(1)), 3);
}

TEST(FrequencyHistory, TheLeastFrequentMakeRoom) {
  FrequencyHistory history;
  // All in one bucket of eight: the table of ten entries has eight buckets.
  for (std::uint64_t number = 1; number <= 8; ++number) {
    history.remember(hash_of(8 * number), static_cast<float>(10 + number), 10);
  }
  ASSERT_EQ(history.cell_count(), 64u);
  history.remember(hash_of(8 * 9), 10, 10);
  EXPECT_EQ(history.take(hash_of(8 * 9)), 0);
  history.remember(hash_of(8 * 9), 11.5F, 10);
  EXPECT_EQ(history.take(hash_of(8 * 1)), 0);
  EXPECT_EQ(history.take(hash_of(8 * 2)), 12);
  EXPECT_EQ(history.take(hash_of(8 * 9)), 11.5F);
}

TEST(FrequencyHistory, RememberedTwiceTheLaterCounts) {
  FrequencyHistory history;
  history.remember(hash_of(1), 2, 10);
  history.remember(hash_of(1), 5, 10);
  EXPECT_EQ(history.take(hash_of(1)), 5);
  EXPECT_EQ(history.take(hash_of(1)), 0);
}

TEST(FrequencyHistory, HasTwoToFourCellsForEachEntryAndGivesThemBack) {
  FrequencyHistory history;
  EXPECT_EQ(history.cell_count(), 0u);
  for (const std::size_t entry_count : {std::size_t{1'000}, std::size_t{1'025}, std::size_t{60'000}}) {
    history.remember(hash_of(1), 1, entry_count);
    EXPECT_GE(history.cell_count(), 2 * entry_count);
    EXPECT_LT(history.cell_count(), 4 * entry_count);
  }
  history.remember(hash_of(7), 7, 1'000);
  history.shrink(40'000);
  EXPECT_EQ(history.cell_count(), 131'072u);
  history.shrink(1'000);
  EXPECT_EQ(history.cell_count(), 2'048u);
  EXPECT_EQ(history.take(hash_of(7)), 7);
  history.advance(100, 0);
  history.clear();
  EXPECT_EQ(history.cell_count(), 0u);
  EXPECT_EQ(history.unit(), 1);
}

}  // namespace
}  // namespace larder::tiers::frequency_history_test
