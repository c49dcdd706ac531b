#include "experiments/quantiles.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "config/limits.h"

namespace larder::experiments::quantiles_test {
namespace {

constexpr double alpha = 0.05;

// `count` requests in each group, that took so long.
std::vector<Sums> groups_of(std::initializer_list<std::pair<std::uint64_t, std::uint64_t>> took) {
  std::vector<Sums> groups(config::limit::experiment_groups);
  for (Sums& group : groups) {
    for (const auto& [millis, count] : took) {
      group.requests += count;
      group.count_within(millis, count);
    }
  }
  return groups;
}

TEST(Quantiles, RequestsAreCountedWithinEveryBoundThatTheyKeep) {
  Sums sums;
  sums.count_within(0, 2);
  sums.count_within(25, 3);
  sums.count_within(26, 1);
  sums.count_within(10'000, 4);
  EXPECT_EQ(within(sums, 0), 2U);
  EXPECT_EQ(latency_bounds[3], 25U);
  EXPECT_EQ(within(sums, 2), 2U);
  EXPECT_EQ(within(sums, 3), 5U);
  EXPECT_EQ(within(sums, 4), 6U);
  EXPECT_EQ(within(sums, latency_bounds.size() - 1), 6U);
}

TEST(Quantiles, LieBetweenBoundsThatAreCertain) {
  const auto quantiles = quantiles_of(groups_of({{0, 800}, {80, 190}, {900, 10}}), alpha);
  ASSERT_EQ(quantiles.size(), 3U);
  EXPECT_EQ(quantiles[0].share, 0.5);
  EXPECT_EQ(quantiles[0].low, 0);
  EXPECT_EQ(quantiles[0].high, 1);
  EXPECT_EQ(in_words(quantiles[0]), "50 % of its requests take 1 ms at most.");
  EXPECT_EQ(quantiles[1].low, 50);
  EXPECT_EQ(quantiles[1].high, 100);
  // 15 of the 19 parts that lie between 50 and 100 ms.
  EXPECT_NEAR(quantiles[1].value, 50 + 50 * 15.0 / 19, 1e-9);
  EXPECT_EQ(in_words(quantiles[1]), "95 % of its requests take 50 to 100 ms at most.");
  // Right at a step, either side may be true.
  EXPECT_EQ(quantiles[2].low, 50);
  EXPECT_EQ(quantiles[2].high, 1000);
}

TEST(Quantiles, AboveTheLastBoundNothingIsKnown) {
  const auto quantiles = quantiles_of(groups_of({{0, 500}, {9'000, 500}}), alpha);
  EXPECT_EQ(quantiles[1].value, 2500);
  EXPECT_EQ(quantiles[1].low, 2500);
  EXPECT_FALSE(quantiles[1].high.has_value());
  EXPECT_EQ(in_words(quantiles[1]), "95 % of its requests take an unknown time above 2500 ms at most.");
  EXPECT_TRUE(quantiles_of(std::vector<Sums>(config::limit::experiment_groups), alpha).empty());
}

TEST(Quantiles, ADifferenceLeansOnBothIntervals) {
  const auto control = quantiles_of(groups_of({{0, 700}, {80, 300}}), alpha);
  const auto treated = quantiles_of(groups_of({{0, 700}, {400, 300}}), alpha);
  const QuantileDifference later = difference(control[1], treated[1]);
  EXPECT_EQ(later.share, 0.95);
  EXPECT_EQ(later.low, 250 - 100);
  EXPECT_EQ(later.high, 500 - 50);
  EXPECT_GT(later.value, 0);
  const auto slow = quantiles_of(groups_of({{0, 700}, {9'000, 300}}), alpha);
  EXPECT_FALSE(difference(control[1], slow[1]).high.has_value());
  EXPECT_FALSE(difference(slow[1], control[1]).low.has_value());
}

// Log-normal latencies, slower for some keys than for others, looked at on each of thirty days: the truth is
// outside of an interval at any look in at most 5 % of the runs, and the intervals become narrow.
TEST(Quantiles, HoldAtAllLooksTogether) {
  constexpr int runs = 400;
  constexpr int days = 30;
  constexpr double sigma = 1.2;
  constexpr double sigma_of_keys = 0.5;
  // The median is 40 ms; of the mixture the spread is both together.
  const double spread = std::sqrt(sigma * sigma + sigma_of_keys * sigma_of_keys);
  const double median = 40;
  const std::array truth = {median, median * std::exp(1.6448536 * spread),
                            median * std::exp(2.3263479 * spread)};
  int outside = 0;
  int narrow = 0;
  for (int run = 0; run < runs; ++run) {
    std::mt19937_64 random(static_cast<std::uint64_t>(run));
    std::normal_distribution<double> normal;
    std::vector<Sums> groups(config::limit::experiment_groups);
    std::vector<double> keys(groups.size() * 4);
    for (double& key : keys) {
      key = median * std::exp(sigma_of_keys * normal(random));
    }
    bool held = true;
    std::vector<Quantile> last;
    for (int day = 0; day < days; ++day) {
      for (std::size_t i = 0; i < keys.size(); ++i) {
        Sums& group = groups[i % groups.size()];
        const double took = keys[i] * std::exp(sigma * normal(random));
        group.requests += 1;
        // Exact times rather than whole milliseconds: bounds are whole.
        group.count_within(static_cast<std::uint64_t>(std::ceil(took)), 1);
      }
      last = quantiles_of(groups, alpha);
      for (std::size_t i = 0; i < truth.size(); ++i) {
        held = held && last[i].low <= truth.at(i) && truth.at(i) <= last[i].high.value_or(INFINITY);
      }
    }
    outside += held ? 0 : 1;
    narrow += last[0].low >= 25 && last[0].high.value_or(INFINITY) <= 50 ? 1 : 0;
  }
  std::printf("%d of %d runs were outside at any look; the median was placed in one bucket in %d\n", outside,
              runs, narrow);
  EXPECT_LE(outside, runs / 20);
  EXPECT_GE(narrow, runs / 2);
}

}  // namespace
}  // namespace larder::experiments::quantiles_test
