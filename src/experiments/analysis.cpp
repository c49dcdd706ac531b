#include "experiments/analysis.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "experiments/boundaries.h"
#include "experiments/sample_ratio.h"

namespace larder::experiments {

namespace limit = config::limit;

std::string_view to_text(GuardrailState state) {
  switch (state) {
    case GuardrailState::open:
      return "open";
    case GuardrailState::unharmed:
      return "unharmed";
    case GuardrailState::harmed:
      return "harmed";
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(Call call) {
  switch (call) {
    case Call::go_on:
      return "go-on";
    case Call::next_step:
      return "next-step";
    case Call::promote:
      return "promote";
    case Call::stop_harmed:
      return "stop-harmed";
    case Call::stop_mismatch:
      return "stop-mismatch";
    case Call::stop_flat:
      return "stop-flat";
    case Call::roll_back:
      return "roll-back";
    case Call::keep:
      return "keep";
  }
  LARDER_UNREACHABLE();
}

namespace {

// The chance of a wrong promotion, and of a wrong alarm of each other kind.
constexpr double alpha = 0.05;
constexpr double mismatch_alpha = 0.01;
// Sequences are tight at effects some times the smallest that matters.
constexpr double scale_of_effects = 4;

// In the direction that is better: positive is better.
double sign_of(Direction direction) { return direction == Direction::up ? 1 : -1; }

class Analyser {
 public:
  Analyser(const Experiment& experiment, const Look& look) : experiment_(experiment), look_(look) {}

  Analysis run() {
    measure_all();
    check_sample_ratio();
    analysis_.is_enough = is_enough();
    if (look_.stage == Stage::watching) {
      judge_watched();
    } else {
      judge_running();
    }
    return std::move(analysis_);
  }

 private:
  const std::vector<Sums>& groups_of(std::size_t variant) const { return look_.gathered[variant].groups; }
  const std::string& name_of(std::size_t variant) const { return experiment_.variants[variant].name; }
  // Whether it is compared at this stage.
  bool takes_part(std::size_t variant) const {
    return look_.stage == Stage::running || variant == 0 || variant == look_.promoted;
  }
  std::size_t treatments() const {
    return look_.stage == Stage::watching ? 1 : experiment_.variants.size() - 1;
  }

  void measure_all() {
    LARDER_ASSERT(look_.gathered.size() == experiment_.variants.size() &&
                  look_.shares.size() == experiment_.variants.size());
    for (std::size_t i = 0; i < experiment_.variants.size(); ++i) {
      if (takes_part(i)) {
        analysis_.variants.push_back(measure(i));
      }
    }
  }

  VariantAnalysis measure(std::size_t variant) const {
    VariantAnalysis made;
    made.variant = variant;
    made.units = look_.gathered[variant].units;
    for (const Sums& group : groups_of(variant)) {
      made.requests += group.requests;
    }
    for (const Metric metric : all_metrics) {
      made.values.push_back(ratio_of(pairs_of(metric, groups_of(variant))).value);
    }
    // An interval of each side, and one of their difference that leans on both.
    made.quantiles = quantiles_of(groups_of(variant), alpha / 2 / static_cast<double>(treatments()));
    if (variant == 0) {
      return made;
    }
    const std::vector<Quantile> control =
        quantiles_of(groups_of(0), alpha / 2 / static_cast<double>(treatments()));
    for (std::size_t i = 0; i < std::min(control.size(), made.quantiles.size()); ++i) {
      made.quantile_differences.push_back(difference(control[i], made.quantiles[i]));
    }
    if (experiment_.primary) {
      made.primary = two_sided(variant, experiment_.primary->metric, experiment_.primary->smallest_effect);
    }
    for (const Guardrail& guardrail : experiment_.guardrails) {
      made.guardrails.push_back(guarded(variant, guardrail));
    }
    for (const Metric metric : all_metrics) {
      if (!is_declared(metric)) {
        const double usual = ratio_of(pairs_of(metric, groups_of(0))).value;
        made.others.push_back(two_sided(variant, metric, std::max(usual / 100, 1e-6)));
      }
    }
    return made;
  }

  bool is_declared(Metric metric) const {
    const auto guards = [metric](const Guardrail& guardrail) { return guardrail.metric == metric; };
    return (experiment_.primary && experiment_.primary->metric == metric) ||
           std::any_of(experiment_.guardrails.begin(), experiment_.guardrails.end(), guards);
  }

  double requests_of(std::size_t variant) const {
    double requests = 0;
    for (const Sums& group : groups_of(variant)) {
      requests += static_cast<double>(group.requests);
    }
    return requests;
  }

  Estimate difference_of(std::size_t variant, Metric metric) const {
    Estimate found = compare(Side(pairs_of(metric, groups_of(0)), look_.shares[0]),
                             Side(pairs_of(metric, groups_of(variant)), look_.shares[variant]))
                         .difference;
    // What has not been seen at all may still happen: on each side once more.
    for (const std::size_t side : {std::size_t{0}, variant}) {
      const double once = row_of(metric).factor / std::max(requests_of(side), 1.0);
      found.variance += once * once;
    }
    return found;
  }

  Effect two_sided(std::size_t variant, Metric metric, double smallest_effect) const {
    const Estimate found = difference_of(variant, metric);
    const double width = two_sided_width(found.variance, smallest_effect * scale_of_effects,
                                         alpha / static_cast<double>(treatments()));
    Effect effect;
    effect.metric = metric;
    effect.value = found.value;
    effect.low = found.value - width;
    effect.high = found.value + width;
    return effect;
  }

  GuardrailEffect guarded(std::size_t variant, const Guardrail& guardrail) const {
    const Estimate found = difference_of(variant, guardrail.metric);
    const double scale = guardrail.tolerance * scale_of_effects;
    const double worse = -sign_of(row_of(guardrail.metric).better) * found.value;
    const auto judged = static_cast<double>(treatments() * experiment_.guardrails.size());
    const double to_clear = one_sided_width(found.variance, scale, alpha);
    const double to_blame = one_sided_width(found.variance, scale, alpha / judged);
    GuardrailEffect made;
    made.effect.metric = guardrail.metric;
    made.effect.value = found.value;
    made.effect.low = found.value - to_clear;
    made.effect.high = found.value + to_clear;
    if (worse - to_blame > guardrail.tolerance) {
      made.state = GuardrailState::harmed;
    } else if (worse + to_clear <= guardrail.tolerance) {
      made.state = GuardrailState::unharmed;
    }
    return made;
  }

  void check_sample_ratio() {
    if (look_.stage == Stage::watching) {
      return;
    }
    std::vector<SampleRatio> ratios;
    for (std::size_t i = 0; i < look_.shares.size(); ++i) {
      ratios.emplace_back(look_.gathered[i].units, look_.shares[i]);
    }
    analysis_.mismatch_evidence = log_evidence_of_mismatch(ratios);
    analysis_.is_mismatched = analysis_.mismatch_evidence > -std::log(mismatch_alpha);
  }

  bool is_enough() const {
    return std::all_of(
        analysis_.variants.begin(), analysis_.variants.end(), [this](const VariantAnalysis& variant) {
          const auto& groups = groups_of(variant.variant);
          const auto filled = static_cast<std::size_t>(std::count_if(
              groups.begin(), groups.end(), [](const Sums& group) { return group.requests > 0; }));
          return filled >= limit::experiment_groups_min && variant.requests >= limit::experiment_requests_min;
        });
  }

  void decide(Call call, std::size_t variant, std::string reason) {
    analysis_.call = call;
    analysis_.variant = variant;
    analysis_.reason = std::move(reason);
  }

  const Effect* harm_of(const VariantAnalysis& variant) const {
    for (const GuardrailEffect& guardrail : variant.guardrails) {
      if (guardrail.state == GuardrailState::harmed) {
        return &guardrail.effect;
      }
    }
    return variant.primary && best_case(*variant.primary) < 0 ? &*variant.primary : nullptr;
  }
  // The better end of the primary metric's interval, and the worse one; positive is better.
  double best_case(const Effect& effect) const {
    return experiment_.primary->direction == Direction::up ? effect.high : -effect.low;
  }
  double worst_case(const Effect& effect) const {
    return experiment_.primary->direction == Direction::up ? effect.low : -effect.high;
  }

  bool wins(const VariantAnalysis& variant) const {
    return variant.primary && worst_case(*variant.primary) >= experiment_.primary->smallest_effect &&
           std::all_of(
               variant.guardrails.begin(), variant.guardrails.end(),
               [](const GuardrailEffect& guardrail) { return guardrail.state == GuardrailState::unharmed; });
  }

  // The first that does harm; nullptr: none does.
  const VariantAnalysis* harmful() const {
    for (const VariantAnalysis& variant : analysis_.variants) {
      if (harm_of(variant) != nullptr) {
        return &variant;
      }
    }
    return nullptr;
  }

  const VariantAnalysis* winner() const {
    const VariantAnalysis* best = nullptr;
    for (const VariantAnalysis& variant : analysis_.variants) {
      if (wins(variant) && (best == nullptr || worst_case(*variant.primary) > worst_case(*best->primary))) {
        best = &variant;
      }
    }
    return best;
  }

  void judge_watched() {
    const VariantAnalysis* const harm = analysis_.is_enough ? harmful() : nullptr;
    if (harm != nullptr) {
      decide(Call::roll_back, harm->variant, in_words(name_of(harm->variant), *harm_of(*harm)));
    } else if (look_.at_step >= experiment_.watch) {
      decide(Call::keep, look_.promoted, "It was watched to the end, and no harm was shown.");
    } else {
      decide(Call::go_on, look_.promoted, "It is compared with what is held back; no harm is shown.");
    }
  }

  void judge_running() {
    if (analysis_.is_mismatched) {
      decide(Call::stop_mismatch, 0,
             "The variants do not have the shares of units that were declared, so something loses or doubles "
             "units of one of them; no comparison can be believed.");
      return;
    }
    const VariantAnalysis* const harm = analysis_.is_enough ? harmful() : nullptr;
    if (harm != nullptr) {
      decide(Call::stop_harmed, harm->variant, in_words(name_of(harm->variant), *harm_of(*harm)));
      return;
    }
    const bool is_held = look_.at_step >= experiment_.ramp[look_.step].hold;
    if (experiment_.kind == Kind::rollout) {
      judge_rollout(is_held);
      return;
    }
    const VariantAnalysis* const best = analysis_.is_enough ? winner() : nullptr;
    if (best != nullptr) {
      decide(Call::promote, best->variant, in_words(name_of(best->variant), *best->primary));
    } else if (look_.running >= experiment_.duration) {
      decide(Call::stop_flat, 0,
             "Its time is over, and no variant wins by the smallest effect worth having.");
    } else if (is_held && look_.step + 1 < experiment_.ramp.size()) {
      decide(Call::next_step, 0, "No harm is shown, so more units take part.");
    } else {
      decide(Call::go_on, 0,
             analysis_.is_enough ? "Nothing is shown yet." : "There is too little to decide anything.");
    }
  }

  void judge_rollout(bool is_held) {
    if (analysis_.is_enough && is_held) {
      // The last step is the promotion.
      const bool is_next_last = look_.step + 2 >= experiment_.ramp.size();
      decide(is_next_last ? Call::promote : Call::next_step, 1, "No guardrail is harmed.");
    } else if (look_.running >= experiment_.duration) {
      decide(Call::stop_flat, 0, "Its time is over before there was enough to judge it by.");
    } else {
      decide(
          Call::go_on, 1,
          analysis_.is_enough ? "No guardrail is harmed so far." : "There is too little to decide anything.");
    }
  }

  const Experiment& experiment_;
  const Look& look_;
  Analysis analysis_;
};

}  // namespace

Analysis analyse(const Experiment& experiment, const Look& look) { return Analyser(experiment, look).run(); }

}  // namespace larder::experiments
