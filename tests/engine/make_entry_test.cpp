#include "engine/make_entry.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/limits.h"
#include "http/date.h"
#include "support/world.h"

namespace larder::engine::make_entry_test {
namespace {

using http::Seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr auto declared = R"({"resources": [
  {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/{id}"},
   "key": [{"path": "id"}], "ttl": "60s", "stale": "30s", "staleIfError": "90s", "negativeTtl": "15s", "maxBytes": 100},
  {"name": "page", "mode": "http", "match": {"path": "/pages/{id}"}, "origin": {"url": "https://api.example.com/{id}"},
   "key": [{"path": "id"}], "ttl": "60s", "stale": "30s", "staleIfError": "90s"},
  {"name": "strict", "mode": "http", "match": {"path": "/strict/{id}"}, "origin": {"url": "https://api.example.com/{id}"},
   "key": [{"path": "id"}]},
  {"name": "guess", "mode": "http", "match": {"path": "/guess/{id}"}, "origin": {"url": "https://api.example.com/{id}"},
   "key": [{"path": "id"}], "heuristic": true, "ttlMax": "1h", "setCookie": "strip"}]})";

struct MakeEntryTest : ::testing::Test {
  MakeEntryTest() {
    auto parsed = config::parse_declarations(declared);
    EXPECT_TRUE(parsed.has_value());
    declarations = std::move(*parsed);
    settings.jitter_percent = 0;
  }
  void TearDown() override { EXPECT_EQ(host.bodies_alive(), 0U); }

  Query query(std::string_view resource) {
    Query query;
    for (const config::Resource& one : declarations.resources) {
      query.resource = one.name == resource ? &one : query.resource;
    }
    query.key.proof = "larder:item:v3:7";
    query.tags = {"items"};
    query.read_header = [this](std::string_view name) {
      const auto value = request.find(name);
      return value ? std::optional<std::string>(*value) : std::nullopt;
    };
    return query;
  }

  origin::Fetched fetched(std::uint32_t status, TextPairs fields, std::string_view content = "spice") {
    origin::Fetched fetched;
    fetched.status = status;
    fetched.origin_status = status;
    fetched.content_type = "text/plain";
    fetched.content = host::Body::from_bytes(host, content);
    fetched.origin_fields = http::Fields(std::move(fields));
    fetched.requested_at = world.now - Millis(200);
    fetched.received_at = world.now;
    fetched.log_seen = 7;
    return fetched;
  }

  tiers::EntryPtr make(std::string_view resource, std::uint32_t status, TextPairs fields) {
    origin::Fetched reply = fetched(status, std::move(fields));
    return make_entry(host, settings, query(resource), reply);
  }
  bool keeps(TextPairs fields) { return make("page", 200, std::move(fields)) != nullptr; }

  std::string date(Seconds offset) const { return http::format_date(world.now + offset); }

  sim::World world;
  sim::SimulatedHost host{world};
  config::Declarations declarations;
  config::Settings settings;
  http::Fields request;
};

// Mode keyed ------------------------------------------------------------------------------------------------

