#include "json/json_position.h"

#include <gtest/gtest.h>

#include <vector>

namespace larder::json::json_position_test {
namespace {

using namespace std::string_view_literals;

TEST(JsonPosition, FindsNothingInJson) {
  for (const std::string_view text :
       {"{}"sv, "[]"sv, " {\"a\" : [1, -2.5e3, \"\\u00e9\\n\\/\", true, false, null, {}]}\r\n\t"sv,
        "\"é😀\""sv, "0"sv, "\xef\xbb\xbf{}"sv}) {
    EXPECT_EQ(find_syntax_fault(text, 32), std::nullopt) << text;
  }
}

struct Broken {
  std::string_view text;
  std::size_t line;
  std::size_t column;
  std::string_view message;
};

TEST(JsonPosition, PointsAtTheFirstBreak) {
  const std::vector<Broken> cases = {
      {"", 1, 1, "the text ends where a value should be."},
      {"{", 1, 2, "a member name in double quotes should be here."},
      {"[", 1, 2, "the text ends where a value should be."},
      {"{\"a\"}", 1, 5, "a colon should be here."},
      {"{\"a\":1 \"b\":2}", 1, 8, "a comma or a closing brace should be here."},
      {"[1 2]", 1, 4, "a comma or a closing bracket should be here."},
      {"{\n  \"a\": 1,\n}", 3, 1, "remove the comma before this bracket."},
      {"[1,]", 1, 4, "remove the comma before this bracket."},
      {"{a:1}", 1, 2, "a member name in double quotes should be here."},
      {"['a']", 1, 2, "texts stand in double quotes."},
      {"{} x", 1, 4, "something follows the end of the JSON value."},
      {"[\n// note\n]", 2, 1, "JSON has no comments; remove it."},
      {"[01]", 1, 2, "this is no number as JSON writes them."},
      {"[+1]", 1, 2, "a value should be here."},
      {"[1.]", 1, 2, "this is no number as JSON writes them."},
      {"[nul]", 1, 2, "only true, false and null stand without quotes."},
      {"[\"a\nb\"]", 1, 4,
       "a line end or control character stands in a text; close the quotes or write it as an escape."},
      {"[\"é\\x\"]", 1, 4, "this escape is not one of JSON's."},
      {"[\"\\u12g4\"]", 1, 3, "this escape is not one of JSON's."},
      {"[\"é\", \"\xff\"]", 1, 8, "this byte is not UTF-8; save the file as UTF-8."},
      {"[\"abc", 1, 6, "the text ends inside double quotes."},
      {"\xef\xbb\xbf[}", 1, 2, "a value should be here."},
      {"[1\0]"sv, 1, 3, "a comma or a closing bracket should be here."},
  };
  for (const auto& [text, line, column, message] : cases) {
    const auto fault = find_syntax_fault(text, 32);
    ASSERT_TRUE(fault) << text;
    EXPECT_EQ(fault->line, line) << text;
    EXPECT_EQ(fault->column, column) << text;
    EXPECT_EQ(fault->message, message) << text;
  }
}

TEST(JsonPosition, BoundsTheNesting) {
  EXPECT_EQ(find_syntax_fault(std::string(32, '[') + "1" + std::string(32, ']'), 32), std::nullopt);
  EXPECT_EQ(find_syntax_fault(std::string(100'000, '['), 32)->message, "the nesting is too deep.");
}

}  // namespace
}  // namespace larder::json::json_position_test
