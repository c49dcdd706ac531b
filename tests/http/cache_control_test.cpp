#include "http/cache_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace larder::http::cache_control_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_view_literals;

TEST(ResponseDirectives, AreAllRead) {
  const ResponseDirectives directives = parse_response_directives(
      "max-age=1, s-maxage=2, stale-while-revalidate=3, stale-if-error=4, no-store, no-cache, private, "
      "public, "
      "must-revalidate, proxy-revalidate, must-understand, immutable, no-transform");
  ResponseDirectives expected;
  expected.max_age = Seconds(1);
  expected.s_maxage = Seconds(2);
  expected.stale_while_revalidate = Seconds(3);
  expected.stale_if_error = Seconds(4);
  expected.no_store = expected.no_cache = expected.private_ = expected.public_ = true;
  expected.must_revalidate = expected.proxy_revalidate = expected.must_understand = true;
  expected.immutable = expected.no_transform = true;
  EXPECT_EQ(directives, expected);
}

TEST(ResponseDirectives, AreNoneInNothing) {
  for (const std::string_view value :
       {""sv, ","sv, " , ,"sv, "foo"sv, "foo=bar"sv, "foo=\"no-store, max-age=5\""sv, "=no-store"sv,
        "no-storex"sv, "no store"sv, "\"no-store\""sv, "\0"sv, "no-store\0"sv, "max\xc3\xa2ge=3"sv,
        "'max-age=1'"sv}) {
    EXPECT_EQ(parse_response_directives(value), ResponseDirectives()) << value;
  }
}

struct LifetimeCase {
  std::string_view value;
  std::optional<Seconds> max_age;
};

TEST(ResponseDirectives, MaxAgeIsLenientInFormAndStrictInValue) {
  const LifetimeCase cases[] = {
      {"max-age=3600", Seconds(3600)},
      {"MaX-aGe=3600", Seconds(3600)},
      {"max-age=\"3600\"", Seconds(3600)},
      {"max-age=\"36\\00\"", Seconds(3600)},
      {"max-age = 3600", Seconds(3600)},
      {"foobar,max-age=3600 ,", Seconds(3600)},
      {",\r\n max-age=3600", Seconds(3600)},
      {"max-age=003600", Seconds(3600)},
      {"max-age=99999999999999999999", delta_seconds_max},
      {"max-age=0", Seconds(0)},
      {"max-age=-1", Seconds(0)},
      {"max-age=", Seconds(0)},
      {"max-age", Seconds(0)},
      {"max-age=\"\"", Seconds(0)},
      {"max-age=\"60", Seconds(0)},
      {"max-age='3600'", Seconds(0)},
      {"max-age=3600.0", Seconds(0)},
      {"max-age=3600a", Seconds(0)},
      {"max-age=a3600", Seconds(0)},
      {"max-age=1800, max-age=1", Seconds(1800)},
      {"max-age=1, max-age=1800", Seconds(1)},
      {"max-age=x, max-age=1800", Seconds(0)},
      {"extension=\"max-age=3600\", max-age=1", Seconds(1)},
      {"max-age=1, extension=\"max-age=3600\"", Seconds(1)},
      {"extension=\"\\\"max-age=3600, \", max-age=1", Seconds(1)},
      {"s-maxage=1", std::nullopt},
  };
  for (const LifetimeCase& one : cases) {
    EXPECT_EQ(parse_response_directives(one.value).max_age, one.max_age) << one.value;
  }
}

TEST(ResponseDirectives, BrokenStaleWindowsAreNotThere) {
  const ResponseDirectives directives =
      parse_response_directives("stale-while-revalidate=-1, stale-if-error, stale-while-revalidate=9");
  EXPECT_EQ(directives.stale_while_revalidate, Seconds(9));
  EXPECT_EQ(directives.stale_if_error, std::nullopt);
}

TEST(ResponseDirectives, QualifiedFormsNameFields) {
  const ResponseDirectives directives =
      parse_response_directives("private=\"Set-Cookie, ,X-A\", no-cache=x-b, no-cache=\"X-C\"");
  EXPECT_FALSE(directives.private_);
  EXPECT_THAT(directives.private_fields, ElementsAre("set-cookie", "x-a"));
  EXPECT_FALSE(directives.no_cache);
  EXPECT_THAT(directives.no_cache_fields, ElementsAre("x-b", "x-c"));
}

