// Runs of the archiver: one at a time, and a step at a time has it.
#include "records/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/limits.h"
#include "support/durable_objects.h"

namespace larder::records::archive_test {
namespace {

namespace limit = config::limit;

struct ArchiveTest : ::testing::Test {
  archive::begin_results begin(std::uint8_t dry_run = 0) {
    archive::begin_arguments asked;
    asked.dry_run = dry_run;
    return Archive(store, now).begin(asked).value();
  }
  archive::take_results take(std::uint64_t number, std::string token) {
    archive::take_arguments asked;
    asked.number = number;
    asked.token = std::move(token);
    asked.lease_millis = config::millis_of(limit::cold_lease);
    return Archive(store, now).take(asked).value();
  }
  bool settle(std::uint64_t number, std::string token, StepOutcome outcome, std::string cursor = "") {
    archive::settle_arguments done;
    done.number = number;
    done.token = std::move(token);
    done.outcome = static_cast<std::uint8_t>(outcome);
    done.cursor = std::move(cursor);
    done.sums.moved = 2;
    done.sums.failed = 1;
    return Archive(store, now).settle(done).value().settled == 1;
  }
  std::vector<ArchiveRun> runs() {
    archive::show_arguments asked;
    asked.count_max = 100;
    return Archive(store, now).show(asked).value().runs;
  }

  sim::MapStore store;
  Instant now = instant_from_millis(1'790'000'000'000);
};

TEST_F(ArchiveTest, OneRunIsAtWorkAtATime) {
  EXPECT_EQ(begin().began, 1);
  const auto second = begin(1);
  EXPECT_EQ(second.began, 0);
  EXPECT_EQ(second.run.number, 1U);
  EXPECT_EQ(second.run.dry_run, 0);
  ASSERT_EQ(take(1, "a").taken, 1);
  EXPECT_TRUE(settle(1, "a", StepOutcome::run_over));
  const auto third = begin(1);
  EXPECT_EQ(third.began, 1);
  EXPECT_EQ(third.run.number, 2U);
  EXPECT_EQ(third.run.dry_run, 1);
}

TEST_F(ArchiveTest, AStepAtATimeHasIt) {
  begin();
  EXPECT_EQ(take(1, "a").taken, 1);
  EXPECT_EQ(take(1, "b").taken, 0);
  EXPECT_FALSE(settle(1, "b", StepOutcome::step_over, "b"));
  EXPECT_TRUE(settle(1, "a", StepOutcome::goes_on, "one"));
  EXPECT_EQ(take(1, "b").taken, 0);
  EXPECT_TRUE(settle(1, "a", StepOutcome::step_over, "two"));
  EXPECT_FALSE(settle(1, "a", StepOutcome::step_over, "three"));
  const auto next = take(1, "b");
  EXPECT_EQ(next.taken, 1);
  EXPECT_EQ(next.run.cursor, "two");
  EXPECT_EQ(next.run.sums.moved, 4U);
  EXPECT_EQ(next.run.sums.failed, 2U);
  EXPECT_EQ(next.run.steps, 2U);
}

TEST_F(ArchiveTest, ALeaseOfOneWhoIsGoneEnds) {
  begin();
  take(1, "a");
  now += limit::cold_lease - Millis(1);
  EXPECT_EQ(take(1, "b").taken, 0);
  now += Millis(1);
  EXPECT_EQ(take(1, "b").taken, 1);
  EXPECT_FALSE(settle(1, "a", StepOutcome::run_over));
  EXPECT_TRUE(settle(1, "b", StepOutcome::run_failed));
  EXPECT_EQ(runs().front().state, static_cast<std::uint8_t>(RunState::failed));
  EXPECT_EQ(take(1, "c").taken, 0);
}

TEST_F(ArchiveTest, WhatIsNoRunIsNotTaken) {
  EXPECT_EQ(take(1, "a").taken, 0);
  begin();
  EXPECT_EQ(take(2, "a").taken, 0);
  EXPECT_EQ(take(1, "").taken, 0);
  archive::settle_arguments done;
  done.number = 1;
  done.outcome = 9;
  EXPECT_EQ(Archive(store, now).settle(done).error().kind, ErrorKind::invalid);
}

TEST_F(ArchiveTest, TheLastRunsAreRemembered) {
  for (std::uint64_t i = 1; i <= limit::cold_runs_kept + 5; ++i) {
    const std::uint64_t number = begin().run.number;
    EXPECT_EQ(number, i);
    take(number, "a");
    settle(number, "a", StepOutcome::run_over);
  }
  EXPECT_EQ(runs().size(), limit::cold_runs_kept);
  EXPECT_EQ(runs().front().number, limit::cold_runs_kept + 5);
}

}  // namespace
}  // namespace larder::records::archive_test
