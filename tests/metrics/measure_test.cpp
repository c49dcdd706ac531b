#include "metrics/measure.h"

#include <gtest/gtest.h>

namespace larder::metrics::measure_test {
namespace {

constexpr Instant start = instant_from_millis(1'790'000'000'000);

struct Measured : ::testing::Test {
  Measured() {
    for (const std::uint32_t minutes : windows_wanted()) {
      observed.windows[minutes];
    }
    observed.since = start;
    observed.now = start + std::chrono::hours(2);
    observed.latency_bounds = {1, 5, 10, 100};
  }
  Tally& window(std::uint32_t minutes) { return observed.windows[minutes]; }
  void answers(std::uint32_t minutes, std::uint64_t good, std::uint64_t failed) {
    window(minutes).add(series_name("answers_total", {"hit"}), good);
    window(minutes).add(series_name("answers_total", {"error"}), failed);
  }
  std::optional<double> of(Signal signal) { return measure(observed)[static_cast<std::size_t>(signal)]; }
  Observed observed;
};

TEST_F(Measured, NothingHappenedSaysNothing) {
  const Measurements measured = measure(observed);
  for (const Signal signal :
       {Signal::hit_ratio, Signal::hit_latency_p95_seconds, Signal::refresh_error_ratio, Signal::dead_letters,
        Signal::queue_depth, Signal::spending_ratio, Signal::burn_1h}) {
    EXPECT_EQ(measured[static_cast<std::size_t>(signal)], std::nullopt);
  }
  EXPECT_EQ(of(Signal::breaker_refused_per_minute), 0);
}

TEST_F(Measured, TheHitRatioCountsStaleAnswersAndWaitsForTheWarmUp) {
  window(10).add("cache_hit_fresh_total", 70);
  window(10).add("cache_hit_stale_total", 15);
  window(10).add("cache_miss_reads_total", 15);
  EXPECT_EQ(of(Signal::hit_ratio), 0.85);
  observed.now = start + warm_up - Millis(1);
  EXPECT_EQ(of(Signal::hit_ratio), std::nullopt);
  observed.now = start + warm_up;
  EXPECT_EQ(of(Signal::hit_ratio), 0.85);
}

TEST_F(Measured, FewEventsSayNothing) {
  window(10).add("cache_miss_reads_total", 99);
  EXPECT_EQ(of(Signal::hit_ratio), std::nullopt);
  window(10).add("cache_miss_reads_total", 1);
  EXPECT_EQ(of(Signal::hit_ratio), 0);
}

TEST_F(Measured, TheLatencyOfHitsComesFromTheirBuckets) {
  // 94 within 1 ms, 6 between 5 and 10; the last cell is the sum.
  window(10).add(series_name("answer_duration_seconds", {"hit"}), Cells{94, 0, 6, 0, 0, 100});
  window(10).add(series_name("answer_duration_seconds", {"miss"}), Cells{0, 0, 0, 0, 900, 90'000});
  const auto p95 = of(Signal::hit_latency_p95_seconds);
  ASSERT_TRUE(p95.has_value());
  EXPECT_NEAR(*p95, 0.005833, 1e-6);
}

TEST_F(Measured, RefreshErrorsAreAShareOfThoseThatEnded) {
  window(10).add(series_name("refresh_success_total", {"title"}), 19);
  window(10).add(series_name("refresh_fail_total", {"title"}), 1);
  EXPECT_EQ(of(Signal::refresh_error_ratio), 0.05);
}

TEST_F(Measured, ABurnRateNeedsBothWindows) {
  answers(60, 9'800, 200);
  answers(5, 980, 20);
  const auto fast = of(Signal::burn_1h);
  ASSERT_TRUE(fast.has_value());
  EXPECT_NEAR(*fast, 20, 1e-9);
  // The trouble is over.
  window(5).clear();
  answers(5, 1'000, 0);
  EXPECT_EQ(of(Signal::burn_1h), 0);
}

TEST_F(Measured, WhatTheLedgerDoesNotKnowComesFromElsewhere) {
  observed.dead_letters = 11;
  observed.queue_depth = 0;
  observed.spending_ratio = 0.5;
  EXPECT_EQ(of(Signal::dead_letters), 11);
  EXPECT_EQ(of(Signal::queue_depth), 0);
  EXPECT_EQ(of(Signal::spending_ratio), 0.5);
}

TEST_F(Measured, RefusalsAreTakenAMinute) {
  window(10).add(series_name("breaker_refused_total", {"openlibrary"}), 25);
  window(10).add("ledger_undelivered_total", 10);
  EXPECT_EQ(of(Signal::breaker_refused_per_minute), 2.5);
  EXPECT_EQ(of(Signal::undelivered_per_minute), 1);
}

TEST_F(Measured, FailuresOfR2AreTakenAMinute) {
  EXPECT_EQ(of(Signal::cold_errors_per_minute), 0);
  window(10).add(series_name("cache_errors_total", {"cold", "unavailable"}), 5);
  window(10).add(series_name("breaker_refused_total", {"cold"}), 10);
  // Others' are no business of R2's.
  window(10).add(series_name("cache_errors_total", {"kv", "unavailable"}), 100);
  EXPECT_EQ(of(Signal::cold_errors_per_minute), 1.5);
}

TEST(Budget, IsWhatIsLeftOfThirtyDays) {
  EXPECT_EQ(budget_left(0, 0), 1);
  EXPECT_EQ(budget_left(0, 1'000'000), 1);
  EXPECT_NEAR(budget_left(500, 1'000'000), 0.5, 1e-9);
  EXPECT_NEAR(budget_left(2'000, 1'000'000), -1, 1e-9);
}

TEST(Objectives, AreTheRequirements) {
  ASSERT_EQ(objective_rows().size(), 3U);
  EXPECT_EQ(objective_rows()[0].target, 1 - error_budget);
  EXPECT_EQ(objective_rows()[1].target, 0.010);
  EXPECT_EQ(objective_rows()[2].target, 0.90);
}

}  // namespace
}  // namespace larder::metrics::measure_test
