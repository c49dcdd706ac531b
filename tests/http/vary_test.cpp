#include "http/vary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace larder::http::vary_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_view_literals;

FieldReader reader(const Fields& request) {
  return [request](std::string_view name) { return request.combined(name); };
}

std::string key(std::string_view vary, const Fields& request) {
  return secondary_key(parse_vary(vary).names, reader(request));
}

TEST(Vary, NamesAreLowerCaseSortedAndUnique) {
  EXPECT_THAT(parse_vary("Foo, accept-encoding,,\r\n FOO ,Bar").names,
              ElementsAre("accept-encoding", "bar", "foo"));
  EXPECT_FALSE(parse_vary("Foo").any);
  EXPECT_EQ(parse_vary(""), Vary());
  EXPECT_EQ(parse_vary(" , "), Vary());
}

TEST(Vary, AStarAnywhereMatchesNothing) {
  for (const std::string_view value : {"*", "*, *", ", *", "*, Foo", "Foo, *", "Foo,*"}) {
    EXPECT_TRUE(parse_vary(value).any) << value;
  }
  EXPECT_TRUE(vary_of(Fields().add("Vary", "").add("Vary", "*")).any);
  EXPECT_FALSE(vary_of(Fields()).any);
}

TEST(Vary, WhatIsNoFieldNameMatchesNothing) {
  for (const std::string_view value :
       {"Foo Bar"sv, "\"Foo\""sv, "Foo;q=1"sv, "caf\xc3\xa9"sv, "Foo\0"sv, "\"a,b"sv}) {
    EXPECT_TRUE(parse_vary(value).any) << value;
  }
}

TEST(SecondaryKey, NamesEachFieldAndTellsAbsentFromEmpty) {
  EXPECT_EQ(key("", Fields().add("Foo", "1")), "");
  EXPECT_EQ(key("Foo, Bar", Fields().add("Foo", "1").add("Bar", "abc").add("Other", "2")), "bar=abc&foo=1");
  EXPECT_EQ(key("Foo, Bar", Fields().add("Foo", "")), "bar&foo=");
  EXPECT_EQ(key("Foo, Bar", Fields()), "bar&foo");
}

TEST(SecondaryKey, DoesNotLetValuesImitateItsSyntax) {
  EXPECT_EQ(key("A, B", Fields().add("A", "1&b=2")), "a=1%26b=2&b");
  EXPECT_EQ(key("A", Fields().add("A", "%26")), "a=%2526");
  EXPECT_EQ(key("A", Fields().add("A", "\xc3\xa9\n\x7f")), "a=%C3%A9%0A%7F");
  EXPECT_EQ(key("A", Fields().add("A", std::string("x\0y", 3))), "a=x%00y");
}

TEST(SecondaryKey, NormalisesWhitespaceAndCombinesLines) {
  EXPECT_EQ(key("Foo", Fields().add("Foo", "1,2")), "foo=1,2");
  EXPECT_EQ(key("Foo", Fields().add("Foo", " 1, 2 ")), "foo=1,2");
  EXPECT_EQ(key("Foo", Fields().add("Foo", "1").add("foo", "2")), "foo=1,2");
  EXPECT_EQ(key("Foo", Fields().add("Foo", ",1,,\t2,")), "foo=1,2");
  EXPECT_EQ(key("Foo", Fields().add("Foo", "\"1, 2\"")), "foo=\"1, 2\"");
  EXPECT_NE(key("Foo", Fields().add("Foo", "1,2")), key("Foo", Fields().add("Foo", "2,1")));
  EXPECT_NE(key("Foo", Fields().add("Foo", "A")), key("Foo", Fields().add("Foo", "a")));
}

struct SameCase {
  const char* name;
  const char* a;
  const char* b;
};

TEST(SecondaryKey, KnowsWhichSpellingsOfNegotiationMeanTheSame) {
  const SameCase same[] = {
      {"accept-encoding", "gzip, br", "BR,gzip;q=1.0"},
      {"accept-encoding", "gzip;q=0.5, br;q=0.8", "br; q=0.80 , gzip ;Q=0.500"},
      {"accept-encoding", "identity;q=0, *;q=0.1", "*;q=0.1, identity;q=0.000"},
      {"accept-language", "de, en;q=0.5", "en;q=0.5,DE"},
      {"accept-language", "en-GB", "EN-gb"},
      {"accept-charset", "utf-8, latin1", "latin1, UTF-8"},
  };
  for (const SameCase& one : same) {
    EXPECT_EQ(key(one.name, Fields().add(one.name, one.a)), key(one.name, Fields().add(one.name, one.b)))
        << one.a;
  }
  EXPECT_EQ(key("accept-encoding", Fields().add("Accept-Encoding", "gzip;q=0.5, BR , x;q=0")),
            "accept-encoding=br,gzip;q=0.5,x;q=0");
}

