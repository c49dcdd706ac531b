// Declarations of questions that are asked in a body: POST, keys of bodies and settings, lifetimes of
// settings, CORS.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "config/declaration.h"
#include "config/settings.h"

namespace larder::config::declared_body_test {
namespace {

// One resource that is right, with `from` replaced by `to`.
std::string with_body(std::string_view from, std::string_view to) {
  std::string json =
      R"({"resources":[{"name":"rank","match":{"method":"POST","path":"/rank"},"origin":{"url":"https://example.com/r"},)"
      R"("key":[{"setting":"ENGINE_VERSION"},{"body":"q"},{"body":"p","normalise":["json"],"digest":true,)"
      R"("quantise":{"paths":["a[].b"],"step":0.5}}],"ttl":"1h","stale":"until 3h","cors":{"origins":["*"]}}]})";
  const std::size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

std::string told(std::string_view json) {
  const auto declarations = parse_declarations(json);
  return declarations ? "" : to_text(declarations.error());
}

TEST(DeclaredBody, IsReadWhole) {
  const auto declarations = parse_declarations(with_body("", ""));
  ASSERT_TRUE(declarations) << to_text(declarations.error());
  const Resource& rank = declarations->resources.front();
  EXPECT_EQ(rank.match.method, http::Method::post);
  ASSERT_EQ(rank.key.size(), 3u);
  EXPECT_EQ(rank.key[0].source, FieldSource::setting);
  EXPECT_EQ(rank.key[1].source, FieldSource::body);
  EXPECT_EQ(rank.key[1].form, KeyForm::plain);
  EXPECT_EQ(rank.key[1].bytes_max, Bytes(65536));
  EXPECT_EQ(rank.key[2].form, KeyForm::digest);
  EXPECT_EQ(rank.key[2].quantise.step_billionths, 500'000'000);
  EXPECT_EQ(rank.key[2].quantise.paths, (std::vector<JsonPath>{{"a", "[]", "b"}}));
  EXPECT_EQ(rank.ttl, Millis(3'600'000));
  EXPECT_EQ(rank.stale, Millis(7'200'000));
  ASSERT_TRUE(rank.cors.has_value());
  EXPECT_TRUE(rank.cors->origins.empty());
  EXPECT_EQ(rank.cors->preflight_age, Millis(3'600'000));
  EXPECT_EQ(methods_of(*declarations, "/rank"), std::vector<http::Method>{http::Method::post});
  EXPECT_FALSE(match(*declarations, http::Method::get, "/rank"));
  EXPECT_FALSE(match(*declarations, http::Method::head, "/rank"));
}

TEST(DeclaredBody, EveryFaultIsNamed) {
  const std::vector<std::array<std::string_view, 3>> cases = {
      {R"("method":"POST",)", "",
       "resources[0].key[1].body: Only a POST has a body: use \"method\": \"POST\" in match.\n"
       "resources[0].key[2].body: Only a POST has a body: use \"method\": \"POST\" in match.\n"},
      {R"("name":"rank",)", R"("name":"rank","mode":"http",)",
       "resources[0].match.method: The answer to a POST is kept by its key only: use \"mode\": \"keyed\".\n"
       "resources[0].stale: In mode http the ttl is the response's; write a duration alone.\n"},
      {R"({"setting":"ENGINE_VERSION"})", R"({"setting":"ENGINE"})",
       "resources[0].key[0].setting: \"ENGINE\" is no setting that a key may hold; use \"ENGINE_VERSION\" or "
       "\"PROMPT_HASH\".\n"},
      {R"({"setting":"ENGINE_VERSION"})", R"({"setting":"ENGINE_VERSION","required":true})",
       "resources[0].key[0].required: A setting is taken as it is; remove this member.\n"},
      {R"({"body":"q"})", R"({"body":"q","quantise":{"paths":["a"],"step":1}})",
       "resources[0].key[1].quantise: It needs the normaliser \"json\", which knows what is where.\n"},
      {R"({"body":"q"})", R"({"query":"q","quantise":{"paths":["a"],"step":1}})",
       "resources[0].key[1].quantise: Only a field of the body has paths; use the normaliser "
       "\"quantise:STEP\".\n"},
      {R"({"body":"q"})", R"({"body":"*"})",
       "resources[0].key[1].normalise: The whole body needs the normaliser \"json\".\n"},
      {R"({"body":"q"})", R"({"body":"q","normalise":["json","lower"]})",
       "resources[0].key[1].normalise: A JSON value takes no normaliser but \"json\".\n"},
      {R"({"body":"q"})", R"({"body":"q","maxBytes":300000})",
       "resources[0].key[1].maxBytes: This must be a whole number from 1 to 262144.\n"},
      {R"("step":0.5)", R"("step":0.0000005)",
       "resources[0].key[2].quantise.step: A step is a number above 0 with at most six decimals, as in "
       "0.5.\n"},
      {R"("step":0.5)", R"("step":"0.5")",
       "resources[0].key[2].quantise.step: A step is a number above 0 with at most six decimals, as in "
       "0.5.\n"},
      {R"("a[].b")", R"("a[0].b")",
       "resources[0].key[2].quantise.paths[0]: \"a[0].b\" is no path; write one like "
       "\"systems[].percentage\".\n"},
      {R"("until 3h")", R"("until 30m")",
       "resources[0].stale: \"until\" counts from the beginning: at least the ttl.\n"},
      {R"("ttl":"1h")", R"("ttl":"${STALE_DAY}")",
       "resources[0].ttl: \"STALE_DAY\" is no setting of days; use \"STALE_DAYS\" or \"TTL_DAYS\". Did you "
       "mean "
       "\"STALE_DAYS\"?\n"},
      {R"(["*"])", R"([])", "resources[0].cors.origins: Name at least one origin, or remove \"cors\".\n"},
      {R"(["*"])", R"(["https://a.example/"])",
       "resources[0].cors.origins[0]: \"https://a.example/\" is no web origin; write scheme and host in "
       "lower case, "
       "as in \"https://a.example\", or \"*\" alone for all.\n"},
      {R"({"url":"https://example.com/r"})", R"({"provider":"openlibrary","query":"title"})",
       "resources[0].origin.provider: This provider is asked by GET.\n"
       "resources[0].origin.provider: A provider is asked one thing, so the key needs exactly one field with "
       "\"required\": true.\n"}};
  for (const auto& [from, to, wanted] : cases) {
    EXPECT_EQ(told(with_body(from, to)), wanted) << to;
  }
}

TEST(DeclaredBody, AModelNeedsOneValueAndWhatItsAnswersDependOn) {
  const auto report = [](std::string_view key) {
    return told(
        concat({R"({"resources":[{"name":"n","match":{"method":"POST","path":"/n"},)",
                R"("origin":{"provider":"llm","query":"narrative"},"ttl":"1h","key":[)", key, "]}]}"}));
  };
  constexpr std::string_view settings = R"({"setting":"ENGINE_VERSION"},{"setting":"PROMPT_HASH"})";
  constexpr std::string_view value = R"({"body":"profile","normalise":["json"],"required":true})";
  EXPECT_EQ(report(concat({settings, ",", value})), "");
  EXPECT_EQ(report(value),
            "resources[0].origin.provider: The key needs {\"setting\": \"ENGINE_VERSION\"} and {\"setting\": "
            "\"PROMPT_HASH\"}: else a new prompt would be answered by an old one's text.\n");
  for (const std::string_view wrong :
       {R"({"body":"profile","normalise":["json"]})", R"({"body":"profile","required":true})",
        R"({"body":"a","normalise":["json"],"required":true},{"body":"b"})"}) {
    EXPECT_EQ(report(concat({settings, ",", wrong})),
              "resources[0].origin.provider: A model is asked by POST about one value, so the key needs "
              "exactly one "
              "field of the body, with \"required\": true and the normaliser \"json\".\n");
  }
}

TEST(DeclaredBody, PathsAreStepsDown) {
  EXPECT_EQ(parse_json_path("systems[].percentage"), (JsonPath{"systems", "[]", "percentage"}));
  EXPECT_EQ(parse_json_path("[][]"), (JsonPath{"[]", "[]"}));
  EXPECT_EQ(parse_json_path("a.b"), (JsonPath{"a", "b"}));
  for (const std::string_view wrong : {"", ".", "a.", ".a", "a..b", "a[", "a]", "a[1]", "a[]b", "a.[]"}) {
    EXPECT_EQ(parse_json_path(wrong), std::nullopt) << wrong;
  }
}

TEST(DeclaredBody, TheShippedNarrativeLivesAsTheSettingsSay) {
  std::ifstream file(LARDER_SHIPPED_DECLARATIONS);
  std::stringstream text;
  text << file.rdbuf();
  auto declarations = parse_declarations(text.str());
  ASSERT_TRUE(declarations) << to_text(declarations.error());
  const auto found = match(*declarations, http::Method::post, "/api/narrative");
  ASSERT_TRUE(found.has_value());
  const Resource& narrative = *found->resource;
  EXPECT_EQ(narrative.name, "narr");
  EXPECT_TRUE(asks_model(narrative));
  constexpr std::int64_t day = 86'400'000;
  apply_settings(*declarations, Settings());
  EXPECT_EQ(narrative.ttl, Millis(7 * day));
  EXPECT_EQ(narrative.stale, Millis(23 * day));
  EXPECT_EQ(narrative.stale_if_error, Millis(30 * day));
  EXPECT_EQ(narrative.negative_ttl, Millis(900'000));
  const auto settings = parse_settings({{"STALE_DAYS", "2"}, {"TTL_DAYS", "3"}});
  ASSERT_TRUE(settings);
  apply_settings(*declarations, *settings);
  EXPECT_EQ(narrative.ttl, Millis(2 * day));
  EXPECT_EQ(narrative.stale, Millis(day));
}

TEST(NarrativeSettings, AreReadByName) {
  const auto settings = parse_settings({{"ENGINE_VERSION", "2.1"},
                                        {"PROMPT_HASH", "0a1b2c3d4e"},
                                        {"LLM_URL", "https://llm.example/v1/"},
                                        {"LLM_MODEL", "org/small:7b"},
                                        {"LLM_PRICE_INPUT", "0.25"},
                                        {"LLM_DAILY_CALLS_MAX", "0"},
                                        {"LLM_DAILY_COST_MAX", "1.5"},
                                        {"SPENDING_OVER", "refuse"},
                                        {"LLM_API_KEY", "k"}});
  ASSERT_TRUE(settings) << to_text(settings.error());
  EXPECT_EQ(key_settings(*settings), (TextPairs{{"ENGINE_VERSION", "2.1"}, {"PROMPT_HASH", "0a1b2c3d4e"}}));
  EXPECT_EQ(settings->llm_url, "https://llm.example/v1");
  EXPECT_EQ(settings->llm_price_input, 250'000'000);
  EXPECT_EQ(settings->llm_daily_calls_max, 0u);
  EXPECT_EQ(settings->llm_daily_cost_max, 1'500'000'000);
  EXPECT_EQ(settings->spending_over, SpendingOver::refuse);
  EXPECT_EQ(settings->secret("LLM_API_KEY"), "k");
}

TEST(NarrativeSettings, WhatIsNoneIsRefusedByName) {
  const auto report = [](std::string_view name, std::string_view value) {
    const auto settings = parse_settings({{std::string(name), std::string(value)}});
    return settings ? "" : to_text(settings.error());
  };
  EXPECT_EQ(report("ENGINE_VERSION", "1:2"),
            "ENGINE_VERSION: \"1:2\" is no version; use letters, digits, -, _ and ., at most 32.\n");
  for (const std::string_view hash : {"0123456789a", "012345678", "01234567X9", "01234:6789"}) {
    EXPECT_EQ(report("PROMPT_HASH", hash),
              concat({"PROMPT_HASH: \"", hash,
                      "\" is no prompt hash; write ten lower-case letters and digits.\n"}));
  }
  EXPECT_EQ(report("LLM_URL", "https://llm.example/v1"),
            "LLM_MODEL: LLM_URL needs the name of a model there.\n");
  EXPECT_EQ(report("GEMINI_MODEL", "a b"),
            "GEMINI_MODEL: \"a b\" is no model's name; use letters, digits and -_.:/@, at most 128.\n");
  EXPECT_EQ(
      report("LLM_PRICE_OUTPUT", "-1"),
      "LLM_PRICE_OUTPUT: \"-1\" is no price; write dollars as a number from 0 to 1000000, like 0.25.\n");
  EXPECT_EQ(report("LLM_DAILY_CALLS_MAX", "many"),
            "LLM_DAILY_CALLS_MAX: \"many\" is not a whole number from 0 to 1000000000.\n");
  EXPECT_EQ(report("SPENDING_OVER", "stop"),
            "SPENDING_OVER: \"stop\" is not offered; use \"template\" or \"refuse\".\n");
}

}  // namespace
}  // namespace larder::config::declared_body_test
