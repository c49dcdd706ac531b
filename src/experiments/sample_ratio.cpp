#include "experiments/sample_ratio.h"

#include <cmath>

#include "base/assert.h"

namespace larder::experiments {

namespace {

// As many units as the prior counts for: deviations of about a point are found soonest.
constexpr double prior_units = 2000;

}  // namespace

double log_evidence_of_mismatch(const std::vector<SampleRatio>& variants) {
  double shares = 0;
  double units = 0;
  for (const SampleRatio& variant : variants) {
    shares += variant.share;
    units += static_cast<double>(variant.units);
  }
  double evidence = std::lgamma(prior_units) - std::lgamma(prior_units + units);
  for (const SampleRatio& variant : variants) {
    if (variant.share <= 0) {
      LARDER_ASSERT(variant.units == 0);
      continue;
    }
    const double share = variant.share / shares;
    const double prior = prior_units * share;
    const auto count = static_cast<double>(variant.units);
    evidence += std::lgamma(prior + count) - std::lgamma(prior) - count * std::log(share);
  }
  return evidence;
}

}  // namespace larder::experiments
