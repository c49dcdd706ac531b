#include "operators/operator_request.h"

#include <gtest/gtest.h>

#include "config/limits.h"
#include "config/settings.h"

namespace larder::operators::operator_request_test {
namespace {

std::string purge_faults(std::string_view json) {
  const auto purges = parse_purge_request(json);
  return purges ? "" : to_text(purges.error());
}

std::string settings_faults(std::string_view json) {
  const auto changes = parse_settings_request(json);
  return changes ? "" : to_text(changes.error());
}

TEST(PurgeRequest, NamesThingsOfEveryKind) {
  const auto purges = parse_purge_request(
      R"({"mode":"soft","tags":["b"],"keys":["a","é"],"patterns":["*"],"prefixes":["larder:"]})");
  ASSERT_TRUE(purges);
  std::string all;
  for (const config::Purge& purge : *purges) {
    EXPECT_TRUE(purge.is_soft());
    all.append(to_text(purge.kind)).append("=").append(purge.text).append(" ");
  }
  EXPECT_EQ(all, "key=a key=é tag=b prefix=larder: pattern=* ");
  const auto hard = parse_purge_request(R"({"keys":["a"],"tags":[],"mode":"hard"})");
  ASSERT_TRUE(hard);
  EXPECT_EQ(hard->size(), 1u);
  EXPECT_FALSE(hard->front().is_soft());
}

TEST(PurgeRequest, RefusesWhatSaysNothingOrTooMuch) {
  const std::vector<std::pair<std::string, std::string>> requests = {
      {"", "Line 1, column 1: "},
      {"[]", "This must be an object, not an array."},
      {R"({"mode":"hard"})", "There is nothing to purge here; name keys, tags, prefixes or patterns."},
      {R"({"keys":["a"]})", "mode: This member is missing."},
      {R"({"keys":["a"],"mode":"gentle"})", R"(mode: "gentle" is not offered; use "soft")"},
      {R"({"keys":["a"],"mode":true})", "mode: This must be a text, not true or false."},
      {R"({"keys":"a","mode":"hard"})", "keys: This must be an array, not a text."},
      {R"({"keys":[""],"mode":"hard"})", "keys[0]: This must have 1 to 2048 bytes"},
      {R"({"keys":["a\u0000b"],"mode":"hard"})", "keys[0]: This text has a control character; remove it."},
      {R"({"tags":["a",7],"mode":"hard"})", "tags[1]: This must be a text, not a number."},
      {R"({"key":["a"],"mode":"hard"})", R"(key: There is no member "key" here)"},
      {R"({"keys":["a"],"keys":["b"],"mode":"hard"})", "keys: This member is given twice; keep one."},
      {R"({"tags":[")" + std::string(2049, 'x') + R"("],"mode":"hard"})",
       "tags[0]: This must have 1 to 2048 bytes"},
      {"{\"keys\":[\"\xff\"],\"mode\":\"hard\"}", "Line 1, "},
      {std::string(config::limit::operator_body_bytes_max + 1, ' '), "The text is too long."},
  };
  for (const auto& [json, fault] : requests) {
    EXPECT_NE(purge_faults(json).find(fault), std::string::npos) << json << ": " << purge_faults(json);
  }
}

TEST(PurgeRequest, CountsAllKindsTogether) {
  const auto names = [](std::size_t count) {
    std::string list = "[";
    for (std::size_t i = 0; i < count; ++i) {
      list.append(i == 0 ? "\"x\"" : ",\"x\"");
    }
    return list + "]";
  };
  EXPECT_EQ(purge_faults("{\"mode\":\"hard\",\"keys\":" + names(600) + ",\"tags\":" + names(400) + "}"), "");
  EXPECT_NE(purge_faults("{\"mode\":\"hard\",\"keys\":" + names(600) + ",\"tags\":" + names(401) + "}")
                .find("There are more than 1000 things to purge"),
            std::string::npos);
  EXPECT_NE(purge_faults("{\"mode\":\"hard\",\"keys\":" + names(1001) + "}").find("more than 1000 items"),
            std::string::npos);
}

TEST(SettingsRequest, TakesTextsNumbersFlagsAndNull) {
  const auto changes = parse_settings_request(
      R"({"ENABLE_SWR":false,"FEATURE_CACHE":true,"CACHE_IMPL":"null","CACHE_PATTERN_WHITELIST":null,)"
      R"("ENABLE_NEGATIVE_CACHE":1})");
  ASSERT_TRUE(changes);
  EXPECT_EQ(*changes, (TextPairs{{"ENABLE_SWR", "false"},
                                 {"FEATURE_CACHE", "true"},
                                 {"CACHE_IMPL", "null"},
                                 {"CACHE_PATTERN_WHITELIST", ""},
                                 {"ENABLE_NEGATIVE_CACHE", "1"}}));
}

TEST(SettingsRequest, RefusesWhatIsNoSettingOrNoValue) {
  const std::vector<std::pair<std::string, std::string>> requests = {
      {"{", "Line 1, column 2: "},
      {"null", "This must be an object, not null."},
      {"{}", "There is nothing to change here; name a setting and its value."},
      {R"({"enable_swr":true})", R"(enable_swr: There is no such setting; use "FEATURE_CACHE")"},
      {R"({"ENABLE_SWT":true})", R"(Did you mean "ENABLE_SWR"?)"},
      {R"({"ADMIN_JWT_SECRET":"x"})", "ADMIN_JWT_SECRET: There is no such setting"},
      {R"({"TTL_DAYS":7})", "TTL_DAYS: This setting is changed by a deployment only."},
      {R"({"ENABLE_SWR":[]})", "ENABLE_SWR: This must be a text, a whole number"},
      {R"({"ENABLE_SWR":-1})", "ENABLE_SWR: This must be a text, a whole number"},
      {R"({"ENABLE_SWR":1.5})", "ENABLE_SWR: This must be a text, a whole number"},
      {R"({"ENABLE_SWR":" "})", "ENABLE_SWR: This is empty; null goes back to what was deployed."},
      {R"({"ENABLE_SWR":"a\nb"})", "ENABLE_SWR: This text has a control character"},
      {R"({"ENABLE_SWR":true,"ENABLE_SWR":false})", "ENABLE_SWR: This setting is given twice; keep one."},
      {R"({"CACHE_IMPL":")" + std::string(2049, 'x') + R"("})", "CACHE_IMPL: The value is too long."},
      {R"({"":1})", "There is no such setting"},
  };
  for (const auto& [json, fault] : requests) {
    EXPECT_NE(settings_faults(json).find(fault), std::string::npos) << json << ": " << settings_faults(json);
  }
}

}  // namespace
}  // namespace larder::operators::operator_request_test
