#include "http/syntax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace larder::http::syntax_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_view_literals;

TEST(Token, IsOneOrMoreTokenCharacters) {
  for (const std::string_view text : {"a"sv, "max-age"sv, "!#$%&'*+-.^_`|~09azAZ"sv}) {
    EXPECT_TRUE(is_token(text)) << text;
  }
  for (const std::string_view text : {""sv, "a b"sv, "a="sv, "\"a\""sv, "a,"sv, "a/b"sv, "caf\xc3\xa9"sv,
                                      "a\0"sv, "a\x7f"sv, "(a)"sv, "a:b"sv, "{}"sv}) {
    EXPECT_FALSE(is_token(text)) << text;
  }
}

TEST(Whitespace, TakesFoldedLinesAndNothingElse) {
  EXPECT_EQ(trim_whitespace(" \t a b\r\n \t"), "a b");
  EXPECT_EQ(trim_whitespace("\va\f"), "\va\f");
  EXPECT_EQ(trim_whitespace("\xc2\xa0"), "\xc2\xa0");
  EXPECT_EQ(trim_whitespace(" \t"), "");
}

TEST(List, DropsEmptyElements) {
  // RFC 9110 §5.6.1.2's own examples.
  EXPECT_THAT(list_elements("foo,bar"), ElementsAre("foo", "bar"));
  EXPECT_THAT(list_elements("foo ,bar,"), ElementsAre("foo", "bar"));
  EXPECT_THAT(list_elements("foo , ,bar,charlie"), ElementsAre("foo", "bar", "charlie"));
  EXPECT_THAT(list_elements(""), IsEmpty());
  EXPECT_THAT(list_elements(","), IsEmpty());
  EXPECT_THAT(list_elements(",   ,"), IsEmpty());
  EXPECT_THAT(list_elements("a,\r\n b"), ElementsAre("a", "b"));
}

TEST(List, LeavesQuotedCommasAlone) {
  EXPECT_THAT(list_elements(R"(a="b, c", d)"), ElementsAre(R"(a="b, c")", "d"));
  EXPECT_THAT(list_elements(R"(a="b\", c", d)"), ElementsAre(R"(a="b\", c")", "d"));
  EXPECT_THAT(list_elements(R"(a="b\\", d)"), ElementsAre(R"(a="b\\")", "d"));
}

TEST(List, AQuoteThatNeverClosesHidesNothing) {
  EXPECT_THAT(list_elements(R"(a="b, no-store)"), ElementsAre(R"(a="b)", "no-store"));
  EXPECT_THAT(list_elements(R"(a="b\", no-store)"), ElementsAre(R"(a="b\")", "no-store"));
  EXPECT_THAT(list_elements(R"("x,y", a=", b)"), ElementsAre(R"("x,y")", R"(a=")", "b"));
}

TEST(List, TakesLinearTimeForQuotesThatNeverClose) {
  std::string value;
  for (int i = 0; i < 500'000; ++i) {
    value.append("\\\"");
  }
  EXPECT_EQ(list_elements(value).size(), 1U);
}

TEST(TokenList, IsLowerCaseAndAllTokens) {
  EXPECT_THAT(*token_list("Set-Cookie, ,X-A"), ElementsAre("set-cookie", "x-a"));
  EXPECT_EQ(token_list(""), std::nullopt);
  EXPECT_EQ(token_list(" , "), std::nullopt);
  EXPECT_EQ(token_list("a, b c"), std::nullopt);
}

TEST(NamedValue, SplitsAtTheFirstEquals) {
  EXPECT_EQ(split_named_value("a").name, "a");
  EXPECT_EQ(split_named_value("a").value, std::nullopt);
  EXPECT_EQ(split_named_value("a = b=c").name, "a");
  EXPECT_EQ(split_named_value("a = b=c").value, "b=c");
  EXPECT_EQ(split_named_value("=").name, "");
  EXPECT_EQ(split_named_value("=").value, "");
}

TEST(QuotedString, IsUnescaped) {
  EXPECT_EQ(unquote(R"("")"), "");
  EXPECT_EQ(unquote(R"("a b")"), "a b");
  EXPECT_EQ(unquote(R"("a\"b\\\c")"), R"(a"b\c)");
  EXPECT_EQ(unquote("\"\xc3\xa9\t\""), "\xc3\xa9\t");
}

TEST(QuotedString, RefusesWhatIsNone) {
  for (const std::string_view text :
       {""sv, "\""sv, "a"sv, "\"a"sv, "a\""sv, R"("a"b)"sv, R"("a\")"sv, R"("a""b")"sv, "\"a\0b\""sv,
        "\"a\r\n b\""sv, "\"a\\\x7f\""sv, "'a'"sv}) {
    EXPECT_EQ(unquote(text), std::nullopt) << text;
  }
}

TEST(DeltaSeconds, AreDigitsAndClamped) {
  EXPECT_EQ(parse_delta_seconds("0"), Seconds(0));
  EXPECT_EQ(parse_delta_seconds("003600"), Seconds(3600));
  EXPECT_EQ(parse_delta_seconds("2147483647"), Seconds(2147483647));
  EXPECT_EQ(parse_delta_seconds("2147483648"), delta_seconds_max);
  EXPECT_EQ(parse_delta_seconds("2147483649"), delta_seconds_max);
  EXPECT_EQ(parse_delta_seconds("99999999999999999999999999999999999999"), delta_seconds_max);
  for (const std::string_view text :
       {""sv, "-1"sv, "+1"sv, "1.0"sv, "1e3"sv, "0x10"sv, "1 "sv, "a1"sv, "1a"sv, "1\0"sv, "\xd9\xa1"sv}) {
    EXPECT_EQ(parse_delta_seconds(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace larder::http::syntax_test
