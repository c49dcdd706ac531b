#include "experiments/plan.h"

#include <algorithm>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "config/control_log.h"
#include "config/limits.h"
#include "json/json_text.h"

namespace larder::experiments {

using json::JsonText;

std::string_view to_text(Standing standing) {
  switch (standing) {
    case Standing::running:
      return "running";
    case Standing::watching:
      return "watching";
    case Standing::kept:
      return "kept";
    case Standing::over:
      return "over";
  }
  LARDER_UNREACHABLE();
}

namespace {

void write_numbers(JsonWriter& json, std::string_view name, const std::vector<std::uint32_t>& numbers) {
  json.key(name).begin_array();
  for (const std::uint32_t number : numbers) {
    json.value(number);
  }
  json.end_array();
}

std::vector<std::uint32_t> read_numbers(const JsonText& json, std::string_view name) {
  std::vector<std::uint32_t> numbers;
  for (const JsonText& item : json.items(name)) {
    numbers.push_back(static_cast<std::uint32_t>(item.as_number().value_or(0)));
  }
  return numbers;
}

std::optional<Variant> read_variant(const JsonText& json) {
  Variant variant;
  variant.name = json.text("name");
  if (const auto value = json.find("value")) {
    variant.value = value->json();
  }
  if (const auto overrides = json.find("overrides")) {
    for (const auto& [word, text] : overrides->as_pairs()) {
      if (!config::set_override(variant.overrides, word, text)) {
        return std::nullopt;
      }
    }
  }
  return variant;
}

std::uint64_t mark_of(const Published& experiment) {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
  return UnitId(experiment.cohorts.salt).hash() * 31 + experiment.epoch * odd;
}

Failure unreadable() {
  return fail(ErrorKind::corrupt, "experiments", "What is published of an experiment is not readable.");
}

}  // namespace

std::string to_setting(const Published& published) {
  JsonWriter json;
  json.begin_object().key("standing").value(to_text(published.standing));
  json.key("unit").value(to_text(published.unit));
  json.key("resources").texts(published.resources);
  json.key("layer").value(published.cohorts.layer);
  write_numbers(json, "places", {published.cohorts.first_place, published.cohorts.end_place});
  json.key("salt").value(published.cohorts.salt).key("ramp").value(published.cohorts.ramp_percent);
  write_numbers(json, "shares", published.cohorts.shares);
  write_numbers(json, "kept", published.cohorts.kept);
  json.key("epoch").value(published.epoch).key("promoted").value(std::uint64_t{published.promoted});
  json.key("since").value(published.since).key("variants").begin_array();
  for (const Variant& variant : published.variants) {
    json.begin_object().key("name").value(variant.name);
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
  json.end_array().end_object();
  return concat({to_text(published.serial), " ", json.text()});
}

Result<Published> parse_published(std::string_view name, std::string_view value) {
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos) {
    return unreadable();
  }
  const auto json = JsonText::parse(value.substr(space + 1));
  if (!json || !json->is_object()) {
    return unreadable();
  }
  Published published;
  published.name = name;
  published.serial = config::serial_of(value);
  const auto standing = find_word(all_standings, json->text("standing"));
  const auto unit = find_word(all_units, json->text("unit"));
  const std::vector<std::uint32_t> places = read_numbers(*json, "places");
  if (!standing || !unit || places.size() != 2) {
    return unreadable();
  }
  published.standing = *standing;
  published.unit = *unit;
  for (const JsonText& resource : json->items("resources")) {
    published.resources.push_back(resource.as_text().value_or(""));
  }
  published.cohorts.layer = json->text("layer");
  published.cohorts.first_place = places[0];
  published.cohorts.end_place = places[1];
  published.cohorts.salt = json->text("salt");
  published.cohorts.ramp_percent = static_cast<std::uint32_t>(json->number("ramp"));
  published.cohorts.shares = read_numbers(*json, "shares");
  published.cohorts.kept = read_numbers(*json, "kept");
  published.epoch = static_cast<std::uint32_t>(json->number("epoch"));
  published.promoted = static_cast<std::size_t>(json->number("promoted"));
  published.since = json->number("since");
  for (const JsonText& item : json->items("variants")) {
    auto variant = read_variant(item);
    if (!variant) {
      return unreadable();
    }
    published.variants.push_back(std::move(*variant));
  }
  const std::size_t count = published.variants.size();
  const Cohorts& cohorts = published.cohorts;
  const bool is_whole = count >= 2 && count <= config::limit::experiment_variants_max &&
                        published.promoted < count && cohorts.shares.size() == count &&
                        (cohorts.kept.empty() || cohorts.kept.size() == count) && cohorts.ramp_percent <= 100;
  if (!is_whole) {
    return unreadable();
  }
  return published;
}

Plan::Plan(const TextPairs& settings, config::OverrideList by_hand) : by_hand_(std::move(by_hand)) {
  for (const auto& [name, value] : settings) {
    if (!name.starts_with(config::experiment_setting)) {
      continue;
    }
    auto published = parse_published(std::string_view(name).substr(config::experiment_setting.size()), value);
    if (published) {
      experiments_.push_back(std::move(*published));
    } else {
      ++unreadable_;
    }
  }
  std::sort(experiments_.begin(), experiments_.end(), [](const Published& a, const Published& b) {
    return a.since == b.since ? a.name < b.name : a.since < b.since;
  });
  for (const Published& experiment : experiments_) {
    lotteries_.emplace_back(experiment.cohorts);
  }
}

bool Plan::concerns(const Published& experiment, std::string_view resource) {
  return experiment.unit == Unit::key &&
         (experiment.resources.empty() || std::find(experiment.resources.begin(), experiment.resources.end(),
                                                    resource) != experiment.resources.end());
}

std::shared_ptr<const View> Plan::view_of(const config::Resource& resource,
                                          std::string_view storage_name) const {
  if (empty()) {
    return nullptr;
  }
  std::optional<UnitId> unit;
  std::vector<std::optional<std::size_t>> variants(experiments_.size());
  std::string key(2 + experiments_.size(), '\0');
  key[0] = static_cast<char>(resource.number & 0xff);
  key[1] = static_cast<char>(resource.number >> 8);
  for (std::size_t i = 0; i < experiments_.size(); ++i) {
    const Published& experiment = experiments_[i];
    const bool is_compared =
        experiment.standing == Standing::running || experiment.standing == Standing::watching;
    if (!is_compared || !concerns(experiment, resource.name)) {
      continue;
    }
    if (!unit) {
      unit.emplace(storage_name);
    }
    variants[i] = lotteries_[i].variant_of(*unit);
    key[2 + i] = static_cast<char>(variants[i] ? *variants[i] + 1 : 0);
  }
  const auto known = views_.find(key);
  if (known != views_.end()) {
    return known->second;
  }
  if (views_.size() >= config::limit::experiment_views_max) {
    views_.clear();
  }
  return views_.emplace(std::move(key), make_view(resource, variants)).first->second;
}

std::shared_ptr<const View> Plan::make_view(const config::Resource& resource,
                                            const std::vector<std::optional<std::size_t>>& variants) const {
  View view;
  config::Overrides running;
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < experiments_.size(); ++i) {
    const Published& experiment = experiments_[i];
    const bool is_promoted =
        experiment.standing == Standing::watching || experiment.standing == Standing::kept;
    const bool is_held_back = experiment.standing == Standing::watching && variants[i] == 0U;
    if (is_promoted && !is_held_back && concerns(experiment, resource.name)) {
      view.overrides = config::merged(view.overrides, experiment.variants[experiment.promoted].overrides);
    }
    if (!variants[i]) {
      continue;
    }
    const Variant& variant = experiment.variants[*variants[i]];
    if (experiment.standing == Standing::running) {
      running = config::merged(running, variant.overrides);
    }
    Part part;
    part.salt = experiment.cohorts.salt;
    part.experiment = experiment.name;
    part.epoch = experiment.epoch;
    part.mark = mark_of(experiment);
    part.variant = *variants[i];
    part.label = concat({experiment.name, ":", variant.name});
    labels.push_back(part.label);
    view.parts.push_back(std::move(part));
  }
  view.overrides = config::merged(config::merged(view.overrides, by_hand_.of(resource.name)), running);
  if (view.parts.empty() && view.overrides.empty()) {
    return nullptr;
  }
  view.label = join(labels, "/");
  view.resource = resource;
  const config::Overrides& overrides = view.overrides;
  view.resource.ttl = overrides.ttl.value_or(resource.ttl);
  view.resource.stale = overrides.stale.value_or(resource.stale);
  view.resource.stale_if_error = overrides.stale_if_error.value_or(resource.stale_if_error);
  view.resource.negative_ttl = overrides.negative_ttl.value_or(resource.negative_ttl);
  view.resource.tiers = overrides.tiers.value_or(resource.tiers);
  return std::make_shared<const View>(std::move(view));
}

