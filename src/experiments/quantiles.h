// Quantiles of latency from counts of requests within bounds (latency_bounds), with intervals that hold at
// all looks together. A quantile lies between two bounds where the share of requests within the one is
// certainly below it, and within the other certainly not; the shares' variance is between groups of units
// (estimate.h). The band over all bounds holds as a whole, so any number of quantiles may be read off it
// (Howard and Ramdas, "Sequential estimation of quantiles", Bernoulli 28, 2022, §2). Pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "experiments/metric.h"

namespace larder::experiments {

// Those that are told of.
inline constexpr std::array quantile_shares = {0.5, 0.95, 0.99};

// In milliseconds. `low` 0: nothing is known below; `high` nullopt: nothing above.
struct Quantile {
  double share = 0;
  // Within the bucket as if requests were spread evenly in it; at most the last bound.
  double value = 0;
  double low = 0;
  std::optional<double> high;

  Quantile() {}
};

// One for each of quantile_shares; none where there are no requests. `alpha`: the chance that any of them is
// ever outside of its interval.
std::vector<Quantile> quantiles_of(const std::vector<Sums>& groups, double alpha);

// How much later `treated` is there than `control`, of the same share; nullopt: not known on that side.
struct QuantileDifference {
  double share = 0;
  double value = 0;
  std::optional<double> low;
  std::optional<double> high;

  QuantileDifference() {}
};
QuantileDifference difference(const Quantile& control, const Quantile& treated);

// "95 % of its requests take 25 to 50 ms at most."
std::string in_words(const Quantile& quantile);

}  // namespace larder::experiments