TEST(ResponseDirectives, AnUnqualifiedFormStandsBesideNamedFields) {
  const ResponseDirectives directives = parse_response_directives("private, private=\"a\"");
  EXPECT_TRUE(directives.private_);
  EXPECT_THAT(directives.private_fields, ElementsAre("a"));
}

TEST(ResponseDirectives, BrokenQualifiedFormsAreUnqualified) {
  for (const std::string_view value :
       {"private="sv, "private=\"\""sv, "private=\" , \""sv, "private=\"a b\""sv, "private=\"a"sv,
        "private=\"a, b"sv, "private=\"caf\xc3\xa9\""sv, "private=\"a\0\""sv, "PRIVATE"sv, "private ="sv}) {
    const ResponseDirectives directives = parse_response_directives(value);
    EXPECT_TRUE(directives.private_) << value;
    EXPECT_THAT(directives.private_fields, IsEmpty()) << value;
  }
}

TEST(ResponseDirectives, ArgumentsWhereNoneBelongChangeNothing) {
  EXPECT_TRUE(parse_response_directives("no-store=\"x\"").no_store);
  EXPECT_TRUE(parse_response_directives("No-StOrE=0").no_store);
}

TEST(ResponseDirectives, AnOpenQuoteHidesNothing) {
  EXPECT_TRUE(parse_response_directives("foo=\"bar, no-store").no_store);
}

TEST(RequestDirectives, AreAllRead) {
  const RequestDirectives directives = parse_request_directives(
      "max-age=10, MAX-STALE=\"20\", min-fresh=30, no-cache, no-store, No-Transform, only-if-cached, x");
  RequestDirectives expected;
  expected.max_age = Seconds(10);
  expected.max_stale = Seconds(20);
  expected.min_fresh = Seconds(30);
  expected.no_cache = expected.no_store = expected.no_transform = expected.only_if_cached = true;
  EXPECT_EQ(directives, expected);
}

TEST(RequestDirectives, MaxStaleAloneAcceptsAny) {
  EXPECT_EQ(parse_request_directives("max-stale").max_stale, delta_seconds_max);
  EXPECT_EQ(parse_request_directives("max-stale=5, max-stale").max_stale, Seconds(5));
}

TEST(RequestDirectives, BrokenNumbersAreIgnored) {
  for (const std::string_view value :
       {"max-age=-1, max-stale=x, min-fresh=", "max-age, min-fresh, max-stale=", "max-age=1.5", ""}) {
    EXPECT_EQ(parse_request_directives(value), RequestDirectives()) << value;
  }
  EXPECT_EQ(parse_request_directives("max-age=x, max-age=7").max_age, Seconds(7));
}

TEST(TargetedDirectives, AreAStructuredDictionary) {
  const auto directives = parse_targeted_directives(
      "max-age=600, s-maxage=5;x=1, stale-while-revalidate=-3, no-cache=\"a, b\", private=c, "
      "must-revalidate, "
      "no-store=?0, public=?1, ext=(a b)");
  ASSERT_TRUE(directives);
  EXPECT_EQ(directives->max_age, Seconds(600));
  EXPECT_EQ(directives->s_maxage, Seconds(5));
  EXPECT_EQ(directives->stale_while_revalidate, std::nullopt);
  EXPECT_FALSE(directives->no_cache);
  EXPECT_THAT(directives->no_cache_fields, ElementsAre("a", "b"));
  EXPECT_THAT(directives->private_fields, ElementsAre("c"));
  EXPECT_TRUE(directives->must_revalidate);
  EXPECT_FALSE(directives->no_store);
  EXPECT_TRUE(directives->public_);
}

TEST(TargetedDirectives, NumbersAreClamped) {
  EXPECT_EQ(parse_targeted_directives("max-age=99999999999")->max_age, delta_seconds_max);
  EXPECT_EQ(parse_targeted_directives("max-age=-5")->max_age, Seconds(0));
  EXPECT_EQ(parse_targeted_directives("max-age=1, max-age=2")->max_age, Seconds(2));
}

