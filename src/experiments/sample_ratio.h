// Whether units went to the variants in the shares that were declared. If not, something loses or doubles
// units of one variant, and no comparison of them can be believed.
//
// Sequential: a mixture of multinomial likelihoods over a Dirichlet prior around the declared shares (Lindon
// and Malek, "Anytime-valid inference for multinomial count data", 2022). Unlike a chi-square test it may be
// looked at after every unit. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace larder::experiments {

struct SampleRatio {
  // Of each variant: how many units it has, and its declared share (of any sum).
  std::uint64_t units = 0;
  double share = 0;

  SampleRatio() {}
  SampleRatio(std::uint64_t units_, double share_) : units(units_), share(share_) {}
};

// The logarithm of the evidence against the declared shares. Where they hold, the chance that it ever passes
// -log(alpha) is at most alpha. Variants with a share of 0 have no units (asserted).
double log_evidence_of_mismatch(const std::vector<SampleRatio>& variants);

}  // namespace larder::experiments
