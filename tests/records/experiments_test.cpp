// Experiments: places in layers, sums once, decisions on what was seen alone.
#include "records/experiments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "support/durable_objects.h"

namespace larder::records::experiments_test {
namespace {

namespace limit = config::limit;

constexpr std::uint64_t day = 86'400'000;

struct ExperimentsTest : ::testing::Test {
  std::optional<experiments::declare_results> declare(std::string name, std::string layer = "lifetimes",
                                                      std::uint32_t share = 100) {
    experiments::declare_arguments asked;
    asked.name = std::move(name);
    asked.layer = std::move(layer);
    asked.layer_share = share;
    asked.declaration = "{}";
    return sim::ask<experiments::declare_results>(objects, now, "experiments", experiments::declare_number,
                                                  asked);
  }
  std::optional<experiments::show_results> show(std::string name) {
    experiments::show_arguments asked;
    asked.name = std::move(name);
    return sim::ask<experiments::show_results>(objects, now, "experiments", experiments::show_number, asked);
  }
  std::optional<experiments::move_results> move(const ExperimentRow& from, ExperimentState state,
                                                std::uint8_t fresh_epoch = 0, std::uint32_t step = 0) {
    experiments::move_arguments asked;
    asked.name = from.name;
    asked.serial = from.serial;
    asked.state = static_cast<std::uint8_t>(state);
    asked.step = step;
    asked.promoted = state == ExperimentState::watching ? 1 : from.promoted;
    asked.fresh_epoch = fresh_epoch;
    asked.decision.call = "because";
    return sim::ask<experiments::move_results>(objects, now, "experiments", experiments::move_number, asked);
  }
  // One group's requests, and units.
  bool add(std::string batch, std::string salt, std::uint32_t epoch, std::uint64_t requests,
           std::vector<std::uint64_t> units = {}, std::uint32_t group = 7, std::uint32_t variant = 1) {
    experiments::add_arguments asked;
    asked.batch = std::move(batch);
    VariantSum sum;
    sum.salt = std::move(salt);
    sum.epoch = epoch;
    sum.variant = variant;
    GroupSum one;
    one.group = group;
    one.requests = requests;
    one.hits = requests / 2;
    sum.groups.push_back(one);
    for (const std::uint64_t hash : units) {
      SeenUnit unit;
      unit.unit_hash = hash;
      sum.units.push_back(unit);
    }
    asked.sums.push_back(std::move(sum));
    return sim::ask<experiments::add_results>(objects, now, "experiments", experiments::add_number, asked)
        .has_value();
  }
  std::uint64_t requests(const std::string& name) { return show(name)->sums.at(1).groups.at(7).requests; }