config::Overrides Plan::settled(std::string_view resource) const {
  config::Overrides overrides;
  for (const Published& experiment : experiments_) {
    const bool is_promoted =
        experiment.standing == Standing::watching || experiment.standing == Standing::kept;
    if (is_promoted && concerns(experiment, resource)) {
      overrides = config::merged(overrides, experiment.variants[experiment.promoted].overrides);
    }
  }
  return config::merged(overrides, by_hand_.of(resource));
}

std::uint32_t Plan::group_of(const Part& part, UnitId unit) const {
  for (std::size_t i = 0; i < experiments_.size(); ++i) {
    if (experiments_[i].cohorts.salt == part.salt) {
      return lotteries_[i].group_of(unit, config::limit::experiment_groups);
    }
  }
  return 0;
}

std::optional<Flag> Plan::flag(std::string_view name, std::string_view targeting_key) const {
  for (std::size_t i = 0; i < experiments_.size(); ++i) {
    const Published& experiment = experiments_[i];
    if (experiment.name != name || experiment.variants.front().value.empty()) {
      continue;
    }
    const std::size_t otherwise =
        experiment.standing == Standing::watching || experiment.standing == Standing::kept
            ? experiment.promoted
            : 0;
    const bool is_split =
        experiment.standing == Standing::running || experiment.standing == Standing::watching;
    const Variant& variant =
        experiment.variants[is_split ? lotteries_[i].variant_of(UnitId(targeting_key)).value_or(otherwise)
                                     : otherwise];
    Flag flag;
    flag.value = variant.value;
    flag.variant = variant.name;
    flag.reason = is_split ? "SPLIT" : "STATIC";
    return flag;
  }
  return std::nullopt;
}