TEST_F(MakeEntryTest, InModeKeyedTheDeclarationDecidesWhateverTheOriginSays) {
  const auto entry = make("item", 200,
                          {{"cache-control", "no-cache, must-revalidate, max-age=1"},
                           {"vary", "*"},
                           {"age", "40"},
                           {"etag", "\"origin\""},
                           {"link", "</x>"}});
  ASSERT_NE(entry, nullptr);
  const entry::Header& header = entry->header;
  EXPECT_EQ(header.kind, entry::Kind::positive);
  EXPECT_EQ(header.status, 200);
  EXPECT_EQ(header.content_type, "text/plain");
  // From the asking on.
  EXPECT_EQ(header.created, world.now - Millis(200));
  EXPECT_EQ(header.asked, world.now - Millis(200));
  EXPECT_EQ(header.log_seen, 7U);
  EXPECT_EQ(header.fresh_for, Millis(60'000));
  EXPECT_EQ(header.stale_for, Millis(30'000));
  EXPECT_EQ(header.error_for, Millis(90'000));
  EXPECT_THAT(header.tags, ElementsAre("items"));
  EXPECT_EQ(header.key, "larder:item:v3:7");
  EXPECT_EQ(header.vary, "");
  EXPECT_TRUE(header.fields.empty());
  EXPECT_EQ(header.stored_size, Bytes(5));
  EXPECT_EQ(header.body_size, Bytes(5));
  EXPECT_EQ(host.read_body(entry->body.handle(), Bytes(5), 0), "spice");
}

TEST_F(MakeEntryTest, InModeKeyedWhatIsForOnePersonOrForNoStoreIsNotKept) {
  EXPECT_EQ(make("item", 200, {{"cache-control", "private"}}), nullptr);
  EXPECT_EQ(make("item", 200, {{"cache-control", "max-age=60, PRIVATE, public"}}), nullptr);
  EXPECT_EQ(make("item", 200, {{"cache-control", "no-store"}}), nullptr);
  EXPECT_EQ(make("item", 200, {{"cache-control", "max-age=60"}, {"cache-control", "no-store"}}), nullptr);
  EXPECT_EQ(make("item", 200, {{"cdn-cache-control", "no-store"}, {"cache-control", "max-age=60"}}), nullptr);
  EXPECT_EQ(make("item", 200, {{"Set-Cookie", "session=1"}}), nullptr);
  EXPECT_NE(make("item", 200, {{"cache-control", "no-cache"}}), nullptr);
  origin::Fetched none = fetched(404, {{"cache-control", "private"}});
  none.kind = entry::Kind::negative;
  EXPECT_EQ(make_entry(host, settings, query("item"), none), nullptr);
}

TEST_F(MakeEntryTest, TheOriginsValidatorsAreKept) {
  const auto entry =
      make("item", 200, {{"etag", "W/\"a\""}, {"last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"}});
  EXPECT_EQ(entry->header.etag, "W/\"a\"");
  EXPECT_EQ(entry->header.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_FALSE(entry->header.own_etag);
}

TEST_F(MakeEntryTest, WithoutOneOfTheOriginsTheEtagIsOfTheContent) {
  const auto entry = make("item", 200, {});
  EXPECT_TRUE(entry->header.own_etag);
  const std::string one = entry->header.etag;
  EXPECT_EQ(make("item", 200, {})->header.etag, one);
  origin::Fetched other = fetched(200, {}, "worms");
  EXPECT_NE(make_entry(host, settings, query("item"), other)->header.etag, one);
  // 16 bytes as base64url, in quotes, strong.
  EXPECT_EQ(one.size(), 24U);
  EXPECT_EQ(one.front(), '"');
  EXPECT_EQ(one.back(), '"');
}

TEST_F(MakeEntryTest, JitterShortensTheFreshTimeByAtMostItsShare) {
  settings.jitter_percent = 10;
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) {
    const Millis fresh_for = make("item", 200, {})->header.fresh_for;
    EXPECT_GE(fresh_for, Millis(54'000));
    EXPECT_LE(fresh_for, Millis(60'000));
    seen.insert(fresh_for.count());
  }
  EXPECT_GT(seen.size(), 150U);
}

TEST_F(MakeEntryTest, AConfirmedCopyIsRenewedUnderItsNewFields) {
  const auto former = make("page", 200,
                           {{"cache-control", "max-age=10"},
                            {"etag", "\"a\""},
                            {"link", "</x>"},
                            {"x-old", "1"},
                            {"content-type", "text/plain"}});
  origin::Fetched confirmation = fetched(304, {{"cache-control", "max-age=99"},
                                               {"etag", "\"a\""},
                                               {"link", "</y>"},
                                               {"content-type", "text/odd"},
                                               {"content-length", "0"}});
  confirmation.not_modified = true;
  confirmation.requested_at = world.now + Millis(5'000);
  confirmation.received_at = world.now + Millis(5'010);
  const auto renewed = renew_entry(host, settings, query("page"), *former, confirmation);
  ASSERT_NE(renewed, nullptr);
  EXPECT_EQ(renewed->body.handle(), former->body.handle());
  EXPECT_EQ(renewed->header.fresh_for, Millis(99'000));
  EXPECT_EQ(renewed->header.created, world.now + Millis(5'000));
  EXPECT_EQ(renewed->header.asked, world.now + Millis(5'000));
  EXPECT_EQ(renewed->header.status, 200);
  EXPECT_EQ(renewed->header.content_type, "text/plain");
  EXPECT_EQ(renewed->header.etag, "\"a\"");
  EXPECT_THAT(renewed->header.fields,
              ::testing::UnorderedElementsAre(Pair("cache-control", "max-age=99"), Pair("link", "</y>"),
                                              Pair("x-old", "1"), Pair("date", date(Seconds(5)))));
  EXPECT_EQ(renewed->header.stored_size, Bytes(5));
  // A word that forbids to keep it is obeyed.
  confirmation.origin_fields = http::Fields(TextPairs{{"cache-control", "no-store"}});
  EXPECT_EQ(renew_entry(host, settings, query("page"), *former, confirmation), nullptr);
}

TEST_F(MakeEntryTest, ANegativeHasItsOwnTimeAndNothingAfterIt) {
  origin::Fetched reply = fetched(404, {});
  reply.kind = entry::Kind::negative;
  const auto entry = make_entry(host, settings, query("item"), reply);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->header.kind, entry::Kind::negative);
  EXPECT_EQ(entry->header.status, 404);
  EXPECT_EQ(entry->header.fresh_for, Millis(15'000));
  EXPECT_EQ(entry->header.stale_for, Millis(0));
  EXPECT_EQ(entry->header.error_for, Millis(0));
  EXPECT_EQ(entry->header.etag, "");
}

TEST_F(MakeEntryTest, ANegativeIsNotKeptWhereTheNegativeCacheIsOff) {
  settings.negative_cache_enabled = false;
  origin::Fetched reply = fetched(404, {});
  reply.kind = entry::Kind::negative;
  EXPECT_EQ(make_entry(host, settings, query("item"), reply), nullptr);
  EXPECT_NE(make("item", 200, {}), nullptr);
}

TEST_F(MakeEntryTest, WhatIsNotKeptIsLeftAsItWas) {
  origin::Fetched large = fetched(200, {}, std::string(101, 'x'));
  EXPECT_EQ(make_entry(host, settings, query("item"), large), nullptr);
  EXPECT_EQ(large.content.size(), Bytes(101));
  EXPECT_FALSE(large.content.empty());
  origin::Fetched at_bound = fetched(200, {}, std::string(100, 'x'));
  EXPECT_NE(make_entry(host, settings, query("item"), at_bound), nullptr);
  EXPECT_TRUE(at_bound.content.empty());
}

TEST_F(MakeEntryTest, NeitherAStreamNorTheAnswerToAnAuthorisedRequestIsKept) {
  origin::Fetched stream = fetched(200, {});
  stream.streamed = true;
  EXPECT_EQ(make_entry(host, settings, query("item"), stream), nullptr);
  origin::Fetched own = fetched(200, {{"cache-control", "public, max-age=60"}});
  Query authorised = query("page");
  authorised.authorized = true;
  EXPECT_EQ(make_entry(host, settings, authorised, own), nullptr);
}

// Mode http -------------------------------------------------------------------------------------------------

struct Lifetimes {
  const char* name;
  TextPairs fields;
  Millis fresh;
  Millis stale;
  Millis error;
};

class HttpLifetimes : public MakeEntryTest, public ::testing::WithParamInterface<Lifetimes> {};

TEST_P(HttpLifetimes, AreTheResponsesOwnAndDeclaredWhereItIsSilent) {
  const auto entry = make("page", 200, GetParam().fields);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->header.created, world.now - Millis(200));
  EXPECT_EQ(entry->header.fresh_for, GetParam().fresh);
  EXPECT_EQ(entry->header.stale_for, GetParam().stale);
  EXPECT_EQ(entry->header.error_for, GetParam().error);
}

constexpr Millis year(31'536'000'000);

INSTANTIATE_TEST_SUITE_P(
    All, HttpLifetimes,
    ::testing::Values(
        Lifetimes{"Silent", {{"age", "0"}}, Millis(60'000), Millis(30'000), Millis(90'000)},
        Lifetimes{"MaxAge",
                  {{"age", "0"}, {"cache-control", "max-age=10"}},
                  Millis(10'000),
                  Millis(30'000),
                  Millis(90'000)},
        Lifetimes{"SharedMaxAgeForbidsStale",
                  {{"age", "0"}, {"cache-control", "max-age=10, s-maxage=20"}},
                  Millis(20'000),
                  Millis(0),
                  Millis(0)},
        Lifetimes{"Targeted",
                  {{"age", "0"}, {"cache-control", "no-store"}, {"cdn-cache-control", "max-age=40"}},
                  Millis(40'000),
                  Millis(30'000),
                  Millis(90'000)},
        Lifetimes{"Windows",
                  {{"age", "0"}, {"cache-control", "max-age=10, stale-while-revalidate=2, stale-if-error=3"}},
                  Millis(10'000),
                  Millis(2'000),
                  Millis(3'000)},
        Lifetimes{"MustRevalidate",
                  {{"age", "0"}, {"cache-control", "max-age=10, must-revalidate, stale-while-revalidate=2"}},
                  Millis(10'000),
                  Millis(0),
                  Millis(0)},
        Lifetimes{"ProxyRevalidate",
                  {{"age", "0"}, {"cache-control", "max-age=10, proxy-revalidate"}},
                  Millis(10'000),
                  Millis(0),
                  Millis(0)},
        Lifetimes{"TenYearsAreOne",
                  {{"age", "0"},
                   {"cache-control",
                    "max-age=315360000, stale-while-revalidate=315360000, "
                    "stale-if-error=2147483648"}},
                  year,
                  year,
                  year}),
    [](const auto& one) { return one.param.name; });

TEST_F(MakeEntryTest, EveryLifetimeAnOriginMayGiveFitsTheStores) {
  const auto entry =
      make("page", 200, {{"cache-control", "max-age=99999999999, stale-if-error=99999999999"}});
  ASSERT_NE(entry, nullptr);
  const auto text = entry::encode(entry->header, Bytes(config::limit::entry_header_bytes_max));
  EXPECT_TRUE(text.has_value()) << text.error().message;
}

TEST_F(MakeEntryTest, ExpiresCounts) {
  const auto entry = make("page", 200, {{"date", date(Seconds(0))}, {"expires", date(Seconds(50))}});
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->header.fresh_for, Millis(50'000));
}

TEST_F(MakeEntryTest, AGuessIsMadeWhereItIsDeclared) {
  const TextPairs fields = {{"date", date(Seconds(0))}, {"last-modified", date(Seconds(-1'000))}};
  const auto entry = make("guess", 200, fields);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->header.fresh_for, Millis(100'000));
  EXPECT_EQ(entry->header.stale_for, Millis(0));
  // Elsewhere the copy is there to be confirmed.
  const auto sure = make("strict", 200, fields);
  ASSERT_NE(sure, nullptr);
  EXPECT_EQ(sure->header.fresh_for, Millis(0));
  EXPECT_EQ(make("strict", 200, {}), nullptr);
  EXPECT_EQ(make("guess", 200, {}), nullptr);
}

TEST_F(MakeEntryTest, NoLifetimeIsLongerThanDeclared) {
  EXPECT_EQ(make("guess", 200, {{"cache-control", "max-age=7200"}})->header.fresh_for, Millis(3'600'000));
  EXPECT_EQ(make("guess", 200, {{"cache-control", "max-age=60"}})->header.fresh_for, Millis(60'000));
  EXPECT_EQ(make("page", 200, {{"cache-control", "max-age=7200"}})->header.fresh_for, Millis(7'200'000));
}

TEST_F(MakeEntryTest, ACookieIsTakenOutWhereThatIsDeclared) {
  const auto entry = make("guess", 200, {{"cache-control", "max-age=60"}, {"set-cookie", "session=1"}});
  ASSERT_NE(entry, nullptr);
  EXPECT_THAT(entry->header.fields,
              ElementsAre(Pair("cache-control", "max-age=60"), Pair("date", date(Seconds(0)))));
}

TEST_F(MakeEntryTest, WhatIsConfirmedEachTimeIsKeptWithoutALifetime) {
  const auto entry = make("page", 200, {{"cache-control", "no-cache, max-age=60"}, {"etag", "\"a\""}});
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->header.fresh_for, Millis(0));
  EXPECT_EQ(entry->header.stale_for, Millis(0));
  EXPECT_EQ(entry->header.error_for, Millis(0));
  EXPECT_EQ(make("page", 200, {{"cache-control", "no-cache"}}), nullptr);
}

// RFC 9111 section 3.5.
TEST_F(MakeEntryTest, AnAnswerToCredentialsIsKeptWhereItSaysSo) {
  Query asked = query("page");
  asked.personal = true;
  const auto kept = [&](std::string control) {
    origin::Fetched reply = fetched(200, {{"cache-control", std::move(control)}});
    return make_entry(host, settings, asked, reply) != nullptr;
  };
  EXPECT_FALSE(kept("max-age=60"));
  EXPECT_TRUE(kept("max-age=60, public"));
  EXPECT_TRUE(kept("max-age=60, must-revalidate"));
  EXPECT_TRUE(kept("s-maxage=60"));
}

TEST_F(MakeEntryTest, AgeOnArrivalMovesTheTimeOfMakingBack) {
  const auto entry = make("page", 200, {{"cache-control", "max-age=60"}, {"age", "40"}});
  ASSERT_NE(entry, nullptr);
  // 40 s, and the 200 ms that the request took (RFC 9111 §4.2.3).
  EXPECT_EQ(entry->header.created, world.now - Millis(40'200));
  EXPECT_EQ(entry->header.fresh_for, Millis(60'000));
}

TEST_F(MakeEntryTest, ADateInThePastIsAgeToo) {
  const auto entry = make("page", 200, {{"cache-control", "max-age=60"}, {"date", date(Seconds(-30))}});
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->header.created, world.now - Millis(30'000));
}

TEST_F(MakeEntryTest, WhatIsNotForEverybodyIsNotKept) {
  ASSERT_TRUE(keeps({{"cache-control", "max-age=60"}}));
  EXPECT_FALSE(keeps({{"cache-control", "private, max-age=60"}}));
  EXPECT_FALSE(keeps({{"cache-control", "no-store, max-age=60"}}));
  EXPECT_FALSE(keeps({{"cache-control", "max-age=60"}, {"set-cookie", "session=1"}}));
  EXPECT_FALSE(keeps({{"cache-control", "max-age=60"}, {"vary", "*"}}));
  EXPECT_FALSE(keeps({{"cache-control", "max-age=60"}, {"vary", "accept"}, {"vary", "*"}}));
}

TEST_F(MakeEntryTest, OnlyAStatusThatTheRfcLetsBeKeptIs) {
  for (const std::uint32_t status : {200U, 203U, 301U, 308U, 404U, 410U, 501U}) {
    EXPECT_NE(make("page", status, {{"cache-control", "max-age=60"}}), nullptr) << status;
  }
  for (const std::uint32_t status : {206U, 304U, 412U, 416U, 429U}) {
    EXPECT_EQ(make("page", status, {{"cache-control", "max-age=60"}}), nullptr) << status;
  }
  // Silent: the declared time is for successes only.
  for (const std::uint32_t status : {302U, 401U, 403U, 404U, 500U, 503U}) {
    EXPECT_EQ(make("page", status, {}), nullptr) << status;
  }
}

TEST_F(MakeEntryTest, VaryMakesASecondaryKeyOfTheRequest) {
  request = http::Fields().add("Accept-Language", "de, en;q=0.5").add("accept", "text/html");
  const auto entry =
      make("page", 200, {{"cache-control", "max-age=60"}, {"vary", "Accept-Language, x-absent"}});
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->header.vary,
            http::secondary_key({"accept-language", "x-absent"}, query("page").read_header));
  EXPECT_NE(entry->header.vary, "");
  EXPECT_THAT(entry->header.fields, Contains(Pair("vary", "Accept-Language, x-absent")));
}

TEST_F(MakeEntryTest, TheOriginsValidatorsStandAndAMissingEtagIsMade) {
  const auto with = make("page", 200,
                         {{"cache-control", "max-age=60"},
                          {"ETag", "W/\"origin\""},
                          {"Last-Modified", "Tue, 03 Nov 2026 10:00:00 GMT"}});
  EXPECT_EQ(with->header.etag, "W/\"origin\"");
  EXPECT_EQ(with->header.last_modified, "Tue, 03 Nov 2026 10:00:00 GMT");
  const auto without = make("page", 200, {{"cache-control", "max-age=60"}});
  EXPECT_EQ(without->header.etag.size(), 24U);
}

TEST_F(MakeEntryTest, FieldsAreReplayedButForThoseOfTheConnectionAndThoseWithAPlaceOfTheirOwn) {
  const auto entry = make("page", 200,
                          {{"Cache-Control", "max-age=60"},
                           {"Link", "</next>"},
                           {"X-Own", "1"},
                           {"Connection", "x-hop"},
                           {"X-Hop", "1"},
                           {"Transfer-Encoding", "chunked"},
                           {"Keep-Alive", "5"},
                           {"Content-Length", "5"},
                           {"Content-Type", "text/plain"},
                           {"Content-Encoding", "zstd"},
                           {"ETag", "\"a\""},
                           {"Age", "3"},
                           {"Cache-Status", "other; hit"},
                           {"Date", date(Seconds(0))}});
  ASSERT_NE(entry, nullptr);
  EXPECT_THAT(entry->header.fields,
              ElementsAre(Pair("cache-control", "max-age=60"), Pair("link", "</next>"), Pair("x-own", "1"),
                          // The body is in that coding as it stands.
                          Pair("content-encoding", "zstd"), Pair("date", date(Seconds(0)))));
}

TEST_F(MakeEntryTest, FieldsNamedAsPrivateAreLeftOut) {
  const auto entry =
      make("page", 200, {{"cache-control", "max-age=60, private=\"x-user\""}, {"x-user", "7"}});
  ASSERT_NE(entry, nullptr);
  EXPECT_THAT(entry->header.fields, ElementsAre(Pair("cache-control", "max-age=60, private=\"x-user\""),
                                                Pair("date", date(Seconds(0)))));
}

}  // namespace
}  // namespace larder::engine::make_entry_test
