// Purges and run-time settings, from the moment they are said to the moment that every isolate obeys.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "engine/support.h"
#include "records/control_log.h"

namespace larder::engine::control_test {
namespace {

using config::Purge;
using config::PurgeKind;
using observe::Counter;
using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;
using ::testing::HasSubstr;

constexpr auto url = "/items/7";
constexpr auto declared = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "1h", "stale": "10m", "staleIfError": "2h", "tags": ["items", "item:{id}"]}]})";

struct ControlTest : ::testing::Test {
  ControlTest() {
    world.origin = [this](const OriginRequest&) {
      OriginReply made = reply(200, {}, concat({"v", to_text(std::uint64_t{world.origin_requests.size()})}));
      made.delay = origin_delay;
      return made;
    };
  }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  void change(const std::string& changes) { sim::append_control(world, changes); }
  void purge(PurgeKind kind, std::string text, config::PurgeMode mode = config::PurgeMode::hard) {
    change(records::control_changes(std::vector<Purge>{Purge(kind, std::move(text), mode)}));
  }

  sim::World world;
  Millis origin_delay{50};
  Isolate isolate{world, {}, declared};
};

TEST_F(ControlTest, APurgeIsSeenEverywhereWithinSeconds) {
  Isolate far(world, {}, declared, "two");
  isolate.get(url);
  far.get(url);
  world.now += Millis(2'000);
  EXPECT_EQ(far.get(url).body, "v1");
  purge(PurgeKind::tag, "items");
  world.now += config::limit::control_fresh + config::limit::control_copy_kept;
  for (Isolate* one : {&isolate, &far}) {
    EXPECT_EQ(one->get(url).body, "v2");
    EXPECT_THAT(one->get(url).header("cache-status"), HasSubstr("hit"));
  }
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(ControlTest, EveryKindOfPurgeReachesEveryTier) {
  const std::vector<std::pair<PurgeKind, std::string>> purges = {{PurgeKind::key, "larder:item:v3:7"},
                                                                 {PurgeKind::tag, "item:7"},
                                                                 {PurgeKind::prefix, "larder:item:"},
                                                                 {PurgeKind::pattern, "*:7"},
                                                                 {PurgeKind::all, ""}};
  std::uint64_t version = 1;
  for (const auto& [kind, text] : purges) {
    EXPECT_EQ(isolate.get(url).body, concat({"v", to_text(version)}));
    purge(kind, text);
    world.now += Millis(10'001);
    ++version;
    // From memory, from the edge, from KV.
    for (Isolate* one : {&isolate}) {
      EXPECT_EQ(one->get(url).body, concat({"v", to_text(version)})) << text;
    }
    Isolate neighbour(world, {}, declared);
    EXPECT_EQ(neighbour.get(url).body, concat({"v", to_text(version)})) << text;
    Isolate far(world, {}, declared, "two");
    EXPECT_EQ(far.get(url).body, concat({"v", to_text(version)})) << text;
  }
  purge(PurgeKind::key, "larder:item:v3:8");
  world.now += Millis(10'001);
  EXPECT_EQ(isolate.get(url).body, concat({"v", to_text(version)}));
}

TEST_F(ControlTest, ASoftPurgeMakesStaleAndOneRefreshMendsIt) {
  isolate.get(url);
  purge(PurgeKind::tag, "items", config::PurgeMode::soft);
  world.now += Millis(10'001);
  const auto& stale = isolate.get(url);
  EXPECT_EQ(stale.body, "v1");
  EXPECT_THAT(stale.header("cache-status"), HasSubstr("hit; ttl=-11; detail=memory"));
  EXPECT_EQ(isolate.get(url).body, "v2");
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

TEST_F(ControlTest, AStoreThatWasUnderWayAtThePurgeIsPurgedToo) {
  origin_delay = Millis(3'000);
  const host::RequestId slow = isolate.request("GET", url);
  world.run_for(Millis(1'000));
  purge(PurgeKind::tag, "items");
  world.run();
  // It asked before the purge, so it may have the answer; nobody else may.
  EXPECT_EQ(isolate.host.exchange(slow).body, "v1");
  world.now += Millis(10'001);
  EXPECT_EQ(isolate.get(url).body, "v2");
  Isolate far(world, {}, declared, "two");
  EXPECT_EQ(far.get(url).body, "v2");
}

// An isolate that has not heard of the purge may have the origin confirm what it was about.
TEST_F(ControlTest, APurgedCopyThatWasConfirmedUnawaresGoesTooWhenThePurgeIsHeardOf) {
  world.origin = [&](const OriginRequest& request) {
    OriginReply made = reply(200, {{"etag", "\"same\""}},
                             concat({"v", to_text(std::uint64_t{world.origin_requests.size()})}));
    const bool conditional = std::any_of(request.headers.begin(), request.headers.end(),
                                         [](const auto& field) { return field.first == "if-none-match"; });
    made.status = conditional ? 304 : 200;
    return made;
  };
  isolate.get(url);
  // Near its end it is refreshed behind the response, by an isolate whose view of the log is as new as it has
  // to be.
  world.now += std::chrono::minutes(55);
  isolate.get("/items/8");
  purge(PurgeKind::tag, "item:7");
  world.now += Millis(2'000);
  EXPECT_EQ(isolate.get(url).body, "v1");
  EXPECT_EQ(world.origin_requests.size(), 3U);
  world.now += Millis(10'001);
  EXPECT_EQ(isolate.get(url).body, "v4");
}

// The refresh asked before it knew of the purge, and the purge reached the copy that the origin confirms.
TEST_F(ControlTest, APurgedCopyIsNotConfirmedByARefreshUnderWay) {
  std::vector<std::string> asked_about;
  std::size_t failures = 1;
  world.origin = [&](const OriginRequest& request) {
    for (const auto& [name, value] : request.headers) {
      if (name == "if-none-match") {
        asked_about.push_back(value);
        if (failures > 0) {
          --failures;
          OriginReply silent;
          silent.silent = true;
          return silent;
        }
        OriginReply confirmed;
        confirmed.status = 304;
        return confirmed;
      }
    }
    return reply(200, {{"etag", "\"same\""}},
                 concat({"v", to_text(std::uint64_t{world.origin_requests.size()})}));
  };
  isolate.get(url);
  world.now += std::chrono::minutes(61);
  isolate.request("GET", url);
  world.run_for(Millis(1'000));
  const std::string changes =
      records::control_changes(std::vector<Purge>{Purge(PurgeKind::tag, "items", config::PurgeMode::hard)});
  change(changes);
  world.run_for(Millis(6'000));
  // Another reader takes the purge up while the first attempt is under way.
  EXPECT_EQ(isolate.get(url).body, "v3");
  world.run();
  EXPECT_EQ(asked_about.size(), 1U);
  EXPECT_EQ(isolate.get(url).body, "v4");
  Isolate far(world, {}, declared, "two");
  EXPECT_EQ(far.get(url).body, "v4");
}

// A refresh that the purge overtook has nothing to keep. What others have put since is not its own to remove.
TEST_F(ControlTest, ARefreshThatAPurgeOvertookLeavesWhatCameAfterThePurge) {
  isolate.get(url);
  world.now += std::chrono::minutes(61);
  origin_delay = Millis(9'000);
  isolate.request("GET", url);
  world.run_for(Millis(1'000));
  purge(PurgeKind::tag, "items");
  origin_delay = Millis(50);
  Isolate far(world, {}, declared, "two");
  far.request("GET", url);
  world.run_for(Millis(5'500));
  // The refresh's own isolate hears of the purge.
  isolate.request("GET", "/items/8");
  world.run();
  EXPECT_EQ(world.origin_requests.size(), 4U);
  EXPECT_EQ(Isolate(world, {}, declared, "three").get(url).body, "v3");
  EXPECT_EQ(world.origin_requests.size(), 4U);
}

TEST_F(ControlTest, ALogThatCannotBeReadTakesNothingDown) {
  isolate.get(url);
  world.fail(host::OperationKind::control_read);
  world.now += Millis(60'000);
  EXPECT_THAT(isolate.get(url).header("cache-status"), HasSubstr("hit"));
  EXPECT_EQ(isolate.app->counters().value(Counter::cache_errors_total, "control", "unavailable"), 1U);
  purge(PurgeKind::all, "");
  world.fault = nullptr;
  world.now += Millis(10'001);
  EXPECT_EQ(isolate.get(url).body, "v2");
}

TEST_F(ControlTest, ALogThatHangsIsWaitedForNoLongerThanItsPatience) {
  isolate.get(url);
  world.fault = [](host::OperationKind kind) -> std::optional<sim::Fault> {
    sim::Fault fault;
    fault.lost = true;
    return kind == host::OperationKind::control_read ? std::optional<sim::Fault>(fault) : std::nullopt;
  };
  world.now += Millis(60'000);
  const Instant began = world.now;
  const auto& exchange = isolate.get(url);
  EXPECT_EQ(exchange.answered_at - began, config::limit::control_read_patience);
  EXPECT_EQ(exchange.body, "v1");
  // And it is not asked again at once.
  const Instant again = world.now;
  EXPECT_EQ(isolate.get(url).answered_at, again);
}

TEST_F(ControlTest, WithoutALogThereAreNoPurgesAndNoQuestions) {
  std::size_t read = 0;
  world.fault = [&](host::OperationKind kind) -> std::optional<sim::Fault> {
    if (kind != host::OperationKind::control_read) {
      return std::nullopt;
    }
    ++read;
    sim::Fault fault;
    fault.status = 6;
    return fault;
  };
  isolate.get(url);
  for (int i = 0; i < 3; ++i) {
    world.now += Millis(60'000);
    EXPECT_THAT(isolate.get(url).header("cache-status"), HasSubstr("detail=memory"));
  }
  EXPECT_EQ(read, 1U);
}

TEST_F(ControlTest, ABusyIsolateReadsTheLogBehindItsResponses) {
  std::size_t read = 0;
  world.fault = [&](host::OperationKind kind) -> std::optional<sim::Fault> {
    read += kind == host::OperationKind::control_read ? 1 : 0;
    return std::nullopt;
  };
  isolate.get(url);
  for (int i = 0; i < 100; ++i) {
    world.now += Millis(500);
    const Instant began = world.now;
    EXPECT_EQ(isolate.get(url).answered_at, began);
  }
  // Fifty seconds and somewhat more, one read in four.
  EXPECT_GE(read, 12U);
  EXPECT_LE(read, 14U);
}

TEST_F(ControlTest, EachProtectionIsSwitchedAlone) {
  isolate.get(url);
  change(records::control_changes(TextPairs{{"FEATURE_CACHE", "false"}}));
  world.now += Millis(10'001);
  // The first request still goes by the old view; what it reads behind its response counts from then on.
  isolate.get(url);
  EXPECT_THAT(isolate.get(url).header("cache-status"), HasSubstr("detail=disabled"));
  change(records::control_changes(TextPairs{{"FEATURE_CACHE", ""}, {"ENABLE_SWR", "false"}}));
  change(records::control_changes(TextPairs{{"FEATURE_CACHE", "true"}}));
  world.now += Millis(10'001);
  isolate.get(url);
  EXPECT_THAT(isolate.get(url).header("cache-status"), HasSubstr("hit"));
  world.now += std::chrono::minutes(61);
  EXPECT_THAT(isolate.get(url).header("cache-status"), HasSubstr("fwd=stale"));
  change(records::control_changes(TextPairs{{"CACHE_IMPL", "null"}}));
  world.now += Millis(10'001);
  isolate.get(url);
  EXPECT_THAT(isolate.get(url).header("cache-status"), HasSubstr("detail=observed"));
}

TEST_F(ControlTest, ASettingThatMakesNoSenseChangesNothingAndIsLogged) {
  isolate.get(url);
  change(records::control_changes(TextPairs{{"ENABLE_SWR", "perhaps"}, {"CACHE_PREFIX", "other"}}));
  world.now += Millis(10'001);
  EXPECT_THAT(isolate.get(url).header("cache-status"), HasSubstr("detail=memory"));
  change(records::control_changes(TextPairs{{"CACHE_IMPL", "redis"}}));
  Isolate loud(world, {{"LOG_LEVEL", "error"}}, declared);
  loud.get(url);
  ASSERT_EQ(loud.host.log_lines().size(), 2U);
  EXPECT_THAT(loud.host.log_lines()[1], HasSubstr("settings_refused"));
  EXPECT_THAT(loud.host.log_lines()[1], HasSubstr("ENABLE_SWR"));
}

}  // namespace
}  // namespace larder::engine::control_test
