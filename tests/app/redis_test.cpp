// The whole app with Redis as its shared tier: reading, one origin call for all, purges, sweeps, warming,
// statistics, and the move from KV and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "operators/support.h"
#include "records/control_log.h"
#include "support/isolate.h"

namespace larder::app::redis_test {
namespace {

using host::OperationKind;
using observe::Counter;
using sim::Isolate;
using sim::OriginRequest;
using ::testing::HasSubstr;

constexpr auto declared = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "1h", "tags": ["items"], "tiers": ["kv"]},
    {"name": "page", "match": {"path": "/pages/{id}"}, "origin": {"url": "https://api.example.com/pages/{id}"},
     "key": [{"path": "id"}], "mode": "http", "ttl": "1h", "tiers": ["kv"]}]})";

TextPairs redis_bindings(TextPairs more = {}) {
  more.emplace_back("CACHE_IMPL", "redis");
  more.emplace_back("ENABLE_REDIS_CACHE", "true");
  more.emplace_back("REDIS_URL", "redis://redis.example");
  more.emplace_back("ENVIRONMENT", "test");
  return operators::operator_bindings(std::move(more));
}

struct RedisAppTest : ::testing::Test {
  RedisAppTest() {
    operators::add_tokens(world);
    world.origin = [this](const OriginRequest&) {
      ++origin_calls;
      sim::OriginReply reply;
      reply.headers = {{"content-type", "text/plain"}};
      reply.content = "spice";
      return reply;
    };
    world.fault = [this](OperationKind kind) {
      ++operations[kind];
      return fault ? fault(kind) : std::nullopt;
    };
  }
  void TearDown() override {
    EXPECT_TRUE(one.settled());
    EXPECT_TRUE(other.settled());
  }

