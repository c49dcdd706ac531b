// What is past its fresh time: served while it is refreshed, standing in while the origin fails or is slow,
// and never past its bounds.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "engine/support.h"

namespace larder::engine::stale_test {
namespace {

using observe::Counter;
using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;
using ::testing::HasSubstr;

constexpr auto url = "/items/7";

// An hour fresh, ten minutes stale while it is refreshed, two hours where the origin fails.
constexpr auto declared = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"},
     "origin": {"url": "https://api.example.com/items/{id}", "timeoutSoft": "1s", "timeoutHard": "4s"},
     "key": [{"path": "id"}], "ttl": "1h", "stale": "10m", "staleIfError": "2h", "negativeTtl": "1m",
     "tags": ["items"]}]})";
constexpr Millis fresh = std::chrono::hours(1);
constexpr Millis stale = std::chrono::minutes(10);
constexpr Millis rescue = std::chrono::hours(2);

struct StaleTest : ::testing::Test {
  StaleTest() {
    world.origin = [this](const OriginRequest&) {
      OriginReply reply = origin_reply;
      reply.content = concat({reply.content, to_text(std::uint64_t{world.origin_requests.size()})});
      return reply;
    };
  }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  Isolate make(std::string data_centre = "one", TextPairs bindings = {}) {
    return Isolate(world, std::move(bindings), declared, std::move(data_centre));
  }
  // An entry of the given age, everywhere.
  void age(Millis millis) {
    isolate.get(url);
    world.now = created() + millis;
  }
  Instant created() const { return first_asked; }

  sim::World world;
  OriginReply origin_reply = reply(200, {}, "v");
  // The edge (1), KV (8) and the lock (2) come before the origin.
  Instant first_asked = world.now + Millis(11);
  Isolate isolate{world, {}, declared};
};

