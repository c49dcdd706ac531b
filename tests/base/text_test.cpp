#include "base/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace larder::text_test {
namespace {

using namespace std::string_view_literals;

TEST(Text, LowersAsciiOnly) {
  EXPECT_EQ(to_lower("Terry PRATCHETT É@[`{"), "terry pratchett É@[`{");
  EXPECT_EQ(to_lower(""), "");
}

TEST(Text, ComparesIgnoringCase) {
  EXPECT_TRUE(equals_ignoring_case("Content-TYPE", "content-type"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
}

TEST(Text, TrimsEveryAsciiSpace) {
  EXPECT_EQ(trim(" \t\r\n\v\fa b \t"), "a b");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\0a\0"sv), "\0a\0"sv);
}

TEST(Text, CollapsesRunsOfSpace) {
  EXPECT_EQ(collapse_spaces("  good \t\n omens  "), "good omens");
  EXPECT_EQ(collapse_spaces("   "), "");
  EXPECT_EQ(collapse_spaces(""), "");
  EXPECT_EQ(collapse_spaces("a"), "a");
  EXPECT_EQ(collapse_spaces("a b"), "a b");
}

TEST(Text, SplitKeepsEmptyPieces) {
  using Pieces = std::vector<std::string_view>;
  EXPECT_EQ(split("", ','), (Pieces{""}));
  EXPECT_EQ(split(",", ','), (Pieces{"", ""}));
  EXPECT_EQ(split("a,,b,", ','), (Pieces{"a", "", "b", ""}));
  EXPECT_EQ(split("abc", ','), (Pieces{"abc"}));
}

TEST(Text, JoinsAndConcatenates) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"", "", "b"}, "-"), "--b");
  EXPECT_EQ(concat({"a", "", "bc"}), "abc");
  EXPECT_EQ(concat({}), "");
}

TEST(Text, ContainsAPart) {
  EXPECT_TRUE(contains("abc", "bc"));
  EXPECT_TRUE(contains("abc", ""));
  EXPECT_FALSE(contains("abc", "ac"));
}

TEST(Text, ParsesUnsignedNumbers) {
  EXPECT_EQ(parse_unsigned("0"), 0u);
  EXPECT_EQ(parse_unsigned("007"), 7u);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), UINT64_MAX);
  for (const std::string_view bad : {"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "18446744073709551616",
                                     "99999999999999999999999", "١"}) {
    EXPECT_EQ(parse_unsigned(bad), std::nullopt) << bad;
  }
}

TEST(Text, ParsesDecimalsInJsonsGrammar) {
  EXPECT_EQ(parse_decimal("0"), 0.0);
  EXPECT_EQ(parse_decimal("-12.5"), -12.5);
  EXPECT_EQ(parse_decimal("1e3"), 1000.0);
  EXPECT_EQ(parse_decimal("1.25E-2"), 0.0125);
  EXPECT_TRUE(std::signbit(*parse_decimal("-0")));
  for (const std::string_view bad : {"", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "0x10", "inf",
                                     "nan", "1e999", " 1", "1 ", "1,5", "1_0"}) {
    EXPECT_EQ(parse_decimal(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_decimal("1\0"sv), std::nullopt);
  EXPECT_EQ(parse_decimal(std::string(64, '1')).has_value(), true);
  EXPECT_EQ(parse_decimal(std::string(65, '1')), std::nullopt);
}

TEST(Text, WritesIntegers) {
  EXPECT_EQ(to_text(std::uint64_t{0}), "0");
  EXPECT_EQ(to_text(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(to_text(std::int64_t{-1}), "-1");
  EXPECT_EQ(to_text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(to_text(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
}

struct Utf8Case {
  std::string_view bytes;
  std::size_t first_length;
};

TEST(Text, KnowsUtf8) {
  const std::vector<Utf8Case> cases = {
      {"a", 1},
      {"\xc2\x80", 2},
      {"\xdf\xbf", 2},
      {"\xe0\xa0\x80", 3},
      {"\xed\x9f\xbf", 3},
      {"\xee\x80\x80", 3},
      {"\xf0\x90\x80\x80", 4},
      {"\xf4\x8f\xbf\xbf", 4},
      {"\x80", 0},              // continuation alone
      {"\xc0\xaf", 0},          // overlong, two bytes
      {"\xc1\xbf", 0},          // overlong, two bytes
      {"\xe0\x9f\xbf", 0},      // overlong, three bytes
      {"\xf0\x8f\xbf\xbf", 0},  // overlong, four bytes
      {"\xed\xa0\x80", 0},      // surrogate
      {"\xf4\x90\x80\x80", 0},  // above U+10FFFF
      {"\xf5\x80\x80\x80", 0},  // no lead byte
      {"\xff", 0},              // no lead byte
      {"\xc3", 0},              // breaks off
      {"\xe2\x82", 0},          // breaks off
      {"\xf0\x9f\x98", 0},      // breaks off
      {"\xe2\x28\xa1", 0},      // a letter where a continuation belongs
      {"\xf0\x28\x8c\xbc", 0},  // the same
  };
  for (const auto& [bytes, length] : cases) {
    EXPECT_EQ(utf8_length(bytes, 0), length) << to_hex(bytes);
    EXPECT_EQ(is_utf8(bytes), length == bytes.size()) << to_hex(bytes);
  }
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("naïve 日本語 😀"));
  EXPECT_FALSE(is_utf8("ok\xff"));
}

TEST(Text, CutsBetweenCodePoints) {
  EXPECT_EQ(utf8_prefix("héllo", 1), "h");
  EXPECT_EQ(utf8_prefix("héllo", 2), "h");
  EXPECT_EQ(utf8_prefix("héllo", 3), "hé");
  EXPECT_EQ(utf8_prefix("😀", 3), "");
  EXPECT_EQ(utf8_prefix("😀", 4), "😀");
  EXPECT_EQ(utf8_prefix("", 0), "");
}

TEST(Text, WritesHex) { EXPECT_EQ(to_hex("\x00\x0f\xf0\xff"sv), "000ff0ff"); }

TEST(Text, KnowsTheVectorsOfRfc4648) {
  const std::vector<std::pair<std::string_view, std::string_view>> vectors = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64url(bytes), text);
    EXPECT_EQ(from_base64url(text), bytes);
  }
}

TEST(Text, RefusesOtherBase64) {
  for (const std::string_view bad :
       {"Z", "Zg==", "Zm+v", "Zm/v", "Zm 9v", "Zh", "Zm9", "Zm9vY", "\xc3\xa9zz"}) {
    EXPECT_EQ(from_base64url(bad), std::nullopt) << bad;
  }
}

TEST(Text, Base64RoundTripsEveryByteAtEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
}

TEST(Text, PercentDecodes) {
  EXPECT_EQ(percent_decode("a%20b+c", PlusSign::space), "a b c");
  EXPECT_EQ(percent_decode("a%20b+c", PlusSign::itself), "a b+c");
  EXPECT_EQ(percent_decode("%c3%A9%00", PlusSign::itself), "é\0"sv);
  for (const std::string_view bad : {"%", "%4", "a%", "%zz", "%4g", "%%41"}) {
    EXPECT_EQ(percent_decode(bad, PlusSign::itself), std::nullopt) << bad;
  }
}

TEST(Text, PercentEncodesAllButUnreserved) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/é%\0"sv), "a%20b%2F%C3%A9%25%00");
  std::string every;
  for (int i = 0; i < 256; ++i) {
    every.push_back(static_cast<char>(i));
  }
  EXPECT_EQ(percent_decode(percent_encode(every), PlusSign::space), every);
}

}  // namespace
}  // namespace larder::text_test
