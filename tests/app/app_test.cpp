// The whole app over the simulated host: what a client sees, and how often the origin is asked.
#include "app/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/isolate.h"

namespace larder::app::app_test {
namespace {

using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;
using sim::World;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto title_url = "https://larder.test/search/title?q=Good%20Omens";

struct AppTest : ::testing::Test {
  AppTest() {
    world.origin = [](const OriginRequest&) {
      return sim::open_library_reply("Good Omens", "Terry Pratchett", "9780060853976");
    };
  }
  World world;
};

TEST_F(AppTest, AMissAsksTheOriginAndTheNextReadIsAMemoryHit) {
  Isolate isolate(world);
  const auto& first = isolate.get(title_url);
  EXPECT_EQ(first.status, 200U);
  EXPECT_EQ(first.header("cache-status"), "larder; fwd=miss; fwd-status=200; stored; detail=absent");
  EXPECT_EQ(first.header("age"), "0");
  EXPECT_EQ(first.header("content-type"), "application/json");
  EXPECT_EQ(first.header("cache-control"),
            "public, max-age=86400, stale-while-revalidate=604800, stale-if-error=2592000");
  EXPECT_THAT(first.body,
              StartsWith(R"({"query":"good omens","source":"openlibrary","works":[{"title":"Good Omens")"));
  world.now += Millis(5'400);
  const auto& second = isolate.get(title_url);
  EXPECT_EQ(second.status, 200U);
  EXPECT_EQ(second.header("cache-status"), "larder; hit; ttl=86394; detail=memory");
  EXPECT_EQ(second.header("age"), "5");
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.header("etag"), first.header("etag"));
  EXPECT_EQ(world.origin_requests.size(), 1U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(AppTest, TheResponseDoesNotWaitForTheStores) {
  Isolate isolate(world);
  world.kv_delay = Millis(1000);
  const Instant began = world.now;
  const auto& exchange = isolate.get(title_url);
  // One look-up at the edge (1), one in KV (1000), the lock (2), the origin (50); then the lock, the stores
  // and the control log.
  EXPECT_EQ(exchange.answered_at - began, Millis(1053));
  EXPECT_EQ(world.now - began, Millis(1053 + 2 + 1001 + 2));
  EXPECT_TRUE(exchange.finished);
}

TEST_F(AppTest, AnotherIsolateFindsItAtTheEdgeAndAnotherDataCentreInKv) {
  Isolate first(world);
  first.get(title_url);
  Isolate neighbour(world);
  EXPECT_THAT(neighbour.get(title_url).header("cache-status"), HasSubstr("hit; ttl=86399; detail=edge"));
  EXPECT_THAT(neighbour.get(title_url).header("cache-status"), HasSubstr("detail=memory"));
  Isolate far(world, {}, sim::book_declarations(), "two");
  EXPECT_THAT(far.get(title_url).header("cache-status"), HasSubstr("detail=kv"));
  // What KV had was promoted to the edge of its data centre.
  EXPECT_EQ(world.edge["two"].size(), 1U);
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_F(AppTest, AHundredConcurrentReadersOfAColdTitleMakeOneOriginRequest) {
  Isolate isolate(world);
  std::vector<host::RequestId> readers;
  for (int i = 0; i < 100; ++i) {
    readers.push_back(isolate.request("GET", title_url));
  }
  world.run();
  EXPECT_EQ(world.origin_requests.size(), 1U);
  const std::string body = isolate.host.exchange(readers.front()).body;
  EXPECT_THAT(body, HasSubstr("Good Omens"));
  int collapsed = 0;
  for (const host::RequestId reader : readers) {
    const auto& exchange = isolate.host.exchange(reader);
    EXPECT_EQ(exchange.status, 200U);
    EXPECT_EQ(exchange.body, body);
    collapsed += exchange.header("cache-status") == "larder; fwd=miss; collapsed; detail=shared" ? 1 : 0;
  }
  EXPECT_EQ(collapsed, 99);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(AppTest, ALeaderThatVanishesStrandsNobody) {
  Isolate isolate(world);
  const auto leader = isolate.request("GET", title_url);
  const auto follower = isolate.request("GET", title_url);
  world.run_for(Millis(20));
  isolate.app->abandon(leader);
  world.run();
  EXPECT_EQ(isolate.host.exchange(follower).status, 200U);
  EXPECT_FALSE(isolate.host.exchange(leader).answered);
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(AppTest, AFollowerGivesUpAtItsDeadlineAndAsksForItself) {
  Isolate isolate(world);
  world.origin = [](const OriginRequest&) {
    OriginReply reply = sim::open_library_reply("Good Omens", "Terry Pratchett", "9780060853976");
    reply.delay = Millis(8'000);
    return reply;
  };
  const Instant began = world.now;
  isolate.request("GET", title_url);
  const auto follower = isolate.request("GET", title_url);
  world.run();
  EXPECT_EQ(isolate.host.exchange(follower).status, 200U);
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_EQ(isolate.app->counters().total(observe::Counter::single_flight_expired_total), 1U);
  EXPECT_LE(isolate.host.exchange(follower).answered_at - began, Millis(5'000 + 9 + 8'000));
  EXPECT_TRUE(isolate.settled());
}

TEST_F(AppTest, AllFollowersThatGaveUpShareOneFurtherRequest) {
  Isolate isolate(world);
  world.origin = [](const OriginRequest&) {
    OriginReply reply = sim::open_library_reply("Good Omens", "Terry Pratchett", "9780060853976");
    reply.delay = Millis(8'000);
    return reply;
  };
  std::vector<host::RequestId> readers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(isolate.request("GET", title_url));
  }
  world.run();
  for (const host::RequestId reader : readers) {
    EXPECT_EQ(isolate.host.exchange(reader).status, 200U);
  }
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(AppTest, TwoHundredReadersInTwoDataCentresMakeOneOriginRequest) {
  Isolate first(world);
  Isolate second(world, {}, sim::book_declarations(), "two");
  for (int i = 0; i < 100; ++i) {
    first.request("GET", title_url);
    second.request("GET", title_url);
  }
  world.run();
  EXPECT_EQ(world.origin_requests.size(), 1U);
  int answered = 0;
  for (std::uint32_t id = 1; id <= 100; ++id) {
    answered += first.host.exchange(host::RequestId{id}).status == 200 ? 1 : 0;
    answered += second.host.exchange(host::RequestId{id}).status == 200 ? 1 : 0;
  }
  EXPECT_EQ(answered, 200);
  // The lock's waiter got the value handed over, and keeps it in its own data centre.
  EXPECT_EQ(world.edge["two"].size(), 1U);
  EXPECT_THAT(second.get(title_url).header("cache-status"), HasSubstr("detail=memory"));
  EXPECT_TRUE(first.settled());
  EXPECT_TRUE(second.settled());
}

TEST_F(AppTest, ADeadHoldersLockIsWaitedForNoLongerThanTheCap) {
  Isolate dead(world);
  dead.request("GET", title_url);
  world.run_for(Millis(20));
  dead.host.stop();
  Isolate isolate(world, {}, sim::book_declarations(), "two");
  const Instant began = world.now;
  const auto& exchange = isolate.get(title_url);
  EXPECT_EQ(exchange.status, 200U);
  EXPECT_EQ(exchange.answered_at - began, Millis(1 + 8 + 5'000 + 2 + 50));
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(AppTest, WithoutALockTheOriginIsAskedAllTheSame) {
  Isolate isolate(world);
  world.fail(host::OperationKind::lock_acquire);
  EXPECT_EQ(isolate.get(title_url).status, 200U);
  EXPECT_EQ(isolate.app->counters().value(observe::Counter::cache_errors_total, "lock", "unavailable"), 1U);
}

TEST_F(AppTest, AWaiterWhoseHolderFailedTriesForItself) {
  Isolate first(world);
  Isolate second(world, {}, sim::book_declarations(), "two");
  int asked = 0;
  world.origin = [&asked](const OriginRequest&) {
    OriginReply reply = sim::open_library_reply("Good Omens", "Terry Pratchett", "9780060853976");
    reply.status = ++asked == 1 ? 500 : 200;
    return reply;
  };
  const auto failed = first.request("GET", title_url);
  const auto waiting = second.request("GET", title_url);
  world.run();
  EXPECT_EQ(first.host.exchange(failed).status, 502U);
  EXPECT_EQ(second.host.exchange(waiting).status, 200U);
}

TEST_F(AppTest, BothFormsOfAnIsbnAreOneEntry) {
  world.origin = [](const OriginRequest&) {
    return sim::open_library_reply("Good Omens", "Terry Pratchett", "9780060853983");
  };
  Isolate isolate(world);
  EXPECT_EQ(isolate.get("/search/isbn?isbn=0-06-085397-1").status, 400U);
  EXPECT_EQ(isolate.get("/search/isbn?isbn=0060853981").status, 400U);
  EXPECT_EQ(isolate.get("/search/isbn?isbn=0060853980").status, 200U);
  EXPECT_THAT(isolate.get("/search/isbn?isbn=978-0-06-085398-3").header("cache-status"), HasSubstr("hit"));
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_F(AppTest, NothingKnownIsANegativeEntryForItsOwnTime) {
  Isolate isolate(world);
  world.origin = [](const OriginRequest&) { return sim::open_library_empty(); };
  const auto& first = isolate.get("/search/title?q=nothing%20of%20the%20kind");
  EXPECT_EQ(first.status, 404U);
  EXPECT_EQ(first.header("content-type"), "application/problem+json");
  EXPECT_EQ(first.header("cache-control"), "no-store");
  EXPECT_THAT(first.header("cache-status"), HasSubstr("fwd=miss; fwd-status=200; stored"));
  const auto& second = isolate.get("/search/title?q=Nothing%20of%20the%20kind");
  EXPECT_EQ(second.status, 404U);
  EXPECT_THAT(second.header("cache-status"), HasSubstr("hit; ttl=899"));
  EXPECT_EQ(world.origin_requests.size(), 1U);
  world.now += Millis(15 * 60 * 1000);
  isolate.get("/search/title?q=nothing%20of%20the%20kind");
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(AppTest, ADoubtfulNothingIsAnsweredAndNotKept) {
  Isolate isolate(world);
  world.origin = [](const OriginRequest&) {
    OriginReply reply = sim::open_library_empty();
    reply.content = R"({"numFound": 5, "start": 0, "docs": []})";
    return reply;
  };
  const auto& exchange = isolate.get(title_url);
  EXPECT_EQ(exchange.status, 404U);
  EXPECT_EQ(exchange.header("content-type"), "application/problem+json");
  EXPECT_EQ(exchange.header("cache-control"), "no-store");
  EXPECT_EQ(exchange.header("cache-status"), "larder; fwd=miss; fwd-status=200; detail=absent");
  isolate.get(title_url);
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_TRUE(isolate.settled());
}

struct OriginFailure {
  const char* name;
  OriginReply reply;
  std::uint32_t status;
  const char* cache_status;
};

class OriginFailures : public AppTest, public ::testing::WithParamInterface<OriginFailure> {};

TEST_P(OriginFailures, AreAProblemAndNothingIsKept) {
  Isolate isolate(world);
  world.origin = [](const OriginRequest&) { return GetParam().reply; };
  const auto& exchange = isolate.get(title_url);
  EXPECT_EQ(exchange.status, GetParam().status);
  EXPECT_EQ(exchange.header("content-type"), "application/problem+json");
  EXPECT_EQ(exchange.header("cache-control"), "no-store");
  EXPECT_EQ(exchange.header("cache-status"), GetParam().cache_status);
  EXPECT_TRUE(world.kv.empty());
  EXPECT_TRUE(world.edge["one"].empty());
  isolate.get(title_url);
  // A connection that broke is tried once more.
  const bool retried = GetParam().reply.failure == 2;
  EXPECT_EQ(world.origin_requests.size(), retried ? 4U : 2U);
  EXPECT_TRUE(isolate.settled());
}

OriginReply failing(std::uint32_t status, std::string type, std::string content) {
  OriginReply reply;
  reply.status = status;
  reply.headers = {{"content-type", std::move(type)}};
  reply.content = std::move(content);
  return reply;
}

OriginReply silent() {
  OriginReply reply;
  reply.silent = true;
  return reply;
}

OriginReply unreachable() {
  OriginReply reply;
  reply.failure = 2;
  return reply;
}

INSTANTIATE_TEST_SUITE_P(
    All, OriginFailures,
    ::testing::Values(OriginFailure{"Html", failing(200, "text/html", "<html>down</html>"), 502,
                                    "larder; fwd=miss; fwd-status=200; detail=absent"},
                      OriginFailure{"Truncated",
                                    failing(200, "application/json", R"({"numFound": 1, "docs": [{"ti)"), 502,
                                    "larder; fwd=miss; fwd-status=200; detail=absent"},
                      OriginFailure{"Empty", failing(200, "application/json", ""), 502,
                                    "larder; fwd=miss; fwd-status=200; detail=absent"},
                      OriginFailure{"Huge", failing(200, "application/json", std::string(9'000'000, ' ')),
                                    502, "larder; fwd=miss; detail=absent"},
                      OriginFailure{"RateLimited", failing(429, "application/json", "{}"), 503,
                                    "larder; fwd=miss; fwd-status=429; detail=absent"},
                      OriginFailure{"OutOfOrder", failing(500, "text/plain", "oops"), 502,
                                    "larder; fwd=miss; fwd-status=500; detail=absent"},
                      OriginFailure{"Silent", silent(), 504, "larder; fwd=miss; detail=absent"},
                      OriginFailure{"Unreachable", unreachable(), 502, "larder; fwd=miss; detail=absent"}),
    [](const auto& one) { return one.param.name; });

TEST_F(AppTest, ARateLimitedOriginSaysWhenToComeBack) {
  Isolate isolate(world);
  world.origin = [](const OriginRequest&) {
    OriginReply reply = failing(429, "application/json", "{}");
    reply.headers.emplace_back("Retry-After", "17");
    return reply;
  };
  EXPECT_EQ(isolate.get(title_url).header("retry-after"), "17");
}

TEST_F(AppTest, FollowersOfAFailedLeaderGetItsProblemWithoutAskingAgain) {
  Isolate isolate(world);
  world.origin = [](const OriginRequest&) { return failing(500, "text/plain", "oops"); };
  isolate.request("GET", title_url);
  const auto follower = isolate.request("GET", title_url);
  world.run();
  EXPECT_EQ(isolate.host.exchange(follower).status, 502U);
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_F(AppTest, AFailingTierDegradesToAMissAndIsCounted) {
  Isolate isolate(world);
  world.fault = [](host::OperationKind kind) {
    sim::Fault fault;
    fault.status = 2;
    const bool store = kind != host::OperationKind::origin_fetch && kind != host::OperationKind::park;
    return store ? std::optional<sim::Fault>(fault) : std::nullopt;
  };
  EXPECT_EQ(isolate.get(title_url).status, 200U);
  EXPECT_THAT(isolate.get(title_url).header("cache-status"), HasSubstr("detail=memory"));
  const auto& counters = isolate.app->counters();
  EXPECT_EQ(counters.value(observe::Counter::cache_errors_total, "edge", "unavailable"), 2U);
  EXPECT_EQ(counters.value(observe::Counter::cache_errors_total, "kv", "unavailable"), 2U);
}

TEST_F(AppTest, UndecodableBytesInAStoreAreAMiss) {
  Isolate first(world);
  first.get(title_url);
  ASSERT_EQ(world.kv.size(), 1U);
  world.kv.begin()->second.header = "not a header";
  world.edge["one"].begin()->second.content += "x";
  // Past the time for which the lock keeps the answer for those who come late.
  world.now += Millis(60'000);
  Isolate second(world);
  EXPECT_THAT(second.get(title_url).header("cache-status"), HasSubstr("fwd=miss"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(AppTest, AnEntryUnderTheWrongNameIsAMiss) {
  Isolate first(world);
  first.get(title_url);
  const sim::Stored other = world.kv.begin()->second;
  world.kv["larder:title:v3:dune"] = other;
  Isolate second(world, {}, sim::book_declarations(), "two");
  EXPECT_THAT(second.get("/search/title?q=Dune").header("cache-status"), HasSubstr("fwd=miss"));
}

TEST_F(AppTest, AnEntryPastItsBoundsIsForwardedAsStale) {
  Isolate isolate(world);
  isolate.get(title_url);
  world.now += std::chrono::hours(24 * 31);
  EXPECT_EQ(isolate.get(title_url).header("cache-status"),
            "larder; fwd=stale; fwd-status=200; stored; detail=expired");
}

TEST_F(AppTest, AConditionalRequestThatMatchesGets304WithTheFieldsThatBelong) {
  Isolate isolate(world);
  const std::string etag = isolate.get(title_url).header("etag");
  EXPECT_EQ(etag.size(), 24U);
  const auto& exchange = isolate.run("GET", title_url, {{"If-None-Match", etag}});
  EXPECT_EQ(exchange.status, 304U);
  EXPECT_EQ(exchange.body, "");
  EXPECT_EQ(exchange.header("etag"), etag);
  EXPECT_EQ(exchange.header("content-type"), "");
  EXPECT_THAT(exchange.header("cache-status"), HasSubstr("hit"));
  EXPECT_EQ(isolate.run("GET", title_url, {{"If-None-Match", "\"other\""}}).status, 200U);
}

TEST_F(AppTest, HeadIsAnsweredFromWhatGetWouldBring) {
  Isolate isolate(world);
  EXPECT_EQ(isolate.run("HEAD", title_url).status, 200U);
  EXPECT_THAT(isolate.run("HEAD", title_url).header("cache-status"), HasSubstr("detail=memory"));
  EXPECT_EQ(world.origin_requests.size(), 1U);
  EXPECT_EQ(world.origin_requests.front().method, "GET");
}

TEST_F(AppTest, WhatIsWrongWithARequestIsSaidWithoutAskingAnybody) {
  Isolate isolate(world);
  struct Case {
    std::string method;
    std::string url;
    std::uint32_t status;
    std::string part;
  };
  const std::vector<Case> cases = {
      {"GET", "/search/title", 400, "q"},
      {"GET", "/search/title?q=", 400, "q"},
      {"GET", "/search/title?q=%20%20", 400, "q"},
      {"GET", "/search/title?q=" + std::string(600, 'a'), 400, "q"},
      {"GET", "/search/title?q=" + std::string(10'000, 'a'), 414, "8192"},
      {"GET", "/search/title?q=%ff", 400, "UTF-8"},
      {"GET", "/search/title?q=%zz", 400, "percent"},
      {"GET", "/search/title?q=a&q=b", 400, "q"},
      {"GET", "/search/isbn?isbn=9780060853977", 400, "check digit"},
      {"GET", "/search%2ftitle?q=a", 400, "slash"},
      {"GET", "/nothing/here", 404, "larder.json"},
      {"POST", "/search/title?q=a", 405, "GET, HEAD, OPTIONS"},
      {"TRACE", "/search/title?q=a", 405, "GET, HEAD, OPTIONS"},
      {"DELETE", "/health", 405, "GET, HEAD, OPTIONS"},
  };
  for (const Case& one : cases) {
    const auto& exchange = isolate.run(one.method, one.url);
    EXPECT_EQ(exchange.status, one.status) << one.url.substr(0, 60);
    EXPECT_THAT(exchange.body, HasSubstr(one.part)) << one.url.substr(0, 60);
    EXPECT_EQ(exchange.header("content-type"), "application/problem+json");
    EXPECT_EQ(exchange.header("cache-control"), "no-store");
  }
  EXPECT_EQ(world.operations, 0U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(AppTest, OptionsTellsWhatAPathAnswersTo) {
  Isolate isolate(world);
  const auto& exchange = isolate.run("OPTIONS", "/search/title");
  EXPECT_EQ(exchange.status, 204U);
  EXPECT_EQ(exchange.header("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(isolate.run("OPTIONS", "/nowhere").status, 404U);
}

TEST_F(AppTest, UnkeyedParametersNeitherReachTheOriginNorTheKey) {
  Isolate isolate(world);
  isolate.get("/search/title?q=Good%20Omens&utm_source=x&evil=%22");
  EXPECT_THAT(isolate.get("/search/title?utm=2&q=good++omens").header("cache-status"), HasSubstr("hit"));
  ASSERT_EQ(world.origin_requests.size(), 1U);
  EXPECT_THAT(world.origin_requests[0].url, ::testing::Not(HasSubstr("evil")));
}

TEST_F(AppTest, FeatureCacheOffIsPurePassThrough) {
  Isolate isolate(world, {{"FEATURE_CACHE", "false"}});
  for (int i = 0; i < 2; ++i) {
    const auto& exchange = isolate.get(title_url);
    EXPECT_EQ(exchange.status, 200U);
    EXPECT_EQ(exchange.header("cache-status"), "larder; fwd=bypass; fwd-status=200; detail=disabled");
    EXPECT_EQ(exchange.header("cache-control"), "no-store");
  }
  EXPECT_EQ(world.origin_requests.size(), 2U);
  // The third reads the control log, where it may be switched on again.
  EXPECT_EQ(world.operations, 3U);
  EXPECT_EQ(isolate.app->counters().total(observe::Counter::cache_miss_total), 0U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(AppTest, TheNullImplementationObservesAndStoresNothing) {
  Isolate isolate(world, {{"CACHE_IMPL", "null"}});
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(isolate.get(title_url).header("cache-status"),
                HasSubstr("fwd=bypass; fwd-status=200; detail=observed"));
  }
  EXPECT_EQ(world.origin_requests.size(), 2U);
  // The third reads the control log, where it may be switched on again.
  EXPECT_EQ(world.operations, 3U);
  EXPECT_EQ(isolate.app->counters().value(observe::Counter::cache_miss_total, "null", "title"), 2U);
  EXPECT_EQ(isolate.app->counters().value(observe::Counter::cache_set_total, "null", "title"), 2U);
}

TEST_F(AppTest, APatternOutsideTheListIsObservedOnly) {
  Isolate isolate(world, {{"CACHE_PATTERN_WHITELIST", "author,isbn"}});
  isolate.get(title_url);
  EXPECT_THAT(isolate.get(title_url).header("cache-status"), HasSubstr("detail=observed"));
  isolate.get("/search/author?q=Neil%20Gaiman");
  EXPECT_THAT(isolate.get("/search/author?q=neil%20gaiman").header("cache-status"),
              HasSubstr("detail=memory"));
}

TEST_F(AppTest, WithoutStampedeProtectionEveryReaderAsks) {
  Isolate isolate(world, {{"ENABLE_STAMPEDE_PROTECTION", "false"}});
  isolate.request("GET", title_url);
  isolate.request("GET", title_url);
  world.run();
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(AppTest, WithoutTheNegativeCacheNothingKnownIsAskedForEveryTime) {
  Isolate isolate(world, {{"ENABLE_NEGATIVE_CACHE", "false"}});
  world.origin = [](const OriginRequest&) { return sim::open_library_empty(); };
  EXPECT_EQ(isolate.get(title_url).status, 404U);
  EXPECT_EQ(isolate.get(title_url).status, 404U);
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_TRUE(world.kv.empty());
}

TEST_F(AppTest, TwoPrefixesNeverSeeEachOther) {
  Isolate first(world, {{"CACHE_PREFIX", "alpha"}});
  Isolate second(world, {{"CACHE_PREFIX", "beta"}});
  first.get(title_url);
  EXPECT_THAT(second.get(title_url).header("cache-status"), HasSubstr("fwd=miss"));
  EXPECT_EQ(world.kv.size(), 2U);
}

TEST_F(AppTest, AnInstanceThatStandsInForALostOneKeepsNothing) {
  Isolate isolate(world, {}, sim::book_declarations(), "one", true);
  const auto& exchange = isolate.get(title_url);
  EXPECT_EQ(exchange.status, 200U);
  EXPECT_EQ(exchange.header("cache-status"), "larder; fwd=bypass; fwd-status=200; detail=recovery");
  EXPECT_EQ(world.operations, 1U);
  EXPECT_EQ(isolate.host.bodies_alive(), 0U);
}

TEST_F(AppTest, AnInvalidConfigurationIsRefusedWithEveryFault) {
  Isolate isolate(world, {{"CACHE_IMPL", "memcached"}}, R"({"resources": [{"name": "Title"}]})");
  EXPECT_GE(isolate.faults, 3U);
  const auto& exchange = isolate.get(title_url);
  EXPECT_EQ(exchange.status, 500U);
  EXPECT_THAT(exchange.body, HasSubstr("CACHE_IMPL"));
  EXPECT_THAT(exchange.body, HasSubstr("resources[0].name"));
  EXPECT_THAT(exchange.body, HasSubstr("resources[0].match"));
  const auto& health = isolate.get("/health");
  EXPECT_EQ(health.status, 503U);
  EXPECT_THAT(health.body, HasSubstr("misconfigured"));
  EXPECT_EQ(world.operations, 0U);
}

TEST_F(AppTest, TheFrontSaysWhatIsHereAndNothingOfTheConfiguration) {
  Isolate isolate(world, {{"ENVIRONMENT", "production"}, {"CACHE_PREFIX", "secret-name"}});
  const auto& front = isolate.get("/");
  EXPECT_EQ(front.status, 200U);
  EXPECT_EQ(front.header("cache-control"), "no-store");
  EXPECT_EQ(front.body,
            R"({"name":"Larder","version":"0.1.0","links":{"health":"/health","dashboard":"/dashboard",)"
            R"("description":"/openapi.json"}})");
  EXPECT_EQ(isolate.run("POST", "/").header("allow"), "GET, HEAD, OPTIONS");
  Isolate declared(world, {},
                   R"({"resources": [{"name": "home", "mode": "http", "match": {"path": "/{rest...}"},
      "origin": {"url": "https://api.example.com/{rest}?{*}"}}]})");
  EXPECT_THAT(declared.get("/").header("cache-status"), HasSubstr("larder; fwd=miss"));
}

TEST_F(AppTest, HealthAndStatus) {
  Isolate isolate(world, {{"ENVIRONMENT", "development"}});
  EXPECT_EQ(isolate.get("/health").body,
            R"({"status":"ok","version":"0.1.0","cache":"kv","toolchain":"native"})");
  isolate.get(title_url);
  const auto& status = isolate.get("/internal/cache");
  EXPECT_EQ(status.status, 200U);
  EXPECT_THAT(status.body, StartsWith(R"({"enabled":true,"implementation":"kv","patterns":"*")"));
  EXPECT_THAT(status.body,
              HasSubstr(R"("cache_set_total":[{"impl":"edge","key_pattern":"title","value":1})"));
  EXPECT_EQ(status.header("cache-control"), "no-store");
}

TEST_F(AppTest, TheStatusPageIsHiddenInProductionWhichIsTheDefault) {
  Isolate isolate(world);
  EXPECT_EQ(isolate.get("/internal/cache").status, 404U);
}

TEST_F(AppTest, TheStartUpLineSaysWhatIsTrue) {
  Isolate enabled(world);
  ASSERT_EQ(enabled.host.log_lines().size(), 1U);
  EXPECT_THAT(enabled.host.log_lines()[0],
              HasSubstr("Cache: enabled (impl: TieredCache: memory, edge, kv, cold)"));
  Isolate disabled(world, {{"CACHE_IMPL", "null"}});
  EXPECT_THAT(disabled.host.log_lines()[0], HasSubstr("Cache: disabled (impl: NullCache)"));
}

TEST_F(AppTest, LogsAreQuietUnlessAskedOrSomethingFailed) {
  Isolate quiet(world);
  quiet.get(title_url);
  EXPECT_EQ(quiet.host.log_lines().size(), 1U);
  world.origin = [](const OriginRequest&) { return failing(500, "text/plain", "oops"); };
  quiet.run("GET", "/search/title?q=other", {{"cf-ray", "ray-7"}});
  ASSERT_EQ(quiet.host.log_lines().size(), 2U);
  EXPECT_THAT(quiet.host.log_lines()[1], HasSubstr(R"("level":"warn","event":"request","request":"ray-7")"));
  EXPECT_THAT(quiet.host.log_lines()[1], HasSubstr(R"("status":502)"));
  Isolate talkative(world, {{"LOG_LEVEL", "info"}});
  talkative.get("/health");
  EXPECT_EQ(talkative.host.log_lines().size(), 2U);
}

TEST_F(AppTest, AHotKeyGetsALaneForAsLongAsNothingHasToBeAskedHere) {
  Isolate isolate(world);
  // The edge (1), KV (8) and the lock (2) come before the origin.
  const Instant created = world.now + Millis(11);
  isolate.get(title_url);
  world.now = created + Millis(10'200);
  const Instant read_at = world.now;
  EXPECT_FALSE(isolate.get(title_url).lane.has_value());
  world.now += Millis(100);
  const auto& hot = isolate.get(title_url);
  ASSERT_TRUE(hot.lane.has_value());
  EXPECT_EQ(hot.lane->age_since, created);
  EXPECT_EQ(hot.lane->ttl_until, created + Millis(86'400'000));
  EXPECT_EQ(hot.lane->hits_max, config::limit::lane_hits_max);
  // The control log was read by the request before, and is read ahead four seconds after.
  EXPECT_EQ(hot.lane->until, read_at + config::limit::control_ahead);
  isolate.host.lane_hits = {host::LaneHits(hot.lane->id, 40)};
  isolate.get("/health");
  EXPECT_EQ(isolate.app->counters().total(observe::Counter::lane_hits_total), 40U);
  EXPECT_EQ(isolate.app->counters().value(observe::Counter::cache_hits_total, "memory", "title"), 2U + 40U);
  EXPECT_EQ(
      isolate.app->counters().value(observe::Counter::cache_candidate_requests_total, "/search/title", "GET"),
      3U + 40U);
  EXPECT_FALSE(isolate.run("HEAD", title_url).lane.has_value());
  EXPECT_FALSE(isolate.run("GET", title_url, {{"if-none-match", "\"x\""}}).lane.has_value());
}

TEST_F(AppTest, ALaneEndsWhereTheEntryIsToBeRefreshed) {
  Isolate isolate(world);
  const Instant created = world.now + Millis(11);
  isolate.get(title_url);
  // From 90 % of its day on it is refreshed.
  world.now = created + Millis(77'758'000);
  isolate.get(title_url);
  const auto& hot = isolate.get(title_url);
  ASSERT_TRUE(hot.lane.has_value());
  EXPECT_EQ(hot.lane->until, created + Millis(77'760'000));
}

TEST_F(AppTest, ALongUrlGetsNoLane) {
  Isolate isolate(world);
  const std::string longest =
      concat({title_url, "&x=", std::string(1'024 - std::string_view(title_url).size() - 3, 'x')});
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(isolate.get(longest).lane.has_value());
  }
  EXPECT_TRUE(isolate.get(longest).lane.has_value());
  EXPECT_FALSE(isolate.get(longest + "x").lane.has_value());
  EXPECT_TRUE(isolate.get(longest).lane.has_value());
}

TEST_F(AppTest, LanesHitsAreTakenBeforeAnythingButAHitInMemoryAndElseOnceASecond) {
  Isolate isolate(world);
  isolate.get(title_url);
  world.now += Millis(2'000);
  const auto told = [&] { return isolate.app->counters().total(observe::Counter::lane_hits_total); };
  // The first hit makes the URL known; the next ones cross as numbers.
  isolate.get(title_url);
  world.now += Millis(100);
  const auto& hot = isolate.get(title_url);
  ASSERT_TRUE(hot.lane.has_value());
  const std::uint32_t lane = hot.lane->id;
  isolate.host.lane_hits = {host::LaneHits(lane, 3)};
  world.now += Millis(100);
  isolate.get(title_url);
  EXPECT_EQ(told(), 0U);
  world.now += Millis(1'000);
  isolate.get(title_url);
  EXPECT_EQ(told(), 3U);
  isolate.host.lane_hits = {host::LaneHits(lane, 4), host::LaneHits(lane, 1)};
  isolate.get("https://larder.test/search/title?q=another");
  EXPECT_EQ(told(), 8U);
  isolate.host.lane_hits = {host::LaneHits(lane, 1)};
  isolate.batch("author-warming-queue", {});
  EXPECT_EQ(told(), 9U);
  EXPECT_EQ(isolate.app->counters().value(observe::Counter::cache_hits_total, "memory", "title"), 4U + 9U);
}

TEST_F(AppTest, AQueueBatchOfUnknownMessagesIsRetried) {
  Isolate isolate(world);
  RecordWriter record;
  record.text("author-warming-queue");
  record.u32(1);
  record.text("id-1");
  record.u32(1);
  record.text("{}");
  std::vector<host::OperationKind> operations;
  world.fault = [&](host::OperationKind kind) -> std::optional<sim::Fault> {
    operations.push_back(kind);
    return std::nullopt;
  };
  EXPECT_FALSE(isolate.app->queue(host::RequestId{500}, record.bytes()));
  world.run();
  EXPECT_TRUE(isolate.host.exchange(host::RequestId{500}).finished);
  EXPECT_EQ(operations, (std::vector{host::OperationKind::control_read, host::OperationKind::batch_settle}));
}

}  // namespace
}  // namespace larder::app::app_test
