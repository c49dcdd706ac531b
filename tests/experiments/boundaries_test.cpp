// The product needs closed forms alone. Boost.Math is asked here: for boundaries of the same family that
// others have published values of, which say that the closed forms are read rightly, and that no other would
// be tighter.
#include "experiments/boundaries.h"

#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/zeta.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <functional>
#include <utility>

#include "experiments/estimate.h"

namespace larder::experiments::boundaries_test {
namespace {

constexpr double alpha = 0.05;
// What the package confseq holds its own values to.
constexpr double tolerance = 1e-5;

double root_of(const std::function<double(double)>& function, double low, double high) {
  const auto found =
      boost::math::tools::bisect(function, low, high, boost::math::tools::eps_tolerance<double>(48));
  return (found.first + found.second) / 2;
}

// The sum at which a mixture's evidence, a logarithm, is enough.
double bound_of(const std::function<double(double)>& log_mixture_at) {
  return root_of([&](double s) { return log_mixture_at(s) + std::log(alpha); }, 0, 100);
}

double exact_one_sided(double s, double v, double rho) {
  return std::log(4 * rho / (v + rho)) / 2 + s * s / (2 * (v + rho)) +
         std::log(boost::math::cdf(boost::math::normal(), s / std::sqrt(v + rho)));
}

double gamma_exponential(double s, double v, double rho, double c) {
  const double prior = rho / (c * c);
  const double a = (v + rho) / (c * c);
  const double sum = (c * s + v) / (c * c);
  return prior * std::log(prior) - std::lgamma(prior) - std::log(boost::math::gamma_p(prior, prior)) +
         std::lgamma(a) + std::log(boost::math::gamma_p(a, sum + prior)) - a * std::log(sum + prior) + sum;
}

double log_incomplete_beta(double a, double b, double x) {
  return std::log(boost::math::ibeta(a, b, x)) + std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
}

// `x`: where the prior ends; h / (g + h) makes it one-sided, 1 two-sided.
double beta_binomial(double s, double v, double r, double g, double h, double x) {
  const double range = g + h;
  return v / (g * h) * std::log(range) - (v + h * s) / (h * range) * std::log(g) -
         (v - g * s) / (g * range) * std::log(h) +
         log_incomplete_beta((r + v - g * s) / (g * range), (r + v + h * s) / (h * range), x) -
         log_incomplete_beta(r / (g * range), r / (h * range), x);
}

double beta_binomial_prior(double rho, double g, double h) { return std::max(rho - g * h, 1e-3 * g * h); }

double polynomial_stitching(double v, double v_least, double c) {
  constexpr double s = 1.4;
  constexpr double eta = 2;
  const double time = std::max(v, v_least);
  const double ell = s * std::log(std::log(eta * time / v_least)) +
                     std::log(boost::math::zeta(s) / (alpha * std::pow(std::log(eta), s)));
  const double k1 = (std::pow(eta, 0.25) + std::pow(eta, -0.25)) / std::sqrt(2.0);
  const double k2 = (std::sqrt(eta) + 1) / 2;
  const double term = k2 * c * ell;
  return std::sqrt(k1 * k1 * time * ell + term * term) + term;
}

// Howard and others; the package confseq.
TEST(Boundaries, AreThoseOfTheLiterature) {
  const double rho = best_rho(100, alpha);
  EXPECT_NEAR(rho, 12.60056097925634, 1e-12);
  EXPECT_NEAR(two_sided_bound(100, rho, alpha), 30.35208990376253, 1e-12);
  EXPECT_NEAR(log_mixture(10, 100, rho), -0.6510051600071821, 1e-12);
  // The bound is where the evidence is enough.
  EXPECT_NEAR(log_mixture(30.35208990376253, 100, rho), -std::log(alpha), 1e-12);
}

TEST(Boundaries, OneSidedStaysALittleAboveTheExactOne) {
  const double rho = best_rho(100, 2 * alpha);
  EXPECT_NEAR(exact_one_sided(10, 100, rho), -0.06502391, tolerance);
  const double exact = bound_of([rho](double s) { return exact_one_sided(s, 100, rho); });
  EXPECT_NEAR(exact, 27.66071, tolerance);
  EXPECT_GE(one_sided_bound(100, rho, alpha), exact);
  EXPECT_LE(one_sided_bound(100, rho, alpha), 1.01 * exact);
  EXPECT_LT(one_sided_bound(100, rho, alpha), two_sided_bound(100, best_rho(100, alpha), alpha));
}

// What others would come to: wider, or for what we do not have (bounded values, sums of squares without end).
TEST(Boundaries, NoOtherOfTheFamilyIsTighter) {
  const double rho = best_rho(100, 2 * alpha);
  EXPECT_NEAR(gamma_exponential(10, 100, rho, 2), -0.2490165, tolerance);
  const double gamma = bound_of([rho](double s) { return gamma_exponential(s, 100, rho, 2); });
  EXPECT_NEAR(gamma, 33.02017, tolerance);
  constexpr double g = 0.2;
  constexpr double h = 0.8;
  // Two-sided, and so are its values.
  const double prior = beta_binomial_prior(best_rho(100, alpha), g, h);
  EXPECT_NEAR(beta_binomial(10, 100, prior, g, h, 1), -0.6941012, tolerance);
  const double beta = bound_of([prior](double s) { return beta_binomial(s, 100, prior, g, h, 1); });
  EXPECT_NEAR(beta, 31.4308, tolerance);
  const double stitched = polynomial_stitching(100, 10, 3);
  EXPECT_NEAR(stitched, 64.48755, tolerance);
  const double ours = one_sided_bound(100, rho, alpha);
  EXPECT_LT(ours, gamma);
  EXPECT_LT(two_sided_bound(100, best_rho(100, alpha), alpha), beta);
  EXPECT_LT(ours, stitched);
}

struct Interval {
  double successes;
  double trials;
  double best_at;
  double low;
  double high;
};

// Of independent yes-or-no trials there are intervals that need no large numbers; ours are to be near them.
TEST(Boundaries, AreNearTheExactOnesOfIndependentTrials) {
  for (const Interval& known :
       {Interval{700, 1000, 100, 0.651629, 0.745949}, Interval{15, 50, 50, 0.129556, 0.511896},
        Interval{5, 50, 50, 0.013021, 0.269264}, Interval{1, 2, 1, 0, 1},
        Interval{100, 200, 1, 0.328923, 0.671076}}) {
    const double share = known.successes / known.trials;
    const auto evidence = [&known](double p) {
      const double g = p;
      const double h = 1 - p;
      const double r = beta_binomial_prior(best_rho(known.best_at * g * h, alpha), g, h);
      return beta_binomial(known.successes - known.trials * p, known.trials * g * h, r, g, h, 1) +
             std::log(alpha);
    };
    constexpr double edge = 1e-6;
    const double low = evidence(edge) > 0 ? root_of(evidence, edge, share) : 0;
    const double high = evidence(1 - edge) > 0 ? root_of(evidence, share, 1 - edge) : 1;
    EXPECT_NEAR(low, known.low, tolerance) << known.successes << " of " << known.trials;
    EXPECT_NEAR(high, known.high, tolerance) << known.successes << " of " << known.trials;
  }
  const Estimate estimate = proportion_of(700, 1000);
  // Tight where the exact one is: at 100 trials.
  const double scale = std::sqrt(0.21 / best_rho(100, alpha));
  EXPECT_NEAR(two_sided_width(estimate.variance, scale, alpha), (0.745949 - 0.651629) / 2, 0.003);
}

// The scale at which GrowthBook's sequential test is tight for N* = n_best units.
double growthbook_scale(const Estimate& difference, double n_best, double level) {
  return std::sqrt(difference.variance * static_cast<double>(difference.units) / best_rho(n_best, level));
}

// GrowthBook 5.0.1, sequential test.
TEST(Boundaries, AreThoseOfGrowthBook) {
  const Estimate a = mean_of(1396.87, 52377.9767, 3000);
  const Estimate b = mean_of(2422.7, 134698.29, 3461);
  const Estimate relative = relative_difference(a, b);
  EXPECT_NEAR(relative.value, 0.50336, 5e-6);
  EXPECT_NEAR(std::sqrt(relative.variance), 0.33341, 5e-6);
  const double width = two_sided_width(relative.variance, growthbook_scale(relative, 1000, alpha), alpha);
  EXPECT_NEAR(relative.value - width, -0.5584405051, 1e-9);
  EXPECT_NEAR(relative.value + width, 1.5651626768, 1e-9);
  const Estimate absolute = difference(a, b);
  const double one_sided =
      one_sided_width(absolute.variance, growthbook_scale(absolute, 5000, 2 * alpha), alpha);
  EXPECT_NEAR(absolute.value - one_sided, -0.12656844172804982, 1e-9);
  EXPECT_NEAR(absolute.value + one_sided, 0.5953217750613832, 1e-9);
  // p: the level at which the interval would begin at 0, with the scale as it is. They find theirs by halving
  // the interval from 0.00001 to 0.4999 twelve times, so it is known to the width of what is left alone.
  const double scale = growthbook_scale(absolute, 5000, 2 * alpha);
  const double p =
      root_of([&](double level) { return absolute.value - one_sided_width(absolute.variance, scale, level); },
              1e-6, 0.4999);
  EXPECT_NEAR(p, 0.46316491943359384, (0.4999 - 0.00001) / 4096);
}

TEST(Boundaries, SayNothingWithoutAVariance) {
  EXPECT_TRUE(std::isinf(two_sided_width(0, 1, alpha)));
  EXPECT_TRUE(std::isinf(two_sided_width(INFINITY, 1, alpha)));
  EXPECT_TRUE(std::isinf(one_sided_width(NAN, 1, alpha)));
}

// A scale that is ten times off costs little where the variance is right for it.
TEST(Boundaries, ForgiveAWrongScale) {
  const double best = two_sided_width(1, 2.8, alpha);
  EXPECT_LT(two_sided_width(1, 28, alpha), 1.2 * best);
}

}  // namespace
}  // namespace larder::experiments::boundaries_test