  std::string status(Isolate& isolate, const std::string& url) {
    return isolate.get(url).header("cache-status");
  }
  sim::SimulatedHost::Exchange& call(std::string method, std::string path, std::string body = "") {
    return one.run(std::move(method), std::move(path), operators::shown_json("ann"),
                   operators::sent(std::move(body)));
  }
  void change(TextPairs settings) {
    sim::append_control(world, records::control_changes(settings));
    world.now += Millis(10'001);
    // Both isolates hear of it.
    for (Isolate* isolate : {&one, &other}) {
      EXPECT_EQ(isolate->run("GET", "/api/settings", operators::shown_json("ann")).status, 200U);
    }
  }
  void trigger() {
    RecordWriter record;
    record.text("*/5 * * * *");
    record.u64(0);
    one.app->scheduled(static_cast<host::RequestId>(1'000'000 + triggers++), record.bytes());
    world.run();
  }
  std::size_t entries(std::string_view prefix) {
    std::size_t count = 0;
    for (const auto& [name, value] : world.redis.values()) {
      count += name.starts_with(prefix) ? 1 : 0;
    }
    return count;
  }

  sim::World world;
  std::uint64_t origin_calls = 0;
  std::map<OperationKind, std::uint64_t> operations;
  std::function<std::optional<sim::Fault>(OperationKind)> fault;
  std::uint32_t triggers = 0;
  Isolate one{world, redis_bindings(), declared};
  Isolate other{world, redis_bindings(), declared, "two"};
};

TEST_F(RedisAppTest, WhatOneIsolateFetchedAnotherFindsInRedis) {
  EXPECT_THAT(status(one, "/items/7"), HasSubstr("fwd=miss"));
  EXPECT_THAT(status(other, "/items/7"), HasSubstr("detail=redis"));
  EXPECT_EQ(origin_calls, 1U);
  EXPECT_TRUE(world.kv.empty());
  EXPECT_EQ(operations[OperationKind::kv_get], 0U);
  EXPECT_TRUE(world.locks.empty());
  // A hit is one round trip.
  const std::uint64_t before = operations[OperationKind::redis_run];
  status(other, "/items/7");
  EXPECT_EQ(operations[OperationKind::redis_run], before + 1);
}

TEST_F(RedisAppTest, AHundredReadersOfAColdKeyMakeOneOriginCall) {
  std::vector<std::pair<Isolate*, host::RequestId>> readers;
  for (int i = 0; i < 100; ++i) {
    Isolate* const isolate = i % 2 == 0 ? &one : &other;
    readers.emplace_back(isolate, isolate->request("GET", "/items/cold"));
  }
  world.run();
  EXPECT_EQ(origin_calls, 1U);
  for (const auto& [isolate, id] : readers) {
    EXPECT_EQ(isolate->host.exchange(id).status, 200U);
    EXPECT_EQ(isolate->host.exchange(id).body, "spice");
  }
  EXPECT_EQ(entries("larder::lock:"), 0U);
}

TEST_F(RedisAppTest, WhateverRedisDoesReadersAreAnswered) {
  for (const std::uint32_t failure : {1U, 2U, 3U, 7U, 99U}) {
    fault = [failure](OperationKind kind) {
      sim::Fault failed;
      failed.status = failure;
      return kind == OperationKind::redis_run ? std::optional<sim::Fault>(failed) : std::nullopt;
    };
    EXPECT_EQ(one.get(concat({"/items/", to_text(std::uint64_t{failure})})).status, 200U) << failure;
  }
  fault = [](OperationKind kind) {
    sim::Fault lost;
    lost.lost = true;
    return kind == OperationKind::redis_run ? std::optional<sim::Fault>(lost) : std::nullopt;
  };
  const Instant began = world.now;
  auto& silent = other.get("/items/silent");
  EXPECT_EQ(silent.status, 200U);
  // The look-up, the lock, and the origin.
  EXPECT_LE(silent.answered_at - began, Millis(4'100));
}

TEST_F(RedisAppTest, TheBreakerOpensAndClosesAgain) {
  fault = [](OperationKind kind) {
    sim::Fault refused;
    refused.status = 2;
    return kind == OperationKind::redis_run ? std::optional<sim::Fault>(refused) : std::nullopt;
  };
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(one.get(concat({"/items/", to_text(std::int64_t{i})})).status, 200U);
  }
  EXPECT_GT(one.app->counters().value(Counter::breaker_refused_total, "redis"), 0U);
  fault = nullptr;
  world.now += config::limit::breaker_open_max;
  status(one, "/items/again");
  EXPECT_THAT(status(one, "/items/again"), HasSubstr("detail=redis"));
}

TEST_F(RedisAppTest, AHardPurgeRemovesWhatItNamesAndSaysHowFarItIs) {
  for (int i = 0; i < 5; ++i) {
    status(one, concat({"/items/old-", to_text(std::int64_t{i})}));
    status(one, concat({"/items/new-", to_text(std::int64_t{i})}));
  }
  const auto& purged =
      call("POST", "/api/cache/purge", R"({"prefixes": ["larder:item:v3:old-"], "mode": "hard"})");
  EXPECT_EQ(purged.status, 200U);
  EXPECT_THAT(purged.body, HasSubstr(R"("purged":1)"));
  EXPECT_THAT(purged.body, HasSubstr(R"("removed":{"tier":"redis","count":5,"cursor":null})"));
  EXPECT_EQ(entries("larder:item:v3:old-"), 0U);
  EXPECT_EQ(entries("larder:item:v3:new-"), 5U);
  const std::uint64_t sequence = sim::control_sequence(world);
  const auto& again =
      call("POST", "/api/cache/purge?cursor=0-0", R"({"patterns": ["*new-*"], "mode": "hard"})");
  EXPECT_THAT(again.body, HasSubstr(R"("removed":{"tier":"redis","count":5,"cursor":null})"));
  EXPECT_EQ(sim::control_sequence(world), sequence);
  // A soft one leaves the copies, which stand in for an origin that fails.
  status(one, "/items/kept");
  const auto& soft = call("POST", "/api/cache/purge", R"({"patterns": ["*"], "mode": "soft"})");
  EXPECT_THAT(soft.body, ::testing::Not(HasSubstr("removed")));
  EXPECT_EQ(entries("larder:item:v3:kept"), 1U);
}

// Variants stand under names of their own, which a pattern may not match: they stay until the sweep or their
// time, and answer nobody.
TEST_F(RedisAppTest, VariantsThatAPurgeByNameLeavesBehindAreNeverServed) {
  world.origin = [this](const OriginRequest&) {
    ++origin_calls;
    sim::OriginReply reply;
    reply.headers = {
        {"content-type", "text/plain"}, {"cache-control", "max-age=3600"}, {"vary", "accept-language"}};
    reply.content = concat({"answer ", to_text(origin_calls)});
    return reply;
  };
  const auto ask = [](Isolate& isolate, const char* language) -> const sim::SimulatedHost::Exchange& {
    return isolate.run("GET", "/pages/a", {{"accept-language", language}});
  };
  EXPECT_EQ(ask(one, "en").body, "answer 1");
  EXPECT_EQ(ask(one, "de").body, "answer 2");
  EXPECT_EQ(ask(other, "en").body, "answer 1");
  EXPECT_EQ(ask(other, "de").body, "answer 2");
  EXPECT_EQ(entries("larder:page:v3:a"), 2U);
  const auto& purged =
      call("POST", "/api/cache/purge", R"({"patterns": ["larder:page:v3:a"], "mode": "hard"})");
  EXPECT_THAT(purged.body, HasSubstr(R"("removed":{"tier":"redis","count":1,"cursor":null})"));
  EXPECT_EQ(entries("larder:page:v3:a"), 1U);
  world.now += Millis(12'001);
  const auto& again = ask(other, "de");
  EXPECT_EQ(again.body, "answer 3");
  EXPECT_THAT(again.header("cache-status"), HasSubstr("fwd=miss"));
  EXPECT_EQ(ask(one, "en").body, "answer 4");
  EXPECT_EQ(ask(other, "en").body, "answer 4");
  // A key that nobody asks for again leaves nothing behind either.
  EXPECT_EQ(call("POST", "/api/cache/purge", R"({"patterns": ["larder:page:v3:a"], "mode": "hard"})").status,
            200U);
  EXPECT_GT(entries("larder:page:v3:a"), 0U);
  world.now += Millis(12'001);
  trigger();
  EXPECT_EQ(entries("larder:page:v3:a"), 0U);
}

TEST_F(RedisAppTest, TheSweepGivesRoomBack) {
  for (int i = 0; i < 20; ++i) {
    status(one, concat({"/items/", to_text(std::int64_t{i})}));
  }
  sim::append_control(world, records::control_changes(std::vector<config::Purge>{
                                 config::Purge(config::PurgeKind::tag, "items", config::PurgeMode::hard)}));
  world.now += Millis(10'001);
  trigger();
  EXPECT_EQ(entries("larder:item:"), 0U);
  EXPECT_EQ(one.app->counters().total(Counter::swept_entries_total), 20U);
}

TEST_F(RedisAppTest, KeysAreListedWithoutLocks) {
  status(one, "/items/7");
  sim::SimulatedRedis::Value token;
  token.text = "token";
  world.redis.set("larder::lock:larder:item:v3:8", token);
  const auto& listed = call("GET", "/api/cache/keys");
  EXPECT_EQ(listed.status, 200U);
  EXPECT_EQ(listed.body, R"({"keys":["larder:item:v3:7"],"cursor":null})");
  const auto& shown = call("GET", "/api/cache/entry?key=larder:item:v3:7");
  EXPECT_THAT(shown.body, HasSubstr(R"({"tier":"redis","found":true)"));
}

TEST_F(RedisAppTest, WhatTheServerSaysOfItselfIsShownAndAdviceLogged) {
  EXPECT_THAT(one.get("/internal/cache").body,
              HasSubstr(R"("server":{"version":"7.0.15","uptimeSeconds":60,"clients":3,)"));
  trigger();
  const auto& lines = one.host.log_lines();
  const bool is_logged = std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return contains(line, "store_advice") && contains(line, "allkeys-lru");
  });
  EXPECT_TRUE(is_logged);
  world.redis.eviction_policy = "allkeys-lfu";
  world.now += config::limit::redis_survey_kept;
  EXPECT_THAT(one.get("/internal/cache").body, HasSubstr(R"("evictionAdvice":null)"));
}

TEST_F(RedisAppTest, EntriesMoveFromKvAndBackWithoutAColdStart) {
  change({{"CACHE_IMPL", "kv"}});
  status(one, "/items/7");
  EXPECT_EQ(origin_calls, 1U);
  EXPECT_EQ(world.kv.size(), 1U);
  change({{"CACHE_IMPL", "redis"}, {"CACHE_MOVE_FROM", "kv"}});
  EXPECT_THAT(status(other, "/items/7"), HasSubstr("detail=kv"));
  EXPECT_EQ(entries("larder:item:"), 1U);
  change({{"CACHE_IMPL", "redis"}, {"CACHE_MOVE_FROM", "none"}});
  world.kv.clear();
  EXPECT_THAT(status(other, "/items/7"), HasSubstr("detail=redis"));
  change({{"CACHE_IMPL", "kv"}, {"CACHE_MOVE_FROM", "redis"}});
  EXPECT_THAT(status(one, "/items/7"), HasSubstr("detail=redis"));
  EXPECT_EQ(world.kv.size(), 1U);
  change({{"CACHE_IMPL", "kv"}, {"CACHE_MOVE_FROM", "none"}});
  world.redis.restart();
  EXPECT_THAT(status(one, "/items/7"), HasSubstr("detail=kv"));
  EXPECT_EQ(origin_calls, 1U);
}

TEST_F(RedisAppTest, TheStartSaysWhichTiersThereAre) {
  ASSERT_FALSE(one.host.log_lines().empty());
  EXPECT_THAT(one.host.log_lines().front(), HasSubstr("TieredCache: memory, edge, redis"));
}

}  // namespace
}  // namespace larder::app::redis_test
