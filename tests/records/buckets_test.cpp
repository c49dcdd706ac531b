// What a bucket gives.
#include "records/buckets.h"

#include <gtest/gtest.h>

#include "support/durable_objects.h"

namespace larder::records::buckets_test {
namespace {

constexpr Instant start = instant_from_millis(1'790'000'000'000);

struct BucketsTest : ::testing::Test {
  struct Terms {
    std::uint64_t rate = 10;
    std::uint64_t burst = 20;
    std::uint64_t count = 1;
  };
  // The milliseconds to wait; 0: it was allowed.
  std::optional<std::uint64_t> take(Millis after, Terms terms, const std::string& name = "one") {
    buckets::take_arguments asked;
    asked.rate_per_second = terms.rate;
    asked.burst = terms.burst;
    asked.count = terms.count;
    const auto taken =
        sim::ask<buckets::take_results>(objects, start + after, name, buckets::take_number, asked);
    if (!taken) {
      return std::nullopt;
    }
    EXPECT_EQ(taken->allowed == 1, taken->retry_after_millis == 0);
    return taken->retry_after_millis;
  }

  sim::DurableObjects objects{ObjectKind::buckets};
};

TEST_F(BucketsTest, ABurstThenTheRate) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(take(Millis(0), {}), 0U);
  }
  EXPECT_EQ(take(Millis(0), {}), 100U);
  EXPECT_EQ(take(Millis(99), {}), 1U);
  EXPECT_EQ(take(Millis(100), {}), 0U);
  EXPECT_EQ(take(Millis(100), {}), 100U);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(take(Millis(1'100), {}), 0U);
  }
  EXPECT_EQ(take(Millis(1'100), {}), 100U);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(take(Millis(3'600'000), {}), 0U);
  }
  EXPECT_EQ(take(Millis(3'600'000), {}), 100U);
}

TEST_F(BucketsTest, WhatIsRefusedTakesNothingSoThatLessMayStillBeHad) {
  EXPECT_EQ(take(Millis(0), {10, 20, 15}), 0U);
  EXPECT_EQ(take(Millis(0), {10, 20, 15}), 1'000U);
  EXPECT_EQ(take(Millis(0), {10, 20, 5}), 0U);
}

TEST_F(BucketsTest, AClockThatIsSetBackTakesNothingAway) {
  EXPECT_EQ(take(Millis(0), {10, 20, 10}), 0U);
  EXPECT_EQ(take(Millis(-60'000), {10, 20, 10}), 0U);
  EXPECT_EQ(take(Millis(-60'000), {}), 100U);
}

TEST_F(BucketsTest, OneThatFillsQuicklyLivesInMemoryAlone) {
  EXPECT_EQ(take(Millis(0), {10, 20, 20}), 0U);
  EXPECT_TRUE(objects.store("one").rows.empty());
  EXPECT_EQ(objects.alarm("one"), std::nullopt);
}

TEST_F(BucketsTest, OneThatFillsSlowlyOutlivesItsObjectUntilItIsFull) {
  EXPECT_EQ(take(Millis(0), {1, 10, 10}), 0U);
  EXPECT_EQ(objects.alarm("one"), start + Millis(10'000));
  objects.reset("one");
  EXPECT_EQ(take(Millis(1'000), {1, 10, 2}), 1'000U);
  EXPECT_EQ(take(Millis(2'000), {1, 10, 2}), 0U);
  // The alarm is a little early then, and comes again.
  objects.run_alarms(start + Millis(10'000));
  EXPECT_EQ(objects.alarm("one"), start + Millis(12'000));
  objects.run_alarms(start + Millis(12'000));
  EXPECT_EQ(objects.alarm("one"), std::nullopt);
  EXPECT_TRUE(objects.store("one").rows.empty());
}

TEST_F(BucketsTest, BucketsAreApart) {
  EXPECT_EQ(take(Millis(0), {1, 10, 10}, "one"), 0U);
  EXPECT_EQ(take(Millis(0), {1, 10, 10}, "other"), 0U);
}

TEST_F(BucketsTest, TermsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(take(Millis(0), {0, 1, 1}), std::nullopt);
  EXPECT_EQ(take(Millis(0), {1, 0, 1}), std::nullopt);
  EXPECT_EQ(take(Millis(0), {1, 1, 0}), std::nullopt);
  EXPECT_EQ(take(Millis(0), {1, 1, 2}), std::nullopt);
  EXPECT_EQ(take(Millis(0), {1'000'000'001, 1, 1}), std::nullopt);
  EXPECT_EQ(take(Millis(0), {UINT64_MAX, UINT64_MAX, UINT64_MAX}), std::nullopt);
  EXPECT_EQ(take(Millis(0), {10, 20, 20}), 0U);
}

TEST_F(BucketsTest, MemoryAndRowsThatAreNotReadableAreAFullBucket) {
  objects.store("one").memory = "?";
  EXPECT_EQ(take(Millis(0), {1, 10, 10}), 0U);
  objects.reset("one");
  for (auto& [key, value] : objects.store("one").rows) {
    value += "?";
  }
  EXPECT_EQ(take(Millis(0), {1, 10, 10}), 0U);
}

}  // namespace
}  // namespace larder::records::buckets_test
