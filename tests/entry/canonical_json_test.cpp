#include "entry/canonical_json.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace larder::entry {
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
      {"10.1", "10.1"}};
  for (const auto& [json, wanted] : cases) {
    EXPECT_EQ(canonical(json), wanted) << json;
  }
}

TEST(CanonicalJson, WhatCannotBeToldApartIsRefused) {
  for (const std::string_view json : {"0.30000000000000004", "1e300", "1e-20"}) {
    EXPECT_EQ(canonical(json),
              "refused: It has a number of too many digits; round it, or write it as a text.")
        << json;
  }
  EXPECT_EQ(canonical(R"({"a":1,"b":2,"a":1})"), "refused: The member \"a\" is given twice; keep one.");
  for (const std::string_view json : {"", "{", "nul", "[1,]", "{\"a\":1}x", "'a'"}) {
    EXPECT_EQ(canonical(json), "refused: It is no JSON; check its quotes, commas and brackets.") << json;
  }
}

TEST(CanonicalJson, DepthIsBounded) {
  EXPECT_EQ(canonical(std::string(32, '[') + "1" + std::string(32, ']')),
            std::string(32, '[') + "1" + std::string(32, ']'));
  EXPECT_EQ(canonical(std::string(33, '[') + "1" + std::string(33, ']')),
            "refused: It is nested deeper than 32; flatten it.");
}

TEST(CanonicalJson, IsItsOwnCanonicalForm) {
  for (const std::string_view json :
       {R"({"z":[],"a":{},"b":[{"d":1,"c":"\u0000\ud83d\ude00"}]})", "[]", "\"x\""}) {
    const std::string once = canonical(json);
    EXPECT_EQ(canonical(once), once);
  }
}

}  // namespace
}  // namespace larder::entry
