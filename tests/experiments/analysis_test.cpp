#include "experiments/analysis.h"

#include <gtest/gtest.h>

#include <cmath>

#include "config/limits.h"
#include "experiments/sample_ratio.h"

namespace larder::experiments::analysis_test {
namespace {

constexpr Millis day{86'400'000};

Experiment experiment_of(double smallest_effect) {
  Experiment experiment;
  experiment.name = "ttl";
  for (const char* name : {"A", "B"}) {
    Variant variant;
    variant.name = name;
    variant.share = 50;
    experiment.variants.push_back(variant);
  }
  experiment.ramp = {Step(10, day), Step(100, day)};
  Primary primary;
  primary.smallest_effect = smallest_effect;
  experiment.primary = primary;
  experiment.guardrails = {Guardrail(Metric::error_rate, 1)};
  experiment.duration = 30 * day;
  experiment.watch = 7 * day;
  return experiment;
}

Experiment rollout() {
  Experiment experiment = experiment_of(1);
  experiment.kind = Kind::rollout;
  experiment.primary.reset();
  experiment.ramp = {Step(10, day), Step(50, day), Step(100, day)};
  return experiment;
}

// Groups of about `requests` requests each, with these rates in per cent, a little apart from each other.
Gathered gathered(std::uint64_t requests, std::uint64_t hits_percent, std::uint64_t errors_per_thousand,
                  std::uint64_t units = 5000) {
  Gathered made;
  made.units = units;
  for (std::uint64_t i = 0; i < config::limit::experiment_groups; ++i) {
    Sums sums;
    sums.requests = requests + i % 7;
    sums.hits = sums.requests * (hits_percent * 10 + i % 5 * 10 - 20) / 1000;
    sums.errors = sums.requests * errors_per_thousand / 1000;
    sums.millis = sums.requests * 20;
    made.groups.push_back(sums);
  }
  return made;
}

Look look_of(Gathered control, Gathered treated) {
  Look look;
  look.running = 3 * day;
  look.at_step = day;
  look.step = 1;
  look.shares = {50, 50};
  look.gathered.push_back(std::move(control));
  look.gathered.push_back(std::move(treated));
  return look;
}

TEST(Analysis, PromotesWhatWinsByTheSmallestEffectWorthHaving) {
  const Look look = look_of(gathered(1000, 70, 5), gathered(1000, 75, 5));
  const Analysis found = analyse(experiment_of(1), look);
  EXPECT_EQ(found.call, Call::promote);
  EXPECT_EQ(found.variant, 1U);
  EXPECT_EQ(found.reason, "Variant B answers 5 points more from cache, between 4.4 and 5.6.");
  EXPECT_EQ(analyse(experiment_of(5), look).call, Call::go_on);
}

TEST(Analysis, DoesNotPromoteWhereAGuardrailIsHurt) {
  const Analysis found = analyse(experiment_of(1), look_of(gathered(1000, 70, 5), gathered(1000, 75, 30)));
  EXPECT_EQ(found.call, Call::stop_harmed);
  EXPECT_EQ(found.variants[1].guardrails[0].state, GuardrailState::harmed);
}

// Nor before it is known that it is not.
TEST(Analysis, DoesNotPromoteWhileAGuardrailIsOpen) {
  Look look = look_of(gathered(1000, 70, 5), gathered(1000, 75, 5));
  for (std::size_t i = 0; i < look.gathered[1].groups.size(); i += 16) {
    look.gathered[1].groups[i].errors = 150;
  }
  const Analysis found = analyse(experiment_of(1), look);
  EXPECT_EQ(found.call, Call::go_on);
  EXPECT_EQ(found.variants[1].guardrails[0].state, GuardrailState::open);
}

TEST(Analysis, StopsWhatDoesHarm) {
  const Analysis found = analyse(experiment_of(1), look_of(gathered(1000, 70, 5), gathered(1000, 60, 5)));
  EXPECT_EQ(found.call, Call::stop_harmed);
  EXPECT_EQ(found.variant, 1U);
}

TEST(Analysis, CallsItFlatWhenItsTimeIsOver) {
  Look look = look_of(gathered(1000, 70, 5), gathered(1000, 70, 5));
  look.running = 30 * day - Millis(1);
  EXPECT_EQ(analyse(experiment_of(1), look).call, Call::go_on);
  look.running = 30 * day;
  EXPECT_EQ(analyse(experiment_of(1), look).call, Call::stop_flat);
}

TEST(Analysis, RaisesTheRampWhileNoHarmIsShown) {
  Look look = look_of(gathered(1000, 70, 5), gathered(1000, 70, 5));
  look.step = 0;
  EXPECT_EQ(analyse(experiment_of(1), look).call, Call::next_step);
  look.at_step = day - Millis(1);
  EXPECT_EQ(analyse(experiment_of(1), look).call, Call::go_on);
}

TEST(Analysis, DecidesNothingOnTooLittle) {
  const Analysis few = analyse(experiment_of(1), look_of(gathered(4, 70, 0), gathered(1000, 90, 0)));
  EXPECT_FALSE(few.is_enough);
  EXPECT_EQ(few.call, Call::go_on);
  Look narrow = look_of(gathered(1000, 70, 5), gathered(1000, 90, 5));
  for (std::size_t i = config::limit::experiment_groups_min - 1; i < narrow.gathered[1].groups.size(); ++i) {
    narrow.gathered[1].groups[i] = Sums();
  }
  EXPECT_FALSE(analyse(experiment_of(1), narrow).is_enough);
}

TEST(Analysis, BelievesNothingOfUnitsThatWentAstray) {
  const Look look = look_of(gathered(1000, 70, 5, 50'000), gathered(1000, 80, 5, 48'000));
  const Analysis found = analyse(experiment_of(1), look);
  EXPECT_TRUE(found.is_mismatched);
  EXPECT_EQ(found.call, Call::stop_mismatch);
}

TEST(Analysis, OfARolloutRisesAndEndsWithThePromotion) {
  Look look = look_of(gathered(9000, 70, 5, 9000), gathered(1000, 70, 5, 1000));
  look.shares = {90, 10};
  look.step = 0;
  EXPECT_EQ(analyse(rollout(), look).call, Call::next_step);
  look.step = 1;
  look.shares = {50, 50};
  look.gathered = {gathered(1000, 70, 5), gathered(1000, 70, 5)};
  EXPECT_EQ(analyse(rollout(), look).call, Call::promote);
  look.gathered[1] = gathered(1000, 70, 40);
  EXPECT_EQ(analyse(rollout(), look).call, Call::stop_harmed);
}

TEST(Analysis, WatchesWhatWasPromoted) {
  Look look = look_of(gathered(1000, 70, 5), gathered(1000, 75, 5));
  look.stage = Stage::watching;
  look.promoted = 1;
  EXPECT_EQ(analyse(experiment_of(1), look).call, Call::go_on);
  look.at_step = 7 * day;
  EXPECT_EQ(analyse(experiment_of(1), look).call, Call::keep);
  look.gathered[1] = gathered(1000, 75, 40);
  EXPECT_EQ(analyse(experiment_of(1), look).call, Call::roll_back);
}

TEST(Words, SayTheEffectAndItsInterval) {
  Effect effect;
  effect.metric = Metric::hit_rate;
  effect.value = 4.1;
  effect.low = 2.6;
  effect.high = 5.5;
  EXPECT_EQ(in_words("B", effect), "Variant B answers 4.1 points more from cache, between 2.6 and 5.5.");
  effect.low = -0.83;
  EXPECT_EQ(in_words("B", effect),
            "Variant B answers 4.1 points more from cache, between 0.83 less and 5.5 more: no difference is "
            "shown.");
  effect.metric = Metric::latency_mean;
  effect.value = -12;
  effect.low = -15.25;
  effect.high = -8;
  EXPECT_EQ(in_words("fast", effect), "Variant fast takes 12 ms less on average, between 8 and 15.3.");
  effect.high = INFINITY;
  EXPECT_EQ(in_words("fast", effect),
            "Variant fast takes 12 ms less on average; how sure that is cannot be said yet.");
}

TEST(SampleRatio, IsEvidenceAsBayesWouldHaveIt) {
  // Of no unit there is none; what is as declared speaks against a mismatch.
  EXPECT_DOUBLE_EQ(log_evidence_of_mismatch({SampleRatio(0, 50), SampleRatio(0, 50)}), 0);
  EXPECT_LT(log_evidence_of_mismatch({SampleRatio(50'000, 50), SampleRatio(50'000, 50)}), 0);
  EXPECT_GT(log_evidence_of_mismatch({SampleRatio(51'000, 50), SampleRatio(49'000, 50)}), std::log(100));
  // Shares of any sum.
  EXPECT_DOUBLE_EQ(log_evidence_of_mismatch({SampleRatio(700, 2), SampleRatio(250, 1)}),
                   log_evidence_of_mismatch({SampleRatio(700, 200), SampleRatio(250, 100)}));
}

TEST(Estimates, TakeTheVarianceFromUnits) {
  // Ten units alike: nothing varies, however many requests there were.
  const std::vector<Pair> alike(10, Pair(70, 100));
  EXPECT_DOUBLE_EQ(ratio_of(alike).value, 0.7);
  EXPECT_DOUBLE_EQ(ratio_of(alike).variance, 0);
  // With one request each a ratio is a mean, but for what the jackknife takes off: (n - 1) / n once more.
  std::vector<Pair> single;
  for (int i = 0; i < 10; ++i) {
    single.emplace_back(i < 7 ? 1 : 0, 1);
  }
  EXPECT_DOUBLE_EQ(ratio_of(single).value, proportion_of(7, 10).value);
  EXPECT_NEAR(ratio_of(single).variance, proportion_of(7, 10).variance, 1e-15);
  // One unit alone says nothing of how units vary.
  EXPECT_TRUE(std::isinf(ratio_of({Pair(7, 10)}).variance));
  EXPECT_TRUE(std::isinf(ratio_of({}).variance));
}

// Busy keys are nearly always hits, and chance gave one side more of them: nothing of that is an effect.
TEST(Comparison, TakesOutWhatChanceGaveToASide) {
  Side control;
  Side treated;
  control.share = treated.share = 50;
  for (int i = 0; i < 128; ++i) {
    // What is above a hundred requests are hits; of the others half are.
    const double busy = i % 32 == 0 ? 1000 : i % 10;
    const double busier = i % 16 == 0 ? 1000 : i % 10;
    control.groups.emplace_back(50 + busy, 100 + busy);
    treated.groups.emplace_back(50 + busier, 100 + busier);
  }
  const double raw = ratio_of(treated.groups).value - ratio_of(control.groups).value;
  EXPECT_GT(raw, 0.05);
  const Comparison found = compare(control, treated);
  EXPECT_NEAR(found.difference.value, 0, 1e-12);
  EXPECT_NEAR(found.difference.variance, 0, 1e-20);
}

// Where groups hardly differ in traffic it is the difference of the ratios, with the delta method's variance.
TEST(Comparison, OfEqualTrafficIsTheDeltaMethods) {
  Side control;
  Side treated;
  control.share = treated.share = 50;
  for (int i = 0; i < 128; ++i) {
    control.groups.emplace_back(60 + i % 9, 100);
    treated.groups.emplace_back(65 + i % 11, 100);
  }
  const Estimate delta = difference(ratio_of(control.groups), ratio_of(treated.groups));
  const Comparison found = compare(control, treated);
  EXPECT_NEAR(found.difference.value, delta.value, 1e-12);
  EXPECT_NEAR(found.difference.variance, delta.variance, 1e-12);
}

TEST(Comparison, TakesSharesIntoAccount) {
  Side control;
  Side treated;
  control.share = 90;
  treated.share = 10;
  for (int i = 0; i < 128; ++i) {
    control.groups.emplace_back(9 * (60 + i % 9), 9 * (100 + i % 7));
    treated.groups.emplace_back(65 + i % 9, 100 + i % 7);
  }
  const Comparison found = compare(control, treated);
  EXPECT_NEAR(found.control, ratio_of(control.groups).value, 1e-12);
  EXPECT_NEAR(found.treated, ratio_of(treated.groups).value, 1e-12);
}

}  // namespace
}  // namespace larder::experiments::analysis_test
