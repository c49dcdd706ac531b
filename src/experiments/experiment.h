// An experiment as it is declared: a question about how answers are made, asked of a part of the requests.
//
// clang-format off
//   {
//     "name": "title-ttl",             [a-z][a-z0-9-]*, unique
//     "hypothesis": "Titles hardly change, so a week is fresh enough.",
//     "kind": "experiment",            the default: variants are compared, and the best wins. "rollout": the second variant
//                                      replaces the first step by step, as long as no guardrail is harmed
//     "unit": "key",                   what is assigned to a variant: "key", a cache key, which is all that policies can be
//                                      tried on, as clients share entries; "client", an id of somebody, for flags
//     "resources": ["title"],          whose requests take part; default all
//     "layer": "lifetimes",            experiments in one layer never share a unit, those of different layers do, at random;
//                                      default: the name, a layer of its own
//     "layerShare": 100,               per cent of the layer that this experiment takes; default all of it
//     "variants": [                    the first is the control
//       {"name": "day", "share": 50},
//       {"name": "week", "share": 50, "overrides": {"ttl": "7d"}, "value": true}],
//                                      share: of the units, all together 100 (a rollout has none). overrides: rows of
//                                      overrides.def. value: what the flag of this name is for the variant's units, any JSON
//     "ramp": [{"percent": 10, "hold": "24h"}, {"percent": 50, "hold": "24h"}, {"percent": 100}],
//                                      the part of the units that take part (of a rollout: that have the new variant), and
//                                      how long it stays so at least; default [{"percent": 100}], of a rollout this one
//     "primary": {"metric": "hit_rate", "direction": "up", "smallestEffect": 1},
//                                      what decides: the winner is better by the smallest effect worth having, in the
//                                      metric's own unit (metrics.def). A rollout has none
//     "guardrails": [{"metric": "error_rate", "tolerance": 0.5}],
//                                      what must not become worse by more than the tolerance, in the metric's own unit
//     "duration": "30d",               then it is called flat
//     "watch": "7d",                   after its promotion the winner is still compared with a tenth of the units that are
//                                      held back, and rolled back if a guardrail is harmed
//     "promotion": "automatic"         the default; or "manual": a winner is told, and waits for an operator
//   }
// clang-format on
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/faults.h"
#include "base/units.h"
#include "config/overrides.h"
#include "experiments/metric.h"

namespace larder::experiments {

enum class Kind : std::uint8_t {
  experiment,  // which variant is best?
  rollout,     // the second variant comes in place of the first, step by step
};
inline constexpr std::array all_kinds = {Kind::experiment, Kind::rollout};
std::string_view to_text(Kind kind);

enum class Unit : std::uint8_t {
  key,     // a cache key
  client,  // an id of somebody; only its hash is ever kept
};
inline constexpr std::array all_units = {Unit::key, Unit::client};
std::string_view to_text(Unit unit);

enum class Promotion : std::uint8_t {
  automatic,  // a winner is promoted by the daily analysis
  manual,     // a winner waits for an operator
};
inline constexpr std::array all_promotions = {Promotion::automatic, Promotion::manual};
std::string_view to_text(Promotion promotion);

struct Variant {
  std::string name;
  // Per cent of the units; a rollout's are by its ramp.
  std::uint32_t share = 0;
  config::Overrides overrides;
  // What the flag is for its units, as JSON; "": there is no flag.
  std::string value;

  Variant() {}
};

struct Step {
  std::uint32_t percent = 100;
  Millis hold{0};

  Step() {}
  Step(std::uint32_t percent_, Millis hold_) : percent(percent_), hold(hold_) {}
};

struct Primary {
  Metric metric = Metric::hit_rate;
  Direction direction = Direction::up;
  double smallest_effect = 0;

  Primary() {}
};

struct Guardrail {
  Metric metric = Metric::error_rate;
  double tolerance = 0;

  Guardrail() {}
  Guardrail(Metric metric_, double tolerance_) : metric(metric_), tolerance(tolerance_) {}
};

struct Experiment {
  std::string name;
  std::string hypothesis;
  Kind kind = Kind::experiment;
  Unit unit = Unit::key;
  // Empty: all.
  std::vector<std::string> resources;
  std::string layer;
  std::uint32_t layer_share = 100;
  // Two at least; the first is the control.
  std::vector<Variant> variants;
  // One at least, rising to the last.
  std::vector<Step> ramp;
  // An experiment has one, a rollout none.
  std::optional<Primary> primary;
  std::vector<Guardrail> guardrails;
  Millis duration{0};
  Millis watch{0};
  Promotion promotion = Promotion::automatic;

  Experiment() {}
  // Whether its variants make answers differently (or only say what a flag is).
  bool overrides_policy() const;
  bool has_flag() const;
};

// Every fault is named with its place. `resources`: the names of those that are declared.
Checked<Experiment> parse_experiment(std::string_view json, const std::vector<std::string>& resources);

// One that was declared before, whatever resources there are now.
Checked<Experiment> parse_stored(std::string_view json);

// As parse_experiment() reads it.
std::string to_json(const Experiment& experiment);

}  // namespace larder::experiments
