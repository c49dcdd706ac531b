// Who waits for tokens of a bucket: at times of its own, and for a bounded time.
#include "records/token_bucket.h"

#include <gtest/gtest.h>

#include <set>

#include "config/limits.h"
#include "support/runner.h"

namespace larder::records::token_bucket_test {
namespace {

struct TokenBucketTest : ::testing::Test {
  Result<BucketVerdict> wait(BucketTerms terms, Millis patience) {
    return runner.run(runner.context(), wait_for_bucket(runner.context(), "b", terms, patience));
  }
  static BucketTerms terms() { return BucketTerms(1, 1, 1); }

  sim::World world;
  sim::Runner runner{world};
};

TEST_F(TokenBucketTest, WhatIsThereIsTakenAtOnce) {
  const Instant began = world.now;
  const auto verdict = wait(terms(), Millis(0));
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->allowed);
  EXPECT_EQ(world.now - began, world.object_delay);
}

TEST_F(TokenBucketTest, WhatIsMissingIsWaitedForWithinThePatience) {
  ASSERT_TRUE(wait(terms(), Millis(0))->allowed);
  const Instant began = world.now;
  const auto verdict = wait(terms(), Millis(5'000));
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->allowed);
  // Once its time, and at most twice that.
  EXPECT_GE(world.now - began, Millis(1'000) - world.object_delay);
  EXPECT_LE(world.now - began, Millis(2'000) + 2 * world.object_delay);
}

TEST_F(TokenBucketTest, WhatDoesNotComeSoSoonIsToldAtOnce) {
  ASSERT_TRUE(wait(terms(), Millis(0))->allowed);
  const Instant began = world.now;
  const auto verdict = wait(terms(), Millis(500));
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->allowed);
  EXPECT_GE(verdict->retry_after, Millis(1'000) - world.object_delay);
  EXPECT_EQ(world.now - began, world.object_delay);
}

TEST_F(TokenBucketTest, ThoseWhoWaitDoSoForTimesOfTheirOwn) {
  ASSERT_TRUE(wait(terms(), Millis(0))->allowed);
  std::set<Millis> waits;
  for (int i = 0; i < 20; ++i) {
    waits.insert(wait(terms(), Millis(0))->retry_after);
  }
  EXPECT_GT(waits.size(), 15U);
}

TEST_F(TokenBucketTest, ABucketThatDoesNotAnswerIsAskedAgainUntilThePatienceIsOver) {
  world.fail(host::OperationKind::object_run);
  const Instant began = world.now;
  const auto verdict = wait(terms(), Millis(10'000));
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->allowed);
  EXPECT_EQ(verdict->failed_with, ErrorKind::unavailable);
  EXPECT_GE(verdict->failures, 5U);
  EXPECT_LE(verdict->failures, 11U);
  EXPECT_LE(world.now - began, Millis(10'000));
  // It is back while somebody waits.
  world.after(Millis(2'500), [this] { world.fault = nullptr; });
  const auto later = wait(terms(), Millis(10'000));
  ASSERT_TRUE(later);
  EXPECT_TRUE(later->allowed);
  EXPECT_GE(later->failures, 1U);
}

TEST_F(TokenBucketTest, WithoutBucketsThereIsNothingToWaitFor) {
  world.durable.erase("BUCKETS");
  const auto verdict = wait(terms(), Millis(10'000));
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().kind, ErrorKind::unsupported);
}

TEST_F(TokenBucketTest, TermsThatMakeNoSenseAreNotWaitedFor) {
  const auto taken = runner.run(runner.context(),
                                take_from_bucket(runner.context(), "b", BucketTerms(1, 1, 2), Millis(1'000)));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace larder::records::token_bucket_test
