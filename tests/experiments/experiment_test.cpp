#include "experiments/experiment.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"

namespace larder::experiments::experiment_test {
namespace {

const std::vector<std::string> resources = {"title", "isbn"};

constexpr std::string_view whole = R"({
  "name": "title-ttl", "hypothesis": "Titles hardly change.", "unit": "key", "resources": ["title"],
  "layer": "lifetimes", "layerShare": 40,
  "variants": [{"name": "day", "share": 50},
               {"name": "week", "share": 50, "overrides": {"ttl": "7d", "cached": true, "compressThreshold": 1000}}],
  "ramp": [{"percent": 1, "hold": "1h"}, {"percent": 100}],
  "primary": {"metric": "hit_rate", "smallestEffect": 0.5},
  "guardrails": [{"metric": "error_rate", "tolerance": 0.25}],
  "duration": "14d", "watch": "2d", "promotion": "manual"})";

std::string with(std::string text, std::string_view part, std::string_view other) {
  const std::size_t at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.replace(at, part.size(), other);
}

std::string faults_of(const std::string& json) {
  const auto parsed = parse_experiment(json, resources);
  return parsed ? "" : std::string(trim(to_text(parsed.error())));
}

TEST(Declaration, IsReadWhole) {
  const auto parsed = parse_experiment(whole, resources);
  ASSERT_TRUE(parsed.has_value()) << to_text(parsed.error());
  EXPECT_EQ(parsed->name, "title-ttl");
  EXPECT_EQ(parsed->kind, Kind::experiment);
  EXPECT_EQ(parsed->unit, Unit::key);
  EXPECT_EQ(parsed->resources, std::vector<std::string>{"title"});
  EXPECT_EQ(parsed->layer, "lifetimes");
  EXPECT_EQ(parsed->layer_share, 40U);
  ASSERT_EQ(parsed->variants.size(), 2U);
  EXPECT_EQ(parsed->variants[1].name, "week");
  EXPECT_EQ(parsed->variants[1].overrides.ttl, Millis(7 * 86'400'000));
  EXPECT_EQ(parsed->variants[1].overrides.cached, true);
  EXPECT_EQ(parsed->variants[1].overrides.compress_threshold, Bytes(1000));
  ASSERT_EQ(parsed->ramp.size(), 2U);
  EXPECT_EQ(parsed->ramp[0].percent, 1U);
  EXPECT_EQ(parsed->ramp[0].hold, Millis(3'600'000));
  EXPECT_EQ(parsed->ramp[1].hold, Millis(86'400'000));
  ASSERT_TRUE(parsed->primary.has_value());
  EXPECT_EQ(parsed->primary->direction, Direction::up);
  EXPECT_EQ(parsed->primary->smallest_effect, 0.5);
  ASSERT_EQ(parsed->guardrails.size(), 1U);
  EXPECT_EQ(parsed->guardrails[0].metric, Metric::error_rate);
  EXPECT_EQ(parsed->duration, Millis(14 * 86'400'000LL));
  EXPECT_EQ(parsed->watch, Millis(2 * 86'400'000LL));
  EXPECT_EQ(parsed->promotion, Promotion::manual);
}

TEST(Declaration, IsWrittenAsItIsRead) {
  const auto parsed = parse_experiment(whole, resources);
  ASSERT_TRUE(parsed.has_value());
  const std::string written = to_json(*parsed);
  const auto again = parse_experiment(written, resources);
  ASSERT_TRUE(again.has_value()) << to_text(again.error());
  EXPECT_EQ(to_json(*again), written);
}

