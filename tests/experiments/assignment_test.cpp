#include "experiments/assignment.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>

#include "base/text.h"

namespace larder::experiments::assignment_test {
namespace {

constexpr std::uint64_t unit_count = 100'000;

UnitId unit_of(std::uint64_t number) { return UnitId(concat({"larder:title:v1:", to_text(number)})); }

Cohorts cohorts_of(std::string layer, std::vector<std::uint32_t> shares) {
  Cohorts cohorts;
  cohorts.salt = layer + "/1";
  cohorts.layer = std::move(layer);
  cohorts.shares = std::move(shares);
  return cohorts;
}

// How far a count may be from its mean but for one time in ten thousand.
double binomial_bound(double n, double p) { return 3.9 * std::sqrt(n * p * (1 - p)); }

// A vector that other versions, other builds and other days have to agree with.
TEST(Assignment, IsTheSameForEver) {
  const Lottery lottery(cohorts_of("lifetimes", {50, 30, 20}));
  std::string variants;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const auto variant = lottery.variant_of(unit_of(i));
    variants += variant ? static_cast<char>('0' + *variant) : '-';
  }
  EXPECT_EQ(variants, "2011010012222100110010001002200010012001");
}

TEST(Assignment, KeepsTheShares) {
  const std::vector<std::uint32_t> shares = {50, 30, 19, 1};
  const Lottery lottery(cohorts_of("lifetimes", shares));
  std::array<double, 4> counts{};
  for (std::uint64_t i = 0; i < unit_count; ++i) {
    const auto variant = lottery.variant_of(unit_of(i));
    ASSERT_TRUE(variant.has_value());
    ++counts[*variant];
  }
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const double share = shares[i] / 100.0;
    EXPECT_NEAR(counts[i], unit_count * share, binomial_bound(unit_count, share)) << i;
  }
}

TEST(Assignment, NeverMovesAUnitAsTheRampRises) {
  Cohorts cohorts = cohorts_of("lifetimes", {50, 50});
  std::vector<std::optional<std::size_t>> before(unit_count);
  for (const std::uint32_t percent : {1U, 10U, 50U, 100U}) {
    cohorts.ramp_percent = percent;
    const Lottery lottery(cohorts);
    double taking_part = 0;
    for (std::uint64_t i = 0; i < unit_count; ++i) {
      const auto variant = lottery.variant_of(unit_of(i));
      if (before[i]) {
        ASSERT_EQ(variant, before[i]) << i;
      }
      before[i] = variant;
      taking_part += variant ? 1 : 0;
    }
    EXPECT_NEAR(taking_part, unit_count * percent / 100.0, binomial_bound(unit_count, percent / 100.0));
  }
}

TEST(Assignment, OfARolloutNeverTakesTheNewVariantAway) {
  std::vector<std::size_t> before(unit_count, 0);
  for (const std::uint32_t percent : {10U, 50U, 90U, 100U}) {
    const Lottery lottery(rolled_out(cohorts_of("search", {0, 0}), percent));
    double rolled = 0;
    for (std::uint64_t i = 0; i < unit_count; ++i) {
      const auto variant = lottery.variant_of(unit_of(i));
      ASSERT_TRUE(variant.has_value());
      ASSERT_GE(*variant, before[i]) << i;
      before[i] = *variant;
      rolled += static_cast<double>(*variant);
    }
    EXPECT_NEAR(rolled, unit_count * percent / 100.0, binomial_bound(unit_count, percent / 100.0) + 1e-9);
  }
}

TEST(Assignment, HoldsATenthBackWhileTheWinnerIsWatched) {
  const Cohorts cohorts = cohorts_of("lifetimes", {50, 25, 25});
  const Lottery running(cohorts);
  const Lottery watching(held_back(cohorts, 2, 10));
  std::array<double, 3> counts{};
  for (std::uint64_t i = 0; i < unit_count; ++i) {
    const auto variant = watching.variant_of(unit_of(i));
    if (variant) {
      ASSERT_EQ(variant, running.variant_of(unit_of(i)));
      ++counts[*variant];
    }
  }
  EXPECT_NEAR(counts[0], unit_count * 0.1, binomial_bound(unit_count, 0.1));
  EXPECT_EQ(counts[1], 0);
  EXPECT_NEAR(counts[2], unit_count * 0.25, binomial_bound(unit_count, 0.25));
}