TEST(SecondaryKey, KeepsApartWhatMayMeanDifferentThings) {
  const SameCase different[] = {
      {"accept-encoding", "gzip", "gzip;q=0"},
      {"accept-encoding", "gzip;q=0.5", "gzip;q=.5"},
      {"accept-encoding", "gzip", "gzip;level=9"},
      {"accept-encoding", "gzip;q=2", "gzip"},
      {"accept-encoding", ";, gzip", "gzip"},
      {"accept-encoding", "\"A\"", "\"a\""},
      {"accept-language", "en, de", "de, en"},
      {"accept-language", "en", "en-GB"},
      {"accept", "text/html;q=0.5, a/b", "a/b, text/html;q=0.5"},
      {"accept", "text/html;p=\"A\"", "text/html;p=\"a\""},
  };
  for (const SameCase& one : different) {
    EXPECT_NE(key(one.name, Fields().add(one.name, one.a)), key(one.name, Fields().add(one.name, one.b)))
        << one.a;
  }
}

TEST(Selection, ComparesTheKeyUnlessNothingMatches) {
  const Fields request = Fields().add("Foo", "1");
  const Vary vary = parse_vary("Foo, Bar");
  const std::string stored = secondary_key(vary.names, reader(request));
  EXPECT_TRUE(selects(vary, stored, reader(request)));
  EXPECT_TRUE(selects(vary, stored, reader(Fields().add("foo", " 1 ").add("Other", "2"))));
  EXPECT_FALSE(selects(vary, stored, reader(Fields().add("Foo", "2"))));
  EXPECT_FALSE(selects(vary, stored, reader(Fields())));
  EXPECT_FALSE(selects(vary, stored, reader(Fields().add("Foo", "1").add("Bar", ""))));
  EXPECT_TRUE(selects(Vary(), "", reader(request)));
  EXPECT_FALSE(selects(parse_vary("*"), "", reader(request)));
}

TEST(SelectionMemo, TellsTheSameWhateverItRemembers) {
  const std::string stored = key("Accept-Language, Foo", Fields().add("accept-language", "de, en;q=0.5"));
  const FieldReader other = reader(Fields().add("accept-language", "en"));
  const FieldReader more = reader(Fields().add("accept-language", "de, en;q=0.5").add("foo", ""));
  SelectionMemo memo;
  for (const std::string_view value :
       {"de, en;q=0.5", "de, en;q=0.5", "DE,en;q=0.50", "DE,en;q=0.50", "de, en;q=0.5"}) {
    EXPECT_FALSE(memo.fits(stored, other));
    EXPECT_FALSE(memo.fits(stored, more));
    EXPECT_TRUE(memo.fits(stored, reader(Fields().add("accept-language", std::string(value))))) << value;
  }
  EXPECT_FALSE(memo.fits(stored, FieldReader()));
}

TEST(SelectionMemo, ReadsEachFieldOnceWhereTheLastOnesComeAgain) {
  const std::string stored = key("Bar, Foo", Fields().add("foo", "1"));
  std::vector<std::string> asked;
  std::string foo = "1";
  const FieldReader read = [&](std::string_view name) {
    asked.emplace_back(name);
    return name == "foo" ? std::optional<std::string>(foo) : std::nullopt;
  };
  SelectionMemo memo;
  EXPECT_TRUE(memo.fits(stored, read));
  EXPECT_TRUE(memo.fits(stored, read));
  EXPECT_THAT(asked, ElementsAre("bar", "foo", "bar", "foo"));
  // Too long to be remembered, and still the same field.
  foo = "1" + std::string(300, ' ');
  EXPECT_TRUE(memo.fits(stored, read));
  EXPECT_TRUE(memo.fits(stored, read));
}

TEST(SelectionMemo, AnAnswerWithoutVaryFitsEveryRequest) {
  SelectionMemo memo;
  EXPECT_TRUE(memo.fits("", FieldReader()));
  EXPECT_TRUE(memo.fits("", reader(Fields().add("foo", "1"))));
}

}  // namespace
}  // namespace larder::http::vary_test
