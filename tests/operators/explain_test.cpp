// GET /api/explain: what a read would do, told without doing it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operators/support.h"

namespace larder::operators::explain_test {
namespace {

using sim::Isolate;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto declarations = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "1h", "stale": "10m", "staleIfError": "2h", "tags": ["items", "item:{id}"]},
    {"name": "page", "mode": "http", "match": {"methods": ["GET", "POST"], "path": "/pages/{rest...}"},
     "origin": {"url": "https://api.example.com/{rest}?{*}"}, "ttl": "1m"},
    {"name": "answer", "match": {"method": "POST", "path": "/answers"},
     "origin": {"url": "https://api.example.com/answers"}, "key": [{"body": "question", "required": true}], "ttl": "1h"}]})";

struct ExplainTest : ::testing::Test {
  ExplainTest() {
    add_tokens(world);
    world.origin = [](const sim::OriginRequest&) {
      sim::OriginReply reply;
      reply.headers = {{"content-type", "text/plain"}};
      reply.content = "v1";
      return reply;
    };
  }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  sim::SimulatedHost::Exchange& explain(const std::string& query) {
    world.now += Millis(1'000);
    return isolate.run("GET", "/api/explain?" + query, shown("vic"));
  }

  sim::World world;
  Isolate isolate{world, operator_bindings(), declarations};
};

TEST_F(ExplainTest, ACopyInMemoryAnswersInTwoSteps) {
  isolate.get("/items/7");
  const auto& told = explain("url=/items/7");
  EXPECT_EQ(told.status, 200U);
  EXPECT_THAT(told.body,
              StartsWith(R"({"method":"GET","url":"/items/7","resource":{"name":"item","path":"/items/{id}",)"
                         R"("mode":"keyed"},"key":"larder:item:v3:7","pattern":"item",)"
                         R"("tags":["items","item:7"],"tiers":[{"tier":"memory","used":true,"found":true,)"
                         R"("state":"fresh","purged":"no","kind":"positive","status":200)"));
  EXPECT_THAT(
      told.body,
      HasSubstr(R"("purges":[],"steps":[{"rule":10,"step":"join","reason":"shared","why":"A request of)"));
  EXPECT_THAT(told.body,
              HasSubstr(R"({"rule":16,"step":"look","reason":"absent","why":"A tier farther away may )"
                        R"(have an entry, or a newer one.","tier":"memory"},{"rule":8,"step":"serve",)"
                        R"("reason":"memory")"));
  EXPECT_THAT(told.body, HasSubstr(R"("then":[],"cacheStatus":"larder; hit; ttl=3598; detail=memory"})"));
  EXPECT_EQ(isolate.get("/items/7").header("cache-status"), "larder; hit; ttl=3598; detail=memory");
}

