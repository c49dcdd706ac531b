// What is counted of known loads: each look-up of a tier once, as a hit or a miss, and each read as one
// outcome.
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/support.h"
#include "records/control_log.h"

namespace larder::engine::counts_test {
namespace {

using config::Tier;
using host::OperationKind;
using observe::Counter;
using observe::Label;
using sim::Isolate;
using sim::OriginRequest;

constexpr auto url = "/items/7";
// An hour fresh, ten minutes stale while it is refreshed, two hours where the origin fails.
constexpr auto declared = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "1h", "stale": "10m", "staleIfError": "2h", "negativeTtl": "1m",
     "tags": ["items"]}]})";
constexpr Millis past_stale = std::chrono::minutes(71);

struct CountsTest : ::testing::Test {
  CountsTest() {
    world.origin = [this](const OriginRequest& request) {
      return contains(request.url, "none") ? reply(404, {}) : reply(origin_status, {});
    };
    world.fault = [this](OperationKind kind) {
      ++operations[kind];
      return std::optional<sim::Fault>();
    };
  }

  static std::uint64_t count(const Isolate& one, Counter counter, Tier tier) {
    return one.app->counters().value(counter, Label(tier), "item");
  }
  // "memory hits/misses, edge hits/misses, kv hits/misses; fresh/stale/miss" since the last call.
  std::string counted() {
    std::vector<std::uint64_t> now;
    for (const Tier tier : {Tier::memory, Tier::edge, Tier::kv}) {
      now.push_back(count(isolate, Counter::cache_hits_total, tier));
      now.push_back(count(isolate, Counter::cache_miss_total, tier));
    }
    for (const Counter outcome :
         {Counter::cache_hit_fresh_total, Counter::cache_hit_stale_total, Counter::cache_miss_reads_total}) {
      now.push_back(isolate.app->counters().total(outcome));
    }
    before.resize(now.size());
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < now.size(); ++i) {
      parts.push_back(to_text(now[i] - before[i]));
    }
    before = now;
    return concat({"memory ", parts[0], "/", parts[1], ", edge ", parts[2], "/", parts[3], ", kv ", parts[4],
                   "/", parts[5], "; ", parts[6], "/", parts[7], "/", parts[8]});
  }
  void purge(config::PurgeKind kind, std::string text) {
    const std::vector<config::Purge> purges = {config::Purge(kind, std::move(text), config::PurgeMode::hard)};
    sim::append_control(world, records::control_changes(purges));
  }

  sim::World world;
  std::uint32_t origin_status = 200;
  std::map<OperationKind, std::uint64_t> operations;
  std::vector<std::uint64_t> before;
  Isolate isolate{world, {}, declared};
};

TEST_F(CountsTest, ReadsWithKnownAnswers) {
  isolate.get(url);
  EXPECT_EQ(counted(), "memory 0/1, edge 0/1, kv 0/1; 0/0/1") << "cold";
  isolate.get(url);
  isolate.run("HEAD", url);
  EXPECT_EQ(counted(), "memory 2/0, edge 0/0, kv 0/0; 2/0/0") << "hits";
  isolate.get("/items/none");
  EXPECT_EQ(counted(), "memory 0/1, edge 0/1, kv 0/1; 0/0/1") << "a cold negative";
  isolate.get("/items/none");
  EXPECT_EQ(counted(), "memory 1/0, edge 0/0, kv 0/0; 1/0/0") << "a negative hit";
}

TEST_F(CountsTest, AnEntryThatCannotAnswerIsAMissOfItsTier) {
  isolate.get(url);
  counted();
  world.now += past_stale;
  isolate.get(url);
  EXPECT_EQ(counted(), "memory 0/1, edge 0/1, kv 0/1; 0/0/1") << "past its time";
  world.now += past_stale;
  origin_status = 500;
  isolate.get(url);
  EXPECT_EQ(counted(), "memory 0/1, edge 0/1, kv 0/1; 0/1/0") << "it stands in for the origin";
}

TEST_F(CountsTest, AStaleHitAndItsRefresh) {
  isolate.get(url);
  counted();
  world.now += std::chrono::minutes(61);
  isolate.get(url);
  // The refresh looks for a newer copy first.
  EXPECT_EQ(counted(), "memory 1/0, edge 0/1, kv 0/1; 0/1/0");
}

