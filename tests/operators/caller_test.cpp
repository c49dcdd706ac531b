// Who calls: bearer fields, claims and addresses.
#include "operators/caller.h"

#include <gtest/gtest.h>

#include "config/limits.h"

namespace larder::operators::caller_test {
namespace {

TEST(BearerToken, IsTheOneWordBehindTheScheme) {
  const std::vector<std::pair<std::string, std::optional<std::string>>> fields = {
      {"Bearer abc", "abc"},
      {"bearer abc", "abc"},
      {"BEARER   a.b-c_d~e+f/g==  ", "a.b-c_d~e+f/g=="},
      {"Bearer", ""},
      {"Bearer ", ""},
      {"Bearer a b", ""},
      {"Bearer a, Bearer b", ""},
      {"Bearer a\"b", ""},
      {"Bearer \xc3\xa9", ""},
      {"Bearer\tabc", std::nullopt},
      {"Bearerabc", std::nullopt},
      {"Basic YTpi", std::nullopt},
      {"", std::nullopt},
      {"abc", std::nullopt},
  };
  for (const auto& [field, token] : fields) {
    const auto found = bearer_token(field);
    EXPECT_EQ(found.has_value(), token.has_value()) << field;
    EXPECT_EQ(found.value_or(""), token.value_or("")) << field;
  }
  const std::string longest(config::limit::token_bytes_max, 'x');
  EXPECT_EQ(bearer_token("Bearer " + longest), longest);
  EXPECT_EQ(bearer_token("Bearer " + longest + "x"), "");
}

config::Settings with(const TextPairs& bindings) {
  auto settings = config::parse_settings(bindings);
  EXPECT_TRUE(settings);
  return *settings;
}

TEST(Claims, GiveTheHighestRoleThatTheyName) {
  const config::Settings settings;
  const std::vector<std::pair<std::string, Role>> claims = {
      {R"({"sub":"a","role":"admin"})", Role::admin},
      {R"({"sub":"a","role":"viewer"})", Role::viewer},
      {R"({"sub":"a","role":"Admin"})", Role::none},
      {R"({"sub":"a","role":["viewer","admin"]})", Role::admin},
      {R"({"sub":"a","roles":["other","viewer"]})", Role::viewer},
      {R"({"sub":"a","groups":["admin"],"role":"viewer"})", Role::admin},
      {R"({"sub":"a","custom":{"groups":["admin"]}})", Role::admin},
      {R"({"sub":"a","custom":"admin"})", Role::none},
      {R"({"sub":"a","roles":"admin viewer"})", Role::none},
      {R"({"sub":"a","role":{"admin":true},"roles":[["admin"]],"groups":[1,null]})", Role::none},
      {R"({"sub":"a","scope":"admin"})", Role::none},
      {R"({"sub":"admin","email":"admin"})", Role::none},
      {"[]", Role::none},
      {"", Role::none},
      {"{", Role::none},
  };
  for (const auto& [json, role] : claims) {
    EXPECT_EQ(read_claims(json, settings).role, role) << json;
  }
}

TEST(Claims, NameWhoCalls) {
  const config::Settings settings;
  const auto subject = [&](std::string_view json) { return read_claims(json, settings).subject; };
  EXPECT_EQ(subject(R"({"sub":"ann","email":"ann@example.com"})"), "ann");
  EXPECT_EQ(subject(R"({"sub":"","email":"ann@example.com"})"), "ann@example.com");
  EXPECT_EQ(subject(R"({"email":"ann@example.com","email_verified":false,"common_name":"robot"})"), "robot");
  EXPECT_EQ(subject(R"({"sub":7})"), "unnamed");
  EXPECT_EQ(subject("null"), "unnamed");
  const std::string longest(300, 'x');
  EXPECT_EQ(subject("{\"sub\":\"" + longest + "\"}").size(), config::limit::subject_bytes_max);
}

TEST(Claims, AreLiftedByTheLists) {
  const config::Settings settings =
      with({{"ADMIN_SUBJECTS", "root, Ann@Example.com"}, {"VIEWER_SUBJECTS", "vic@example.com,robot"}});
  const auto role = [&](std::string_view json) { return read_claims(json, settings).role; };
  EXPECT_EQ(role(R"({"sub":"root"})"), Role::admin);
  EXPECT_EQ(role(R"({"sub":"Root"})"), Role::none);
  EXPECT_EQ(role(R"({"sub":"x","email":"ann@example.COM"})"), Role::admin);
  EXPECT_EQ(role(R"({"sub":"x","email":"ann@example.com","email_verified":true})"), Role::admin);
  EXPECT_EQ(role(R"({"sub":"x","email":"ann@example.com","email_verified":false})"), Role::none);
  EXPECT_EQ(role(R"({"sub":"x","email":"vic@example.com"})"), Role::viewer);
  EXPECT_EQ(role(R"({"sub":"","common_name":"robot"})"), Role::viewer);
  EXPECT_EQ(role(R"({"sub":"x","common_name":"robot"})"), Role::none);
  EXPECT_EQ(role(R"({"sub":"robot","role":"admin"})"), Role::admin);
  EXPECT_EQ(role(R"({})"), Role::none);
  const config::Settings open = with({{"VIEWER_SUBJECTS", "*"}});
  EXPECT_EQ(read_claims(R"({"sub":"anybody"})", open).role, Role::viewer);
  EXPECT_EQ(read_claims(R"({"sub":"anybody","role":"admin"})", open).role, Role::admin);
  // Nobody at all is not everybody.
  EXPECT_EQ(read_claims("{}", open).role, Role::none);
}

}  // namespace
}  // namespace larder::operators::caller_test
