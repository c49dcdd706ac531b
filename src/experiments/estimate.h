// Estimates of what variants come to, and of how they differ. The variance is between units (keys, clients),
// not between requests: the requests of one key resemble each other, and counting them as independent makes
// everything look certain. Pure.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace larder::experiments {

// A value and the variance of its estimation. `units`: how many it leans on.
struct Estimate {
  double value = 0;
  double variance = 0;
  std::uint64_t units = 0;

  Estimate() {}
  Estimate(double value_, double variance_, std::uint64_t units_)
      : value(value_), variance(variance_), units(units_) {}
};

// Of `units` units, how many have what is counted.
Estimate proportion_of(std::uint64_t having, std::uint64_t units);
// The mean of a value of units, from its sum and the sum of its squares.
Estimate mean_of(double sum, double sum_of_squares, std::uint64_t units);

// What one unit, or one group of units that were put together at random, has come to.
struct Pair {
  double numerator = 0;
  double denominator = 0;

  Pair() {}
  Pair(double numerator_, double denominator_) : numerator(numerator_), denominator(denominator_) {}
};
// A ratio of sums over units, hits of requests for instance: the delta method, with each unit's deviation
// divided by what the other units have of the denominator (the jackknife), since a unit that makes much of
// the traffic pulls the ratio towards itself and so hides how it deviates. Without a denominator, or with one
// unit alone, the variance is infinite.
Estimate ratio_of(const std::vector<Pair>& units);

// How much more `treated` is than `control`; relative: as a part of the control's value.
Estimate difference(const Estimate& control, const Estimate& treated);
Estimate relative_difference(const Estimate& control, const Estimate& treated);

// The groups of a variant, and which share of all units it was given.
struct Side {
  std::vector<Pair> groups;
  double share = 0;

  Side() {}
  Side(std::vector<Pair> groups_, double share_) : groups(std::move(groups_)), share(share_) {}
};

// Two ratios as they would be if chance had given both sides the same traffic, and how they differ.
struct Comparison {
  double control = 0;
  double treated = 0;
  Estimate difference;

  Comparison() {}
};

// A few keys make much of the traffic, and what these are like (they are nearly always hits) would drown any
// effect by whom chance gave them to. But a variant does not change how often a key is asked for, so how the
// denominators differ is chance alone, and is taken out: a regression of numerators on denominators, on each
// side by itself (Cochran, Sampling Techniques, 1977, §7; Lin, Annals of Applied Statistics 7, 2013). The
// variance is the jackknife's over groups, which agrees with the delta method where no group dominates and
// errs on the safe side where one does. It is infinite where a side has fewer than three groups.
Comparison compare(const Side& control, const Side& treated);

}  // namespace larder::experiments
