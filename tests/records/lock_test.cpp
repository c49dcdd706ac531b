// Who gets the lock of a key, who waits, and what those who wait are told.
#include "records/lock.h"

#include <gtest/gtest.h>

#include "support/durable_objects.h"

namespace larder::records::lock_test {
namespace {

constexpr Instant start = instant_from_millis(1'790'000'000'000);

struct LockTest : ::testing::Test {
  lock::acquire_results acquire(Millis after, const std::string& token, Millis wait = Millis(5'000),
                                Millis keep = Millis(10'000)) {
    lock::acquire_arguments asked;
    asked.token = token;
    asked.keep_millis = static_cast<std::uint64_t>(keep.count());
    asked.wait_millis = static_cast<std::uint64_t>(wait.count());
    return sim::ask<lock::acquire_results>(objects, start + after, "key", lock::acquire_number, asked)
        .value();
  }
  LockOutcome outcome(Millis after, const std::string& token, Millis wait = Millis(5'000)) {
    return static_cast<LockOutcome>(acquire(after, token, wait).outcome);
  }
  // What those who wait are told; nullopt: the token does not hold the lock.
  std::optional<LockOutcome> release(Millis after, const std::string& token, LockOutcome verdict,
                                     Millis kept = Millis(0)) {
    lock::release_arguments asked;
    asked.token = token;
    asked.verdict = static_cast<std::uint8_t>(verdict);
    asked.value_millis = static_cast<std::uint64_t>(kept.count());
    const auto released =
        sim::ask<lock::release_results>(objects, start + after, "key", lock::release_number, asked).value();
    const auto told = static_cast<LockOutcome>(released.told);
    EXPECT_EQ(released.held == 0, told == LockOutcome::nothing);
    return released.held == 1 ? std::optional(told) : std::nullopt;
  }

  sim::DurableObjects objects{ObjectKind::lock};
};

TEST_F(LockTest, TheFirstOneHoldsItAndOthersWaitUntilItsTimeIsOver) {
  EXPECT_EQ(outcome(Millis(0), "a"), LockOutcome::granted);
  EXPECT_EQ(outcome(Millis(0), "b", Millis(0)), LockOutcome::retry);
  EXPECT_EQ(outcome(Millis(1'000), "b"), LockOutcome::wait);
  EXPECT_EQ(acquire(Millis(1'000), "b").wait_millis, 5'000U);
  EXPECT_EQ(acquire(Millis(9'000), "b").wait_millis, 1'000U);
  EXPECT_EQ(acquire(Millis(9'000), "b").told, static_cast<std::uint8_t>(LockOutcome::nothing));
}

TEST_F(LockTest, AValueIsForThoseWhoWaitAndForThoseWhoComeInTime) {
  acquire(Millis(0), "a");
  EXPECT_EQ(release(Millis(10), "a", LockOutcome::value, Millis(60'000)), LockOutcome::value);
  EXPECT_EQ(outcome(Millis(60'009), "late"), LockOutcome::value);
  EXPECT_EQ(outcome(Millis(60'010), "later"), LockOutcome::granted);
  EXPECT_EQ(release(Millis(60'011), "later", LockOutcome::value), LockOutcome::value);
  EXPECT_EQ(outcome(Millis(60'011), "c"), LockOutcome::granted);
}

TEST_F(LockTest, OnlyTheHoldersTokenReleases) {
  acquire(Millis(0), "a");
  EXPECT_EQ(release(Millis(1), "b", LockOutcome::retry), std::nullopt);
  EXPECT_EQ(outcome(Millis(1), "c", Millis(0)), LockOutcome::retry);
  EXPECT_EQ(release(Millis(1), "a", LockOutcome::retry), LockOutcome::retry);
  EXPECT_EQ(release(Millis(1), "a", LockOutcome::retry), std::nullopt);
  EXPECT_EQ(outcome(Millis(1), "c", Millis(0)), LockOutcome::granted);
}

TEST_F(LockTest, AnAnswerThatIsNobodyElsesBusinessSendsTheOthersToTheOrigin) {
  acquire(Millis(0), "a");
  EXPECT_EQ(release(Millis(1), "a", LockOutcome::alone), LockOutcome::alone);
  EXPECT_EQ(outcome(Millis(1), "b"), LockOutcome::granted);
}

TEST_F(LockTest, AHolderPastItsTimeReleasesNothingAndHandsNothingOver) {
  acquire(Millis(0), "a");
  EXPECT_EQ(release(Millis(10'000), "a", LockOutcome::value, Millis(60'000)), std::nullopt);
  EXPECT_EQ(outcome(Millis(10'000), "b"), LockOutcome::granted);
  EXPECT_EQ(release(Millis(10'001), "a", LockOutcome::value, Millis(60'000)), std::nullopt);
  EXPECT_EQ(outcome(Millis(10'001), "c", Millis(0)), LockOutcome::retry);
}

TEST_F(LockTest, WhoeverTakesADeadHoldersLockSendsTheWaitersToTryAgain) {
  acquire(Millis(0), "a");
  const auto taken = acquire(Millis(10'000), "b");
  EXPECT_EQ(taken.outcome, static_cast<std::uint8_t>(LockOutcome::granted));
  EXPECT_EQ(taken.told, static_cast<std::uint8_t>(LockOutcome::retry));
}

TEST_F(LockTest, TheHoldersOwnTokenRenewsItsTimeAndOthersGoOnWaiting) {
  acquire(Millis(0), "a");
  const auto renewed = acquire(Millis(9'999), "a", Millis(0));
  EXPECT_EQ(renewed.outcome, static_cast<std::uint8_t>(LockOutcome::granted));
  EXPECT_EQ(renewed.told, static_cast<std::uint8_t>(LockOutcome::nothing));
  EXPECT_EQ(outcome(Millis(19'998), "c", Millis(0)), LockOutcome::retry);
  EXPECT_EQ(release(Millis(19'998), "a", LockOutcome::alone), LockOutcome::alone);
}

TEST_F(LockTest, AHolderThatComesBackTooLateBeginsAnewUnlessAnotherOneHasIt) {
  acquire(Millis(0), "a");
  EXPECT_EQ(outcome(Millis(10'000), "a", Millis(0)), LockOutcome::granted);
  EXPECT_EQ(outcome(Millis(20'000), "b", Millis(0)), LockOutcome::granted);
  EXPECT_EQ(outcome(Millis(20'000), "a", Millis(0)), LockOutcome::retry);
}

TEST_F(LockTest, AnObjectThatIsResetKnowsNobody) {
  acquire(Millis(0), "a");
  objects.reset("key");
  EXPECT_EQ(release(Millis(1), "a", LockOutcome::retry), std::nullopt);
  EXPECT_EQ(outcome(Millis(1), "b"), LockOutcome::granted);
  EXPECT_TRUE(objects.store("key").rows.empty());
}

TEST_F(LockTest, WhatMakesNoSenseIsRefused) {
  lock::acquire_arguments nobody;
  nobody.keep_millis = 1;
  EXPECT_FALSE(sim::ask<lock::acquire_results>(objects, start, "key", lock::acquire_number, nobody));
  lock::release_arguments granted;
  granted.token = "a";
  granted.verdict = static_cast<std::uint8_t>(LockOutcome::granted);
  EXPECT_FALSE(sim::ask<lock::release_results>(objects, start, "key", lock::release_number, granted));
  // A time without end is one of a day.
  EXPECT_EQ(acquire(Millis(0), "a", Millis(0), Millis::max()).outcome,
            static_cast<std::uint8_t>(LockOutcome::granted));
  EXPECT_EQ(outcome(Millis(86'400'000), "b"), LockOutcome::granted);
}

}  // namespace
}  // namespace larder::records::lock_test
