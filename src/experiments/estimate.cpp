#include "experiments/estimate.h"

#include <limits>

namespace larder::experiments {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// What a regression of numerators (x) on denominators (y) needs of the groups, for a share of one.
struct Moments {
  double n = 0;
  double x = 0;
  double y = 0;
  double xy = 0;
  double yy = 0;

  Moments() {}
  explicit Moments(const Side& side) {
    for (const Pair& group : side.groups) {
      add(group, side.share, 1);
    }
  }
  void add(const Pair& group, double share, double times) {
    const double numerator = group.numerator / share;
    const double denominator = group.denominator / share;
    n += times;
    x += times * numerator;
    y += times * denominator;
    xy += times * numerator * denominator;
    yy += times * denominator * denominator;
  }
  // The mean numerator where the mean denominator is `at`.
  double numerator_at(double at) const {
    const double spread = yy - y * y / n;
    // Where groups hardly differ there is nothing to take out.
    const double slope = spread > 1e-9 * yy ? (xy - x * y / n) / spread : x / y;
    return x / n + slope * (at - y / n);
  }
};

// The two ratios, at the traffic of both together.
std::pair<double, double> ratios_of(const Moments& control, double control_share, const Moments& treated,
                                    double treated_share) {
  const double traffic = (control_share * control.y / control.n + treated_share * treated.y / treated.n) /
                         (control_share + treated_share);
  return {control.numerator_at(traffic) / traffic, treated.numerator_at(traffic) / traffic};
}

}  // namespace

Estimate proportion_of(std::uint64_t having, std::uint64_t units) {
  const auto sum = static_cast<double>(having);
  return mean_of(sum, sum, units);
}

Estimate mean_of(double sum, double sum_of_squares, std::uint64_t units) {
  if (units == 0) {
    return Estimate(0, infinite, 0);
  }
  const auto n = static_cast<double>(units);
  const double mean = sum / n;
  const double variance = units == 1 ? infinite : (sum_of_squares - sum * mean) / (n - 1) / n;
  return Estimate(mean, variance, units);
}

Estimate ratio_of(const std::vector<Pair>& units) {
  Pair sum;
  std::uint64_t count = 0;
  for (const Pair& unit : units) {
    sum.numerator += unit.numerator;
    sum.denominator += unit.denominator;
    count += unit.denominator > 0 ? 1 : 0;
  }
  if (sum.denominator <= 0) {
    return Estimate(0, infinite, 0);
  }
  const double ratio = sum.numerator / sum.denominator;
  double squares = 0;
  for (const Pair& unit : units) {
    const double others = sum.denominator - unit.denominator;
    if (others <= 0) {
      return Estimate(ratio, infinite, count);
    }
    const double deviation = (unit.numerator - ratio * unit.denominator) / others;
    squares += deviation * deviation;
  }
  const auto n = static_cast<double>(count);
  return Estimate(ratio, squares * (n - 1) / n, count);
}

Estimate difference(const Estimate& control, const Estimate& treated) {
  return Estimate(treated.value - control.value, treated.variance + control.variance,
                  treated.units + control.units);
}

Estimate relative_difference(const Estimate& control, const Estimate& treated) {
  if (control.value == 0) {
    return Estimate(0, infinite, treated.units + control.units);
  }
  const double share = treated.value / control.value;
  const double squared = control.value * control.value;
  return Estimate(share - 1, (treated.variance + share * share * control.variance) / squared,
                  treated.units + control.units);
}

Comparison compare(const Side& control, const Side& treated) {
  Comparison made;
  const Moments control_sums(control);
  const Moments treated_sums(treated);
  made.difference = Estimate(0, infinite, control.groups.size() + treated.groups.size());
  if (control.groups.size() < 3 || treated.groups.size() < 3 || control_sums.y <= 0 || treated_sums.y <= 0) {
    return made;
  }
  const auto whole = ratios_of(control_sums, control.share, treated_sums, treated.share);
  made.control = whole.first;
  made.treated = whole.second;
  made.difference.value = made.treated - made.control;
  double variance = 0;
  for (const bool of_control : {true, false}) {
    const Side& side = of_control ? control : treated;
    std::vector<double> without;
    double sum = 0;
    for (const Pair& group : side.groups) {
      Moments rest = of_control ? control_sums : treated_sums;
      rest.add(group, side.share, -1);
      if (rest.y <= 0) {
        return made;
      }
      const auto left = of_control ? ratios_of(rest, control.share, treated_sums, treated.share)
                                   : ratios_of(control_sums, control.share, rest, treated.share);
      without.push_back(left.second - left.first);
      sum += without.back();
    }
    const auto n = static_cast<double>(without.size());
    for (const double one : without) {
      variance += (one - sum / n) * (one - sum / n) * (n - 1) / n;
    }
  }
  made.difference.variance = variance;
  return made;
}

}  // namespace larder::experiments
