#include "experiments/quantiles.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "experiments/boundaries.h"
#include "experiments/estimate.h"

namespace larder::experiments {

namespace {

// Sequences are tight where a share is off by so much.
constexpr double scale_of_shares = 0.02;

// What is known of the share of requests within one bound.
struct Band {
  double share = 0;
  double low = 0;
  double high = 1;

  Band() {}
};

Band band_of(const std::vector<Sums>& groups, std::size_t bound, double requests, double alpha) {
  std::vector<Pair> pairs;
  pairs.reserve(groups.size());
  for (const Sums& group : groups) {
    pairs.emplace_back(static_cast<double>(within(group, bound)), static_cast<double>(group.requests));
  }
  Estimate found = ratio_of(pairs);
  // What has not been seen at all may still happen: once more.
  found.variance += 1 / requests / requests;
  const double width = two_sided_width(found.variance, scale_of_shares, alpha);
  Band band;
  band.share = found.value;
  band.low = found.value - width;
  band.high = found.value + width;
  return band;
}

Quantile read_off(const std::array<Band, latency_bounds.size()>& bands, double share) {
  Quantile quantile;
  quantile.share = share;
  quantile.value = static_cast<double>(latency_bounds.back());
  double below = 0;
  double bound_below = 0;
  bool is_placed = false;
  for (std::size_t i = 0; i < bands.size(); ++i) {
    const auto bound = static_cast<double>(latency_bounds.at(i));
    if (!is_placed && bands.at(i).share >= share) {
      const double part = (share - below) / (bands.at(i).share - below);
      quantile.value = bound_below + part * (bound - bound_below);
      is_placed = true;
    }
    if (bands.at(i).high < share) {
      quantile.low = bound;
    }
    if (!quantile.high && bands.at(i).low >= share) {
      quantile.high = bound;
    }
    below = bands.at(i).share;
    bound_below = bound;
  }
  return quantile;
}

// Milliseconds as people write them: whole ones, or one digit below ten.
std::string millis_text(double millis) {
  const double tenths = std::round(millis * 10);
  const auto whole = static_cast<std::uint64_t>(tenths / 10);
  const auto rest = static_cast<std::uint64_t>(tenths) % 10;
  return millis >= 10 || rest == 0 ? to_text(static_cast<std::uint64_t>(std::round(millis)))
                                   : concat({to_text(whole), ".", to_text(rest)});
}

}  // namespace

std::vector<Quantile> quantiles_of(const std::vector<Sums>& groups, double alpha) {
  double requests = 0;
  for (const Sums& group : groups) {
    requests += static_cast<double>(group.requests);
  }
  std::vector<Quantile> quantiles;
  if (requests == 0) {
    return quantiles;
  }
  std::array<Band, latency_bounds.size()> bands;
  for (std::size_t i = 0; i < bands.size(); ++i) {
    bands.at(i) = band_of(groups, i, requests, alpha / static_cast<double>(bands.size()));
  }
  for (const double share : quantile_shares) {
    quantiles.push_back(read_off(bands, share));
  }
  return quantiles;
}

QuantileDifference difference(const Quantile& control, const Quantile& treated) {
  QuantileDifference made;
  made.share = treated.share;
  made.value = treated.value - control.value;
  if (control.high) {
    made.low = treated.low - *control.high;
  }
  if (treated.high) {
    made.high = *treated.high - control.low;
  }
  return made;
}

std::string in_words(const Quantile& quantile) {
  const std::string share = concat(
      {to_text(static_cast<std::uint64_t>(std::round(quantile.share * 100))), " % of its requests take "});
  if (!quantile.high) {
    return concat({share, "an unknown time above ", millis_text(quantile.low), " ms at most."});
  }
  if (quantile.low == 0) {
    return concat({share, millis_text(*quantile.high), " ms at most."});
  }
  return concat({share, millis_text(quantile.low), " to ", millis_text(*quantile.high), " ms at most."});
}

}  // namespace larder::experiments