TEST_F(StaleTest, AStaleEntryAnswersAtOnceAndIsRefreshedBehindTheResponse) {
  age(fresh + Millis(4'990));
  const Instant began = world.now;
  const auto& served = isolate.get(url);
  EXPECT_EQ(served.body, "v1");
  EXPECT_EQ(served.header("cache-status"), "larder; hit; ttl=-5; detail=memory");
  EXPECT_EQ(served.header("age"), "3604");
  // The view of the control log is an hour old: reading it again is all the reader waits for.
  EXPECT_EQ(served.answered_at - began, Millis(2));
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_EQ(isolate.get(url).body, "v2");
  EXPECT_THAT(isolate.get(url).header("cache-status"), HasSubstr("larder; hit; ttl=3599; detail=memory"));
  EXPECT_EQ(isolate.app->counters().total(Counter::refresh_success_total), 1U);
  // Elsewhere too.
  Isolate far = make("two");
  EXPECT_EQ(far.get(url).body, "v2");
}

TEST_F(StaleTest, AHundredReadersOfAStaleEntryInTwoIsolatesMakeOneRefresh) {
  age(fresh + Millis(1));
  Isolate other = make();
  std::vector<std::pair<Isolate*, host::RequestId>> readers;
  for (int i = 0; i < 50; ++i) {
    for (Isolate* one : {&isolate, &other}) {
      readers.emplace_back(one, one->request("GET", url));
    }
  }
  world.run();
  for (const auto& [one, request] : readers) {
    EXPECT_EQ(one->host.exchange(request).body, "v1");
  }
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_EQ(isolate.get(url).body, "v2");
  // The other isolate left it alone, and takes the new answer over when it looks again.
  world.now += config::limit::refresh_pause;
  other.get(url);
  EXPECT_EQ(other.get(url).body, "v2");
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(StaleTest, AnEntryNearItsEndIsRefreshedBeforeItIsStale) {
  age(Millis(fresh.count() * 9 / 10) - Millis(10));
  isolate.get(url);
  EXPECT_EQ(world.origin_requests.size(), 1U);
  world.now = created() + Millis(fresh.count() * 9 / 10);
  EXPECT_EQ(isolate.get(url).body, "v1");
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_EQ(isolate.get(url).body, "v2");
}

TEST_F(StaleTest, WithoutStaleWhileRevalidateAStaleEntryIsFetched) {
  Isolate strict = make("one", {{"ENABLE_SWR", "false"}});
  age(fresh + Millis(1));
  const auto& exchange = strict.get(url);
  EXPECT_EQ(exchange.body, "v2");
  EXPECT_EQ(exchange.header("cache-status"), "larder; fwd=stale; fwd-status=200; stored; detail=expired");
}

TEST_F(StaleTest, PastTheStaleTimeTheOriginIsAskedFirst) {
  age(fresh + stale);
  const auto& exchange = isolate.get(url);
  EXPECT_EQ(exchange.body, "v2");
  EXPECT_EQ(exchange.header("cache-status"), "larder; fwd=stale; fwd-status=200; stored; detail=expired");
}

TEST_F(StaleTest, ARefreshIsTriedThreeTimesAndThenLeftAlone) {
  age(fresh + Millis(1));
  origin_reply.status = 500;
  EXPECT_EQ(isolate.get(url).body, "v1");
  EXPECT_EQ(world.origin_requests.size(), 4U);
  EXPECT_EQ(isolate.app->counters().total(Counter::refresh_fail_total), 1U);
  // The stale entry stays, and nobody asks for a while: not this isolate, and not another.
  EXPECT_EQ(isolate.get(url).body, "v1");
  Isolate other = make();
  EXPECT_EQ(other.get(url).body, "v1");
  EXPECT_EQ(world.origin_requests.size(), 4U);
  EXPECT_EQ(other.app->counters().total(Counter::refresh_skipped_locked_total), 1U);
  world.now += config::limit::refresh_lock_kept;
  origin_reply.status = 200;
  isolate.get(url);
  EXPECT_EQ(isolate.get(url).body, "v5");
}

TEST_F(StaleTest, AllAttemptsOfARefreshEndWithinTheirTime) {
  age(fresh + Millis(1));
  origin_reply.silent = true;
  const Instant began = world.now;
  isolate.get(url);
  EXPECT_LE(world.now - began, config::limit::refresh_time_max + Millis(30));
  EXPECT_EQ(world.origin_requests.size(), 4U);
}

TEST_F(StaleTest, AnOriginThatSaysWhenToComeBackIsNotAskedAgainByTheSameRefresh) {
  age(fresh + Millis(1));
  origin_reply = reply(429, {{"retry-after", "20"}});
  isolate.get(url);
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(StaleTest, AFailedOriginIsStoodInForUpToTheBound) {
  age(fresh + stale);
  origin_reply.status = 500;
  const auto& exchange = isolate.get(url);
  EXPECT_EQ(exchange.status, 200U);
  EXPECT_EQ(exchange.body, "v1");
  EXPECT_EQ(exchange.header("cache-status"),
            "larder; fwd=stale; fwd-status=500; ttl=-601; detail=stale-if-error");
  world.now = created() + fresh + rescue - Millis(100);
  EXPECT_EQ(isolate.get(url).body, "v1");
  world.now = created() + fresh + rescue;
  EXPECT_EQ(isolate.get(url).status, 502U);
}

TEST_F(StaleTest, ASlowOriginIsStoodInForAndItsAnswerIsKeptWhenItComes) {
  age(fresh + stale);
  origin_reply.delay = Millis(2'500);
  const Instant began = world.now;
  const auto& exchange = isolate.get(url);
  EXPECT_EQ(exchange.body, "v1");
  EXPECT_EQ(exchange.header("cache-status"), "larder; fwd=stale; ttl=-602; detail=slow-origin");
  // The log (2), the edge (1) and KV (8) for a newer copy, the lock (2), the soft time.
  EXPECT_EQ(exchange.answered_at - began, Millis(13 + 1'000));
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_EQ(isolate.get(url).body, "v2");
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(StaleTest, WhileTheOriginIsSlowNobodyElseAsksIt) {
  age(fresh + stale);
  origin_reply.silent = true;
  std::vector<host::RequestId> readers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(isolate.request("GET", url));
  }
  world.run_for(Millis(1'100));
  readers.push_back(isolate.request("GET", url));
  world.run();
  for (const host::RequestId reader : readers) {
    EXPECT_EQ(isolate.host.exchange(reader).body, "v1");
    EXPECT_THAT(isolate.host.exchange(reader).header("cache-status"), HasSubstr("detail=slow-origin"));
  }
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(StaleTest, AnAuthoritativeNoReplacesAStaleEntry) {
  age(fresh + Millis(1));
  origin_reply.status = 404;
  EXPECT_EQ(isolate.get(url).body, "v1");
  const auto& exchange = isolate.get(url);
  EXPECT_EQ(exchange.status, 404U);
  EXPECT_THAT(exchange.header("cache-status"), HasSubstr("hit"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(StaleTest, TheOriginIsAskedWhetherItsAnswerStillHolds) {
  origin_reply.headers.emplace_back("etag", "\"one\"");
  age(fresh + Millis(1));
  origin_reply = OriginReply();
  origin_reply.status = 304;
  EXPECT_EQ(isolate.get(url).body, "v1");
  ASSERT_EQ(world.origin_requests.size(), 2U);
  EXPECT_THAT(world.origin_requests[1].headers,
              ::testing::Contains(::testing::Pair("if-none-match", "\"one\"")));
  const auto& renewed = isolate.get(url);
  EXPECT_EQ(renewed.body, "v1");
  EXPECT_EQ(renewed.status, 200U);
  EXPECT_THAT(renewed.header("cache-status"), HasSubstr("hit; ttl=3599"));
  EXPECT_EQ(isolate.app->counters().total(Counter::revalidated_total), 1U);
}

TEST_F(StaleTest, AConfirmationOfSomethingElseRenewsNothing) {
  origin_reply.headers.emplace_back("etag", "\"one\"");
  age(fresh + Millis(1));
  origin_reply = OriginReply();
  origin_reply.status = 304;
  origin_reply.headers = {{"etag", "\"two\""}};
  EXPECT_EQ(isolate.get(url).body, "v1");
  EXPECT_TRUE(world.kv.empty());
  origin_reply = reply(200, {{"etag", "\"two\""}}, "v");
  EXPECT_EQ(isolate.get(url).body, "v3");
}

TEST_F(StaleTest, WhatNeverReachedTheOriginSaysNothingOfIt) {
  origin_reply.status = 500;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(isolate.get(concat({"/items/cold", to_text(std::int64_t{i})})).status, 502U);
  }
  const std::size_t asked = world.origin_requests.size();
  EXPECT_EQ(isolate.get("/items/%2e%2e%2e%20" + std::string(7'000, 'x')).status, 400U);
  EXPECT_EQ(world.origin_requests.size(), asked);
  EXPECT_EQ(isolate.get("/items/cold5").status, 502U);
  EXPECT_EQ(isolate.get("/items/cold6").status, 503U);
}

TEST_F(StaleTest, AnEtagOfOursIsNoWordToTheOrigin) {
  age(fresh + Millis(1));
  isolate.get(url);
  ASSERT_EQ(world.origin_requests.size(), 2U);
  for (const auto& [name, value] : world.origin_requests[1].headers) {
    EXPECT_NE(name, "if-none-match");
  }
}

TEST_F(StaleTest, AnOriginThatIsDownIsNotAskedAndColdKeysFailFast) {
  age(fresh + stale);
  origin_reply.status = 500;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(isolate.get(concat({"/items/cold", to_text(std::int64_t{i})})).status, 502U);
  }
  const std::size_t asked = world.origin_requests.size();
  const Instant began = world.now;
  const auto& cold = isolate.get("/items/another");
  EXPECT_EQ(cold.status, 503U);
  EXPECT_EQ(cold.header("retry-after"), "2");
  EXPECT_EQ(cold.header("cache-status"), "larder; fwd=miss; detail=origin-down");
  EXPECT_LE(cold.answered_at - began, Millis(11));
  EXPECT_EQ(world.origin_requests.size(), asked);
  // Only keys that never worked have failed: one that has finds out what that is worth.
  const auto& warm = isolate.get(url);
  EXPECT_EQ(warm.body, "v1");
  EXPECT_THAT(warm.header("cache-status"), HasSubstr("detail=stale-if-error"));
  EXPECT_EQ(world.origin_requests.size(), asked + 1);
  world.now += config::limit::refresh_pause;
  for (int i = 5; i < 8; ++i) {
    isolate.get(concat({"/items/cold", to_text(std::int64_t{i})}));
  }
  const auto& down = isolate.get(url);
  EXPECT_EQ(down.body, "v1");
  EXPECT_THAT(down.header("cache-status"), HasSubstr("larder; hit; ttl=-6"));
  EXPECT_THAT(down.header("cache-status"), HasSubstr("detail=origin-down"));
  EXPECT_EQ(world.origin_requests.size(), asked + 4);
  // It is back: the first probe finds out.
  origin_reply.status = 200;
  world.now += 2 * config::limit::breaker_open_first;
  EXPECT_EQ(isolate.get("/items/another").status, 200U);
}

// Looking into a store that says nothing ends with its time, not with the platform's patience.
TEST_F(StaleTest, AStoreThatHangsIsWaitedForNoLongerThanItsTime) {
  world.fault = [](host::OperationKind kind) -> std::optional<sim::Fault> {
    if (kind != host::OperationKind::edge_get && kind != host::OperationKind::kv_get) {
      return std::nullopt;
    }
    sim::Fault lost;
    lost.lost = true;
    return lost;
  };
  const Instant began = world.now;
  const auto& exchange = isolate.get(url);
  EXPECT_EQ(exchange.status, 200U);
  // Edge and KV, then the lock and the origin.
  EXPECT_EQ(exchange.answered_at - began, 2 * config::limit::tier_patience + Millis(52));
  world.fault = nullptr;
}

TEST_F(StaleTest, AStoreThatFailsIsLeftAloneForAWhileAndTheOriginAnswers) {
  using Kind = host::OperationKind;
  for (const std::vector<Kind>& broken : std::vector<std::vector<Kind>>{{Kind::edge_get, Kind::edge_put},
                                                                        {Kind::kv_get, Kind::kv_put},
                                                                        {Kind::lock_acquire},
                                                                        {Kind::control_read}}) {
    Isolate fresh_one = make();
    std::size_t tried = 0;
    world.fault = [&](host::OperationKind kind) -> std::optional<sim::Fault> {
      if (std::find(broken.begin(), broken.end(), kind) == broken.end()) {
        return std::nullopt;
      }
      ++tried;
      sim::Fault fault;
      fault.status = 2;
      return fault;
    };
    for (int i = 0; i < 20; ++i) {
      const std::string key = concat(
          {"/items/", to_text(static_cast<std::uint64_t>(broken.front())), "-", to_text(std::int64_t{i})});
      EXPECT_EQ(fresh_one.get(key).status, 200U);
    }
    world.fault = nullptr;
    EXPECT_LE(tried, 5U) << static_cast<std::uint32_t>(broken.front());
    EXPECT_GE(tried, 1U) << static_cast<std::uint32_t>(broken.front());
    world.run();
  }
}

}  // namespace
}  // namespace larder::engine::stale_test
