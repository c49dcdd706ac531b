#include "http/structured_field.h"

#include <gtest/gtest.h>

#include "http/cache_control.h"

namespace larder::http::structured_field_test {
namespace {

using namespace std::string_view_literals;

const BareItem* value_of(const Dictionary& dictionary, std::string_view key) {
  for (const auto& [name, item] : dictionary) {
    if (name == key) {
      return &item.value;
    }
  }
  return nullptr;
}

TEST(Dictionary, HoldsEveryKindOfItem) {
  const auto members =
      parse_dictionary(R"(  a=1, b=-2;x;y=tok ,)"
                       "\t"
                       R"(c=1.50, d="q\"\\", e=*t:/o, f=:aGk=:, g=?0, h, i=(1 "b");q=1, *j.k_-=?1  )");
  ASSERT_TRUE(members);
  ASSERT_EQ(members->size(), 10U);
  EXPECT_EQ(value_of(*members, "a")->integer, 1);
  EXPECT_EQ(value_of(*members, "b")->integer, -2);
  EXPECT_EQ(value_of(*members, "c")->kind, ItemKind::decimal);
  EXPECT_EQ(value_of(*members, "c")->text, "1.50");
  EXPECT_EQ(value_of(*members, "d")->kind, ItemKind::string);
  EXPECT_EQ(value_of(*members, "d")->text, R"(q"\)");
  EXPECT_EQ(value_of(*members, "e")->kind, ItemKind::token);
  EXPECT_EQ(value_of(*members, "e")->text, "*t:/o");
  EXPECT_EQ(value_of(*members, "f")->kind, ItemKind::byte_sequence);
  EXPECT_EQ(value_of(*members, "f")->text, "hi");
  EXPECT_TRUE(value_of(*members, "g")->is_false());
  EXPECT_EQ(value_of(*members, "h")->kind, ItemKind::boolean);
  EXPECT_FALSE(value_of(*members, "h")->is_false());
  EXPECT_EQ(value_of(*members, "i")->kind, ItemKind::inner_list);
  EXPECT_EQ((*members)[1].second.parameters.size(), 2U);
  EXPECT_EQ((*members)[1].second.parameters[1].second.text, "tok");
}

TEST(Dictionary, HoldsDatesAndTextsForPeople) {
  const auto members = parse_dictionary(
      R"(a=@1659578233, b=@-1, c=%"This is %22%c3%a9%22 100%25 \ fine.", d=%"", e=::, f=:aGk:, g=:aGl=:)");
  ASSERT_TRUE(members);
  EXPECT_EQ(value_of(*members, "a")->kind, ItemKind::date);
  EXPECT_EQ(value_of(*members, "a")->integer, 1'659'578'233);
  EXPECT_EQ(value_of(*members, "b")->integer, -1);
  EXPECT_EQ(value_of(*members, "c")->kind, ItemKind::display_string);
  EXPECT_EQ(value_of(*members, "c")->text, "This is \"\xc3\xa9\" 100% \\ fine.");
  EXPECT_EQ(value_of(*members, "d")->text, "");
  EXPECT_EQ(value_of(*members, "e")->text, "");
  EXPECT_EQ(value_of(*members, "f")->text, "hi");
  EXPECT_EQ(value_of(*members, "g")->text, "hi");
}

// What a number of seconds must not be taken for.
TEST(Dictionary, ADateIsNoInteger) {
  EXPECT_FALSE(parse_targeted_directives("max-age=@60"));
  EXPECT_TRUE(parse_targeted_directives("max-age=60, x=@60, y=%\"%c3%a9\", z=:aGk=:"));
}

TEST(Dictionary, KeepsTheLastOfADoubledKey) {
  const auto members = parse_dictionary("a=1;x=1;x=2, b, a=3");
  ASSERT_TRUE(members);
  ASSERT_EQ(members->size(), 2U);
  EXPECT_EQ((*members)[0].first, "a");
  EXPECT_EQ((*members)[0].second.value.integer, 3);
  EXPECT_TRUE((*members)[0].second.parameters.empty());
}

TEST(Dictionary, MayBeEmpty) {
  EXPECT_TRUE(parse_dictionary("")->empty());
  EXPECT_TRUE(parse_dictionary("   ")->empty());
}

TEST(Dictionary, IsRefusedForAnyFault) {
  for (const std::string_view text : {"a=1,"sv,
                                      ",a"sv,
                                      "a,,b"sv,
                                      "A=1"sv,
                                      "a =1"sv,
                                      "a= 1"sv,
                                      "a=1 b"sv,
                                      "&&&"sv,
                                      "a="sv,
                                      "a=-"sv,
                                      "a=1."sv,
                                      "a=1.2345"sv,
                                      "a=1234567890123.1"sv,
                                      "a=1234567890123456"sv,
                                      "a=--1"sv,
                                      "a=\"x"sv,
                                      "a=\"x\\y\""sv,
                                      "a=\"\xc3\xa9\""sv,
                                      "a=\"\0\""sv,
                                      "a=:abc"sv,
                                      "a=:a b:"sv,
                                      "a=?2"sv,
                                      "a=?"sv,
                                      "a=(1"sv,
                                      "a=(1,2)"sv,
                                      "a=(1\"b\")"sv,
                                      "a;=1"sv,
                                      "a;B"sv,
                                      "a; ;"sv,
                                      "\ta"sv,
                                      "a\r\n"sv,
                                      "1a"sv,
                                      "a=@"sv,
                                      "a=@1.5"sv,
                                      "a=@@1"sv,
                                      "a=@ 1"sv,
                                      "a=@1234567890123456"sv,
                                      "a=%x"sv,
                                      "a=%\"x"sv,
                                      "a=%\"%C3%A9\""sv,
                                      "a=%\"%c3\""sv,
                                      "a=%\"%c\""sv,
                                      "a=%\"%\""sv,
                                      "a=%\"%zz\""sv,
                                      "a=%\"\xc3\xa9\""sv,
                                      "a=%\"\t\""sv,
                                      "a=:a=b:"sv,
                                      "a=:a:"sv,
                                      "a=:====:"sv,
                                      "a=:aGk=="sv,
                                      "a=:aG-_:"sv,
                                      "a=\x7f"sv}) {
    EXPECT_FALSE(parse_dictionary(text)) << text;
  }
}

TEST(Dictionary, HasAsManyMembersAsTheStandardObligesAndNoMore) {
  std::string text = "k0";
  for (std::size_t i = 1; i < members_max; ++i) {
    text.append(", k").append(std::to_string(i));
  }
  EXPECT_EQ(parse_dictionary(text)->size(), members_max);
  EXPECT_FALSE(parse_dictionary(text + ", one-more"));
  std::string parameters = "a";
  std::string inner = "a=(";
  for (std::size_t i = 0; i < parameters_max; ++i) {
    parameters.append(";p").append(std::to_string(i));
    inner.append("1 ");
  }
  EXPECT_TRUE(parse_dictionary(parameters));
  EXPECT_FALSE(parse_dictionary(parameters + ";q"));
  EXPECT_TRUE(parse_dictionary(inner + ")"));
  EXPECT_FALSE(parse_dictionary(inner + "1)"));
}

TEST(List, HoldsItemsWithParameters) {
  const auto members = parse_list(R"(OriginCache; hit; ttl=1100, "CDN Company Here"; hit; ttl=-545,(a b);x)");
  ASSERT_TRUE(members);
  ASSERT_EQ(members->size(), 3U);
  EXPECT_EQ((*members)[0].value.text, "OriginCache");
  EXPECT_EQ((*members)[1].value.text, "CDN Company Here");
  EXPECT_EQ((*members)[1].parameters[1].second.integer, -545);
  EXPECT_EQ((*members)[2].value.kind, ItemKind::inner_list);
  EXPECT_FALSE(parse_list("a, "));
  EXPECT_FALSE(parse_list("a b"));
  std::string many = "a";
  for (std::size_t i = 1; i < members_max; ++i) {
    many.append(",a");
  }
  EXPECT_EQ(parse_list(many)->size(), members_max);
  EXPECT_FALSE(parse_list(many + ",a"));
}

TEST(Serialising, ChoosesTokenOrString) {
  EXPECT_EQ(structured_token_or_string("memory"), "memory");
  EXPECT_EQ(structured_token_or_string("a:b/c*"), "a:b/c*");
  EXPECT_EQ(structured_token_or_string("1a"), "\"1a\"");
  EXPECT_EQ(structured_token_or_string("two words"), "\"two words\"");
  EXPECT_EQ(structured_token_or_string(""), "\"\"");
  EXPECT_EQ(structured_string("a\"b\\c\xc3\xa9\r\n"), R"("a\"b\\c%C3%A9%0D%0A")");
}

}  // namespace
}  // namespace larder::http::structured_field_test
