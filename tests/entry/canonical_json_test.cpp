#include "entry/canonical_json.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace larder::entry::canonical_json_test {
namespace {

std::string canonical(std::string_view json) {
  const auto text = canonical_json(json);
  return text ? *text : "refused: " + text.error().message;
}

TEST(CanonicalJson, EveryWayToWriteAValueIsOneText) {
  constexpr std::string_view wanted = R"({"a":[1,null,{"x":true}],"b":"é/\u000a","c":10})";
  for (const std::string_view json :
       {R"({"a":[1,null,{"x":true}],"b":"é/\n","c":10})", R"( { "c" : 10.0 , "b" : "\u00e9\/\u000a",
          "gone" : null, "a" : [ 1 , null , { "y" : null , "x" : true } ] } )",
        R"({"b":"é/\n","c":1e1,"a":[1.0,null,{"x":true}]})"}) {
    EXPECT_EQ(canonical(json), wanted);
  }
}

TEST(CanonicalJson, NumbersHaveTheFewestDigitsThatTellThem) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"0", "0"},
      {"-0", "0"},
      {"-0.0", "0"},
      {"0.1", "0.1"},
      {"-0.50", "-0.5"},
      {"1e-7", "0.0000001"},
      {"123.456", "123.456"},
      {"1e15", "1000000000000000"},
      {"0.30000", "0.3"},
      {"9007199254740993", "9007199254740993"},
      {"18446744073709551615", "18446744073709551615"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"2.5e3", "2500"},
      {"10.1", "10.1"},
      {"0.30000000000000004", "0.30000000000000004"},
      {"9007199254740993.5", "9007199254740993.5"},
      {"0e999999999999", "0"},
      {"1e39", "1000000000000000000000000000000000000000"},
      {"1e-40", "0.0000000000000000000000000000000000000001"}};
  for (const auto& [json, wanted] : cases) {
    EXPECT_EQ(canonical(json), wanted) << json;
  }
}

TEST(CanonicalJson, WhatCannotBeToldApartIsRefused) {
  for (const std::string_view json :
       {"1e40", "1e-41", "1e300", "-1e-300", "1e999999999999", "1e-999999999999"}) {
    EXPECT_EQ(canonical(json),
              "refused: It has a number of too many digits; round it, or write it as a text.")
        << json;
  }
  EXPECT_EQ(canonical(R"({"a":1,"b":2,"a":1})"), "refused: The member \"a\" is given twice; keep one.");
  for (const std::string_view json :
       {"",     "{",      "nul",       "[1,]",       "{\"a\":1}x", "'a'",        "01",
        "1.",   ".5",     "+1",        "1e",         "-",          "1 2",        "[01]",
        "[1.]", "[nulL]", "{\"a\" 1}", "{\"a\":1,}", "[tru]",      "\"\\ud800\""}) {
    EXPECT_EQ(canonical(json), "refused: It is no JSON; check its quotes, commas and brackets.") << json;
  }
}

TEST(CanonicalJson, DepthIsBounded) {
  EXPECT_EQ(canonical(std::string(32, '[') + "1" + std::string(32, ']')),
            std::string(32, '[') + "1" + std::string(32, ']'));
  EXPECT_EQ(canonical(std::string(33, '[') + "1" + std::string(33, ']')),
            "refused: It is nested deeper than 32; flatten it.");
}

config::JsonQuantise percentages() {
  config::JsonQuantise quantise;
  quantise.paths = {*config::parse_json_path("systems[].percentage")};
  quantise.step_billionths = 500'000'000;
  return quantise;
}

std::string bucket(std::string_view number) {
  const auto text = canonical_json(concat({R"({"systems":[{"percentage":)", number, "}]}"}), percentages());
  constexpr std::string_view head = R"({"systems":[{"percentage":)";
  return text ? text->substr(head.size(), text->size() - head.size() - 3) : text.error().message;
}

TEST(CanonicalJson, NumbersAtAPathShareTheirNearestBucket) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"10.1", "10"},
      {"10.2", "10"},
      {"10.24999999999999999999999999999999999999999999999999999999999999999", "10"},
      // Halves go away from zero.
      {"10.25", "10.5"},
      {"10.250", "10.5"},
      {"1025e-2", "10.5"},
      {"10.3", "10.5"},
      {"10.75", "11"},
      {"-10.25", "-10.5"},
      {"-10.2", "-10"},
      {"-0", "0"},
      {"-0.1", "0"},
      {"0.25", "0.5"},
      {"1e-300", "0"},
      {"1e2", "100"},
      {"100.0", "100"},
      {"1000000000", "1000000000"},
      // Too large for a bucket: as it is.
      {"10000000000.1", "10000000000.1"},
      {"1e20", "100000000000000000000"}};
  for (const auto& [number, wanted] : cases) {
    EXPECT_EQ(bucket(number), wanted) << number;
  }
  EXPECT_EQ(bucket("1e300"), "It has a number of too many digits; round it, or write it as a text.");
}

TEST(CanonicalJson, OnlyNumbersAtThePathAreQuantised) {
  const auto text = canonical_json(
      R"({"percentage": 10.1, "systems": {"percentage": 10.1}, "systems[]": [{"percentage": 1.1}],
      "other": [{"percentage": 10.1}]})",
      percentages());
  EXPECT_EQ(*text, R"({"other":[{"percentage":10.1}],"percentage":10.1,"systems":{"percentage":10.1},)"
                   R"("systems[]":[{"percentage":1.1}]})");
  const auto kinds = canonical_json(
      R"({"systems":[{"percentage":"10.1"},{"percentage":null,"n":10.1},{"percentage":[10.1]},[10.1],10.1]})",
      percentages());
  EXPECT_EQ(*kinds, R"({"systems":[{"percentage":"10.1"},{"n":10.1},{"percentage":[10.1]},[10.1],10.1]})");
}

TEST(CanonicalJson, MembersAreFoundAsTheyCame) {
  const auto members = json_members(
      R"( {"userId": "u", "a" : {"x":[1, 2]} , "b":null, "c": "t", "d": 1.50 } )", {"a", "b", "c", "d"});
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(*members, (TextPairs{{"a", R"({"x":[1, 2]})"}, {"c", "\"t\""}, {"d", "1.50"}}));
  EXPECT_EQ(json_members(R"({"a":1,"b":2,"a":3})", {"a"}).error().message,
            "The member \"a\" is given twice; keep one.");
  for (const std::string_view json : {"", "[]", "1", "{", R"({"a":1)", R"({"a":1} x)", R"({"a":1}{)"}) {
    EXPECT_FALSE(json_members(json, {"a"}).has_value()) << json;
  }
}

TEST(CanonicalJson, IsItsOwnCanonicalForm) {
  for (const std::string_view json :
       {R"({"z":[],"a":{},"b":[{"d":1,"c":"\u0000\ud83d\ude00"}]})", "[]", "\"x\""}) {
    const std::string once = canonical(json);
    EXPECT_EQ(canonical(once), once);
  }
}

}  // namespace
}  // namespace larder::entry::canonical_json_test
