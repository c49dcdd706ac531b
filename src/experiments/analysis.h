// What an experiment shows so far, and what follows from it. It may be looked at whenever one likes:
// intervals are confidence sequences (boundaries.h), and so the chance that a variant without any effect is
// ever promoted stays below 5 per cent, however often one looks. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "experiments/experiment.h"
#include "experiments/metric.h"
#include "experiments/quantiles.h"

namespace larder::experiments {

// What was gathered of one variant.
struct Gathered {
  // By group (Lottery::group_of).
  std::vector<Sums> groups;
  // Units that were seen for the first time, of those that are counted for the sample ratio.
  std::uint64_t units = 0;

  Gathered() {}
};

// Where an experiment stands.
enum class Stage : std::uint8_t {
  running,   // its variants are compared; a rollout is at a step before the last
  watching,  // a variant is promoted, and compared with what is held back
};

// An effect with the interval in which it lies with 95 per cent at all looks together, in the metric's own
// unit; for guardrails, how far it is on the worse side with as much certainty.
struct Effect {
  Metric metric = Metric::hit_rate;
  // The treated variant's value less the control's.
  double value = 0;
  double low = 0;
  double high = 0;

  Effect() {}
};

enum class GuardrailState : std::uint8_t {
  open,      // neither is shown
  unharmed,  // it is not worse by more than its tolerance
  harmed,    // it is worse by more than that
};
std::string_view to_text(GuardrailState state);

struct GuardrailEffect {
  Effect effect;
  GuardrailState state = GuardrailState::open;

  GuardrailEffect() {}
};

// Of one variant; of the control there is what it came to alone.
struct VariantAnalysis {
  // The index in Experiment::variants.
  std::size_t variant = 0;
  std::uint64_t requests = 0;
  std::uint64_t units = 0;
  std::optional<Effect> primary;
  std::vector<GuardrailEffect> guardrails;
  // Of every metric, for reading alone: no decision leans on them.
  std::vector<Effect> others;
  // What it came to, by Metric.
  std::vector<double> values;
  // How long its requests took; and how much later than the control's they are answered. No decision leans
  // on them: slow_rate is the metric for that.
  std::vector<Quantile> quantiles;
  std::vector<QuantileDifference> quantile_differences;

  VariantAnalysis() {}
};

enum class Call : std::uint8_t {
  go_on,          // nothing is shown yet
  next_step,      // the ramp may rise
  promote,        // a variant wins by the smallest effect worth having, and no guardrail is hurt
  stop_harmed,    // a variant does harm
  stop_mismatch,  // units did not go to the variants as declared: nothing can be believed
  stop_flat,      // time is over and nothing is shown
  roll_back,      // a promoted variant does harm
  keep,           // a promoted variant was watched, and did none
};
inline constexpr std::array all_calls = {Call::go_on,       Call::next_step,     Call::promote,
                                         Call::stop_harmed, Call::stop_mismatch, Call::stop_flat,
                                         Call::roll_back,   Call::keep};
std::string_view to_text(Call call);

struct Analysis {
  std::vector<VariantAnalysis> variants;
  // The logarithm of the evidence that the shares are not as declared.
  double mismatch_evidence = 0;
  bool is_mismatched = false;
  // Whether there is enough to decide anything.
  bool is_enough = false;
  Call call = Call::go_on;
  // Whom the call is about: the winner, or who does harm.
  std::size_t variant = 0;
  // Why, in a sentence or two.
  std::string reason;

  Analysis() {}
};

// What is known at a look.
struct Look {
  Stage stage = Stage::running;
  // The step of the ramp at which it is.
  std::size_t step = 0;
  // Since it began, and since the stage or the step began.
  Millis running{0};
  Millis at_step{0};
  // The one that is watched; else none.
  std::size_t promoted = 0;
  // By variant, with the shares that counted while it was gathered.
  std::vector<Gathered> gathered;
  std::vector<std::uint32_t> shares;

  Look() {}
};

Analysis analyse(const Experiment& experiment, const Look& look);

// "Variant B answers 4.1 points more from cache, between 2.6 and 5.5."
std::string in_words(std::string_view variant, const Effect& effect);

}  // namespace larder::experiments
