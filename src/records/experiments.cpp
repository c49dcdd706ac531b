#include "records/experiments.h"

#include <algorithm>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"

namespace larder::records {

namespace {

namespace limit = config::limit;

constexpr std::string_view source = "experiments";
constexpr std::uint32_t places = 10000;
// Places of units stand as bits in rows of so many: a batch of some hundred units changes few rows, each
// short.
constexpr std::uint64_t places_of_row = 8192;
static_assert(experiments::unit_places % places_of_row == 0);

Key experiment_key(std::uint64_t number) {
  Key key("experiment");
  key.number(number);
  return key;
}

Key name_key(std::string_view name) {
  Key key("name");
  key.text(name);
  return key;
}

// Tables of one experiment's epoch.
Key epoch_key(std::string_view table, const ExperimentRow& experiment) {
  Key key(table);
  key.number(experiment.number).number(experiment.epoch);
  return key;
}

bool is_in(const ExperimentRow& experiment, ExperimentState state) {
  return experiment.state == static_cast<std::uint8_t>(state);
}

// Whether it may be compared, and so has units of its own.
bool is_active(const ExperimentRow& experiment) {
  return is_in(experiment, ExperimentState::running) || is_in(experiment, ExperimentState::watching);
}

bool is_over(const ExperimentRow& experiment) {
  return is_in(experiment, ExperimentState::stopped) || is_in(experiment, ExperimentState::rolled_back);
}

// The first stretch of the layer that is nobody's and long enough.
std::optional<std::uint32_t> free_place(std::vector<ExperimentRow> neighbours, std::uint32_t wanted) {
  std::sort(neighbours.begin(), neighbours.end(),
            [](const ExperimentRow& a, const ExperimentRow& b) { return a.first_place < b.first_place; });
  std::uint32_t from = 0;
  for (const ExperimentRow& neighbour : neighbours) {
    if (neighbour.first_place >= from + wanted) {
      return from;
    }
    from = std::max(from, neighbour.end_place);
  }
  return from + wanted <= places ? std::optional<std::uint32_t>(from) : std::nullopt;
}

void add_to(GroupSum& sum, const GroupSum& more) {
  sum.requests += more.requests;
  sum.hits += more.hits;
  sum.stale += more.stale;
  sum.errors += more.errors;
  sum.slow += more.slow;
  sum.origin_calls += more.origin_calls;
  sum.millis += more.millis;
  sum.nanodollars += more.nanodollars;
  sum.within_1_ms += more.within_1_ms;
  sum.within_5_ms += more.within_5_ms;
  sum.within_10_ms += more.within_10_ms;
  sum.within_25_ms += more.within_25_ms;
  sum.within_50_ms += more.within_50_ms;
  sum.within_100_ms += more.within_100_ms;
  sum.within_250_ms += more.within_250_ms;
  sum.within_500_ms += more.within_500_ms;
  sum.within_1000_ms += more.within_1000_ms;
  sum.within_2500_ms += more.within_2500_ms;
}

bool is_variant_sum(const VariantSum& sum) {
  return sum.variant < limit::experiment_variants_max && sum.groups.size() <= limit::experiment_groups &&
         sum.units.size() <= limit::experiment_batch_units_max &&
         std::all_of(
             sum.groups.begin(), sum.groups.end(),
             [](const GroupSum& group) { return group.group < limit::experiment_groups; });
}

std::string salt_of(const ExperimentRow& experiment) {
  return concat({experiment.name, "/", to_text(std::uint64_t{experiment.run})});
}

}  // namespace

std::uint64_t Experiments::number_at(const Key& key) {
  return row<NumberRow>(key).value_or(NumberRow()).number;
}

void Experiments::put_number(const Key& key, std::uint64_t number) {
  NumberRow record;
  record.number = number;
  put_row(key, record);
}

std::vector<ExperimentRow> Experiments::all() {
  const Key table("experiment");
  std::vector<ExperimentRow> found;
  for (const Row& one : store_.range(Range(table.str(), table.end(), limit::experiments_max + 1))) {
    if (auto experiment = decode<ExperimentRow>(one.value)) {
      found.push_back(std::move(*experiment));
    }
  }
  return found;
}

std::optional<ExperimentRow> Experiments::find(std::string_view name) {
  return row<ExperimentRow>(experiment_key(number_at(name_key(name))));
}

void Experiments::put(const ExperimentRow& experiment) {
  put_row(experiment_key(experiment.number), experiment);
}

void Experiments::forget_earlier_epochs(const ExperimentRow& experiment) {
  store_.put(Key("gone-epochs").number(experiment.number).number(experiment.epoch).str(), "");
  wake_by(now_);
}

void Experiments::remove(const ExperimentRow& experiment) {
  store_.erase(name_key(experiment.name).str());
  store_.erase(experiment_key(experiment.number).str());
  // Its rows go in steps.
  store_.put(Key("gone").number(experiment.number).str(), "");
  wake_by(now_);
}

void Experiments::keep_decision(std::uint64_t number, const ExperimentDecision& decision) {
  Key counter("decisions");
  counter.number(number);
  const std::uint64_t place = number_at(counter) + 1;
  put_number(counter, place);
  ExperimentDecision kept = decision;
  kept.at = static_cast<std::uint64_t>(millis_since_epoch(now_));
  put_row(Key("decision").number(number).number(place), kept);
  if (place > experiments::decisions_kept) {
    store_.erase(Key("decision").number(number).number(place - experiments::decisions_kept).str());
  }
}

Result<experiments::declare_results> Experiments::declare(const experiments::declare_arguments& asked) {
  if (asked.name.empty() || asked.name.size() > limit::experiment_name_bytes_max ||
      asked.layer.size() > limit::experiment_name_bytes_max || asked.layer_share < 1 ||
      asked.layer_share > 100 || asked.declaration.size() > 2 * limit::experiment_bytes_max) {
    return fail(ErrorKind::invalid, source, "The declaration is malformed.");
  }
  const std::optional<ExperimentRow> former = find(asked.name);
  if (former && !is_over(*former)) {
    return fail(ErrorKind::rejected, source,
                is_in(*former, ExperimentState::running)
                    ? "An experiment of this name is running; stop it first, or choose another name."
                    : "An experiment of this name is promoted; roll it back first, or choose another name.");
  }
  std::vector<ExperimentRow> known = all();
  const auto active = static_cast<std::size_t>(std::count_if(known.begin(), known.end(), is_active));
  if (active >= limit::experiments_running_max) {
    return fail(ErrorKind::rejected, source, "As many experiments as may run at once are running.");
  }
  std::vector<ExperimentRow> neighbours;
  for (const ExperimentRow& one : known) {
    if (is_active(one) && one.layer == asked.layer) {
      neighbours.push_back(one);
    }
  }
  const std::uint32_t wanted = asked.layer_share * (places / 100);
  const auto place = free_place(std::move(neighbours), wanted);
  if (!place) {
    return fail(ErrorKind::rejected, source,
                "The layer has no room for that share; take a smaller one, or another layer.");
  }
  experiments::declare_results results;
  if (!former && known.size() >= limit::experiments_max) {
    const ExperimentRow* oldest = nullptr;
    for (const ExperimentRow& one : known) {
      if (is_over(one) && (oldest == nullptr || one.changed < oldest->changed)) {
        oldest = &one;
      }
    }
    if (oldest == nullptr) {
      return fail(ErrorKind::rejected, source, "There are as many experiments as are kept; roll one back.");
    }
    results.removed = oldest->name;
    remove(*oldest);
  }
  const auto now = static_cast<std::uint64_t>(millis_since_epoch(now_));
  ExperimentRow experiment;
  experiment.number = former ? former->number : number_at(Key("experiments")) + 1;
  experiment.name = asked.name;
  experiment.declaration = asked.declaration;
  experiment.layer = asked.layer;
  experiment.first_place = *place;
  experiment.end_place = *place + wanted;
  // What was published of it last has the former serial.
  experiment.serial = former ? former->serial + 1 : 1;
  experiment.run = former ? former->run + 1 : 1;
  experiment.state = static_cast<std::uint8_t>(ExperimentState::running);
  experiment.epoch = former ? former->epoch + 1 : 1;
  experiment.began = experiment.stage_began = experiment.changed = now;
  if (former) {
    forget_earlier_epochs(experiment);
  } else {
    put_number(Key("experiments"), experiment.number);
    put_number(name_key(experiment.name), experiment.number);
  }
  put(experiment);
  keep_decision(experiment.number, asked.decision);
  results.experiment = std::move(experiment);
  return results;
}

Result<experiments::list_results> Experiments::list(const experiments::list_arguments&) {
  experiments::list_results results;
  results.experiments = all();
  return results;
}

Result<experiments::show_results> Experiments::show(const experiments::show_arguments& asked) {
  const std::optional<ExperimentRow> experiment = find(asked.name);
  if (!experiment) {
    return fail(ErrorKind::not_found, source, "There is no experiment of this name.");
  }
  experiments::show_results results;
  for (std::uint32_t variant = 0; variant < limit::experiment_variants_max; ++variant) {
    VariantSum sum;
    sum.variant = variant;
    sum.epoch = experiment->epoch;
    sum.unit_count = number_at(epoch_key("units", *experiment).number(variant));
    // A row a day.
    Key days = epoch_key("sums", *experiment);
    days.number(variant);
    std::vector<GroupSum> groups(limit::experiment_groups);
    for (const Row& day : store_.range(Range(days.str(), days.end(), limit::rows_at_once))) {
      for (const GroupSum& group : decode<EpochSums>(day.value).value_or(EpochSums()).groups) {
        if (group.group < groups.size()) {
          add_to(groups[group.group], group);
        }
      }
    }
    for (std::uint32_t group = 0; group < groups.size(); ++group) {
      groups[group].group = group;
    }
    sum.groups = std::move(groups);
    results.sums.push_back(std::move(sum));
  }
  Key decisions("decision");
  decisions.number(experiment->number);
  for (const Row& one : store_.range(
           Range(decisions.str(), decisions.end(), experiments::decisions_shown, Order::descending))) {
    if (auto decision = decode<ExperimentDecision>(one.value)) {
      results.decisions.push_back(std::move(*decision));
    }
  }
  results.experiment = *experiment;
  return results;
}

Result<experiments::add_results> Experiments::add(const experiments::add_arguments& asked) {
  constexpr std::size_t sums_max = limit::experiments_running_max * limit::experiment_variants_max * 2;
  if (asked.batch.empty() || asked.batch.size() > limit::batch_name_bytes_max) {
    return fail(ErrorKind::invalid, source, "A batch has a name.");
  }
  if (asked.sums.size() > sums_max || !std::all_of(asked.sums.begin(), asked.sums.end(), is_variant_sum)) {
    return fail(ErrorKind::invalid, source, "A sum of the batch is malformed.");
  }
  Key batch("batch");
  batch.text(asked.batch);
  if (number_at(batch) > 0 && !LARDER_MUTATED(experiment_batch_counts_twice)) {
    return experiments::add_results();
  }
  put_number(batch, static_cast<std::uint64_t>(std::max<std::int64_t>(millis_since_epoch(now_), 1)));
  store_.put(Key("taken").time(now_).text(asked.batch).str(), "");
  for (const VariantSum& sum : asked.sums) {
    const auto experiment = find(std::string_view(sum.salt).substr(0, sum.salt.find('/')));
    if (experiment && is_active(*experiment) && salt_of(*experiment) == sum.salt &&
        experiment->epoch == sum.epoch) {
      add_sum(*experiment, sum);
    }
  }
  wake_by(now_ + experiments::batches_kept);
  return experiments::add_results();
}

void Experiments::add_sum(const ExperimentRow& experiment, const VariantSum& sum) {
  const auto day = static_cast<std::uint64_t>(millis_since_epoch(now_)) / 86'400'000;
  Key key = epoch_key("sums", experiment);
  key.number(sum.variant).number(day);
  EpochSums kept = row<EpochSums>(key).value_or(EpochSums());
  kept.groups.resize(limit::experiment_groups);
  for (std::uint32_t group = 0; group < kept.groups.size(); ++group) {
    kept.groups[group].group = group;
  }
  for (const GroupSum& group : sum.groups) {
    add_to(kept.groups[group.group], group);
  }
  put_row(key, kept);
  const std::uint64_t news = take_places(experiment, sum.units);
  if (news > 0) {
    const Key of_variant = epoch_key("units", experiment).number(sum.variant);
    put_number(of_variant, number_at(of_variant) + news);
  }
}

// A unit's place follows from its hash, which says nothing of its variant; so whatever finds its place taken
// is left out of all variants alike, and the shares of those that count are those of all.
std::uint64_t Experiments::take_places(const ExperimentRow& experiment, const SeenUnits& units) {
  std::vector<std::uint64_t> wanted;
  wanted.reserve(units.size());
  for (const SeenUnit& unit : units) {
    wanted.push_back(unit.unit_hash % experiments::unit_places);
  }
  std::sort(wanted.begin(), wanted.end());
  std::uint64_t taken = 0;
  for (auto at = wanted.begin(); at != wanted.end();) {
    const std::uint64_t number = *at / places_of_row;
    Key key = epoch_key("places", experiment);
    key.number(number);
    std::string bits = store_.get(key.str()).value_or("");
    bits.resize(places_of_row / 8, '\0');
    bool has_changed = false;
    for (; at != wanted.end() && *at / places_of_row == number; ++at) {
      const auto bit = static_cast<std::size_t>(*at % places_of_row);
      const auto before = static_cast<unsigned char>(bits[bit / 8]);
      const auto after = static_cast<unsigned char>(before | 1U << bit % 8);
      if (after != before) {
        bits[bit / 8] = static_cast<char>(after);
        has_changed = true;
        ++taken;
      }
    }
    if (has_changed) {
      store_.put(key.str(), bits);
    }
  }
  return taken;
}

Result<experiments::move_results> Experiments::move(const experiments::move_arguments& asked) {
  std::optional<ExperimentRow> experiment = find(asked.name);
  if (!experiment) {
    return fail(ErrorKind::not_found, source, "There is no experiment of this name.");
  }
  const bool is_state = asked.state >= static_cast<std::uint8_t>(ExperimentState::running) &&
                        asked.state <= static_cast<std::uint8_t>(ExperimentState::stopped);
  if (!is_state || asked.promoted >= limit::experiment_variants_max ||
      asked.step >= limit::experiment_steps_max) {
    return fail(ErrorKind::invalid, source, "There is no such state.");
  }
  if (experiment->serial != asked.serial && !LARDER_MUTATED(decision_unguarded)) {
    return fail(ErrorKind::rejected, source, "The experiment has changed meanwhile; look again.");
  }
  const bool changes = experiment->state != asked.state || experiment->step != asked.step ||
                       experiment->promoted != asked.promoted;
  if (changes) {
    const auto now = static_cast<std::uint64_t>(millis_since_epoch(now_));
    ++experiment->serial;
    experiment->state = asked.state;
    experiment->step = asked.step;
    experiment->promoted = asked.promoted;
    experiment->epoch += asked.fresh_epoch == 1 ? 1 : 0;
    experiment->stage_began = now;
    experiment->changed = now;
    put(*experiment);
  }
  keep_decision(experiment->number, asked.decision);
  experiments::move_results results;
  results.experiment = std::move(*experiment);
  return results;
}

std::size_t Experiments::erase_tables(std::initializer_list<std::string_view> tables, std::uint64_t number,
                                      std::optional<std::uint64_t> epoch_end, std::size_t count_max) {
  std::size_t erased = 0;
  for (const std::string_view table : tables) {
    const Key rows = Key(table).number(number);
    std::string end = epoch_end ? Key(table).number(number).number(*epoch_end).str() : rows.end();
    if (erased < count_max) {
      erased += erase_range(rows.str(), std::move(end), count_max - erased);
    }
  }
  return erased;
}

void Experiments::alarm() {
  const auto now = static_cast<std::uint64_t>(millis_since_epoch(now_));
  const auto recent = static_cast<std::uint64_t>(experiments::batches_kept.count());
  std::size_t erased = 0;
  // A batch does not come again after so long.
  const Key taken("taken");
  Key taken_end("taken");
  taken_end.number(now > recent ? now - recent : 0);
  for (const Row& found : store_.range(Range(taken.str(), taken_end.str(), limit::rows_at_once))) {
    KeyReader key(found.key, "taken");
    key.number();
    store_.erase(Key("batch").text(key.text()).str());
    store_.erase(found.key);
    ++erased;
  }
  // Of experiments that are forgotten, and of epochs that are.
  for (const std::string_view table : {"gone", "gone-epochs"}) {
    const bool is_whole = table == "gone";
    const Key gone(table);
    for (const Row& found : store_.range(Range(gone.str(), gone.end(), limit::rows_at_once))) {
      if (erased >= limit::rows_at_once) {
        break;
      }
      KeyReader key(found.key, table);
      const std::uint64_t number = key.number();
      const std::size_t left = limit::rows_at_once - erased;
      const std::size_t of_it =
          is_whole ? erase_tables({"sums", "places", "units", "decision", "decisions"}, number, {}, left)
                   : erase_tables({"sums", "places", "units"}, number, key.number(), left);
      erased += of_it;
      if (of_it < left) {
        store_.erase(found.key);
        ++erased;
      }
    }
  }
  if (erased > 0) {
    wake_by(now_ + limit::rows_pause);
  } else if (!store_.range(Range(taken.str(), taken.end(), 1)).empty()) {
    wake_by(now_ + experiments::batches_kept);
  }
}

}  // namespace larder::records
