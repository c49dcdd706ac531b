#include "http/validators.h"

#include <gtest/gtest.h>

#include "http/date.h"

namespace larder::http::validators_test {
namespace {

using namespace std::string_view_literals;

constexpr Instant now = instant_from_millis(1795219200'000);
constexpr Instant modified = instant_from_millis(784111777'000);  // Sun, 06 Nov 1994 08:49:37 GMT

EntityTag tag(std::string_view text) { return parse_entity_tag(text).value(); }

TEST(EntityTag, IsReadAndWritten) {
  for (const std::string_view text : {"\"xyzzy\""sv, "W/\"xyzzy\""sv, "\"\""sv, "W/\"\""sv, "\"a,b\""sv,
                                      "\"a\\\""sv, "\"\xc3\xbc\""sv, "\"W/\""sv}) {
    const auto one = parse_entity_tag(text);
    ASSERT_TRUE(one) << text;
    EXPECT_EQ(to_text(*one), text);
  }
  EXPECT_EQ(to_text(tag(" \"a\"\t")), "\"a\"");
  EXPECT_TRUE(tag("W/\"a\"").weak);
  EXPECT_EQ(tag("W/\"a\"").opaque, "a");
  EXPECT_EQ(to_text(EntityTag::strong("a1")), "\"a1\"");
}

TEST(EntityTag, RefusesWhatIsNone) {
  for (const std::string_view text :
       {""sv,          "a"sv,           "\""sv,          "\"a"sv,          "a\""sv,
        "w/\"a\""sv,   "W\"a\""sv,      "W\\\"a\""sv,    "W/a"sv,          "W/ \"a\""sv,
        "\"a b\""sv,   "\"a\"b"sv,      "\"a\" \"b\""sv, "\"a\", \"b\""sv, "\"a\0\""sv,
        "\"a\x7f\""sv, "\"a\r\n b\""sv, "*"sv,           "'a'"sv,          "\"a\"\""sv}) {
    EXPECT_EQ(parse_entity_tag(text), std::nullopt) << text;
  }
}

TEST(EntityTagDeathTest, StrongTakesNoQuote) { EXPECT_DEATH(EntityTag::strong("a\"b"), "is_opaque"); }

TEST(EntityTag, IsComparedStronglyAndWeakly) {
  // RFC 9110 §8.8.3.2, table 3.
  struct Row {
    std::string_view a, b;
    bool strongly, weakly;
  };
  const Row rows[] = {
      {"W/\"1\"", "W/\"1\"", false, true}, {"W/\"1\"", "W/\"2\"", false, false},
      {"W/\"1\"", "\"1\"", false, true},   {"\"1\"", "\"1\"", true, true},
      {"\"1\"", "\"2\"", false, false},    {"\"a\"", "\"A\"", false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(matches_strongly(tag(row.a), tag(row.b)), row.strongly) << row.a << row.b;
    EXPECT_EQ(matches_strongly(tag(row.b), tag(row.a)), row.strongly) << row.a << row.b;
    EXPECT_EQ(matches_weakly(tag(row.a), tag(row.b)), row.weakly) << row.a << row.b;
  }
}

std::string tags_of(std::string_view value) {
  std::string all;
  for (const EntityTag& one : parse_if_none_match(value).tags) {
    all.append(to_text(one)).append(";");
  }
  return all;
}

TEST(IfNoneMatch, IsAListWithForgivingEdges) {
  EXPECT_EQ(tags_of("\"xyzzy\", \"r2d2xxxx\", W/\"c3piozzzz\""), "\"xyzzy\";\"r2d2xxxx\";W/\"c3piozzzz\";");
  EXPECT_EQ(tags_of(", ,\"a\",,\r\n \"b\","), "\"a\";\"b\";");
  EXPECT_EQ(tags_of("\"a,b\",\"c\\\",\"d\""), "\"a,b\";\"c\\\";\"d\";");
  EXPECT_EQ(tags_of("abc, \"b\", w/\"c\", \"d\"x, \"e"), "\"b\";");
  EXPECT_EQ(tags_of("\"a b\", \"c\""), "\"c\";");
  EXPECT_EQ(tags_of(""), "");
  EXPECT_EQ(tags_of("*, \"a\""), "\"a\";");
  EXPECT_EQ(tags_of("\"a\0b\", \"c\""sv), "\"c\";");
}

TEST(IfNoneMatch, StarStandsAlone) {
  EXPECT_TRUE(parse_if_none_match(" * ").any);
  EXPECT_FALSE(parse_if_none_match("*, \"a\"").any);
  EXPECT_FALSE(parse_if_none_match("**").any);
  EXPECT_FALSE(parse_if_none_match("\"*\"").any);
  EXPECT_FALSE(parse_if_none_match("").any);
}

Representation representation() {
  Representation one;
  one.etag = tag("\"a\"");
  one.last_modified = modified;
  return one;
}

Precondition with(Conditions conditions) {
  return evaluate_preconditions(Method::get, conditions, representation(), now);
}

TEST(Preconditions, IfNoneMatchComparesWeakly) {
  EXPECT_EQ(with({"\"a\"", {}}), Precondition::not_modified);
  EXPECT_EQ(with({"W/\"a\"", {}}), Precondition::not_modified);
  EXPECT_EQ(with({"\"x\", \"a\", \"y\"", {}}), Precondition::not_modified);
  EXPECT_EQ(with({"*", {}}), Precondition::not_modified);
  EXPECT_EQ(with({"\"b\"", {}}), Precondition::proceed);
  EXPECT_EQ(with({"a", {}}), Precondition::proceed);
  EXPECT_EQ(with({"", {}}), Precondition::proceed);
}

TEST(Preconditions, IfModifiedSinceComparesSeconds) {
  EXPECT_EQ(with({{}, "Sun, 06 Nov 1994 08:49:37 GMT"}), Precondition::not_modified);
  EXPECT_EQ(with({{}, "Sun, 06 Nov 1994 08:49:38 GMT"}), Precondition::not_modified);
  EXPECT_EQ(with({{}, "Sunday, 06-Nov-94 08:49:37 GMT"}), Precondition::not_modified);
  EXPECT_EQ(with({{}, "Sun, 06 Nov 1994 08:49:36 GMT"}), Precondition::proceed);
  EXPECT_EQ(with({{}, "yesterday"}), Precondition::proceed);
  EXPECT_EQ(with({{}, "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"}),
            Precondition::proceed);
  Representation later = representation();
  later.last_modified = modified + Millis(999);
  EXPECT_EQ(evaluate_preconditions(Method::get, {{}, "Sun, 06 Nov 1994 08:49:37 GMT"}, later, now),
            Precondition::not_modified);
}

TEST(Preconditions, IfNoneMatchPutsIfModifiedSinceOutOfForce) {
  const std::string_view later = "Sun, 06 Nov 2005 08:49:37 GMT";
  EXPECT_EQ(with({"\"b\"", later}), Precondition::proceed);
  EXPECT_EQ(with({"broken", later}), Precondition::proceed);
  EXPECT_EQ(with({"", later}), Precondition::proceed);
  EXPECT_EQ(with({"\"a\"", "Sun, 06 Nov 1980 08:49:37 GMT"}), Precondition::not_modified);
}

TEST(Preconditions, BindOnlySafeRequestsForWhatExists) {
  const Conditions matching = {"\"a\"", {}};
  EXPECT_EQ(evaluate_preconditions(Method::head, matching, representation(), now),
            Precondition::not_modified);
  for (const Method method : {Method::post, Method::put, Method::options, Method::delete_, Method::other}) {
    EXPECT_EQ(evaluate_preconditions(method, matching, representation(), now), Precondition::proceed);
    EXPECT_EQ(evaluate_preconditions(method, {"*", {}}, representation(), now), Precondition::proceed);
  }
  for (const int status : {199, 301, 404, 412, 500}) {
    Representation one = representation();
    one.status = status;
    EXPECT_EQ(evaluate_preconditions(Method::get, matching, one, now), Precondition::proceed) << status;
  }
}

TEST(Preconditions, WithoutValidatorsNothingMatchesButStar) {
  const Representation bare;
  EXPECT_EQ(evaluate_preconditions(Method::get, {}, representation(), now), Precondition::proceed);
  EXPECT_EQ(evaluate_preconditions(Method::get, {"\"a\"", {}}, bare, now), Precondition::proceed);
  EXPECT_EQ(evaluate_preconditions(Method::get, {"\"\"", {}}, bare, now), Precondition::proceed);
  EXPECT_EQ(evaluate_preconditions(Method::get, {"*", {}}, bare, now), Precondition::not_modified);
  EXPECT_EQ(evaluate_preconditions(Method::get, {{}, "Sun, 06 Nov 1994 08:49:37 GMT"}, bare, now),
            Precondition::proceed);
}

TEST(Representation, FallsBackFromLastModifiedToDateToReceipt) {
  const Fields both = Fields()
                          .add("etag", "W/\"a\"")
                          .add("Date", "Sun, 06 Nov 2005 08:49:37 GMT")
                          .add("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(representation_of(200, both, now).last_modified, modified);
  EXPECT_EQ(representation_of(203, both, now).status, 203);
  EXPECT_EQ(representation_of(200, both, now).etag, tag("W/\"a\""));
  const Fields broken =
      Fields().add("Date", "Sun, 06 Nov 1994 08:49:37 GMT").add("Last-Modified", "0").add("ETag", "a");
  EXPECT_EQ(representation_of(200, broken, now).last_modified, modified);
  EXPECT_EQ(representation_of(200, broken, now).etag, std::nullopt);
  EXPECT_EQ(representation_of(200, Fields(), now).last_modified, now);
}

TEST(NotModified, RepeatsTheFieldsThatMatter) {
  for (const std::string_view name :
       {"Cache-Control", "content-location", "Date", "ETag", "EXPIRES", "Vary"}) {
    EXPECT_TRUE(belongs_in_not_modified(name)) << name;
  }
  for (const std::string_view name : {"Content-Type", "Content-Length", "Last-Modified", "Set-Cookie", ""}) {
    EXPECT_FALSE(belongs_in_not_modified(name)) << name;
  }
}

}  // namespace
}  // namespace larder::http::validators_test
