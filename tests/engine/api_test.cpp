// An API of one's own behind the whole app: mode http as RFC 9111 has it, mode keyed as declared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/support.h"

namespace larder::engine::api_test {
namespace {

using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

struct ApiTest : ::testing::Test {
  ApiTest() {
    world.origin = [this](const OriginRequest&) { return origin_reply; };
  }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  std::string status(std::string url, TextPairs headers = {}) {
    return isolate.run("GET", std::move(url), std::move(headers)).header("cache-status");
  }
  // In no tier, and nowhere in between.
  void expect_nothing_kept() {
    EXPECT_TRUE(world.kv.empty());
    EXPECT_TRUE(world.edge["one"].empty());
    EXPECT_EQ(isolate.app->bodies_held(), 0U);
  }

  sim::World world;
  OriginReply origin_reply = reply(200, {{"cache-control", "max-age=60"}});
  Isolate isolate{world, {{"API_KEY", "s3cret-value"}, {"LOG_LEVEL", "debug"}}, api_declarations()};
};

// Mode http -------------------------------------------------------------------------------------------------

TEST_F(ApiTest, AHitAfterAMissWithTheOriginsOwnFields) {
  origin_reply =
      reply(200, {{"cache-control", "public, max-age=60"}, {"etag", "\"one\""}, {"link", "</next>"}});
  const auto& first = isolate.get("/pages/a/b?x=1&y=2");
  EXPECT_EQ(first.header("cache-status"), "larder; fwd=miss; fwd-status=200; stored; detail=absent");
  EXPECT_EQ(world.origin_requests[0].url, "https://api.example.com/a/b?x=1&y=2");
  world.now += Millis(10'000);
  const auto& second = isolate.get("/pages/a/b?x=1&y=2");
  // A whole second is lost to the 59 ms of look-ups and origin.
  EXPECT_EQ(second.header("cache-status"), "larder; hit; ttl=49; detail=memory");
  EXPECT_EQ(second.header("age"), "10");
  EXPECT_EQ(second.header("cache-control"), "public, max-age=60");
  EXPECT_EQ(second.header("etag"), "\"one\"");
  EXPECT_EQ(second.header("link"), "</next>");
  EXPECT_EQ(second.body, "spice");
  EXPECT_FALSE(second.lane.has_value());
  EXPECT_THAT(status("/pages/a/b?y=2&x=1"), HasSubstr("fwd=miss"));
  world.now += Millis(60'000);
  EXPECT_EQ(status("/pages/a/b?x=1&y=2"), "larder; fwd=stale; fwd-status=200; stored; detail=expired");
}

TEST_F(ApiTest, AStatusThatNoResponseHasIsAFailureOfTheOriginInBothModes) {
  for (const std::uint32_t made_up : {101U, 199U, 600U, 999U}) {
    origin_reply = reply(made_up, {{"cache-control", "max-age=60"}});
    for (const std::string path : {"/pages/", "/items/"}) {
      const auto& exchange = isolate.get(path + to_text(std::uint64_t{made_up}));
      EXPECT_EQ(exchange.status, 502U);
      EXPECT_EQ(exchange.header("content-type"), "application/problem+json");
      EXPECT_THAT(exchange.body, HasSubstr(concat({"The origin answered ", to_text(std::uint64_t{made_up}),
                                                   ", which is no status of a response."})));
      EXPECT_THAT(exchange.body, HasSubstr(R"("reason":"corrupt")"));
    }
  }
  expect_nothing_kept();
}

TEST_F(ApiTest, ControlCharactersOfAnOriginReachNoClientAndNoStore) {
  origin_reply = reply(200, {{"cache-control", "max-age=60"}, {"link", "</a>\x01\x1b[2J\x7f"}});
  EXPECT_EQ(isolate.get("/pages/a").header("link"), "</a>  [2J ");
  EXPECT_EQ(isolate.get("/pages/a").header("link"), "</a>  [2J ");
  EXPECT_EQ(world.kv.size(), 1U);
  origin_reply = reply(200, {{"cache-control", "no-store"}, {"location", "/b\x01\x7f"}});
  EXPECT_EQ(isolate.get("/pages/b").header("location"), "/b  ");
}

TEST_F(ApiTest, AValidatorThatIsNoneIsNeitherKeptNorSentBackNorPassedOn) {
  for (const std::string path : {"/pages/a", "/items/a"}) {
    origin_reply = reply(200, {{"cache-control", "max-age=60"}, {"etag", "*"}, {"last-modified", "*"}});
    const auto& first = isolate.get(path);
    EXPECT_EQ(first.status, 200U);
    EXPECT_THAT(first.header("etag"), StartsWith("\""));
    EXPECT_EQ(first.header("last-modified"), "");
    world.now += Millis(3'700'000);
    isolate.get(path);
    const OriginRequest& asked = world.origin_requests.back();
    for (const auto& [name, value] : asked.headers) {
      EXPECT_NE(name, "if-none-match");
      EXPECT_NE(name, "if-modified-since");
    }
  }
  EXPECT_EQ(world.origin_requests.size(), 4U);
  origin_reply = reply(200, {{"cache-control", "no-store"}, {"etag", "*"}});
  EXPECT_EQ(isolate.get("/pages/b").header("etag"), "");
}

TEST_F(ApiTest, AConditionThatTheEntryMeetsIsA304) {
  origin_reply = reply(200, {{"cache-control", "max-age=60"}, {"etag", "\"one\""}});
  isolate.get("/pages/a");
  const auto& exchange = isolate.run("GET", "/pages/a", {{"if-none-match", "W/\"one\""}});
  EXPECT_EQ(exchange.status, 304U);
  EXPECT_EQ(exchange.body, "");
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_F(ApiTest, AnEntryMadeForOtherFieldsIsAVaryMiss) {
  world.origin = [](const OriginRequest&) {
    return reply(200, {{"cache-control", "max-age=60"}, {"vary", "accept-language"}});
  };
  EXPECT_THAT(status("/pages/a", {{"accept-language", "de"}}), HasSubstr("fwd=miss"));
  EXPECT_THAT(status("/pages/a", {{"accept-language", "DE"}}), HasSubstr("hit"));
  EXPECT_EQ(status("/pages/a", {{"accept-language", "fr"}}),
            "larder; fwd=vary-miss; fwd-status=200; stored; detail=other-variant");
  EXPECT_THAT(status("/pages/a"), HasSubstr("fwd=vary-miss"));
  EXPECT_THAT(status("/pages/a"), HasSubstr("hit"));
  EXPECT_EQ(world.origin_requests.size(), 3U);
}

TEST_F(ApiTest, VariantsStandSideBySideInEveryTier) {
  world.origin = [](const OriginRequest&) {
    return reply(200, {{"cache-control", "max-age=600"}, {"vary", "accept-language"}});
  };
  const std::vector<std::string> languages = {"de", "fr", "en", ""};
  for (const std::string& language : languages) {
    status("/pages/a", {{"accept-language", language}});
  }
  for (const std::string& language : languages) {
    EXPECT_THAT(status("/pages/a", {{"accept-language", language}}), HasSubstr("detail=memory")) << language;
  }
  Isolate here(world, {{"API_KEY", "s3cret-value"}}, api_declarations());
  Isolate elsewhere(world, {{"API_KEY", "s3cret-value"}}, api_declarations(), "two");
  for (const std::string& language : languages) {
    EXPECT_THAT(here.run("GET", "/pages/a", {{"accept-language", language}}).header("cache-status"),
                HasSubstr("detail=edge"))
        << language;
    EXPECT_THAT(elsewhere.run("GET", "/pages/a", {{"accept-language", language}}).header("cache-status"),
                HasSubstr("detail=kv"))
        << language;
  }
  EXPECT_EQ(world.origin_requests.size(), 4U);
  EXPECT_TRUE(here.settled());
  EXPECT_TRUE(elsewhere.settled());
}

// Whoever asks in ever new ways takes nothing from others, and fills no store.
TEST_F(ApiTest, VariantsAreBoundedAndMakeRoomForEachOtherAlone) {
  world.origin = [](const OriginRequest&) {
    return reply(200, {{"cache-control", "max-age=6000"}, {"vary", "accept-language"}});
  };
  isolate.get("/pages/other");
  int hits = 0;
  int value = 0;
  for (int round = 0; round < 20; ++round) {
    const std::string said = status("/pages/a", {{"accept-language", "de"}});
    hits += contains(said, "detail=memory") ? 1 : 0;
    for (int i = 0; i < 10; ++i) {
      status("/pages/a", {{"accept-language", concat({"x-", to_text(std::uint64_t(++value))})}});
    }
  }
  EXPECT_GE(hits, 18);
  EXPECT_LE(isolate.app->bodies_held(), 1 + config::limit::variants_in_memory_max);
  EXPECT_LE(world.kv.size(), 2 + config::limit::variants_stored_max);
  EXPECT_LE(world.edge["one"].size(), 2 + config::limit::variants_stored_max);
  EXPECT_THAT(status("/pages/other"), HasSubstr("detail=memory"));
}

TEST_F(ApiTest, AFollowerWithOtherFieldsGetsItsOwnAnswer) {
  world.origin = [](const OriginRequest&) {
    return reply(200, {{"cache-control", "max-age=60"}, {"vary", "accept-language"}});
  };
  isolate.request("GET", "/pages/a", {{"accept-language", "de"}});
  const auto same = isolate.request("GET", "/pages/a", {{"accept-language", "de"}});
  const auto other = isolate.request("GET", "/pages/a", {{"accept-language", "fr"}});
  world.run();
  EXPECT_THAT(isolate.host.exchange(same).header("cache-status"), HasSubstr("collapsed"));
  EXPECT_EQ(isolate.host.exchange(other).header("cache-status"),
            "larder; fwd=vary-miss; fwd-status=200; stored; detail=other-variant");
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(ApiTest, AnAnswerForNobodyElseIsNotSharedWithFollowers) {
  origin_reply = reply(200, {{"cache-control", "private"}});
  isolate.request("GET", "/pages/a");
  const auto follower = isolate.request("GET", "/pages/a");
  world.run();
  EXPECT_EQ(isolate.host.exchange(follower).header("cache-status"),
            "larder; fwd=miss; fwd-status=200; detail=absent; unkept=private");
  EXPECT_EQ(isolate.host.exchange(follower).header("cache-control"), "private");
  EXPECT_EQ(world.origin_requests.size(), 2U);
  expect_nothing_kept();
}

// What ails the origin is not cured by asking it once for each who waits.
TEST_F(ApiTest, AServersErrorIsSharedByAllWhoWaitedForIt) {
  origin_reply = reply(500, {{"content-type", "text/plain"}}, "out of order");
  std::vector<host::RequestId> readers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(isolate.request("GET", "/pages/a"));
  }
  world.run();
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const auto& exchange = isolate.host.exchange(readers[i]);
    EXPECT_EQ(exchange.status, 500U);
    EXPECT_EQ(exchange.body, "out of order");
    EXPECT_EQ(exchange.header("cache-status"),
              i == 0 ? "larder; fwd=miss; fwd-status=500; detail=absent; unkept=error"
                     : "larder; fwd=miss; fwd-status=500; collapsed; detail=shared");
  }
  EXPECT_EQ(world.origin_requests.size(), 1U);
  expect_nothing_kept();
  EXPECT_EQ(isolate.host.bodies_alive(), 0U);
}

TEST_F(ApiTest, AServersErrorForOneAloneIsNotShared) {
  for (const TextPairs& fields : std::vector<TextPairs>{{{"cache-control", "private"}},
                                                        {{"cache-control", "no-store"}},
                                                        {{"cdn-cache-control", "private"}},
                                                        {{"set-cookie", "who=you"}}}) {
    sim::World alone;
    alone.origin = [&](const OriginRequest&) { return reply(500, fields, "out of order"); };
    Isolate one(alone, {{"API_KEY", "s3cret-value"}}, api_declarations());
    one.request("GET", "/pages/a");
    one.request("GET", "/pages/a");
    alone.run();
    EXPECT_EQ(alone.origin_requests.size(), 2U) << fields[0].first;
    EXPECT_TRUE(one.settled());
  }
}

TEST_F(ApiTest, ABodyAboveTheBoundPassesThroughAsAStream) {
  origin_reply.content = std::string(1001, 'x');
  for (int i = 0; i < 2; ++i) {
    const auto& exchange = isolate.get("/pages/a");
    EXPECT_EQ(exchange.status, 200U);
    EXPECT_EQ(exchange.body, origin_reply.content);
    EXPECT_EQ(exchange.header("cache-status"),
              "larder; fwd=miss; fwd-status=200; detail=absent; unkept=too-large");
    EXPECT_EQ(exchange.header("content-type"), "text/plain");
  }
  EXPECT_EQ(world.origin_requests.size(), 2U);
  expect_nothing_kept();
  EXPECT_EQ(isolate.host.bodies_alive(), 0U);
  origin_reply.content = std::string(1000, 'x');
  EXPECT_THAT(status("/pages/a"), HasSubstr("stored"));
}

TEST_F(ApiTest, FollowersOfAStreamHaveStreamsOfTheirOwn) {
  origin_reply.content = std::string(1001, 'x');
  std::vector<host::RequestId> readers;
  for (int i = 0; i < 5; ++i) {
    readers.push_back(isolate.request("GET", "/pages/a"));
  }
  world.run();
  for (const host::RequestId reader : readers) {
    EXPECT_EQ(isolate.host.exchange(reader).body, origin_reply.content);
  }
  EXPECT_EQ(world.origin_requests.size(), 5U);
  EXPECT_EQ(isolate.host.bodies_alive(), 0U);
}

TEST_F(ApiTest, ARequestWithCredentialsGoesToTheOriginAndLeavesNothing) {
  isolate.get("/pages/a");
  EXPECT_EQ(status("/pages/a", {{"authorization", "Basic dTpw"}}),
            "larder; fwd=bypass; fwd-status=200; detail=unshared; unkept=unshared");
  EXPECT_EQ(world.origin_requests.size(), 2U);
  // The client's credentials are not the deployment's: they are never sent on.
  EXPECT_THAT(world.origin_requests[1].headers, Contains(Pair("authorization", "Bearer s3cret-value")));
  EXPECT_THAT(world.origin_requests[1].headers, Not(Contains(Pair("authorization", HasSubstr("dTpw")))));
  EXPECT_THAT(status("/pages/a"), HasSubstr("hit"));
}

struct Uncached {
  const char* name;
  std::uint32_t status;
  TextPairs headers;
};

class UncachedInHttp : public ApiTest, public ::testing::WithParamInterface<Uncached> {};

TEST_P(UncachedInHttp, PassesThroughEveryTime) {
  origin_reply = reply(GetParam().status, GetParam().headers);
  for (int i = 0; i < 2; ++i) {
    const auto& exchange = isolate.get("/pages/a");
    EXPECT_EQ(exchange.status, GetParam().status);
    EXPECT_EQ(exchange.body, "spice");
    EXPECT_THAT(exchange.header("cache-status"), Not(HasSubstr("stored")));
  }
  EXPECT_EQ(world.origin_requests.size(), 2U);
  expect_nothing_kept();
}

INSTANTIATE_TEST_SUITE_P(
    All, UncachedInHttp,
    ::testing::Values(Uncached{"Silent", 200, {}}, Uncached{"NoStore", 200, {{"cache-control", "no-store"}}},
                      Uncached{"Private", 200, {{"cache-control", "private, max-age=60"}}},
                      Uncached{"Cookie", 200, {{"cache-control", "max-age=60"}, {"set-cookie", "a=b"}}},
                      Uncached{"VaryAny", 200, {{"cache-control", "max-age=60"}, {"vary", "*"}}},
                      Uncached{"NoCache", 200, {{"cache-control", "no-cache"}}},
                      Uncached{"TooMany", 429, {{"cache-control", "max-age=60"}}},
                      Uncached{"OutOfOrder", 500, {}},
                      Uncached{"Redirect", 302, {{"location", "/elsewhere"}}}),
    [](const auto& one) { return one.param.name; });

// The target (RFC 9110 §7.7)

TEST_F(ApiTest, TheOriginGetsTheTargetAsTheClientSentIt) {
  for (const std::string_view target :
       {"a//b", "/a", "a/", "a;v=1/(b)@:c=d,e!$&'*+", "a%3Bb", "%7Ea", "a?time",
        "a?time=", "a?q=a+b%20c&&x=%2F:;,@()", "a?b=1&a=2", "a%20b", "caf%C3%A9?%c3%a9", "a?x=/../y", ""}) {
    isolate.get(concat({"/pages/", target}));
    EXPECT_EQ(world.origin_requests.back().url, concat({"https://api.example.com/", target})) << target;
  }
}

TEST_F(ApiTest, WhatIsNotTheSameTargetHasAnEntryOfItsOwn) {
  const std::vector<std::string_view> targets = {
      "a",       "a/",  "a//",   "a?time", "a?time=", "a?time&", "a?x=+", "a?x=%20",
      "a?x=%2B", "a;b", "a%3Bb", "/a",     "a?b&a",   "a?a&b",   "%2525", "%25"};
  for (int round = 0; round < 2; ++round) {
    for (const std::string_view target : targets) {
      EXPECT_THAT(status(concat({"/pages/", target})), HasSubstr(round == 0 ? "fwd=miss" : "hit")) << target;
    }
  }
  EXPECT_EQ(world.origin_requests.size(), targets.size());
}

TEST_F(ApiTest, WhatIsTheSameTargetHasOneEntry) {
  isolate.get("/pages/~a%C3%A9b%3B?x=%2F-");
  EXPECT_THAT(status("/pages/%7ea%c3%a9%62%3b?%78=%2f%2D"), HasSubstr("hit"));
  EXPECT_THAT(status("/p%61ges/~a%C3%A9b%3B?x=%2F-#top"), HasSubstr("hit"));
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_F(ApiTest, WhatCouldBeReadInTwoWaysIsRefusedAndNotChanged) {
  for (const std::string_view target : {"../b", "a/../../b", "a/./b", "%2e%2e/b", "a/..;/b", "a%2Fb", "a%5Cb",
                                        "a\\b", "a%00", "a%0Ab", "a?x=%zz", "a?%ff", "a?b c"}) {
    EXPECT_EQ(isolate.get(concat({"/pages/", target})).status, 400U) << target;
  }
  EXPECT_EQ(isolate.get("//pages/a").status, 404U);
  EXPECT_EQ(isolate.get("/x/../pages/a").status, 400U);
  EXPECT_TRUE(world.origin_requests.empty());
}

// What the request says (RFC 9111 §5.2.1)

TEST_F(ApiTest, ARequestThatForbidsToStoreIsNotStored) {
  EXPECT_EQ(status("/pages/a", {{"cache-control", "no-store"}}),
            "larder; fwd=bypass; fwd-status=200; detail=request-no-store; unkept=request-no-store");
  expect_nothing_kept();
  EXPECT_THAT(status("/pages/a"), HasSubstr("stored"));
  // A stored answer is there for it all the same.
  EXPECT_THAT(status("/pages/a", {{"cache-control", "no-store"}}), HasSubstr("hit"));
  world.now += Millis(61'000);
  EXPECT_EQ(status("/pages/a", {{"cache-control", "NO-STORE"}}),
            "larder; fwd=bypass; fwd-status=200; detail=request-no-store; unkept=request-no-store");
  EXPECT_EQ(world.origin_requests.size(), 3U);
}

TEST_F(ApiTest, ARequestForAStoredAnswerAloneNeverReachesTheOrigin) {
  const TextPairs only = {{"cache-control", "only-if-cached"}};
  const auto& none = isolate.run("GET", "/pages/a", only);
  EXPECT_EQ(none.status, 504U);
  EXPECT_EQ(none.header("content-type"), "application/problem+json");
  EXPECT_EQ(none.header("cache-status"), "larder; fwd=miss; detail=only-if-cached");
  EXPECT_EQ(world.origin_requests.size(), 0U);
  isolate.get("/pages/a");
  EXPECT_EQ(isolate.run("GET", "/pages/a", only).status, 200U);
  EXPECT_EQ(
      isolate.run("GET", "/pages/a", {{"cache-control", "only-if-cached"}, {"authorization", "x"}}).status,
      504U);
  world.now += Millis(61'000);
  EXPECT_EQ(isolate.run("GET", "/pages/a", only).status, 504U);
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_F(ApiTest, WhereNothingIsKeptThereIsNoStoredAnswer) {
  Isolate off(world, {{"API_KEY", "s3cret-value"}, {"FEATURE_CACHE", "false"}}, api_declarations());
  EXPECT_EQ(off.run("GET", "/pages/a", {{"cache-control", "only-if-cached"}}).status, 504U);
  EXPECT_EQ(world.origin_requests.size(), 0U);
}

// No client and no copy here asked whether something had changed.
TEST_F(ApiTest, A304ThatNobodyAskedForIsTheOriginsFault) {
  origin_reply = reply(304, {{"etag", "\"one\""}}, "");
  const auto& exchange = isolate.get("/pages/a");
  EXPECT_EQ(exchange.status, 502U);
  EXPECT_EQ(exchange.header("cache-status"), "larder; fwd=miss; fwd-status=304; detail=absent");
  EXPECT_EQ(isolate.run("GET", "/pages/a", {{"if-none-match", "\"one\""}}).status, 502U);
  expect_nothing_kept();
}

// Content codings

struct Coded {
  const char* name;
  std::string coding;
  int layers;
  // In mode http and in mode keyed.
  std::string left;
  std::uint32_t keyed;
};

class CodingTest : public ApiTest, public ::testing::WithParamInterface<Coded> {
 protected:
  CodingTest() {
    std::string content = "spice";
    for (int i = 0; i < GetParam().layers; ++i) {
      const std::string packed = concat({"packed ", content});
      world.packed[packed] = content;
      content = packed;
    }
    origin_reply =
        reply(200, {{"cache-control", "max-age=60"}, {"content-encoding", GetParam().coding}}, content);
  }
};

TEST_P(CodingTest, InModeHttpBytesAndFieldAgree) {
  for (int i = 0; i < 2; ++i) {
    const auto& exchange = isolate.get("/pages/a");
    EXPECT_EQ(exchange.status, 200U);
    EXPECT_EQ(exchange.header("content-encoding"), GetParam().left);
    EXPECT_EQ(exchange.body, GetParam().left.empty() ? "spice" : origin_reply.content);
  }
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_P(CodingTest, InModeKeyedTheyAreUndoneOrRefused) {
  const auto& exchange = isolate.get("/items/7");
  EXPECT_EQ(exchange.status, GetParam().keyed);
  EXPECT_EQ(exchange.header("content-encoding"), "");
  if (GetParam().keyed == 200) {
    EXPECT_EQ(exchange.body, "spice");
    EXPECT_THAT(status("/items/7"), HasSubstr("hit"));
  } else {
    EXPECT_THAT(exchange.body, HasSubstr("content coding"));
    expect_nothing_kept();
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, CodingTest,
    ::testing::Values(Coded{"Gzip", "gzip", 1, "", 200}, Coded{"UpperCase", "GZIP", 1, "", 200},
                      Coded{"OldName", "x-gzip", 1, "", 200}, Coded{"Twice", "gzip, gzip", 2, "", 200},
                      Coded{"Identity", "identity", 0, "", 200},
                      Coded{"Deflate", "deflate", 0, "deflate", 502}, Coded{"Zstd", "zstd", 0, "zstd", 502},
                      Coded{"TooMany", "gzip, gzip, gzip, gzip, gzip", 0, "gzip, gzip, gzip, gzip, gzip",
                            502}),
    [](const auto& one) { return one.param.name; });

TEST_F(ApiTest, ACodingUnderAnotherIsToldAlone) {
  world.packed["packed br"] = "br";
  origin_reply = reply(200, {{"cache-control", "max-age=60"}, {"content-encoding", "br, gzip"}}, "packed br");
  const auto& exchange = isolate.get("/pages/a");
  EXPECT_EQ(exchange.header("content-encoding"), "br");
  EXPECT_EQ(exchange.body, "br");
}

TEST_F(ApiTest, WhatIsNotWhatItsCodingSaysIsTheOriginsFault) {
  origin_reply = reply(200, {{"content-encoding", "gzip"}}, "no gzip at all");
  EXPECT_EQ(isolate.get("/pages/a").status, 502U);
  EXPECT_EQ(isolate.get("/items/7").status, 502U);
  expect_nothing_kept();
}

TEST_F(ApiTest, WhatIsTooLargeUnpackedPassesAsItCame) {
  const std::string large(1001, 'x');
  world.packed["small"] = large;
  origin_reply = reply(200, {{"cache-control", "max-age=60"}, {"content-encoding", "x-gzip"}}, "small");
  for (const std::string_view url : {"/pages/a", "/items/7"}) {
    const auto& exchange = isolate.get(std::string(url));
    EXPECT_EQ(exchange.status, 200U);
    EXPECT_EQ(exchange.header("content-encoding"), "gzip");
    EXPECT_EQ(exchange.body, "small");
  }
  expect_nothing_kept();
}

TEST_F(ApiTest, NothingGoesAroundACodingOfTheOrigins) {
  Isolate packs(world, {{"API_KEY", "s3cret-value"}, {"CACHE_COMPRESS_THRESHOLD", "1"}}, api_declarations());
  origin_reply =
      reply(200, {{"cache-control", "max-age=60"}, {"content-encoding", "zstd"}}, std::string(900, 'x'));
  packs.get("/pages/a");
  ASSERT_EQ(world.kv.size(), 1U);
  EXPECT_EQ(world.kv.begin()->second.content, std::string(900, 'x'));
  EXPECT_TRUE(packs.settled());
}

// Mode keyed ------------------------------------------------------------------------------------------------

class Negative : public ApiTest, public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(Negative, IsRememberedForItsOwnTime) {
  origin_reply = reply(GetParam(), {{"cache-control", "max-age=0"}}, "no such item");
  const auto& first = isolate.get("/items/7");
  EXPECT_EQ(first.status, GetParam());
  EXPECT_EQ(first.body, "no such item");
  EXPECT_EQ(first.header("cache-control"), "no-store");
  EXPECT_EQ(first.header("cache-status"),
            concat({"larder; fwd=miss; fwd-status=", to_text(std::uint64_t{GetParam()}),
                    "; stored; detail=absent"}));
  world.now += Millis(59'900);
  EXPECT_THAT(status("/items/7"), HasSubstr("hit"));
  EXPECT_EQ(world.origin_requests.size(), 1U);
  world.now += Millis(100);
  EXPECT_THAT(status("/items/7"), HasSubstr("fwd=stale"));
}

INSTANTIATE_TEST_SUITE_P(All, Negative, ::testing::Values(400U, 404U, 410U, 422U));

TEST_F(ApiTest, AnEmptyBodyOfNoneIsRememberedToo) {
  origin_reply = reply(404, {}, "");
  EXPECT_EQ(isolate.get("/items/7").status, 404U);
  EXPECT_THAT(status("/items/7"), HasSubstr("hit"));
}

struct Failing {
  std::uint32_t origin;
  std::uint32_t told;
};

class NeverCached : public ApiTest, public ::testing::WithParamInterface<Failing> {};

TEST_P(NeverCached, IsAProblemEveryTime) {
  origin_reply =
      reply(GetParam().origin, {{"cache-control", "public, max-age=3600"}}, "s3cret detail of the origin");
  for (int i = 0; i < 2; ++i) {
    const auto& exchange = isolate.get("/items/7");
    EXPECT_EQ(exchange.status, GetParam().told);
    EXPECT_EQ(exchange.header("content-type"), "application/problem+json");
    EXPECT_EQ(exchange.header("cache-control"), "no-store");
    EXPECT_THAT(exchange.header("cache-status"),
                HasSubstr(concat({"fwd-status=", to_text(std::uint64_t{GetParam().origin})})));
    EXPECT_THAT(exchange.body, Not(HasSubstr("detail of the origin")));
  }
  // What a server in between says is tried once more.
  const bool retried = GetParam().origin >= 502 && GetParam().origin <= 504;
  EXPECT_EQ(world.origin_requests.size(), retried ? 4U : 2U);
  expect_nothing_kept();
}

INSTANTIATE_TEST_SUITE_P(All, NeverCached,
                         ::testing::Values(Failing{206, 502}, Failing{301, 502}, Failing{304, 502},
                                           Failing{401, 502}, Failing{403, 502}, Failing{407, 502},
                                           Failing{429, 503}, Failing{500, 502}, Failing{502, 502},
                                           Failing{503, 502}, Failing{504, 502}),
                         [](const auto& one) { return to_text(std::uint64_t{one.param.origin}); });

struct Promise {
  std::uint32_t status;
  std::string retry_after;
  std::string told;
};

class RetryAfter : public ApiTest, public ::testing::WithParamInterface<Promise> {};

// The first reader learns it from the origin's answer, and the origin is not asked again before.
TEST_P(RetryAfter, IsToldToTheFirstReaderAndObeyed) {
  origin_reply = reply(GetParam().status, {{"retry-after", GetParam().retry_after}});
  const auto& first = isolate.get("/items/7");
  EXPECT_EQ(first.status, 503U);
  EXPECT_EQ(first.header("retry-after"), GetParam().told);
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(All, RetryAfter,
                         ::testing::Values(Promise{503, "120", "120"}, Promise{500, "7", "7"},
                                           // The world's clock says 13:33:20 and a few milliseconds.
                                           Promise{503, "Mon, 21 Sep 2026 14:15:20 GMT", "120"},
                                           Promise{429, "Monday, 21-Sep-26 14:15:20 GMT", "120"}),
                         [](const auto& one) { return concat({"Case", to_text(std::uint64_t{one.index})}); });

TEST_F(ApiTest, InModeKeyedTheKeyAloneTellsEntriesApart) {
  origin_reply = reply(200, {{"vary", "*"}, {"cache-control", "no-cache"}});
  EXPECT_THAT(status("/items/7?lang=DE"), HasSubstr("stored"));
  EXPECT_EQ(status("/items/7?lang=de&x=1", {{"authorization", "Basic dTpw"}}),
            "larder; hit; ttl=3599; detail=memory");
  EXPECT_THAT(status("/items/7"), HasSubstr("fwd=miss"));
  EXPECT_THAT(status("/items/7?lang="), HasSubstr("fwd=miss"));
  EXPECT_THAT(status("/items/8?lang=de"), HasSubstr("fwd=miss"));
  EXPECT_EQ(world.origin_requests[0].url, "https://api.example.com/items/7?lang=de");
  EXPECT_EQ(world.origin_requests[1].url, "https://api.example.com/items/7");
}

// Secrets ---------------------------------------------------------------------------------------------------

TEST_F(ApiTest, ASecretReachesTheOriginAndNobodyElse) {
  isolate.get("/items/7");
  isolate.get("/pages/a");
  origin_reply.failure = 2;
  const auto& failed = isolate.get("/items/8");
  EXPECT_EQ(failed.status, 502U);
  origin_reply.failure = 0;
  origin_reply.status = 401;
  const auto& refused = isolate.get("/items/9");
  isolate.get("/pages/z?q=1");
  for (const OriginRequest& request : world.origin_requests) {
    EXPECT_THAT(request.headers, Contains(Pair("authorization", "Bearer s3cret-value")));
    EXPECT_THAT(request.url, Not(HasSubstr("s3cret")));
  }
  // One of them twice.
  EXPECT_EQ(world.origin_requests.size(), 6U);
  const std::vector<const sim::SimulatedHost::Exchange*> told = {&failed, &refused, &isolate.get("/items/7"),
                                                                 &isolate.get("/pages/a")};
  for (const auto* exchange : told) {
    EXPECT_THAT(exchange->body, Not(HasSubstr("s3cret")));
    for (const auto& [name, value] : exchange->headers) {
      EXPECT_THAT(value, Not(HasSubstr("s3cret"))) << name;
    }
  }
  EXPECT_GT(isolate.host.log_lines().size(), 5U);
  for (const std::string& line : isolate.host.log_lines()) {
    EXPECT_THAT(line, Not(HasSubstr("s3cret"))) << line;
  }
  for (const auto* store : {&world.kv, &world.edge["one"]}) {
    for (const auto& [key, stored] : *store) {
      const auto header = from_base64url(stored.header);
      ASSERT_TRUE(header.has_value());
      EXPECT_THAT(*header + key + stored.content, Not(HasSubstr("s3cret")));
    }
  }
}

TEST_F(ApiTest, AMissingSecretIsAFaultOfTheConfiguration) {
  Isolate unset(world, {}, api_declarations());
  EXPECT_EQ(unset.faults, 1U);
  const auto& exchange = unset.get("/items/7");
  EXPECT_EQ(exchange.status, 500U);
  EXPECT_THAT(exchange.body, HasSubstr("API_KEY"));
  EXPECT_EQ(world.operations, 0U);
}

}  // namespace
}  // namespace larder::engine::api_test
