#include "experiments/boundaries.h"

#include <cmath>
#include <limits>

#include "base/assert.h"

namespace larder::experiments {

namespace {

// An estimate with variance w is a sum with intrinsic time 1/w, divided by it; the mixture has the variance
// scale².
double width(double variance, double scale, double alpha, double (*bound)(double, double, double)) {
  LARDER_ASSERT(scale > 0);
  const bool says_something = variance > 0 && std::isfinite(variance);
  if (!says_something) {
    return std::numeric_limits<double>::infinity();
  }
  return bound(1 / variance, 1 / (scale * scale), alpha) * variance;
}

}  // namespace

double best_rho(double v, double alpha) {
  const double twice = -2 * std::log(alpha);
  return v / (twice + std::log1p(twice));
}

double log_mixture(double s, double v, double rho) {
  return std::log(rho / (v + rho)) / 2 + s * s / (2 * (v + rho));
}

double two_sided_bound(double v, double rho, double alpha) {
  return std::sqrt((v + rho) * (std::log1p(v / rho) - 2 * std::log(alpha)));
}

double one_sided_bound(double v, double rho, double alpha) {
  return std::sqrt(2 * (v + rho) * std::log1p(std::sqrt(1 + v / rho) / (2 * alpha)));
}

double two_sided_width(double variance, double scale, double alpha) {
  return width(variance, scale, alpha, two_sided_bound);
}

double one_sided_width(double variance, double scale, double alpha) {
  return width(variance, scale, alpha, one_sided_bound);
}

}  // namespace larder::experiments
