#include "experiments/experiment.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "config/duration.h"
#include "config/limits.h"
#include "json/json_memory.h"
#include "json/json_reader.h"

namespace larder::experiments {

namespace limit = config::limit;
using json::Members;
using json::Place;

std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::experiment:
      return "experiment";
    case Kind::rollout:
      return "rollout";
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(Unit unit) {
  switch (unit) {
    case Unit::key:
      return "key";
    case Unit::client:
      return "client";
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(Promotion promotion) {
  switch (promotion) {
    case Promotion::automatic:
      return "automatic";
    case Promotion::manual:
      return "manual";
  }
  LARDER_UNREACHABLE();
}

bool Experiment::overrides_policy() const {
  return std::any_of(variants.begin(), variants.end(),
                     [](const Variant& variant) { return !variant.overrides.empty(); });
}

bool Experiment::has_flag() const { return !variants.empty() && !variants.front().value.empty(); }

namespace {

constexpr std::size_t depth_max = 16;

std::optional<std::string> read_name(const Place& place, Faults& faults) {
  auto text = json::read_text(place, faults);
  const auto fits = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  if (text && (text->empty() || text->size() > limit::experiment_name_bytes_max || !is_lower(text->front()) ||
               !std::all_of(text->begin(), text->end(), fits))) {
    faults.emplace_back(
        place.path, concat({in_quotes(*text), " is no name; use lower-case letters, digits and -, at most ",
                            to_text(std::uint64_t{limit::experiment_name_bytes_max}), ", a letter first."}));
    return std::nullopt;
  }
  return text;
}

std::optional<double> read_amount(const Place& place, Faults& faults) {
  // As small as it can be written again.
  constexpr double least = 0.000001;
  constexpr double most = 1e9;
  double amount = 0;
  if (!place.element.is_number() || place.element.get(amount) != simdjson::SUCCESS ||
      !std::isfinite(amount) || amount < least || amount > most) {
    faults.emplace_back(place.path, "This must be a number above 0, in the metric's own unit.");
    return std::nullopt;
  }
  return amount;
}

std::optional<Millis> read_duration(const Place& place, Millis least, Millis most, Faults& faults) {
  const auto text = json::read_text(place, faults);
  if (!text) {
    return std::nullopt;
  }
  const auto duration = config::parse_duration(*text);
  if (!duration) {
    faults.emplace_back(place.path, duration.error().message);
    return std::nullopt;
  }
  if (*duration < least || *duration > most) {
    faults.emplace_back(place.path, concat({"This must be from ", config::format_duration(least), " to ",
                                            config::format_duration(most), "."}));
    return std::nullopt;
  }
  return *duration;
}

// A text, a number or a boolean of "overrides", as overrides.def reads it.
std::optional<std::string> read_override_text(const Place& place, Faults& faults) {
  bool flag = false;
  if (place.element.get(flag) == simdjson::SUCCESS) {
    return flag ? "true" : "false";
  }
  if (std::uint64_t number = 0; place.element.get(number) == simdjson::SUCCESS) {
    return to_text(number);
  }
  return json::read_text(place, faults);
}

config::Overrides read_overrides(const Place& place, Faults& faults) {
  config::Overrides overrides;
  for (const auto& [name, value] : json::read_free_members(place, config::override_words().size(), faults)) {
    const std::string path = concat({place.path, ".", name});
    const auto text = read_override_text(Place(value.element, path), faults);
    if (!text) {
      continue;
    }
    if (const auto set = config::set_override(overrides, name, *text); !set) {
      faults.emplace_back(path, set.error().message);
    }
  }
  return overrides;
}

Variant read_variant(const Place& place, Kind kind, Faults& faults) {
  const Members members(place, {"name", "share", "overrides", "value"}, faults);
  Variant variant;
  if (const auto name = members.require("name", faults)) {
    variant.name = read_name(*name, faults).value_or("");
  }
  const auto share = members.find("share");
  if (kind == Kind::rollout && share) {
    faults.emplace_back(share->path, "A rollout's shares are those of its ramp; leave this out.");
  } else if (kind == Kind::experiment) {
    const auto needed = members.require("share", faults);
    variant.share =
        needed ? static_cast<std::uint32_t>(json::read_integer(*needed, 1, 99, faults).value_or(0)) : 0;
  }
  if (const auto overrides = members.find("overrides")) {
    variant.overrides = read_overrides(*overrides, faults);
  }
  if (const auto value = members.find("value")) {
    variant.value = simdjson::minify(value->element);
    if (variant.value.size() > limit::experiment_text_bytes_max) {
      faults.emplace_back(value->path,
                          concat({"A value has at most ",
                                  to_text(std::uint64_t{limit::experiment_text_bytes_max}), " bytes."}));
    }
  }
  return variant;
}

void check_variants(const std::string& path, const Experiment& experiment, Faults& faults) {
  const std::vector<Variant>& variants = experiment.variants;
  const bool is_rollout = experiment.kind == Kind::rollout;
  if (variants.size() < 2 || (is_rollout && variants.size() > 2)) {
    faults.emplace_back(path, is_rollout ? "A rollout has two variants: what is, and what is to be."
                                         : "Name two variants at least; the first is the control.");
    return;
  }
  if (!variants.front().overrides.empty()) {
    faults.emplace_back(path + "[0].overrides", "The control is what there is: it overrides nothing.");
  }
  std::uint32_t shares = 0;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const std::string here = concat({path, "[", to_text(std::uint64_t{i}), "]"});
    shares += variants[i].share;
    for (std::size_t j = 0; j < i; ++j) {
      if (!variants[i].name.empty() && variants[i].name == variants[j].name) {
        faults.emplace_back(here + ".name",
                            concat({"There are two variants named ", in_quotes(variants[i].name), "."}));
      }
      if (variants[i].overrides == variants[j].overrides && variants[i].value == variants[j].value) {
        faults.emplace_back(here, concat({"This is the same as ", in_quotes(variants[j].name),
                                          ": give it other overrides or another value."}));
      }
    }
    if (variants[i].value.empty() != variants.front().value.empty()) {
      faults.emplace_back(here, "Either every variant has a \"value\", or none.");
    }
  }
  if (!is_rollout && shares != 100) {
    faults.emplace_back(path, concat({"The shares come to ", to_text(std::uint64_t{shares}),
                                      "; together they must be 100."}));
  }
  if (experiment.unit == Unit::client && experiment.overrides_policy()) {
    faults.emplace_back(path,
                        "Policies are tried by key: with the unit \"client\", clients of different "
                        "variants would share entries. Leave the overrides out, or use \"key\".");
  }
}

std::vector<Step> read_ramp(const std::optional<Place>& place, Kind kind, Faults& faults) {
  const Millis hold = limit::experiment_step_default;
  if (!place) {
    return kind == Kind::experiment ? std::vector<Step>{Step(100, hold)}
                                    : std::vector<Step>{Step(10, hold), Step(50, hold), Step(100, hold)};
  }
  std::vector<Step> ramp;
  for (const Place& item : json::read_items(*place, limit::experiment_steps_max, faults)) {
    const Members members(item, {"percent", "hold"}, faults);
    Step step(0, hold);
    if (const auto percent = members.require("percent", faults)) {
      step.percent = static_cast<std::uint32_t>(json::read_integer(*percent, 1, 100, faults).value_or(0));
    }
    if (const auto given = members.find("hold")) {
      step.hold = read_duration(*given, Millis(0), limit::experiment_duration_max, faults).value_or(hold);
    }
    if (!ramp.empty() && step.percent != 0 && step.percent <= ramp.back().percent) {
      faults.emplace_back(item.path, "Each step takes in more than the one before: no unit ever goes back.");
    }
    ramp.push_back(step);
  }
  if (ramp.empty()) {
    faults.emplace_back(place->path, "A ramp has one step at least.");
  } else if (kind == Kind::rollout && ramp.back().percent != 100 && ramp.back().percent != 0) {
    faults.emplace_back(place->path, "A rollout ends with 100 per cent.");
  } else if (kind == Kind::rollout && ramp.size() < 2) {
    faults.emplace_back(place->path, "A rollout has a step below 100 per cent, at which it is judged.");
  }
  return ramp;
}

std::optional<Metric> read_metric(const Members& members, Faults& faults) {
  const auto metric = members.require("metric", faults);
  return metric ? json::read_word(*metric, all_metrics, faults) : std::nullopt;
}

Primary read_primary(const Place& place, Faults& faults) {
  const Members members(place, {"metric", "direction", "smallestEffect"}, faults);
  Primary primary;
  primary.metric = read_metric(members, faults).value_or(Metric::hit_rate);
  primary.direction = row_of(primary.metric).better;
  if (const auto direction = members.find("direction")) {
    primary.direction = json::read_word(*direction, all_directions, faults).value_or(primary.direction);
  }
  if (const auto effect = members.require("smallestEffect", faults)) {
    primary.smallest_effect = read_amount(*effect, faults).value_or(0);
  }
  return primary;
}

std::vector<Guardrail> read_guardrails(const Place& place, const std::optional<Primary>& primary,
                                       Faults& faults) {
  std::vector<Guardrail> guardrails;
  for (const Place& item : json::read_items(place, limit::experiment_guardrails_max, faults)) {
    const Members members(item, {"metric", "tolerance"}, faults);
    const auto metric = read_metric(members, faults);
    const auto tolerance = members.require("tolerance", faults);
    const auto amount = tolerance ? read_amount(*tolerance, faults) : std::nullopt;
    if (!metric) {
      continue;
    }
    const auto is_same = [metric](const Guardrail& other) { return other.metric == *metric; };
    if (std::any_of(guardrails.begin(), guardrails.end(), is_same)) {
      faults.emplace_back(item.path, "This metric is guarded twice; keep one.");
    } else if (primary && primary->metric == *metric) {
      faults.emplace_back(item.path, "This is the primary metric; guard another one.");
    }
    guardrails.emplace_back(*metric, amount.value_or(0));
  }
  return guardrails;
}

// `declared`: nullptr where it does not matter.
std::vector<std::string> read_resources(const Place& place, const std::vector<std::string>* declared,
                                        Faults& faults) {
  std::vector<std::string> resources;
  std::vector<std::string_view> known;
  if (declared != nullptr) {
    known.assign(declared->begin(), declared->end());
  }
  for (const Place& item : json::read_items(place, limit::resources_max, faults)) {
    const auto name = json::read_text(item, faults);
    if (!name) {
      continue;
    }
    if (declared != nullptr && std::find(known.begin(), known.end(), *name) == known.end()) {
      faults.emplace_back(item.path, concat({"There is no resource ", in_quotes(*name), "; there is ",
                                             any_of(known), ".", did_you_mean(*name, known)}));
    } else if (std::find(resources.begin(), resources.end(), *name) != resources.end()) {
      faults.emplace_back(item.path, "This resource is named twice; keep one.");
    } else {
      resources.push_back(*name);
    }
  }
  return resources;
}

std::string read_hypothesis(const Members& members, Faults& faults) {
  const auto place = members.require("hypothesis", faults);
  const auto text = place ? json::read_text(*place, faults) : std::nullopt;
  if (!text) {
    return "";
  }
  if (trim(*text).empty() || text->size() > limit::experiment_text_bytes_max) {
    faults.emplace_back(place->path,
                        concat({"Say in 1 to ", to_text(std::uint64_t{limit::experiment_text_bytes_max}),
                                " bytes what you expect, and why."}));
  }
  return *text;
}

// What decides, and what must not be harmed.
void read_judgement(const Members& members, Experiment& experiment, Faults& faults) {
  const bool is_rollout = experiment.kind == Kind::rollout;
  const auto primary = is_rollout ? members.find("primary") : members.require("primary", faults);
  if (primary && is_rollout) {
    faults.emplace_back(primary->path,
                        "A rollout has no primary metric: its guardrails decide. Leave this out.");
  } else if (primary) {
    experiment.primary = read_primary(*primary, faults);
  }
  const auto guardrails = is_rollout ? members.require("guardrails", faults) : members.find("guardrails");
  if (guardrails) {
    experiment.guardrails = read_guardrails(*guardrails, experiment.primary, faults);
    if (is_rollout && experiment.guardrails.empty()) {
      faults.emplace_back(guardrails->path, "A rollout needs a guardrail at least: what would roll it back?");
    }
  }
}

void read_times(const Members& members, Experiment& experiment, Faults& faults) {
  experiment.duration = limit::experiment_duration_default;
  if (const auto duration = members.find("duration")) {
    experiment.duration =
        read_duration(*duration, limit::experiment_step_default, limit::experiment_duration_max, faults)
            .value_or(experiment.duration);
  }
  experiment.watch = limit::experiment_watch_default;
  if (const auto watch = members.find("watch")) {
    experiment.watch =
        read_duration(*watch, Millis(0), limit::experiment_duration_max, faults).value_or(experiment.watch);
  }
  if (const auto promotion = members.find("promotion")) {
    experiment.promotion = json::read_word(*promotion, all_promotions, faults).value_or(Promotion::automatic);
  }
}

Experiment read_experiment(const Place& place, const std::vector<std::string>* resources, Faults& faults) {
  const Members members(place,
                        {"name", "hypothesis", "kind", "unit", "resources", "layer", "layerShare", "variants",
                         "ramp", "primary", "guardrails", "duration", "watch", "promotion"},
                        faults);
  Experiment experiment;
  if (!members.is_object()) {
    return experiment;
  }
  if (const auto name = members.require("name", faults)) {
    experiment.name = read_name(*name, faults).value_or("");
  }
  experiment.hypothesis = read_hypothesis(members, faults);
  if (const auto kind = members.find("kind")) {
    experiment.kind = json::read_word(*kind, all_kinds, faults).value_or(Kind::experiment);
  }
  if (const auto unit = members.find("unit")) {
    experiment.unit = json::read_word(*unit, all_units, faults).value_or(Unit::key);
  }
  if (const auto named = members.find("resources")) {
    experiment.resources = read_resources(*named, resources, faults);
  }
  experiment.layer = experiment.name;
  if (const auto layer = members.find("layer")) {
    experiment.layer = read_name(*layer, faults).value_or(experiment.name);
  }
  if (const auto share = members.find("layerShare")) {
    experiment.layer_share =
        static_cast<std::uint32_t>(json::read_integer(*share, 1, 100, faults).value_or(100));
  }
  if (const auto variants = members.require("variants", faults)) {
    for (const Place& item : json::read_items(*variants, limit::experiment_variants_max, faults)) {
      experiment.variants.push_back(read_variant(item, experiment.kind, faults));
    }
    check_variants(variants->path, experiment, faults);
  }
  if (experiment.unit == Unit::client && !experiment.has_flag()) {
    faults.emplace_back(
        members.path_of("unit"),
        "With the unit \"client\" an experiment is about a flag: give each variant a \"value\".");
  }
  experiment.ramp = read_ramp(members.find("ramp"), experiment.kind, faults);
  read_judgement(members, experiment, faults);
  read_times(members, experiment, faults);
  return experiment;
}

Checked<Experiment> parse(std::string_view json, const std::vector<std::string>* resources) {
  // As it is written again it may be a little longer than it came.
  if (json.size() > limit::experiment_bytes_max * (resources == nullptr ? 2 : 1)) {
    return tl::make_unexpected(
        Faults{Fault("", concat({"A declaration has at most ",
                                 to_text(std::uint64_t{limit::experiment_bytes_max}), " bytes."}))});
  }
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  const simdjson::padded_string padded(json);
  const auto error = parser.parse(padded).get(element);
  if (error != simdjson::SUCCESS) {
    return tl::make_unexpected(json::lacks_memory(json, padded, error)
                                   ? Faults{Fault("", "There is no memory to read it; try again.")}
                                   : json::syntax_faults(json, error, depth_max));
  }
  Faults faults;
  Experiment experiment = read_experiment(Place(element, ""), resources, faults);
  if (!faults.empty()) {
    return tl::make_unexpected(json::shortened(std::move(faults), limit::declaration_faults_max));
  }
  return experiment;
}

}  // namespace

Checked<Experiment> parse_experiment(std::string_view json, const std::vector<std::string>& resources) {
  return parse(json, &resources);
}

Checked<Experiment> parse_stored(std::string_view json) { return parse(json, nullptr); }

namespace {

void write_variants(JsonWriter& json, const Experiment& experiment) {
  json.key("variants").begin_array();
  for (const Variant& variant : experiment.variants) {
    json.begin_object().key("name").value(variant.name);
    if (experiment.kind == Kind::experiment) {
      json.key("share").value(variant.share);
    }
    if (!variant.overrides.empty()) {
      json.key("overrides").begin_object();
      for (const auto& [word, text] : config::texts_of(variant.overrides)) {
        json.key(word).value(text);
      }
      json.end_object();
    }
    if (!variant.value.empty()) {
      json.key("value").raw(variant.value);
    }
    json.end_object();
  }
  json.end_array();
}

void write_judgement(JsonWriter& json, const Experiment& experiment) {
  if (experiment.primary) {
    json.key("primary").begin_object();
    json.key("metric").value(to_text(experiment.primary->metric));
    json.key("direction").value(to_text(experiment.primary->direction));
    json.key("smallestEffect").value(experiment.primary->smallest_effect).end_object();
  }
  json.key("guardrails").begin_array();
  for (const Guardrail& guardrail : experiment.guardrails) {
    json.begin_object().key("metric").value(to_text(guardrail.metric));
    json.key("tolerance").value(guardrail.tolerance).end_object();
  }
  json.end_array();
}

}  // namespace

std::string to_json(const Experiment& experiment) {
  JsonWriter json;
  json.begin_object().key("name").value(experiment.name);
  json.key("hypothesis").value(experiment.hypothesis);
  json.key("kind").value(to_text(experiment.kind));
  json.key("unit").value(to_text(experiment.unit));
  json.key("resources").texts(experiment.resources);
  json.key("layer").value(experiment.layer);
  json.key("layerShare").value(experiment.layer_share);
  write_variants(json, experiment);
  json.key("ramp").begin_array();
  for (const Step& step : experiment.ramp) {
    json.begin_object().key("percent").value(step.percent);
    json.key("hold").value(config::format_duration(step.hold)).end_object();
  }
  json.end_array();
  write_judgement(json, experiment);
  json.key("duration").value(config::format_duration(experiment.duration));
  json.key("watch").value(config::format_duration(experiment.watch));
  json.key("promotion").value(to_text(experiment.promotion)).end_object();
  return std::move(json).take();
}

}  // namespace larder::experiments