TEST(Declaration, HasDefaults) {
  const auto parsed = parse_experiment(
      R"({"name": "x", "hypothesis": "y", "variants": [{"name": "a", "share": 90},
          {"name": "b", "share": 10, "overrides": {"cached": false}}],
          "primary": {"metric": "cost", "smallestEffect": 1}})",
      resources);
  ASSERT_TRUE(parsed.has_value()) << to_text(parsed.error());
  EXPECT_EQ(parsed->layer, "x");
  EXPECT_EQ(parsed->layer_share, 100U);
  ASSERT_EQ(parsed->ramp.size(), 1U);
  EXPECT_EQ(parsed->ramp[0].percent, 100U);
  EXPECT_EQ(parsed->primary->direction, Direction::down);
  EXPECT_EQ(parsed->duration, config::limit::experiment_duration_default);
  EXPECT_EQ(parsed->promotion, Promotion::automatic);
}

TEST(Declaration, OfARolloutGoesFromTenOverFiftyToAHundred) {
  const auto parsed = parse_experiment(
      R"({"name": "new-search", "hypothesis": "It is faster.", "kind": "rollout", "unit": "client",
          "variants": [{"name": "off", "value": false}, {"name": "on", "value": true}],
          "guardrails": [{"metric": "error_rate", "tolerance": 0.5}]})",
      resources);
  ASSERT_TRUE(parsed.has_value()) << to_text(parsed.error());
  ASSERT_EQ(parsed->ramp.size(), 3U);
  EXPECT_EQ(parsed->ramp[0].percent, 10U);
  EXPECT_EQ(parsed->ramp[1].percent, 50U);
  EXPECT_EQ(parsed->ramp[2].percent, 100U);
  EXPECT_EQ(parsed->variants[1].value, "true");
  EXPECT_TRUE(parsed->has_flag());
}

struct Wrong {
  const char* part;
  const char* other;
  const char* fault;
};

class Faulty : public ::testing::TestWithParam<Wrong> {};

TEST_P(Faulty, IsNamedWithItsPlace) {
  EXPECT_EQ(faults_of(with(std::string(whole), GetParam().part, GetParam().other)), GetParam().fault);
}

