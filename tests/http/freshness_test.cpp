#include "http/freshness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/date.h"

namespace larder::http::freshness_test {
namespace {

constexpr Instant received = instant_from_millis(1795219200'000);  // Sat, 21 Nov 2026 00:00:00 GMT

std::string date_at(Seconds offset) { return format_date(received + offset); }

Fields cached(const char* cache_control) { return Fields().add("Cache-Control", cache_control); }

Storability of(int status, const Fields& response, const RequestFacts& request = RequestFacts()) {
  return storable(request, status, response, received);
}

RequestFacts authorised() {
  RequestFacts request;
  request.has_authorization = true;
  return request;
}

TEST(Storable, AGetWithAnyExplicitLifetime) {
  for (const int status :
       {200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599}) {
    EXPECT_EQ(of(status, cached("max-age=60")), Storability::storable) << status;
    EXPECT_EQ(of(status, cached("s-maxage=60")), Storability::storable) << status;
    EXPECT_EQ(of(status, Fields().add("Expires", date_at(Seconds(60)))), Storability::storable) << status;
    EXPECT_EQ(of(status, Fields().add("CDN-Cache-Control", "max-age=60")), Storability::storable) << status;
  }
  EXPECT_EQ(of(302, cached("public").add("ETag", "\"a\"")), Storability::storable);
}

TEST(Storable, ACookieAloneWhereItIsTakenOut) {
  RequestFacts strips;
  strips.strips_cookies = true;
  const Fields fields = cached("max-age=60").add("Set-Cookie", "a=b");
  EXPECT_EQ(of(200, fields), Storability::set_cookie);
  EXPECT_EQ(of(200, fields, strips), Storability::storable);
}

TEST(Storable, AGuessAloneIsNoUseWhereNoneMayBeMade) {
  RequestFacts certain;
  certain.guesses = false;
  const Fields fields = Fields().add("Last-Modified", date_at(Seconds(-3000)));
  // It can be confirmed.
  EXPECT_EQ(of(200, fields, certain), Storability::storable);
  EXPECT_EQ(of(404, fields, certain), Storability::error);
  EXPECT_EQ(of(200, Fields(), certain), Storability::no_use);
}

TEST(Storable, NoMethodButGet) {
  for (const Method method : {Method::head, Method::post, Method::put, Method::delete_, Method::options,
                              Method::patch, Method::other}) {
    RequestFacts request;
    request.method = method;
    EXPECT_EQ(storable(request, 200, cached("max-age=60"), received), Storability::method);
  }
}

TEST(Storable, NoStatusThatIsNotFinalOrBelongsToOneRequest) {
  for (const int status : {-1, 0, 100, 103, 199, 304, 412, 416, 428, 429, 431, 511, 600, 1000}) {
    EXPECT_EQ(of(status, cached("public, max-age=60")), Storability::status) << status;
  }
}

// RFC 9111 section 3.3.
TEST(Storable, APartOfAKnownWhole) {
  EXPECT_EQ(of(206, cached("max-age=60").add("Content-Range", "bytes 0-1/9")), Storability::storable);
  EXPECT_EQ(of(206, cached("max-age=60")), Storability::partial);
  EXPECT_EQ(of(206, cached("max-age=60").add("Content-Range", "bytes 0-1/*")), Storability::partial);
  EXPECT_EQ(of(206, cached("max-age=60").add("Content-Type", "multipart/byteranges")), Storability::partial);
  EXPECT_EQ(of(206, Fields().add("ETag", "\"a\"").add("Content-Range", "bytes 0-1/9")),
            Storability::no_freshness);
}

TEST(Storable, MustUnderstandAsksForAKnownStatusAndLiftsNoStore) {
  EXPECT_EQ(of(299, cached("must-understand, max-age=60")), Storability::not_understood);
  EXPECT_EQ(of(299, cached("must-understand, no-store, max-age=60")), Storability::not_understood);
  EXPECT_EQ(of(200, cached("must-understand, no-store, max-age=60")), Storability::storable);
  EXPECT_EQ(of(200, cached("no-store, max-age=60")), Storability::no_store);
}

TEST(Storable, NotAgainstTheWordOfEitherSide) {
  RequestFacts request;
  request.directives.no_store = true;
  EXPECT_EQ(storable(request, 200, cached("max-age=60"), received), Storability::request_no_store);
  EXPECT_EQ(of(200, cached("No-StOrE").add("Expires", date_at(Seconds(60)))), Storability::no_store);
  EXPECT_EQ(of(200, cached("private, max-age=60")), Storability::private_response);
  EXPECT_EQ(of(200, cached("private, public, s-maxage=60")), Storability::private_response);
  EXPECT_EQ(of(200, cached("private=\"broken").add("ETag", "\"a\"")), Storability::private_response);
  EXPECT_EQ(of(200, cached("private=\"x-user\", max-age=60")), Storability::storable);
}

TEST(Storable, ATargetedFieldDecidesAlone) {
  EXPECT_EQ(of(200, cached("no-store").add("CDN-Cache-Control", "max-age=60")), Storability::storable);
  EXPECT_EQ(of(200, cached("max-age=60").add("CDN-Cache-Control", "no-store")), Storability::no_store);
  EXPECT_EQ(of(200, cached("max-age=60").add("CDN-Cache-Control", "private")), Storability::private_response);
  EXPECT_EQ(of(200, cached("no-store").add("CDN-Cache-Control", "max-age=60, &&&&&")), Storability::no_store);
  // Expires does not count beside it.
  EXPECT_EQ(
      of(302, Fields().add("Expires", date_at(Seconds(60))).add("CDN-Cache-Control", "must-revalidate")),
      Storability::no_freshness);
}

TEST(Storable, AuthorisedOnlyIfTheResponseAllowsSharing) {
  const auto with = [](const char* cache_control) {
    return storable(authorised(), 200, cached(cache_control), received);
  };
  EXPECT_EQ(with("max-age=60"), Storability::authorization);
  EXPECT_EQ(with("max-age=60, proxy-revalidate"), Storability::authorization);
  EXPECT_EQ(with("max-age=60, public"), Storability::storable);
  EXPECT_EQ(with("max-age=60, must-revalidate"), Storability::storable);
  EXPECT_EQ(with("s-maxage=60"), Storability::storable);
  EXPECT_EQ(storable(authorised(), 200, Fields().add("ETag", "\"a\""), received), Storability::authorization);
}

TEST(Storable, NoCookieUnlessItIsTakenOut) {
  EXPECT_EQ(of(200, cached("public, max-age=60").add("set-cookie", "a=b")), Storability::set_cookie);
  EXPECT_EQ(of(200, cached("private=\"Set-Cookie\", max-age=60").add("Set-Cookie", "a=b")),
            Storability::storable);
  EXPECT_EQ(of(200, cached("no-cache=\"set-cookie\", max-age=60").add("Set-Cookie", "a=b")),
            Storability::storable);
  EXPECT_EQ(
      of(200,
         cached("private=\"set-cookie\"").add("CDN-Cache-Control", "max-age=60").add("Set-Cookie", "a=b")),
      Storability::set_cookie);
}

TEST(Storable, NothingThatVariesOnEverything) {
  EXPECT_EQ(of(200, cached("max-age=60").add("Vary", "Foo, *")), Storability::vary_any);
  EXPECT_EQ(of(200, cached("max-age=60").add("Vary", "Foo")), Storability::storable);
}

TEST(Storable, WithoutLifetimeOnlyStatusesCacheableByDefault) {
  for (const int status : {200, 203, 204, 300, 301, 308, 404, 410, 501}) {
    EXPECT_EQ(of(status, Fields().add("Last-Modified", date_at(Seconds(-3000)))), Storability::storable)
        << status;
  }
  for (const int status : {201, 202, 302, 303, 307}) {
    EXPECT_EQ(of(status, Fields().add("Last-Modified", date_at(Seconds(-3000)))), Storability::no_freshness)
        << status;
  }
}

// RFC 9111 would let a 405 have a guessed lifetime; a field of one request may have provoked it.
TEST(Storable, NoErrorWithoutExplicitFreshness) {
  for (const int status : {400, 403, 405, 413, 414, 431, 451, 500, 502, 503, 504, 599}) {
    const Storability expected = status == 431 ? Storability::status : Storability::error;
    EXPECT_EQ(of(status, Fields().add("Last-Modified", date_at(Seconds(-3000)))), expected) << status;
    EXPECT_EQ(of(status, cached("public").add("ETag", "\"a\"")), expected) << status;
    EXPECT_EQ(of(status, cached("max-age=60")), status == 431 ? Storability::status : Storability::storable)
        << status;
    EXPECT_EQ(of(status, Fields().add("Expires", date_at(Seconds(60)))),
              status == 431 ? Storability::status : Storability::storable)
        << status;
  }
}

TEST(Storable, OnlyWhatCanBeOfUse) {
  EXPECT_EQ(of(200, Fields()), Storability::no_use);
  EXPECT_EQ(of(200, cached("max-age=0")), Storability::no_use);
  EXPECT_EQ(of(200, cached("max-age=x")), Storability::no_use);
  EXPECT_EQ(of(200, Fields().add("Expires", "0")), Storability::no_use);
  EXPECT_EQ(of(200, cached("no-cache, max-age=60")), Storability::no_use);
  EXPECT_EQ(of(200, cached("max-age=0, stale-while-revalidate=0")), Storability::no_use);
  EXPECT_EQ(of(200, cached("max-age=0, stale-while-revalidate=5")), Storability::storable);
  EXPECT_EQ(of(200, cached("max-age=0, stale-if-error=5")), Storability::storable);
  EXPECT_EQ(of(200, cached("no-cache").add("ETag", "\"a\"")), Storability::storable);
  EXPECT_EQ(of(200, Fields().add("ETag", "\"a\"")), Storability::storable);
}

TEST(Storable, NamesTheFirstReason) {
  RequestFacts request = authorised();
  request.directives.no_store = true;
  const Fields response = cached("no-store, private").add("Set-Cookie", "a").add("Vary", "*");
  EXPECT_EQ(storable(request, 206, response, received), Storability::partial);
  EXPECT_EQ(storable(request, 200, response, received), Storability::request_no_store);
  EXPECT_EQ(storable(authorised(), 200, response, received), Storability::no_store);
}

struct LifetimeCase {
  Fields response;
  FreshnessBasis basis;
  std::int64_t lifetime_seconds;
};

TEST(Freshness, TakesTheFirstOfItsSources) {
  const std::string later = date_at(Seconds(500));
  const std::string old = date_at(Seconds(-1000));
  const LifetimeCase cases[] = {
      {Fields(), FreshnessBasis::none, 0},
      {cached("s-maxage=5, max-age=60").add("Expires", later), FreshnessBasis::s_maxage, 5},
      {cached("max-age=60").add("Expires", later).add("Last-Modified", old), FreshnessBasis::max_age, 60},
      {cached("max-age=0").add("Expires", later), FreshnessBasis::max_age, 0},
      {cached("max-age=-1").add("Expires", later), FreshnessBasis::max_age, 0},
      {cached("max-age=99999999999"), FreshnessBasis::max_age, 2147483648},
      {Fields().add("Expires", later), FreshnessBasis::expires, 500},
      {Fields().add("Expires", later).add("Last-Modified", old), FreshnessBasis::expires, 500},
      {Fields().add("Expires", later).add("Date", date_at(Seconds(-100))), FreshnessBasis::expires, 600},
      {Fields().add("Expires", later).add("Date", "broken"), FreshnessBasis::expires, 500},
      {Fields().add("Expires", old), FreshnessBasis::expires, 0},
      {Fields().add("Expires", "0").add("Last-Modified", old), FreshnessBasis::expires, 0},
      {Fields().add("Expires", "").add("Last-Modified", old), FreshnessBasis::expires, 0},
      {Fields().add("Expires", later).add("Expires", later), FreshnessBasis::expires, 0},
      {Fields().add("Expires", "Fri, 31 Dec 9999 23:59:59 GMT"), FreshnessBasis::expires, 2147483648},
      {Fields().add("Last-Modified", old), FreshnessBasis::heuristic, 100},
      {Fields().add("Last-Modified", old).add("Date", date_at(Seconds(-500))), FreshnessBasis::heuristic, 50},
      {Fields().add("Last-Modified", date_at(Seconds(-9))), FreshnessBasis::none, 0},
      {Fields().add("Last-Modified", later), FreshnessBasis::none, 0},
      {Fields().add("Last-Modified", "0"), FreshnessBasis::none, 0},
      {Fields().add("Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT"), FreshnessBasis::heuristic, 86400},
      {Fields().add("Last-Modified", date_at(Seconds(-864010))), FreshnessBasis::heuristic, 86400},
      {Fields().add("Last-Modified", date_at(Seconds(-863990))), FreshnessBasis::heuristic, 86399},
  };
  std::size_t row = 0;
  for (const LifetimeCase& one : cases) {
    const Freshness freshness = freshness_lifetime(200, one.response, received);
    EXPECT_EQ(freshness.basis, one.basis) << "row " << row;
    EXPECT_EQ(freshness.lifetime.count(), one.lifetime_seconds) << "row " << row;
    ++row;
  }
}

TEST(Freshness, OfATargetedFieldComesFromItAlone) {
  const auto lifetime = [](const Fields& response) { return freshness_lifetime(200, response, received); };
  const Fields plain = cached("s-maxage=1").add("Expires", date_at(Seconds(500)));
  EXPECT_EQ(lifetime(Fields(plain).add("CDN-Cache-Control", "max-age=600")).lifetime, Seconds(600));
  EXPECT_EQ(lifetime(Fields(plain).add("CDN-Cache-Control", "max-age=0")).lifetime, Seconds(0));
  EXPECT_EQ(lifetime(Fields(plain).add("CDN-Cache-Control", "no-cache")).basis, FreshnessBasis::none);
  EXPECT_EQ(lifetime(Fields(plain).add("CDN-Cache-Control", "max-age=600,")).lifetime, Seconds(1));
}

TEST(Freshness, IsGuessedOnlyWhereAllowed) {
  const Fields old = Fields().add("Last-Modified", date_at(Seconds(-1000)));
  EXPECT_EQ(freshness_lifetime(404, old, received).lifetime, Seconds(100));
  EXPECT_EQ(freshness_lifetime(302, old, received).basis, FreshnessBasis::none);
  EXPECT_EQ(freshness_lifetime(599, old, received).basis, FreshnessBasis::none);
  EXPECT_EQ(freshness_lifetime(302, Fields(old).add("Cache-Control", "public"), received).lifetime,
            Seconds(100));
}

TEST(CurrentAge, AddsDelayAndResidenceToTheAgeGiven) {
  const Instant requested = received - Millis(1500);
  const Instant now = received + Millis(10'250);
  EXPECT_EQ(current_age(Fields(), requested, received, now), Millis(1500 + 10'250));
  EXPECT_EQ(current_age(Fields().add("Age", "30"), requested, received, now), Millis(30'000 + 1500 + 10'250));
  EXPECT_EQ(current_age(Fields().add("Date", date_at(Seconds(-60))), requested, received, now),
            Millis(60'000 + 10'250));
  EXPECT_EQ(
      current_age(Fields().add("Date", date_at(Seconds(-60))).add("Age", "100"), requested, received, now),
      Millis(101'500 + 10'250));
}

TEST(CurrentAge, DoesNotCountTheFractionThatDateLacks) {
  const Instant arrival = received + Millis(900);
  EXPECT_EQ(current_age(Fields().add("Date", date_at(Seconds(0))), arrival, arrival, arrival), Millis(0));
}

TEST(CurrentAge, IsNeverNegative) {
  const Instant later = received + Seconds(100);
  EXPECT_EQ(current_age(Fields().add("Date", date_at(Seconds(999))), received, received, received),
            Millis(0));
  EXPECT_EQ(current_age(Fields(), later, received, received - Seconds(5)), Millis(0));
}

TEST(CurrentAge, ReadsTheFirstAgeAndIgnoresBrokenOnes) {
  const auto age = [](const char* value) {
    return current_age(Fields().add("Age", value), received, received, received);
  };
  EXPECT_EQ(age("7200, 0"), Seconds(7200));
  EXPECT_EQ(age("0,7200"), Seconds(0));
  EXPECT_EQ(age(" 5 "), Seconds(5));
  EXPECT_EQ(age("99999999999999999999"), delta_seconds_max);
  for (const char* broken : {"", "abc", "-7200", "7200.0", "\"7200\"", "7200;x=1", ",7200"}) {
    EXPECT_EQ(age(broken), Seconds(0)) << broken;
  }
  EXPECT_EQ(current_age(Fields().add("Age", "1").add("age", "9"), received, received, received), Seconds(1));
}

std::string names_of(const Fields& fields) {
  std::string names;
  for (const auto& [name, value] : fields.all()) {
    names.append(name).append("=").append(value).append(";");
  }
  return names;
}

TEST(HopByHop, RegisteredAndNamedFieldsStayBehind) {
  const Fields fields = Fields()
                            .add("Connection", "A, close,, Keep-Alive")
                            .add("a", "1")
                            .add("b", "2")
                            .add("Keep-Alive", "timeout=5")
                            .add("Proxy-Connection", "close")
                            .add("TE", "trailers")
                            .add("Trailer", "X")
                            .add("Transfer-Encoding", "chunked")
                            .add("Upgrade", "h2c")
                            .add("connection", "\"D\", C")
                            .add("C", "3")
                            .add("D", "4")
                            .add("Proxy-Authenticate", "Basic")
                            .add("Set-Cookie", "x=1")
                            .add("Set-Cookie", "y=2");
  EXPECT_EQ(names_of(without_hop_by_hop(fields)),
            "b=2;D=4;Proxy-Authenticate=Basic;Set-Cookie=x=1;Set-Cookie=y=2;");
  EXPECT_TRUE(is_hop_by_hop("CONNECTION"));
  EXPECT_FALSE(is_hop_by_hop("Close"));
  EXPECT_EQ(names_of(without_hop_by_hop(Fields())), "");
}

TEST(FieldsToStore, LeaveOutProxyAndNamedFields) {
  const Fields response = Fields()
                              .add("Cache-Control", "max-age=60, private=\"X-User\", no-cache=\"a, b\"")
                              .add("x-user", "me")
                              .add("A", "1")
                              .add("b", "2")
                              .add("c", "3")
                              .add("Proxy-Authenticate", "Basic")
                              .add("Proxy-Authentication-Info", "x")
                              .add("Proxy-Authorization", "x")
                              .add("Connection", "d")
                              .add("d", "4")
                              .add("Age", "5");
  EXPECT_EQ(names_of(fields_to_store(response)),
            "Cache-Control=max-age=60, private=\"X-User\", no-cache=\"a, b\";c=3;Age=5;");
}

TEST(FieldsToStore, ObeyTheTargetedFieldAlone) {
  const Fields response = Fields()
                              .add("Cache-Control", "private=\"a\"")
                              .add("CDN-Cache-Control", "max-age=60, no-cache=\"b\"")
                              .add("a", "1")
                              .add("b", "2");
  EXPECT_EQ(names_of(fields_to_store(response)),
            "Cache-Control=private=\"a\";CDN-Cache-Control=max-age=60, no-cache=\"b\";a=1;");
}

}  // namespace
}  // namespace larder::http::freshness_test