TEST_F(CountsTest, APurgedEntryIsAMiss) {
  isolate.get(url);
  counted();
  purge(config::PurgeKind::tag, "items");
  // By the next view of the log.
  world.now += Millis(10'001);
  isolate.get(url);
  EXPECT_EQ(counted(), "memory 0/1, edge 0/1, kv 0/1; 0/0/1");
  EXPECT_EQ(isolate.app->counters().value(Counter::purged_entries_total, "memory", "dropped"), 1U);
}

TEST_F(CountsTest, AHitFartherAway) {
  Isolate far(world, {}, declared, "two");
  far.get(url);
  isolate.get(url);
  EXPECT_EQ(counted(), "memory 0/1, edge 0/1, kv 1/0; 1/0/0");
  EXPECT_EQ(count(far, Counter::cache_miss_total, Tier::memory), 1U);
}

TEST_F(CountsTest, AFailingTierWasLookedIntoInVain) {
  world.fault = [](OperationKind kind) {
    sim::Fault fault;
    fault.status = 2;
    return kind == OperationKind::edge_get ? std::optional<sim::Fault>(fault) : std::nullopt;
  };
  isolate.get(url);
  EXPECT_EQ(counted(), "memory 0/1, edge 0/1, kv 0/1; 0/0/1");
}

TEST_F(CountsTest, FollowersAreOneOutcomeEach) {
  // A hit, so that the isolate has a view of the control log: without one only a leader looks into memory.
  isolate.get("/items/8");
  isolate.get("/items/8");
  counted();
  for (int i = 0; i < 10; ++i) {
    isolate.request("GET", url);
  }
  world.run();
  // Each looked into memory when it came; the leader alone looked farther.
  EXPECT_EQ(counted(), "memory 0/10, edge 0/1, kv 0/1; 0/0/10");
}

TEST_F(CountsTest, WhatIsNotCachedLooksNowhere) {
  Isolate off(world, {{"FEATURE_CACHE", "false"}}, declared);
  off.get(url);
  EXPECT_EQ(off.app->counters().total(Counter::cache_hits_total), 0U);
  EXPECT_EQ(off.app->counters().total(Counter::cache_miss_total), 0U);
  EXPECT_EQ(off.app->counters().total(Counter::cache_miss_reads_total), 1U);
}

// Any sequence of reads, one after the other, with the times, purges, faults and isolates that come between.
TEST_F(CountsTest, HitsAndMissesOfEachTierAreItsLookUpsWhateverHappens) {
  Isolate neighbour(world, {}, declared);
  Isolate far(world, {}, declared, "two");
  std::uint32_t state = 7;
  const auto draw = [&state](std::uint32_t count) {
    state = state * 1'664'525 + 1'013'904'223;
    return (state >> 16) % count;
  };
  std::uint64_t reads = 0;
  std::map<OperationKind, std::uint64_t> own;
  for (int i = 0; i < 4'000; ++i) {
    const std::string key = draw(12) == 0 ? "none" : to_text(std::uint64_t{draw(9)});
    switch (draw(8)) {
      case 0:
        (draw(2) == 0 ? neighbour : far).get(concat({"/items/", key}));
        break;
      case 1:
        world.now += Millis(draw(3) == 0 ? 900'000 : 20'000);
        break;
      case 2:
        if (draw(6) == 0) {
          purge(config::PurgeKind::key, concat({"larder:item:v3:", key}));
        }
        origin_status = draw(20) == 0 ? 500 : 200;
        break;
      default: {
        const auto before_read = operations;
        isolate.get(concat({"/items/", key}));
        ++reads;
        for (const auto& [kind, made] : operations) {
          const auto found = before_read.find(kind);
          own[kind] += made - (found == before_read.end() ? 0 : found->second);
        }
      }
    }
  }
  const auto look_ups = [&](Tier tier) {
    return count(isolate, Counter::cache_hits_total, tier) + count(isolate, Counter::cache_miss_total, tier);
  };
  EXPECT_EQ(look_ups(Tier::memory), reads);
  EXPECT_EQ(look_ups(Tier::edge), own[OperationKind::edge_get]);
  EXPECT_EQ(look_ups(Tier::kv), own[OperationKind::kv_get]);
  const observe::Counters& counters = isolate.app->counters();
  EXPECT_EQ(counters.total(Counter::cache_hit_fresh_total) + counters.total(Counter::cache_hit_stale_total) +
                counters.total(Counter::cache_miss_reads_total),
            reads);
  for (const Tier tier : {Tier::memory, Tier::edge, Tier::kv}) {
    EXPECT_GT(count(isolate, Counter::cache_hits_total, tier), 0U) << config::to_text(tier);
  }
}

}  // namespace
}  // namespace larder::engine::counts_test