INSTANTIATE_TEST_SUITE_P(
    All, Faulty,
    ::testing::Values(
        Wrong{
            "\"title-ttl\"", "\"Title\"",
            "name: \"Title\" is no name; use lower-case letters, digits and -, at most 32, a letter first."},
        Wrong{"\"Titles hardly change.\"", "\" \"",
              "hypothesis: Say in 1 to 1024 bytes what you expect, and why."},
        Wrong{"\"unit\": \"key\"", "\"unit\": \"isolate\"",
              "unit: \"isolate\" is not offered; use \"key\" or \"client\"."},
        Wrong{"[\"title\"]", "[\"titel\"]",
              "resources[0]: There is no resource \"titel\"; there is \"title\" or \"isbn\". Did you mean "
              "\"title\"?"},
        Wrong{"\"layerShare\": 40", "\"layerShare\": 0",
              "layerShare: This must be a whole number from 1 to 100."},
        Wrong{"\"day\", \"share\": 50", "\"day\", \"share\": 40",
              "variants: The shares come to 90; together they must be 100."},
        Wrong{"\"name\": \"week\"", "\"name\": \"day\"",
              "variants[1].name: There are two variants named \"day\"."},
        Wrong{"\"ttl\": \"7d\"", "\"ttl\": \"7 days\"",
              "variants[1].overrides.ttl: \"7 days\" is no duration; write a whole number and a unit, as in "
              "250ms, 30s, 15m, 24h or 7d."},
        Wrong{
            "\"ttl\": \"7d\"", "\"tll\": \"7d\"",
            "variants[1].overrides.tll: \"tll\" cannot be overridden; use \"cached\", \"ttl\", \"stale\", "
            "\"staleIfError\", \"negativeTtl\", \"eagerRefresh\", \"tiers\", \"compressThreshold\", \"swr\", "
            "\"stampedeProtection\" or \"negativeCache\". Did you mean \"ttl\"?"},
        Wrong{"{\"name\": \"day\", \"share\": 50}",
              "{\"name\": \"day\", \"share\": 50, \"overrides\": {\"swr\": false}}",
              "variants[0].overrides: The control is what there is: it overrides nothing."},
        Wrong{"{\"ttl\": \"7d\", \"cached\": true, \"compressThreshold\": 1000}", "{}",
              "variants[1]: This is the same as \"day\": give it other overrides or another value."},
        Wrong{"\"name\": \"day\", \"share\": 50", "\"name\": \"day\", \"share\": 50, \"value\": 1",
              "variants[1]: Either every variant has a \"value\", or none."},
        Wrong{"{\"percent\": 1, \"hold\": \"1h\"}", "{\"percent\": 100}",
              "ramp[1]: Each step takes in more than the one before: no unit ever goes back."},
        Wrong{"[{\"percent\": 1, \"hold\": \"1h\"}, {\"percent\": 100}]", "[]",
              "ramp: A ramp has one step at least."},
        Wrong{"\"smallestEffect\": 0.5", "\"smallestEffect\": 0",
              "primary.smallestEffect: This must be a number above 0, in the metric's own unit."},
        Wrong{"\"error_rate\"", "\"hit_rate\"",
              "guardrails[0]: This is the primary metric; guard another one."},
        Wrong{"\"error_rate\"", "\"errors\"",
              "guardrails[0].metric: \"errors\" is not offered; use \"hit_rate\", \"stale_rate\", "
              "\"error_rate\", \"slow_rate\", \"origin_calls\", \"latency_mean\" or \"cost\"."},
        Wrong{"\"14d\"", "\"1h\"", "duration: This must be from 1d to 90d."},
        Wrong{"\"manual\"", "\"never\"",
              "promotion: \"never\" is not offered; use \"automatic\" or \"manual\"."},
        Wrong{"\"watch\": \"2d\"", "\"watched\": \"2d\"",
              "watched: There is no member \"watched\" here; there is \"name\", \"hypothesis\", \"kind\", "
              "\"unit\", \"resources\", \"layer\", \"layerShare\", \"variants\", \"ramp\", \"primary\", "
              "\"guardrails\", \"duration\", \"watch\" or \"promotion\". Did you mean \"watch\"?"}));

TEST(Declaration, NamesEveryFaultAtOnce) {
  std::string json = with(std::string(whole), "\"title-ttl\"", "7");
  json = with(json, "\"14d\"", "\"1h\"");
  json = with(json, "\"share\": 50", "\"share\": 0");
  EXPECT_EQ(faults_of(json),
            "name: This must be a text, not a number.\n"
            "variants[0].share: This must be a whole number from 1 to 99.\n"
            "variants: The shares come to 50; together they must be 100.\n"
            "duration: This must be from 1d to 90d.");
}

TEST(Declaration, TriesPoliciesByKeyAlone) {
  const std::string faults = faults_of(with(std::string(whole), "\"unit\": \"key\"", "\"unit\": \"client\""));
  EXPECT_EQ(
      faults,
      "variants: Policies are tried by key: with the unit \"client\", clients of different variants would "
      "share entries. Leave the overrides out, or use \"key\".\n"
      "unit: With the unit \"client\" an experiment is about a flag: give each variant a \"value\".");
}

TEST(Declaration, OfARolloutIsDecidedByGuardrails) {
  EXPECT_EQ(faults_of(with(std::string(whole), "\"hypothesis\"", "\"kind\": \"rollout\", \"hypothesis\"")),
            "variants[0].share: A rollout's shares are those of its ramp; leave this out.\n"
            "variants[1].share: A rollout's shares are those of its ramp; leave this out.\n"
            "primary: A rollout has no primary metric: its guardrails decide. Leave this out.");
}

TEST(Declaration, SaysWhereItIsNoJson) {
  EXPECT_EQ(faults_of("{\"name\": }"), "Line 1, column 10: a value should be here.");
}

}  // namespace
}  // namespace larder::experiments::experiment_test
