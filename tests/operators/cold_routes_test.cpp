// /api/cold: a run is begun once, and what is told of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json_text.h"
#include "operators/support.h"

namespace larder::operators::cold_routes_test {
namespace {

struct ColdRoutesTest : ::testing::Test {
  ColdRoutesTest() { add_tokens(world); }
  sim::SimulatedHost::Exchange& call(const std::string& method, const std::string& path,
                                     const std::string& body = "", const std::string& token = "ann") {
    return isolate.run(method, "https://larder.example" + path,
                       body.empty() ? shown(token) : shown_json(token),
                       body.empty() ? sim::SentBody() : sent(body));
  }
  json::JsonText told() { return json::JsonText::parse(call("GET", "/api/cold", "", "vic").body).value(); }
  // Gives the queue's message to the isolate.
  void consume() {
    auto& queue = world.queues["ARCHIVE_QUEUE"];
    ASSERT_EQ(queue.size(), 1U);
    const std::string message = queue.front().second;
    queue.pop_front();
    isolate.batch("archive-queue", {sim::Isolate::Sent("one", 1, message)});
    world.run();
  }

  sim::World world;
  sim::Isolate isolate{world, operator_bindings({{"LEDGER_SHARDS", "1"}})};
};

TEST_F(ColdRoutesTest, BeforeTheFirstRunThereIsNothingToTell) {
  const json::JsonText before = told();
  EXPECT_TRUE(before.flag("archives"));
  EXPECT_EQ(before.text("why"), "");
  EXPECT_FALSE(before.find("tiers")->is_object());
  EXPECT_TRUE(before.items("runs").empty());
}

TEST_F(ColdRoutesTest, ARunIsBegunOnceAndToldWhenItIsOver) {
  const auto& began = call("POST", "/api/cold/archive", R"({"dryRun": true})");
  EXPECT_EQ(began.status, 202U);
  EXPECT_THAT(began.body,
              ::testing::HasSubstr(R"({"began":true,"run":{"run":1,"state":"running","dryRun":true)"));
  EXPECT_EQ(call("POST", "/api/cold/archive").status, 409U);
  consume();
  const json::JsonText after = told();
  ASSERT_EQ(after.items("runs").size(), 1U);
  EXPECT_EQ(after.items("runs")[0].text("state"), "complete");
  EXPECT_EQ(after.find("nextRun")->number("run"), 1U);
  EXPECT_EQ(after.find("tiers")->find("kv")->number("entries"), 0U);
  EXPECT_EQ(after.find("costs")->number("moveNanodollars"), 11'160U);
  // No body at all is a run that moves.
  const auto& moving = call("POST", "/api/cold/archive");
  EXPECT_EQ(moving.status, 202U);
  EXPECT_THAT(moving.body, ::testing::HasSubstr(R"("run":2,"state":"running","dryRun":false)"));
}

TEST_F(ColdRoutesTest, WhatIsNoSuchRequestIsRefused) {
  EXPECT_EQ(call("POST", "/api/cold/archive", "[]").status, 400U);
  EXPECT_EQ(call("POST", "/api/cold/archive", R"({"dry": true})").status, 400U);
  EXPECT_EQ(call("POST", "/api/cold/archive", "", "vic").status, 403U);
  EXPECT_TRUE(told().items("runs").empty());
}

TEST_F(ColdRoutesTest, WhereNothingIsArchivedItSaysWhy) {
  sim::Isolate off(world, operator_bindings({{"LEDGER_SHARDS", "1"}, {"ENABLE_COLD_STORAGE", "false"}}));
  const auto& refused = off.run("POST", "https://larder.example/api/cold/archive", shown("ann"));
  EXPECT_EQ(refused.status, 409U);
  EXPECT_THAT(refused.body, ::testing::HasSubstr("ENABLE_COLD_STORAGE is false."));
}

}  // namespace
}  // namespace larder::operators::cold_routes_test
