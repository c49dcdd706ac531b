// Confidence sequences: intervals that hold at all times at once, so that one may look every day and stop
// when one likes. The normal mixture of Robbins, as in Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform,
// nonparametric, nonasymptotic confidence sequences" (Annals of Statistics 49, 2021, §3.2), used
// asymptotically as in Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (arXiv 2103.06476v7).
//
// `rho` tells where a sequence is tightest; `v` is the intrinsic time, the variance of the sum so far. Pure.
#pragma once

namespace larder::experiments {

// The rho at which the two-sided bound at `v` is smallest. For a one-sided bound: of 2 alpha.
double best_rho(double v, double alpha);

// The logarithm of the two-sided mixture martingale of a sum `s` at `v`: evidence against a mean of zero.
double log_mixture(double s, double v, double rho);

// With probability 1 - alpha the absolute value of the sum never passes this, at whatever `v`.
double two_sided_bound(double v, double rho, double alpha);
// With probability 1 - alpha the sum never passes this. A closed form, a little above the exact bound.
double one_sided_bound(double v, double rho, double alpha);

// How far the truth may be from an estimate whose variance is `variance` now, at all times together. `scale`
// is the size of effects at which the sequence is to be tight: a factor of ten off costs little. An estimate
// without a variance says nothing: infinity.
double two_sided_width(double variance, double scale, double alpha);
double one_sided_width(double variance, double scale, double alpha);

}  // namespace larder::experiments