TEST_F(ExplainTest, ACopyInR2IsShownBesideItsStubAndTheOriginIsNotAsked) {
  isolate.get("/items/7");
  // As the archiver leaves it.
  sim::Stored& stub = world.kv.at("larder:item:v3:7");
  sim::World::Object object;
  object.header = stub.header;
  object.content = std::exchange(stub.content, "");
  world.r2["larder:item:v3:7"] = object;
  stub.header += entry::stub_mark;
  Isolate other(world, operator_bindings(), declarations, "other");
  const std::size_t asked = world.origin_requests.size();
  const auto& told = other.run("GET", "/api/explain?url=/items/7", shown("vic"));
  EXPECT_EQ(told.status, 200U);
  EXPECT_THAT(told.body,
              HasSubstr(R"({"tier":"kv","used":true,"found":true,"valueIn":"cold","state":"fresh")"));
  EXPECT_THAT(told.body, HasSubstr(R"({"tier":"cold","used":true,"found":true,"state":"fresh")"));
  EXPECT_THAT(told.body, HasSubstr(R"("then":[],"cacheStatus":"larder; hit; ttl=)"));
  EXPECT_THAT(told.body, HasSubstr(R"(detail=cold"})"));
  EXPECT_EQ(world.origin_requests.size(), asked);
  EXPECT_TRUE(world.kv.at("larder:item:v3:7").content.empty());
  // A read does so.
  EXPECT_THAT(other.get("/items/7").header("cache-status"), HasSubstr("detail=cold"));
  EXPECT_EQ(world.origin_requests.size(), asked);
  EXPECT_TRUE(other.settled());
}

TEST_F(ExplainTest, WithoutACopyTheOriginWouldBeAskedAndIsNot) {
  const std::size_t asked = world.origin_requests.size();
  const auto& told = explain("url=https://books.example/items/8");
  EXPECT_THAT(told.body, HasSubstr(R"("key":"larder:item:v3:8")"));
  EXPECT_THAT(told.body,
              HasSubstr(R"({"tier":"memory","used":true,"found":false},{"tier":"edge","used":true,)"
                        R"("found":false},{"tier":"kv","used":true,"found":false},)"
                        R"({"tier":"cold","used":true,"found":false}])"));
  EXPECT_THAT(told.body, HasSubstr(R"({"rule":20,"step":"lock",)"));
  EXPECT_THAT(told.body, HasSubstr(R"({"rule":27,"step":"ask",)"));
  EXPECT_THAT(told.body, HasSubstr(R"("then":[{"answer":"came","rule":6,"step":"keep")"));
  EXPECT_THAT(told.body,
              HasSubstr(R"({"answer":"failed","rule":4,"step":"refuse","reason":"stale-if-error")"));
  EXPECT_THAT(told.body, Not(HasSubstr(R"("answer":"late")")));
  EXPECT_THAT(told.body, HasSubstr(R"("cacheStatus":"larder; fwd=miss; detail=absent"})"));
  EXPECT_EQ(world.origin_requests.size(), asked);
}

TEST_F(ExplainTest, AnOldCopyStandsInForAnOriginThatFails) {
  isolate.get("/items/7");
  world.now += Millis(5'400'000);
  const auto& told = explain("url=/items/7");
  EXPECT_THAT(told.body, HasSubstr(R"("state":"stale-if-error")"));
  EXPECT_THAT(told.body,
              HasSubstr(R"({"answer":"late","rule":1,"step":"serve-stale","reason":"slow-origin")"));
  EXPECT_THAT(told.body,
              HasSubstr(R"({"answer":"failed","rule":3,"step":"serve-stale","reason":"stale-if-error")"));
  EXPECT_THAT(told.body, HasSubstr(R"("cacheStatus":"larder; fwd=stale; detail=expired"})"));
}

TEST_F(ExplainTest, PurgesSayWhichCopiesTheyReach) {
  isolate.get("/items/7");
  world.now += Millis(1'000);
  isolate.run("POST", "/api/cache/purge", shown_json("ann"), sent(R"({"tags":["item:7"],"mode":"hard"})"));
  isolate.run("POST", "/api/cache/purge", shown_json("ann"), sent(R"({"tags":["item:9"],"mode":"hard"})"));
  const auto& told = explain("url=/items/7");
  EXPECT_THAT(told.body, HasSubstr(R"("purges":[{"kind":"tag","text":"item:7","mode":"hard","at":")"));
  EXPECT_THAT(told.body, HasSubstr(R"("reaches":["edge","kv"]}],"steps")"));
  EXPECT_THAT(told.body, Not(HasSubstr("item:9")));
  EXPECT_THAT(told.body, HasSubstr(R"("cacheStatus":"larder; fwd=miss; detail=absent"})"));
}

TEST_F(ExplainTest, NothingIsChangedAndNothingCounts) {
  isolate.get("/items/7");
  Isolate cold(world, operator_bindings(), declarations, "two");
  cold.get("/items/8");
  const auto counted = [&cold] {
    JsonWriter json;
    json.begin_array();
    cold.app->counters().write(json);
    cold.app->registry().find("kv")->write_status(json);
    std::string text = json.end_array().text();
    // What the platform bills counts, whoever asks.
    const std::size_t billed = text.find(",\"billed_operations_total\":[");
    return text.erase(billed, text.find(']', billed) + 1 - billed);
  };
  const std::string before = counted();
  const auto& told = cold.run("GET", "/api/explain?url=/items/7", shown("vic"));
  EXPECT_THAT(told.body, HasSubstr("detail=kv"));
  EXPECT_EQ(counted(), before);
  EXPECT_THAT(before, HasSubstr(R"("memory":{"entries":1)"));
  EXPECT_TRUE(cold.settled());
}

TEST_F(ExplainTest, ACacheThatIsSwitchedOffPassesBy) {
  Isolate off(world, operator_bindings({{"FEATURE_CACHE", "false"}}), declarations);
  const auto& told = off.run("GET", "/api/explain?url=/items/7", shown("vic"));
  EXPECT_THAT(told.body, HasSubstr(R"("steps":[{"rule":7,"step":"pass-on","reason":"disabled")"));
  EXPECT_THAT(told.body, HasSubstr(R"("cacheStatus":"larder; fwd=bypass; detail=disabled"})"));
}

TEST_F(ExplainTest, OtherMethodsAndPathsAreExplainedToo) {
  EXPECT_THAT(explain("method=POST&url=/pages/a").body,
              HasSubstr(R"("why":"Answers to this method are not kept: it goes to the origin.",)"
                        R"("cacheStatus":"larder; fwd=method; detail=method"})"));
  EXPECT_THAT(explain("url=/nowhere").body,
              HasSubstr(R"("resource":null,"why":"No resource of larder.json)"));
  EXPECT_THAT(explain("method=POST&url=/answers&body=%7B%22question%22:%22why%22%7D").body,
              HasSubstr(R"("key":"larder:answer:v3:why")"));
  EXPECT_THAT(explain("url=/pages/b%3Fq%3D1").body, HasSubstr(R"("key":"larder:page:v3:b:q=1")"));
}

TEST_F(ExplainTest, WhatCannotBeExplainedIsNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "url: this parameter is missing."},
      {"url=/items/%2500", "url: "},
      {"url=/items/7&method=BREW", R"(method: \"BREW\" is no method)"},
      {"method=POST&url=/answers&body=%7B", "body: "},
      {"method=POST&url=/answers", "question"},
  };
  for (const auto& [query, detail] : cases) {
    const auto& refused = explain(query);
    EXPECT_EQ(refused.status, 400U) << query;
    EXPECT_THAT(refused.body, HasSubstr(detail)) << query;
  }
}

}  // namespace
}  // namespace larder::operators::explain_test
