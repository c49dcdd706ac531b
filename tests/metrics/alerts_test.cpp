#include "metrics/alerts.h"

#include <gtest/gtest.h>

#include <set>

namespace larder::metrics::alerts_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Instant start = instant_from_millis(1'790'000'000'000);

const AlertRow& row(Alert alert) { return alert_rows()[static_cast<std::size_t>(alert)]; }

struct Watched {
  explicit Watched(Alert alert) : row_(row(alert)) {}
  AlertNews at(Millis after, std::optional<double> value) {
    return evaluate(row_, state, value, start + after);
  }
  const AlertRow& row_;
  AlertState state;
};

TEST(Alerts, RowsAreInOrderAndSayWhatToDo) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < alert_rows().size(); ++i) {
    const AlertRow& one = alert_rows()[i];
    EXPECT_EQ(static_cast<std::size_t>(one.alert), i);
    EXPECT_TRUE(names.insert(one.name).second);
    EXPECT_TRUE(one.what.ends_with('.')) << one.name;
    EXPECT_TRUE(one.help.ends_with('.')) << one.name;
    EXPECT_EQ(find_alert(one.name), &one);
  }
  EXPECT_EQ(find_alert("nothing"), nullptr);
}

// Each row at its exact threshold and duration.
class AlertRows : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(All, AlertRows, ::testing::Range(std::size_t{0}, alert_rows().size()),
                         [](const auto& info) { return std::string(alert_rows()[info.param].name); });

TEST_P(AlertRows, FiresAndResolvesOnceAtItsThresholdAndDuration) {
  const AlertRow& one = alert_rows()[GetParam()];
  const double beyond = one.threshold + (one.comparison == Comparison::above ? 0.001 : -0.001);
  AlertState state;
  // At the threshold it is well.
  EXPECT_EQ(evaluate(one, state, one.threshold, start), AlertNews::none);
  EXPECT_EQ(state.phase, AlertPhase::quiet);
  Instant now = start + minutes(5);
  if (one.hold > Millis(0)) {
    EXPECT_EQ(evaluate(one, state, beyond, now), AlertNews::none);
    EXPECT_EQ(state.phase, AlertPhase::pending);
    EXPECT_EQ(evaluate(one, state, beyond, now + one.hold - Millis(1)), AlertNews::none);
    now += one.hold;
  }
  EXPECT_EQ(evaluate(one, state, beyond, now), AlertNews::fired);
  EXPECT_EQ(state.phase, AlertPhase::firing);
  EXPECT_EQ(state.fired_at, now);
  EXPECT_EQ(evaluate(one, state, beyond, now + minutes(5)), AlertNews::none);
  now += minutes(10);
  const Millis well = std::max<Millis>(one.hold, minutes(15));
  EXPECT_EQ(evaluate(one, state, one.threshold, now), AlertNews::none);
  EXPECT_EQ(to_text(state.phase), "firing");
  EXPECT_EQ(evaluate(one, state, one.threshold, now + well - Millis(1)), AlertNews::none);
  now += well;
  EXPECT_EQ(evaluate(one, state, one.threshold, now), AlertNews::resolved);
  EXPECT_EQ(state.phase, AlertPhase::quiet);
  EXPECT_EQ(state.resolved_at, now);
  EXPECT_EQ(evaluate(one, state, one.threshold, now + minutes(5)), AlertNews::none);
}

TEST_P(AlertRows, FlappingAtTheThresholdTellsOnce) {
  const AlertRow& one = alert_rows()[GetParam()];
  const double beyond = one.threshold + (one.comparison == Comparison::above ? 0.001 : -0.001);
  AlertState state;
  int told = evaluate(one, state, beyond, start) != AlertNews::none ? 1 : 0;
  told += evaluate(one, state, beyond, start + one.hold) != AlertNews::none ? 1 : 0;
  EXPECT_EQ(told, 1);
  for (int i = 1; i < 100; ++i) {
    const Instant now = start + one.hold + minutes(5 * i);
    told += evaluate(one, state, i % 2 == 0 ? beyond : one.threshold, now) != AlertNews::none ? 1 : 0;
  }
  EXPECT_EQ(told, 1);
  EXPECT_EQ(to_text(state.phase), "firing");
}

TEST(Alerts, FlappingBeforeItFiresTellsNothing) {
  Watched alert(Alert::hit_rate_low);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(alert.at(minutes(5 * i), i % 2 == 0 ? 0.899 : 0.901), AlertNews::none);
  }
}

