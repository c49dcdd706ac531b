#include "trials/conductor.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/json_writer.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/control_log.h"
#include "config/limits.h"
#include "host/log_line.h"
#include "monitor/watch.h"
#include "records/calls.h"
#include "records/control_log.h"
#include "records/experiments.h"

namespace larder::trials {

namespace {

namespace limit = config::limit;
using experiments::Analysis;
using experiments::Experiment;
using records::ExperimentRow;
using records::ExperimentState;

constexpr std::string_view source = "experiments";
// Somebody may have been lost between a decision and its announcement; later than this nobody is told.
constexpr Millis announced_within = std::chrono::hours(24);

std::uint8_t number_of(ExperimentState state) { return static_cast<std::uint8_t>(state); }
bool is_in(const ExperimentRow& row, ExperimentState state) { return row.state == number_of(state); }
bool is_compared(const ExperimentRow& row) {
  return is_in(row, ExperimentState::running) || is_in(row, ExperimentState::watching);
}

std::string_view state_text(std::uint8_t state) {
  switch (static_cast<ExperimentState>(state)) {
    case ExperimentState::running:
      return "running";
    case ExperimentState::watching:
      return "watching";
    case ExperimentState::kept:
      return "kept";
    case ExperimentState::rolled_back:
      return "rolled-back";
    case ExperimentState::stopped:
      return "stopped";
  }
  return "unknown";
}

// A resource that was declared when the experiment began may be gone since: it concerns nothing more.
Result<Experiment> declaration_of(const ExperimentRow& row) {
  auto experiment = experiments::parse_stored(row.declaration);
  if (!experiment) {
    return fail(ErrorKind::corrupt, source, concat({"The declaration of ", row.name, " is not readable."}));
  }
  return std::move(*experiment);
}

experiments::Cohorts cohorts_of(const ExperimentRow& row, const Experiment& experiment) {
  experiments::Cohorts cohorts;
  cohorts.layer = row.layer;
  cohorts.first_place = row.first_place;
  cohorts.end_place = row.end_place;
  cohorts.salt = concat({row.name, "/", to_text(std::uint64_t{row.run})});
  const std::size_t step = std::min<std::size_t>(row.step, experiment.ramp.size() - 1);
  const auto held_back = static_cast<std::uint32_t>(limit::experiment_held_back_percent);
  const bool is_watched = is_in(row, ExperimentState::watching);
  if (experiment.kind == experiments::Kind::rollout) {
    return experiments::rolled_out(std::move(cohorts),
                                   is_watched ? 100 - held_back : experiment.ramp[step].percent);
  }
  cohorts.ramp_percent = experiment.ramp[step].percent;
  for (const experiments::Variant& variant : experiment.variants) {
    cohorts.shares.push_back(variant.share);
  }
  return is_watched ? experiments::held_back(std::move(cohorts), row.promoted, held_back) : cohorts;
}

// Of the units that take part, the part that each variant has now.
std::vector<std::uint32_t> shares_of(const experiments::Cohorts& cohorts) {
  std::vector<std::uint32_t> shares = cohorts.shares;
  for (std::size_t i = 0; i < cohorts.kept.size(); ++i) {
    // In hundredths, since a part of a share may be small.
    shares[i] = cohorts.shares[i] * cohorts.kept[i];
  }
  return shares;
}

experiments::Published published_of(const ExperimentRow& row, const Experiment& experiment) {
  experiments::Published published;
  published.serial = row.serial;
  published.name = row.name;
  published.unit = experiment.unit;
  published.resources = experiment.resources;
  published.cohorts = cohorts_of(row, experiment);
  published.epoch = row.epoch;
  published.variants = experiment.variants;
  published.promoted = row.promoted;
  published.since = row.stage_began;
  switch (static_cast<ExperimentState>(row.state)) {
    case ExperimentState::running:
      published.standing = experiments::Standing::running;
      break;
    case ExperimentState::watching:
      published.standing = experiments::Standing::watching;
      break;
    case ExperimentState::kept:
      published.standing = experiments::Standing::kept;
      break;
    case ExperimentState::rolled_back:
    case ExperimentState::stopped:
      published.standing = experiments::Standing::over;
      break;
  }
  return published;
}

experiments::Look look_of(const ExperimentRow& row, const Experiment& experiment,
                          const records::VariantSums& sums, Instant now) {
  experiments::Look look;
  look.stage =
      is_in(row, ExperimentState::watching) ? experiments::Stage::watching : experiments::Stage::running;
  look.step = std::min<std::size_t>(row.step, experiment.ramp.size() - 1);
  look.promoted = row.promoted;
  look.running = now - instant_from_millis(static_cast<std::int64_t>(row.began));
  look.at_step = now - instant_from_millis(static_cast<std::int64_t>(row.stage_began));
  look.shares = shares_of(cohorts_of(row, experiment));
  look.gathered.resize(experiment.variants.size());
  for (experiments::Gathered& gathered : look.gathered) {
    gathered.groups.resize(limit::experiment_groups);
  }
  for (const records::VariantSum& sum : sums) {
    if (sum.variant >= look.gathered.size()) {
      continue;
    }
    experiments::Gathered& gathered = look.gathered[sum.variant];
    gathered.units = sum.unit_count;
    for (const records::GroupSum& group : sum.groups) {
      if (group.group >= gathered.groups.size()) {
        continue;
      }
      experiments::Sums& to = gathered.groups[group.group];
#define LARDER_SUM(name, what) to.name += group.name;
#include "experiments/sums.def"
    }
  }
  return look;
}

void write_number(JsonWriter& json, std::string_view name, double value) {
  json.key(name);
  if (std::isfinite(value)) {
    json.value(value);
  } else {
    json.null();
  }
}

void write_effect(JsonWriter& json, std::string_view variant, const experiments::Effect& effect) {
  json.begin_object().key("metric").value(experiments::to_text(effect.metric));
  write_number(json, "effect", effect.value);
  write_number(json, "low", effect.low);
  write_number(json, "high", effect.high);
  json.key("words").value(experiments::in_words(variant, effect));
}

void write_number(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
  write_number(json, name, value.value_or(std::numeric_limits<double>::infinity()));
}

// How long its requests took, and how much longer than the control's.
void write_quantiles(JsonWriter& json, const experiments::VariantAnalysis& variant) {
  json.key("latency").begin_array();
  for (std::size_t i = 0; i < variant.quantiles.size(); ++i) {
    const experiments::Quantile& quantile = variant.quantiles[i];
    json.begin_object().key("quantile").value(quantile.share);
    write_number(json, "millis", quantile.value);
    write_number(json, "low", quantile.low);
    write_number(json, "high", quantile.high);
    if (i < variant.quantile_differences.size()) {
      const experiments::QuantileDifference& later = variant.quantile_differences[i];
      json.key("againstControl").begin_object();
      write_number(json, "millis", later.value);
      write_number(json, "low", later.low);
      write_number(json, "high", later.high);
      json.end_object();
    }
    json.key("words").value(experiments::in_words(quantile)).end_object();
  }
  json.end_array();
}

void write_variant(JsonWriter& json, const Experiment& experiment,
                   const experiments::VariantAnalysis& variant) {
  const std::string& name = experiment.variants[variant.variant].name;
  json.begin_object().key("variant").value(name).key("requests").value(variant.requests);
  json.key("units").value(variant.units).key("values").begin_object();
  for (const experiments::Metric metric : experiments::all_metrics) {
    write_number(json, experiments::to_text(metric), variant.values[static_cast<std::size_t>(metric)]);
  }
  json.end_object();
  write_quantiles(json, variant);
  if (variant.primary) {
    json.key("primary");
    write_effect(json, name, *variant.primary);
    json.end_object();
  }
  if (variant.variant != 0) {
    json.key("guardrails").begin_array();
    for (const experiments::GuardrailEffect& guardrail : variant.guardrails) {
      write_effect(json, name, guardrail.effect);
      json.key("state").value(experiments::to_text(guardrail.state)).end_object();
    }
    json.end_array().key("others").begin_array();
    for (const experiments::Effect& effect : variant.others) {
      write_effect(json, name, effect);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
}

// What a decision is recorded with.
std::string numbers_of(const Experiment& experiment, const Analysis& analysis) {
  JsonWriter json;
  json.begin_object().key("enough").value(analysis.is_enough);
  write_number(json, "mismatchEvidence", analysis.mismatch_evidence);
  json.key("variants").begin_array();
  for (const experiments::VariantAnalysis& variant : analysis.variants) {
    write_variant(json, experiment, variant);
  }
  json.end_array().end_object();
  return std::move(json).take();
}

// What a night's look is noted with, where nothing follows from it: what the intervals were that day.
std::string looked_at(const Experiment& experiment, const Analysis& analysis) {
  JsonWriter json;
  json.begin_object().key("variants").begin_array();
  for (const experiments::VariantAnalysis& variant : analysis.variants) {
    const std::string& name = experiment.variants[variant.variant].name;
    json.begin_object().key("variant").value(name).key("requests").value(variant.requests);
    json.key("units").value(variant.units);
    if (variant.primary) {
      json.key("primary");
      write_effect(json, name, *variant.primary);
      json.end_object();
    }
    json.end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

std::string declared_as(std::string_view declaration) {
  JsonWriter json;
  json.begin_object().key("declaration").raw(declaration).end_object();
  return std::move(json).take();
}

// As the calls of experiments/analysis.h, and those of operators, are told.
std::string_view headline_of(std::string_view call) {
  struct Headline {
    std::string_view call;
    std::string_view text;
  };
  static constexpr Headline headlines[] = {
      Headline{"next-step", "goes on with the next step"},
      Headline{"promote", "is promoted"},
      Headline{"stop-harmed", "is stopped: a variant does harm"},
      Headline{"stop-mismatch", "is stopped: its numbers cannot be believed"},
      Headline{"stop-flat", "is over and has shown nothing"},
      Headline{"roll-back", "is rolled back"},
      Headline{"keep", "is over: what was promoted is kept"},
      Headline{"stop", "is stopped"},
      Headline{"declare", "has begun"},
  };
  const Headline* const found = std::find_if(std::begin(headlines), std::end(headlines),
                                             [call](const Headline& one) { return one.call == call; });
  return found == std::end(headlines) ? call : found->text;
}

records::ExperimentDecision decision_of(std::string_view call, std::string_view actor, std::string reason,
                                        std::string numbers) {
  records::ExperimentDecision decision;
  decision.call = call;
  decision.actor = actor;
  decision.reason = std::move(reason);
  decision.numbers = std::move(numbers);
  return decision;
}

// What people are told of a decision. An experiment that is declared again goes on with its serial numbers.
records::Announcement announcement_of(const ExperimentRow& row, const records::ExperimentDecision& decision) {
  records::Announcement news;
  news.topic = row.name;
  // Each second number is left for a winner that waits.
  news.serial = 2 * row.serial;
  news.at = row.changed;
  news.headline = headline_of(decision.call);
  news.reason = decision.reason;
  return news;
}

// A winner of an experiment that people promote themselves.
records::Announcement announcement_of_winner(const Dossier& dossier) {
  records::Announcement news;
  news.topic = dossier.row.name;
  news.serial = 2 * dossier.row.serial + 1;
  news.at = dossier.row.changed;
  const std::string& winner = dossier.declaration.variants[dossier.analysis.variant].name;
  news.headline = concat({"has a winner, ", winner, ", which waits to be promoted by you"});
  news.reason = dossier.analysis.reason;
  return news;
}

// A change that leaves everything as it is.
records::experiments::move_arguments as_it_is(const ExperimentRow& row,
                                              records::ExperimentDecision decision) {
  records::experiments::move_arguments change;
  change.name = row.name;
  change.serial = row.serial;
  change.state = row.state;
  change.step = row.step;
  change.promoted = row.promoted;
  change.decision = std::move(decision);
  return change;
}

// What the analysis' call comes to. nullopt: nothing changes.
std::optional<records::experiments::move_arguments> change_of(const Dossier& dossier) {
  const Analysis& analysis = dossier.analysis;
  const Experiment& experiment = dossier.declaration;
  auto change = as_it_is(dossier.row, decision_of(experiments::to_text(analysis.call), analysis_actor,
                                                  analysis.reason, numbers_of(experiment, analysis)));
  const bool is_rollout = experiment.kind == experiments::Kind::rollout;
  switch (analysis.call) {
    case experiments::Call::go_on:
      return std::nullopt;
    case experiments::Call::next_step:
      ++change.step;
      // What had another part of the units is not compared with what comes.
      change.fresh_epoch = is_rollout ? 1 : 0;
      return change;
    case experiments::Call::promote:
      if (experiment.promotion == experiments::Promotion::manual) {
        return std::nullopt;
      }
      change.state = number_of(ExperimentState::watching);
      change.promoted = static_cast<std::uint32_t>(analysis.variant);
      change.fresh_epoch = 1;
      return change;
    case experiments::Call::stop_harmed:
    case experiments::Call::stop_mismatch:
    case experiments::Call::stop_flat:
      change.state = number_of(ExperimentState::stopped);
      return change;
    case experiments::Call::roll_back:
      change.state = number_of(ExperimentState::rolled_back);
      return change;
    case experiments::Call::keep:
      change.state = number_of(ExperimentState::kept);
      return change;
  }
  return std::nullopt;
}

}  // namespace

host::Task<Result<ExperimentRow>> Conductor::declare(host::Context here, Experiment experiment,
                                                     std::string actor) {
  records::experiments::declare_arguments asked;
  asked.name = experiment.name;
  asked.layer = experiment.layer;
  asked.layer_share = experiment.layer_share;
  asked.declaration = experiments::to_json(experiment);
  // The object has the declaration of the run that is under way; the decision is what is left of a former
  // one.
  asked.decision = decision_of("declare", actor, experiment.hypothesis, declared_as(asked.declaration));
  // As long as it may become.
  ExperimentRow longest;
  longest.serial = longest.stage_began = UINT64_MAX;
  longest.run = longest.epoch = UINT32_MAX;
  longest.name = experiment.name;
  longest.layer = experiment.layer;
  longest.first_place = longest.end_place = experiments::places_of_layer;
  longest.state = number_of(ExperimentState::watching);
  longest.promoted = 1;
  const std::size_t bytes = experiments::to_setting(published_of(longest, experiment)).size();
  if (bytes > limit::purge_text_bytes_max) {
    co_return fail(ErrorKind::too_large, source,
                   concat({"Isolates would have to know ", to_text(std::uint64_t{bytes}),
                           " bytes of it; at most ", to_text(std::uint64_t{limit::purge_text_bytes_max}),
                           " are published. Shorten values and names."}));
  }
  const auto declared = co_await records::experiments::declare(here, records::experiments::names.only(),
                                                               asked, limit::object_wait);
  if (!declared) {
    co_return tl::make_unexpected(declared.error());
  }
  if (!declared->removed.empty()) {
    const TextPairs forgotten = {{concat({config::experiment_setting, declared->removed}), ""}};
    std::string changes = records::control_changes(forgotten);
    const auto removed = co_await control_.append(here, std::move(changes));
    if (!removed) {
      host::LogLine(here.host(), LogLevel::warn, "experiment_not_forgotten").write();
    }
  }
  ExperimentRow row = declared->experiment;
  const auto published = co_await publish(here, row);
  if (!published) {
    host::LogLine(here.host(), LogLevel::warn, "experiment_not_published").write();
  }
  co_return row;
}

host::Task<Result<records::ExperimentRows>> Conductor::list(host::Context here) {
  const records::experiments::list_arguments nothing;
  auto listed = co_await records::experiments::list(here, records::experiments::names.only(), nothing,
                                                    limit::object_wait);
  if (!listed) {
    co_return tl::make_unexpected(std::move(listed.error()));
  }
  co_return std::move(listed->experiments);
}

host::Task<Result<Dossier>> Conductor::show(host::Context here, std::string name) {
  records::experiments::show_arguments asked;
  asked.name = name;
  auto shown = co_await records::experiments::show(here, records::experiments::names.only(), asked,
                                                   limit::object_wait);
  if (!shown) {
    co_return tl::make_unexpected(std::move(shown.error()));
  }
  auto declaration = declaration_of(shown->experiment);
  if (!declaration) {
    co_return tl::make_unexpected(std::move(declaration.error()));
  }
  Dossier dossier;
  dossier.row = std::move(shown->experiment);
  dossier.declaration = std::move(*declaration);
  dossier.decisions = std::move(shown->decisions);
  dossier.analysis = experiments::analyse(
      dossier.declaration, look_of(dossier.row, dossier.declaration, shown->sums, here.host().now()));
  co_return dossier;
}

host::Task<Result<ExperimentRow>> Conductor::move(host::Context here,
                                                  records::experiments::move_arguments change) {
  const std::string call = change.decision.call;
  auto moved = co_await records::experiments::move(here, records::experiments::names.only(), change,
                                                   limit::object_wait);
  if (!moved) {
    co_return tl::make_unexpected(std::move(moved.error()));
  }
  ExperimentRow row = std::move(moved->experiment);
  host::LogLine(here.host(), LogLevel::info, "experiment_decided")
      .add("experiment", row.name)
      .add("call", call)
      .add("state", state_text(row.state))
      .write();
  records::Announcements news;
  news.push_back(announcement_of(row, change.decision));
  co_await monitor::announce(here, settings_, std::move(news));
  const auto published = co_await publish(here, row);
  if (!published) {
    // tend() does it.
    host::LogLine(here.host(), LogLevel::warn, "experiment_not_published").write();
  }
  co_return row;
}

host::Task<Result<void>> Conductor::publish(host::Context here, ExperimentRow row) {
  const auto declaration = declaration_of(row);
  if (!declaration) {
    co_return tl::make_unexpected(declaration.error());
  }
  const std::string name = concat({config::experiment_setting, row.name});
  const std::string value = experiments::to_setting(published_of(row, *declaration));
  for (const auto& [known, said] : control_.settings()) {
    if (known == name && config::serial_of(said) >= row.serial) {
      co_return Result<void>();
    }
  }
  const TextPairs settings = {{name, value}};
  std::string changes = records::control_changes(settings);
  const auto appended = co_await control_.append(here, std::move(changes));
  if (!appended) {
    co_return tl::make_unexpected(appended.error());
  }
  co_return Result<void>();
}

host::Task<Result<ExperimentRow>> Conductor::promote(host::Context here, std::string name,
                                                     std::string variant, std::string actor) {
  auto dossier = co_await show(here, std::move(name));
  if (!dossier) {
    co_return tl::make_unexpected(std::move(dossier.error()));
  }
  if (!is_in(dossier->row, ExperimentState::running)) {
    co_return fail(ErrorKind::rejected, source,
                   concat({"This experiment is not running: it is ", state_text(dossier->row.state), "."}));
  }
  std::size_t chosen = 0;
  for (std::size_t i = 1; i < dossier->declaration.variants.size(); ++i) {
    const bool is_named = dossier->declaration.variants[i].name == variant;
    const bool is_called = variant.empty() && dossier->analysis.call == experiments::Call::promote &&
                           dossier->analysis.variant == i;
    const bool is_only = variant.empty() && dossier->declaration.variants.size() == 2;
    chosen = is_named || is_called || is_only ? i : chosen;
  }
  if (chosen == 0) {
    co_return fail(ErrorKind::invalid, source,
                   variant.empty() ? "No variant wins yet; name the one to promote as \"variant\"."
                                   : concat({in_quotes(variant), " is no variant that could be promoted."}));
  }
  std::string reason = concat({"Promoted by ", actor, ". ", dossier->analysis.reason});
  auto change = as_it_is(dossier->row, decision_of("promote", actor, std::move(reason),
                                                   numbers_of(dossier->declaration, dossier->analysis)));
  change.state = number_of(ExperimentState::watching);
  change.promoted = static_cast<std::uint32_t>(chosen);
  change.fresh_epoch = 1;
  co_return co_await move(here, std::move(change));
}

host::Task<Result<ExperimentRow>> Conductor::roll_back(host::Context here, std::string name,
                                                       std::string actor) {
  auto dossier = co_await show(here, std::move(name));
  if (!dossier) {
    co_return tl::make_unexpected(std::move(dossier.error()));
  }
  const bool is_running = is_in(dossier->row, ExperimentState::running);
  if (!is_running && !is_in(dossier->row, ExperimentState::watching) &&
      !is_in(dossier->row, ExperimentState::kept)) {
    co_return fail(ErrorKind::rejected, source,
                   concat({"There is nothing to take back: it is ", state_text(dossier->row.state), "."}));
  }
  auto change =
      as_it_is(dossier->row, decision_of(is_running ? "stop" : "roll-back", actor,
                                         concat({is_running ? "Stopped by " : "Rolled back by ", actor, "."}),
                                         numbers_of(dossier->declaration, dossier->analysis)));
  change.state = number_of(is_running ? ExperimentState::stopped : ExperimentState::rolled_back);
  co_return co_await move(here, std::move(change));
}

host::Task<void> Conductor::note_look(host::Context here, Dossier dossier) {
  const std::string numbers = looked_at(dossier.declaration, dossier.analysis);
  auto noted = as_it_is(dossier.row, decision_of("look", analysis_actor, dossier.analysis.reason, numbers));
  const auto kept = co_await records::experiments::move(here, records::experiments::names.only(), noted,
                                                        limit::object_wait);
  if (!kept) {
    // What has changed meanwhile has decisions of its own; another look is lost.
    host::LogLine(here.host(), LogLevel::info, "experiment_look_not_noted")
        .add("experiment", dossier.row.name)
        .write();
  }
}

host::Task<void> Conductor::look_at(host::Context here, std::string name, Visit visit) {
  auto dossier = co_await show(here, name);
  if (!dossier) {
    host::LogLine(here.host(), LogLevel::warn, "experiment_not_analysed").add("experiment", name).write();
    co_return;
  }
  auto change = change_of(*dossier);
  if (!change) {
    if (dossier->analysis.call == experiments::Call::promote) {
      records::Announcements news;
      news.push_back(announcement_of_winner(*dossier));
      co_await monitor::announce(here, settings_, std::move(news));
    }
    if (visit == Visit::nightly) {
      Dossier seen = std::move(*dossier);
      co_await note_look(here, std::move(seen));
    }
    co_return;
  }
  const auto changed = co_await move(here, std::move(*change));
  if (!changed) {
    host::LogLine(here.host(), LogLevel::warn, "experiment_not_changed").add("experiment", name).write();
  }
}

host::Task<void> Conductor::analyse(host::Context here) {
  co_await control_.make_current(here);
  const auto listed = co_await list(here);
  if (!listed) {
    co_return;
  }
  const records::ExperimentRows& rows = *listed;
  for (const ExperimentRow& row : rows) {
    if (is_compared(row)) {
      std::string name = row.name;
      co_await look_at(here, std::move(name), Visit::nightly);
    }
  }
}

host::Task<void> Conductor::announce_lately(host::Context here, records::ExperimentRows rows) {
  records::Announcements news;
  const std::int64_t lately = millis_since_epoch(here.host().now() - announced_within);
  for (const ExperimentRow& row : rows) {
    // One that has only begun has nothing to tell.
    const bool is_new = row.changed > row.began && static_cast<std::int64_t>(row.changed) >= lately;
    if (!is_new || LARDER_MUTATED(decision_untold)) {
      continue;
    }
    records::experiments::show_arguments asked;
    asked.name = row.name;
    const auto shown = co_await records::experiments::show(here, records::experiments::names.only(), asked,
                                                           limit::object_wait);
    if (!shown) {
      continue;
    }
    for (const records::ExperimentDecision& decision : shown->decisions) {
      // The newest that came with the change, rather than what was noted since.
      if (decision.at <= row.changed) {
        news.push_back(announcement_of(row, decision));
        break;
      }
    }
  }
  co_await monitor::announce(here, settings_, std::move(news));
}

host::Task<void> Conductor::tend(host::Context here) {
  co_await control_.make_current(here);
  const auto listed = co_await list(here);
  if (!listed) {
    co_return;
  }
  const records::ExperimentRows& rows = *listed;
  records::ExperimentRows all = rows;
  co_await announce_lately(here, std::move(all));
  for (const ExperimentRow& row : rows) {
    if (!LARDER_MUTATED(promotion_forgotten)) {
      ExperimentRow published_row = row;
      const auto published = co_await publish(here, std::move(published_row));
      if (!published) {
        host::LogLine(here.host(), LogLevel::warn, "experiment_not_published")
            .add("experiment", row.name)
            .write();
      }
    }
    if (is_in(row, ExperimentState::watching)) {
      std::string name = row.name;
      co_await look_at(here, std::move(name), Visit::between_nights);
    }
  }
}

namespace {

void write_row(JsonWriter& json, const ExperimentRow& row) {
  json.key("id").value(row.name).key("state").value(state_text(row.state));
  json.key("run").value(row.run).key("step").value(row.step);
  json.key("began").value(row.began).key("changed").value(row.changed);
  json.key("serial").value(row.serial).key("declaration").raw(row.declaration);
}

}  // namespace

std::string to_json(const ExperimentRow& row) {
  JsonWriter json;
  json.begin_object();
  write_row(json, row);
  json.end_object();
  return std::move(json).take();
}

std::string to_json(const Dossier& dossier) {
  JsonWriter json;
  json.begin_object();
  write_row(json, dossier.row);
  if (is_in(dossier.row, ExperimentState::watching) || is_in(dossier.row, ExperimentState::kept)) {
    json.key("promoted").value(dossier.declaration.variants[dossier.row.promoted].name);
  }
  json.key("analysis").begin_object();
  json.key("call").value(experiments::to_text(dossier.analysis.call));
  json.key("reason").value(dossier.analysis.reason);
  json.key("numbers").raw(numbers_of(dossier.declaration, dossier.analysis)).end_object();
  json.key("decisions").begin_array();
  for (const records::ExperimentDecision& decision : dossier.decisions) {
    json.begin_object().key("at").value(decision.at).key("call").value(decision.call);
    json.key("actor").value(decision.actor).key("reason").value(decision.reason);
    if (!decision.numbers.empty()) {
      json.key("numbers").raw(decision.numbers);
    }
    json.end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

}  // namespace larder::trials