  Instant now = instant_from_millis(1'790'000'000'000);
  sim::DurableObjects objects{ObjectKind::experiments};
};

TEST_F(ExperimentsTest, HavePlacesOfTheirOwnInALayer) {
  EXPECT_EQ(declare("a", "lifetimes", 40)->experiment.end_place, 4000U);
  const auto second = declare("b", "lifetimes", 40);
  EXPECT_EQ(second->experiment.first_place, 4000U);
  EXPECT_EQ(second->experiment.end_place, 8000U);
  EXPECT_EQ(declare("c", "lifetimes", 40), std::nullopt);
  EXPECT_EQ(declare("c", "other", 100)->experiment.first_place, 0U);
  // Whoever is over gives its places back.
  move(show("a")->experiment, ExperimentState::stopped);
  EXPECT_EQ(declare("d", "lifetimes", 40)->experiment.first_place, 0U);
}

TEST_F(ExperimentsTest, OfOneNameIsBegunAgainOnlyWhenItIsOver) {
  const auto first = declare("a");
  EXPECT_EQ(first->experiment.run, 1U);
  EXPECT_EQ(declare("a"), std::nullopt);
  const auto watching = move(first->experiment, ExperimentState::watching);
  EXPECT_EQ(declare("a"), std::nullopt);
  const auto kept = move(watching->experiment, ExperimentState::kept);
  EXPECT_EQ(declare("a"), std::nullopt);
  const auto back = move(kept->experiment, ExperimentState::rolled_back);
  const auto second = declare("a");
  EXPECT_EQ(second->experiment.run, 2U);
  // What isolates know of it is older than that.
  EXPECT_GT(second->experiment.serial, back->experiment.serial);
}

TEST_F(ExperimentsTest, RunSoManyAtOnceAndNoMore) {
  for (std::size_t i = 0; i < limit::experiments_running_max; ++i) {
    EXPECT_TRUE(declare("e" + to_text(std::uint64_t{i}), "layer" + to_text(std::uint64_t{i})));
  }
  EXPECT_EQ(declare("more", "another"), std::nullopt);
}

TEST_F(ExperimentsTest, AreForgottenTheOldestFirst) {
  for (std::size_t i = 0; i < limit::experiments_max; ++i) {
    const auto begun = declare("e" + to_text(std::uint64_t{i}));
    EXPECT_EQ(begun->removed, "");
    move(begun->experiment, ExperimentState::stopped);
  }
  EXPECT_EQ(declare("more")->removed, "e0");
  EXPECT_EQ(show("e0"), std::nullopt);
  EXPECT_TRUE(show("e1"));
}

TEST_F(ExperimentsTest, AddABatchOnce) {
  declare("a");
  EXPECT_TRUE(add("one", "a/1", 1, 10, {1, 2, 3}));
  EXPECT_TRUE(add("one", "a/1", 1, 10, {1, 2, 3}));
  EXPECT_TRUE(add("two", "a/1", 1, 5, {3, 4}));
  EXPECT_EQ(requests("a"), 15U);
  EXPECT_EQ(show("a")->sums.at(1).unit_count, 4U);
  // From day to day.
  now += Millis(day);
  add("three", "a/1", 1, 5);
  EXPECT_EQ(requests("a"), 20U);
}

TEST_F(ExperimentsTest, LeaveOutWhatIsOfAnotherRunOrEpoch) {
  const auto begun = declare("a");
  EXPECT_TRUE(add("one", "a/2", 1, 10));
  EXPECT_TRUE(add("two", "a/1", 2, 10));
  EXPECT_TRUE(add("three", "b/1", 1, 10));
  EXPECT_EQ(requests("a"), 0U);
  add("four", "a/1", 1, 10);
  move(begun->experiment, ExperimentState::watching, 1);
  // What is compared now begins now.
  EXPECT_EQ(requests("a"), 0U);
  add("five", "a/1", 2, 3);
  EXPECT_EQ(requests("a"), 3U);
}

TEST_F(ExperimentsTest, TakeNoMalformedBatch) {
  declare("a");
  EXPECT_FALSE(add("", "a/1", 1, 10));
  EXPECT_FALSE(add("x", "a/1", 1, 10, {}, limit::experiment_groups));
  EXPECT_FALSE(add("y", "a/1", 1, 10, std::vector<std::uint64_t>(limit::experiment_batch_units_max + 1, 1)));
  EXPECT_EQ(requests("a"), 0U);
}

// A place is whose unit came first, of any variant; so no variant gains by what is not counted.
TEST_F(ExperimentsTest, CountAUnitWhereItsPlaceIsNobodys) {
  declare("a");
  add("one", "a/1", 1, 1, {1, 2, 3, 9'000, experiments::unit_places - 1});
  add("two", "a/1", 1, 1, {2, 4, experiments::unit_places + 1, 3 * experiments::unit_places - 1}, 7, 0);
  EXPECT_EQ(show("a")->sums.at(1).unit_count, 5U);
  EXPECT_EQ(show("a")->sums.at(0).unit_count, 1U);
}

TEST_F(ExperimentsTest, CountAsManyUnitsAsThereArePlaces) {
  declare("a");
  constexpr std::uint64_t step = experiments::unit_places / 1'000;
  std::vector<std::uint64_t> units;
  for (std::uint64_t next = 0; next < 2'000; ++next) {
    units.push_back(next * step);
    if (units.size() == limit::experiment_batch_units_max) {
      add("batch " + to_text(next), "a/1", 1, 1, std::move(units));
      units.clear();
    }
  }
  // From one round to the next each place is another one, but for those of both.
  EXPECT_EQ(show("a")->sums.at(1).unit_count, 2'000U);
}

TEST_F(ExperimentsTest, ChangeOnlyAsTheyWereSeen) {
  const auto begun = declare("a");
  const auto watching = move(begun->experiment, ExperimentState::watching, 1);
  EXPECT_EQ(watching->experiment.serial, 2U);
  EXPECT_EQ(watching->experiment.epoch, 2U);
  // Somebody else decided on what was there before.
  EXPECT_EQ(move(begun->experiment, ExperimentState::stopped), std::nullopt);
  const auto back = move(watching->experiment, ExperimentState::rolled_back);
  EXPECT_EQ(move(watching->experiment, ExperimentState::kept), std::nullopt);
  EXPECT_EQ(show("a")->experiment.state, static_cast<std::uint8_t>(ExperimentState::rolled_back));
  EXPECT_EQ(back->experiment.serial, 3U);
}

TEST_F(ExperimentsTest, RememberEveryDecision) {
  const auto begun = declare("a");
  const auto stepped = move(begun->experiment, ExperimentState::running, 0, 1);
  // Nothing changes by that.
  const auto same = move(stepped->experiment, ExperimentState::running, 0, 1);
  EXPECT_EQ(same->experiment.serial, stepped->experiment.serial);
  EXPECT_EQ(show("a")->decisions.size(), 3U);
}

TEST_F(ExperimentsTest, RememberTheDecisionsOfFormerRuns) {
  const auto begun = declare("a");
  move(begun->experiment, ExperimentState::stopped);
  const auto again = declare("a");
  EXPECT_EQ(again->experiment.run, 2U);
  const auto shown = show("a");
  std::vector<std::string> calls;
  for (const ExperimentDecision& decision : shown->decisions) {
    calls.push_back(decision.call);
  }
  EXPECT_THAT(calls, ::testing::ElementsAre("", "because", ""));
  // What came of the former is not compared with what comes.
  EXPECT_GT(again->experiment.epoch, begun->experiment.epoch);
}

TEST_F(ExperimentsTest, KeepSoManyDecisionsTheNewest) {
  const auto begun = declare("a");
  for (std::size_t i = 0; i < experiments::decisions_kept + 10; ++i) {
    move(begun->experiment, ExperimentState::running);
  }
  EXPECT_EQ(sim::rows_of<ExperimentDecision>(objects.store("experiments"), "decision").size(),
            experiments::decisions_kept);
  EXPECT_EQ(show("a")->decisions.size(), experiments::decisions_shown);
}

TEST_F(ExperimentsTest, AreForgottenByWhenTheyEnded) {
  for (std::size_t i = 0; i < limit::experiments_max; ++i) {
    now += Millis(1'000);
    move(declare("e" + to_text(std::uint64_t{i}))->experiment, ExperimentState::stopped);
  }
  now += Millis(1'000);
  move(declare("e0")->experiment, ExperimentState::stopped);
  EXPECT_EQ(declare("more")->removed, "e1");
  objects.run_alarms(now + Millis(60'000));
  // With all that it had.
  EXPECT_EQ(sim::rows_of<ExperimentDecision>(objects.store("experiments"), "decision").size(),
            2 * limit::experiments_max + 1);
}

TEST_F(ExperimentsTest, GiveBackTheRoomOfWhatIsForgotten) {
  const auto begun = declare("a");
  add("one", "a/1", 1, 10, {1, 2, 3});
  move(begun->experiment, ExperimentState::stopped);
  declare("a");
  add("two", "a/2", 2, 10, {1, 2});
  objects.run_alarms(now + Millis(60'000));
  std::vector<std::string> left;
  for (const auto& [key, value] : objects.store("experiments").rows) {
    if (key.starts_with("places/") || key.starts_with("sums/") || key.starts_with("units/") ||
        key.starts_with("gone")) {
      left.push_back(key.substr(0, key.find('/')));
    }
  }
  EXPECT_THAT(left, ::testing::ElementsAre("places", "sums", "units"));
  EXPECT_EQ(show("a")->sums.at(1).unit_count, 2U);
  // And of batches that cannot come again.
  now += Millis(2 * day);
  objects.run_alarms(now);
  EXPECT_EQ(sim::rows_of<NumberRow>(objects.store("experiments"), "batch").size(), 0U);
}

}  // namespace
}  // namespace larder::records::experiments_test