bool Plan::is_observed(std::string_view name) const {
  return std::any_of(experiments_.begin(), experiments_.end(), [name](const Published& experiment) {
    return experiment.name == name && experiment.unit == Unit::client &&
           (experiment.standing == Standing::running || experiment.standing == Standing::watching);
  });
}

std::shared_ptr<const View> Plan::observed_view(std::string_view name, std::string_view client) const {
  for (std::size_t i = 0; i < experiments_.size() && is_observed(name); ++i) {
    const Published& experiment = experiments_[i];
    const auto variant = lotteries_[i].variant_of(UnitId(client));
    if (experiment.name != name || !variant) {
      continue;
    }
    View view;
    Part part;
    part.salt = experiment.cohorts.salt;
    part.experiment = experiment.name;
    part.epoch = experiment.epoch;
    part.mark = mark_of(experiment);
    part.variant = *variant;
    part.label = concat({experiment.name, ":", experiment.variants[*variant].name});
    view.label = part.label;
    view.parts.push_back(std::move(part));
    return std::make_shared<const View>(std::move(view));
  }
  return nullptr;
}

std::vector<std::string> Plan::flags() const {
  std::vector<std::string> names;
  for (const Published& experiment : experiments_) {
    if (!experiment.variants.front().value.empty()) {
      names.push_back(experiment.name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace larder::experiments