TEST(Alerts, WithoutDataNothingChanges) {
  Watched alert(Alert::hit_rate_low);
  EXPECT_EQ(alert.at(minutes(0), 0.5), AlertNews::none);
  EXPECT_EQ(alert.at(minutes(10), std::nullopt), AlertNews::none);
  EXPECT_EQ(alert.state.phase, AlertPhase::pending);
  EXPECT_EQ(alert.at(minutes(15), 0.5), AlertNews::fired);
  EXPECT_EQ(alert.at(hours(9), std::nullopt), AlertNews::none);
  EXPECT_EQ(alert.state.phase, AlertPhase::firing);
}

TEST(Alerts, TheWorstValueIsRemembered) {
  Watched alert(Alert::dead_letters_high);
  EXPECT_EQ(alert.at(minutes(0), 11), AlertNews::fired);
  alert.at(minutes(5), 40);
  alert.at(minutes(10), 12);
  EXPECT_EQ(alert.state.worst, 40);
  EXPECT_EQ(alert.state.value, 12);
}

TEST(Alerts, ASilenceHoldsBackAndWhatStillFiresIsToldAfterIt) {
  Watched alert(Alert::dead_letters_high);
  alert.state.silenced_until = start + hours(1);
  EXPECT_EQ(alert.at(minutes(0), 50), AlertNews::none);
  EXPECT_EQ(alert.state.phase, AlertPhase::firing);
  EXPECT_EQ(alert.at(minutes(59), 50), AlertNews::none);
  EXPECT_EQ(alert.at(minutes(60), 50), AlertNews::fired);
  // What came and went within a silence is told to nobody.
  EXPECT_EQ(alert.at(minutes(65), 0), AlertNews::none);
  EXPECT_EQ(alert.at(minutes(80), 0), AlertNews::resolved);
  alert.state.silenced_until = start + hours(3);
  EXPECT_EQ(alert.at(minutes(85), 50), AlertNews::none);
  EXPECT_EQ(alert.at(minutes(90), 0), AlertNews::none);
  EXPECT_EQ(alert.at(minutes(105), 0), AlertNews::none);
  EXPECT_EQ(to_text(alert.state.phase), "quiet");
  EXPECT_EQ(alert.at(hours(3), 0), AlertNews::none);
  // What was told to fire and resolved within a silence is told when the silence ends.
  EXPECT_EQ(alert.at(hours(4), 50), AlertNews::fired);
  alert.state.silenced_until = start + hours(5);
  EXPECT_EQ(alert.at(hours(4) + minutes(5), 0), AlertNews::none);
  EXPECT_EQ(alert.at(hours(4) + minutes(20), 0), AlertNews::none);
  EXPECT_EQ(to_text(alert.state.phase), "quiet");
  EXPECT_EQ(alert.at(hours(5), 0), AlertNews::resolved);
}

TEST(Alerts, StatesReadBackAsTheyWereWritten) {
  AlertStates states(alert_rows().size());
  evaluate(row(Alert::dead_letters_high), states[static_cast<std::size_t>(Alert::dead_letters_high)], 11.5,
           start);
  evaluate(row(Alert::hit_rate_low), states[static_cast<std::size_t>(Alert::hit_rate_low)], 0.25, start);
  const std::string bytes = encode(states);
  const auto again = decode_alert_states(bytes);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(encode(*again), bytes);
  const AlertState& letters = (*again)[static_cast<std::size_t>(Alert::dead_letters_high)];
  EXPECT_EQ(letters.phase, AlertPhase::firing);
  EXPECT_EQ(letters.value, 11.5);
  EXPECT_TRUE(letters.told_firing);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(decode_alert_states(std::string_view(bytes).substr(0, cut)).has_value()) << cut;
  }
}

TEST(Alerts, ValuesAreWrittenForPeople) {
  EXPECT_EQ(value_text(row(Alert::hit_rate_low), 0.874), "87.4 %");
  EXPECT_EQ(value_text(row(Alert::hit_latency_high), 0.0125), "12.5 ms");
  EXPECT_EQ(value_text(row(Alert::dead_letters_high), 11), "11");
  EXPECT_EQ(value_text(row(Alert::budget_burns_fast), 14.456), "14.46");
  EXPECT_EQ(value_text(row(Alert::budget_burns_fast), 2.05), "2.05");
}

}  // namespace
}  // namespace larder::metrics::alerts_test