TEST(TargetedDirectives, UnqualifiedPrivateAndNoCache) {
  EXPECT_TRUE(parse_targeted_directives("private")->private_);
  EXPECT_TRUE(parse_targeted_directives("private=(a b)")->private_);
  EXPECT_TRUE(parse_targeted_directives("no-cache=\"not a token\"")->no_cache);
  EXPECT_FALSE(parse_targeted_directives("no-cache=?0")->no_cache);
}

TEST(TargetedDirectives, AnyFaultMakesTheFieldAbsent) {
  for (const std::string_view value :
       {""sv, "   "sv, "max-age=10000, &&&&&"sv, "max-age=\"10000\""sv, "max-age"sv, "max-age=1.5"sv,
        "MaX-aGe=3600"sv, "max-age =100"sv, "max-age= 100"sv, "max-age=1,"sv, "max-age=9999999999999999"sv,
        "s-maxage=x"sv, "stale-if-error=?1"sv, "no-store, \0"sv}) {
    EXPECT_EQ(parse_targeted_directives(value), std::nullopt) << value;
  }
}

TEST(SelectedDirectives, AValidTargetedFieldReplacesCacheControl) {
  const SelectedDirectives selected = select_directives(
      Fields().add("Cache-Control", "no-store, max-age=1").add("cdn-cache-control", "max-age=600"));
  EXPECT_EQ(selected.source, DirectiveSource::targeted);
  EXPECT_EQ(selected.directives.max_age, Seconds(600));
  EXPECT_FALSE(selected.directives.no_store);
}

TEST(SelectedDirectives, AnInvalidOrEmptyTargetedFieldDoesNotCount) {
  for (const char* targeted : {"", "max-age=10000, &&&&&", "max-age=\"10000\""}) {
    const SelectedDirectives selected =
        select_directives(Fields().add("CDN-Cache-Control", targeted).add("Cache-Control", "no-store"));
    EXPECT_EQ(selected.source, DirectiveSource::cache_control) << targeted;
    EXPECT_TRUE(selected.directives.no_store) << targeted;
    EXPECT_EQ(selected.directives.max_age, std::nullopt) << targeted;
  }
}

TEST(SelectedDirectives, SeveralLinesAreOneField) {
  const SelectedDirectives selected =
      select_directives(Fields().add("CDN-Cache-Control", "max-age=1").add("CDN-Cache-Control", "no-cache"));
  EXPECT_EQ(selected.directives.max_age, Seconds(1));
  EXPECT_TRUE(selected.directives.no_cache);
  const SelectedDirectives plain = select_directives(
      Fields().add("Cache-Control", "max-age=1").add("Cache-Control", "max-age=9, no-store"));
  EXPECT_EQ(plain.directives.max_age, Seconds(1));
  EXPECT_TRUE(plain.directives.no_store);
  EXPECT_EQ(select_directives(Fields()).source, DirectiveSource::none);
}

TEST(Formatting, HasAFixedOrder) {
  ResponseDirectives directives;
  EXPECT_EQ(format_cache_control(directives), "");
  directives.no_store = true;
  EXPECT_EQ(format_cache_control(directives), "no-store");
  directives = ResponseDirectives();
  directives.public_ = true;
  directives.max_age = Seconds(60);
  directives.s_maxage = delta_seconds_max;
  directives.stale_while_revalidate = Seconds(30);
  directives.stale_if_error = Seconds(0);
  directives.must_revalidate = directives.immutable = true;
  directives.no_cache_fields = {"a", "b"};
  EXPECT_EQ(format_cache_control(directives),
            "no-cache=\"a, b\", public, max-age=60, s-maxage=2147483648, stale-while-revalidate=30, "
            "stale-if-error=0, must-revalidate, immutable");
}

TEST(Formatting, IsReadBackAsItWas) {
  for (const std::string_view value :
       {"private, no-cache=\"a\", max-age=5, must-understand, no-transform", "private=\"x, y\", no-store",
        "no-cache, proxy-revalidate", "public, immutable, s-maxage=1"}) {
    const ResponseDirectives directives = parse_response_directives(value);
    EXPECT_EQ(parse_response_directives(format_cache_control(directives)), directives) << value;
  }
}

}  // namespace
}  // namespace larder::http::cache_control_test
