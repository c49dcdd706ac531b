// Sweeps: what purges made useless leaves KV, a stretch at a time.
#include "engine/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "engine/support.h"
#include "records/control_log.h"

namespace larder::engine::sweep_test {
namespace {

using config::Purge;
using config::PurgeKind;
using host::OperationKind;
using observe::Counter;
using sim::Isolate;
using sim::OriginRequest;

constexpr auto progress_key = "larder::sweep";
constexpr auto declared = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "1h", "tags": ["items", "item:{id}"], "tiers": ["kv"]}]})";

struct SweepTest : ::testing::Test {
  SweepTest() {
    world.origin = [](const OriginRequest&) { return reply(200, {}); };
  }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  void fill(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      isolate.get(concat({"/items/", larder::to_text(i)}));
    }
  }
  void purge(PurgeKind kind, std::string text, config::PurgeMode mode = config::PurgeMode::hard) {
    sim::append_control(world,
                        records::control_changes(std::vector<Purge>{Purge(kind, std::move(text), mode)}));
    world.now += Millis(10'001);
  }
  void trigger(std::string cron = "*/5 * * * *") {
    RecordWriter record;
    record.text(cron);
    record.u64(0);
    const auto id = static_cast<host::RequestId>(1'000'000 + triggers++);
    isolate.app->scheduled(id, record.bytes());
    world.run();
  }
  std::string progress() { return world.kv.count(progress_key) == 1 ? world.kv[progress_key].header : ""; }
  std::size_t entries() { return world.kv.size() - world.kv.count(progress_key); }

  sim::World world;
  Isolate isolate{world, {}, declared};
  std::uint32_t triggers = 0;
};

TEST_F(SweepTest, WhatWasPurgedGoesAndTheRestStays) {
  fill(20);
  purge(PurgeKind::tag, "item:7");
  purge(PurgeKind::pattern, "*:1?");
  purge(PurgeKind::key, "larder:item:v3:3");
  purge(PurgeKind::prefix, "larder:item:v3:5", config::PurgeMode::soft);
  world.kv["larder:odd"] = sim::Stored{"no header", "x", world.now + std::chrono::hours(1)};
  world.kv["other:item:v3:7"] = world.kv["larder:item:v3:7"];
  trigger();
  EXPECT_EQ(world.kv.count("larder:item:v3:7"), 0U);
  EXPECT_EQ(world.kv.count("larder:item:v3:3"), 0U);
  // Softly purged, another's, and no entry at all.
  EXPECT_EQ(world.kv.count("larder:item:v3:5"), 1U);
  EXPECT_EQ(world.kv.count("other:item:v3:7"), 1U);
  EXPECT_EQ(world.kv.count("larder:odd"), 1U);
  EXPECT_EQ(entries(), 20U);
  EXPECT_EQ(isolate.app->counters().total(Counter::swept_entries_total), 2U);
  EXPECT_EQ(progress(), "4 4 ");
}

TEST_F(SweepTest, WithNothingNewItLooksAtNothing) {
  std::size_t listed = 0;
  world.fault = [&](OperationKind kind) -> std::optional<sim::Fault> {
    listed += kind == OperationKind::kv_list ? 1 : 0;
    return std::nullopt;
  };
  fill(3);
  trigger();
  EXPECT_EQ(listed, 0U);
  purge(PurgeKind::all, "");
  trigger("0 2 * * *");
  EXPECT_EQ(listed, 0U);
  trigger();
  EXPECT_EQ(listed, 1U);
  EXPECT_EQ(entries(), 0U);
  trigger();
  EXPECT_EQ(listed, 1U);
  // What came after the purge is none of its business.
  fill(3);
  purge(PurgeKind::key, "nothing");
  trigger();
  EXPECT_EQ(listed, 2U);
  EXPECT_EQ(entries(), 3U);
}

TEST_F(SweepTest, ALargeStoreIsSweptInStretches) {
  const std::uint64_t many = 2 * config::limit::sweep_deletes_max + 10;
  fill(many);
  purge(PurgeKind::tag, "items");
  trigger();
  EXPECT_EQ(entries(), many - config::limit::sweep_deletes_max);
  EXPECT_EQ(progress(), "0 1 ");
  trigger();
  trigger();
  EXPECT_EQ(entries(), 0U);
  EXPECT_EQ(progress(), "1 1 ");
}

TEST_F(SweepTest, AFailingStoreIsSweptLater) {
  fill(5);
  purge(PurgeKind::all, "");
  for (const OperationKind broken :
       {OperationKind::kv_get, OperationKind::kv_list, OperationKind::kv_delete}) {
    world.fault = [=](OperationKind kind) -> std::optional<sim::Fault> {
      sim::Fault fault;
      fault.status = 2;
      return kind == broken ? std::optional<sim::Fault>(fault) : std::nullopt;
    };
    trigger();
    EXPECT_EQ(entries(), 5U);
  }
  world.fault = nullptr;
  trigger();
  EXPECT_EQ(entries(), 0U);
}

TEST(SweepProgressText, IsReadBackAndNothingElseIsBelieved) {
  SweepProgress progress;
  progress.swept = 3;
  progress.sequence = 5;
  progress.cursor = "abc";
  const SweepProgress back = parse_sweep_progress(to_text(progress));
  EXPECT_EQ(back.swept, 3U);
  EXPECT_EQ(back.sequence, 5U);
  EXPECT_EQ(back.cursor, "abc");
  for (const std::string_view text : {"", "3", "3 5", "5 3 abc", "x 5 abc", "3 x abc", "3 5 a b", "-1 5 a"}) {
    EXPECT_EQ(parse_sweep_progress(text).sequence, 0U) << text;
  }
}

}  // namespace
}  // namespace larder::engine::sweep_test