TEST(Assignment, GivesExperimentsOfALayerUnitsOfTheirOwn) {
  Cohorts first = cohorts_of("lifetimes", {50, 50});
  first.end_place = 4000;
  Cohorts second = cohorts_of("lifetimes", {50, 50});
  second.salt = "other/1";
  second.first_place = 4000;
  const Lottery one(first);
  const Lottery other(second);
  double in_first = 0;
  for (std::uint64_t i = 0; i < unit_count; ++i) {
    const bool has_one = one.variant_of(unit_of(i)).has_value();
    ASSERT_NE(has_one, other.variant_of(unit_of(i)).has_value()) << i;
    in_first += has_one ? 1 : 0;
  }
  EXPECT_NEAR(in_first, unit_count * 0.4, binomial_bound(unit_count, 0.4));
}

// The chi-square test of independence, of two lotteries' outcomes over the same units.
template <typename One, typename Other>
double p_of_independence(std::size_t rows, std::size_t columns, One one, Other other) {
  std::vector<double> cells(rows * columns);
  std::vector<double> row_sums(rows);
  std::vector<double> column_sums(columns);
  for (std::uint64_t i = 0; i < unit_count; ++i) {
    const std::size_t row = one(unit_of(i));
    const std::size_t column = other(unit_of(i));
    ++cells[row * columns + column];
    ++row_sums[row];
    ++column_sums[column];
  }
  double statistic = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const double expected = row_sums[i / columns] * column_sums[i % columns] / unit_count;
    statistic += (cells[i] - expected) * (cells[i] - expected) / expected;
  }
  const boost::math::chi_squared distribution(static_cast<double>((rows - 1) * (columns - 1)));
  return boost::math::cdf(boost::math::complement(distribution, statistic));
}

TEST(Assignment, OfLayersIsIndependent) {
  for (int pair = 0; pair < 20; ++pair) {
    const std::string number = to_text(static_cast<std::uint64_t>(pair));
    const Lottery one(cohorts_of("one-" + number, {50, 30, 20}));
    const Lottery other(cohorts_of("other-" + number, {25, 25, 50}));
    const double p = p_of_independence(
        3, 3, [&](UnitId unit) { return *one.variant_of(unit); },
        [&](UnitId unit) { return *other.variant_of(unit); });
    EXPECT_GT(p, 0.001) << pair;
  }
}

// What decides the variant says nothing of when a unit comes in, nor of the group it is summed up in.
TEST(Assignment, DrawsEachQuestionApart) {
  const Cohorts cohorts = cohorts_of("lifetimes", {50, 50});
  const Lottery lottery(cohorts);
  Cohorts early = cohorts;
  early.ramp_percent = 50;
  const Lottery ramp(early);
  const auto variant = [&](UnitId unit) { return *lottery.variant_of(unit); };
  EXPECT_GT(p_of_independence(2, 128, variant,
                              [&](UnitId unit) { return std::size_t{lottery.group_of(unit, 128)}; }),
            0.001);
  EXPECT_GT(p_of_independence(2, 2, variant,
                              [&](UnitId unit) { return ramp.variant_of(unit) ? std::size_t{1} : 0; }),
            0.001);
}

TEST(Assignment, OfAnotherRunIsAnotherLottery) {
  Cohorts again = cohorts_of("lifetimes", {50, 50});
  const Lottery first(again);
  again.salt = "lifetimes/2";
  const Lottery second(again);
  EXPECT_GT(p_of_independence(
                2, 2, [&](UnitId unit) { return *first.variant_of(unit); },
                [&](UnitId unit) { return *second.variant_of(unit); }),
            0.001);
}

}  // namespace
}  // namespace larder::experiments::assignment_test
