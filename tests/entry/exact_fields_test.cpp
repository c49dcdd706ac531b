#include "entry/exact_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace larder::entry::exact_fields_test {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::StrEq;

config::Declarations declared(std::string_view key) {
  std::string json =
      R"({"resources": [{"name": "page", "mode": "http", "match": {"path": "/pages/{id}/{rest...}"},
        "origin": {"url": "https://api.example/{id}/{rest}?{*}"}, "key": )";
  json.append(key).append("}]}");
  auto declarations = config::parse_declarations(json);
  EXPECT_TRUE(declarations.has_value()) << (declarations ? "" : to_text(declarations.error()));
  return declarations ? *declarations : config::Declarations();
}

TEST(ExactFields, AreWhatTheKeyTakesAsItIs) {
  const auto declarations = declared(R"([{"path": "id"}, {"path": "rest"}, {"query": "*"}])");
  const auto target = http::parse_exact_target("/p%61ges/a%3b%7e/x//y%20z?b=%7e&a");
  const ExactFields fields = exact_fields(declarations.resources[0], *target);
  EXPECT_THAT(fields.in_key,
              ElementsAre(Optional(StrEq("a%3B~")), Optional(StrEq("x//y z")), Optional(StrEq("b=~&a"))));
  EXPECT_THAT(fields.sent, ElementsAre(Optional(StrEq("a%3b%7e")), Optional(StrEq("x//y%20z")),
                                       Optional(StrEq("b=%7e&a"))));
}

// Where the declaration makes different requests equal, the origin gets the form that they have in common. A
// query's order alone is a matter of the key.
TEST(ExactFields, LeaveNormalisedFieldsToTheirNormalisers) {
  const auto declarations = declared(
      R"([{"path": "id", "normalise": ["lower"]}, {"path": "rest"}, {"query": "*", "normalise": ["sort"]}])");
  const auto target = http::parse_exact_target("/pages/A/x?b=2&a=1&b=1&a");
  const ExactFields fields = exact_fields(declarations.resources[0], *target);
  EXPECT_EQ(fields.in_key[0], std::nullopt);
  EXPECT_EQ(fields.sent[0], std::nullopt);
  EXPECT_THAT(fields.in_key[2], Optional(StrEq("a=1&a&b=2&b=1")));
  EXPECT_THAT(fields.sent[2], Optional(StrEq("b=2&a=1&b=1&a")));
}

}  // namespace
}  // namespace larder::entry::exact_fields_test
