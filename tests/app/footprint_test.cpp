// What a request does besides being answered, and what a thousand isolates ask of the ledger: what
// docs/SCALE.md is computed from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/text.h"
#include "config/limits.h"
#include "records/calls.h"
#include "support/isolate.h"

namespace larder::app::footprint_test {
namespace {

using host::OperationKind;

constexpr auto dune = "https://larder.example/search/title?q=dune";

std::string name_of(OperationKind kind) {
  switch (kind) {
#define LARDER_OPERATION(name, number, arguments, results) \
  case OperationKind::name:                                \
    return #name;
#include "host/ops.def"
#undef LARDER_OPERATION
  }
  return "";
}

using Footprint = std::map<std::string, std::uint64_t>;

// As footprint.def has it.
Footprint stated(const std::string& situation) {
  Footprint rows;
  const auto add = [&](const char* of, const char* operation, std::uint64_t count) {
    if (situation == of) {
      rows[operation] += count;
    }
  };
#define LARDER_FOOTPRINT(situation, operation, count, what) add(#situation, #operation, count);
#include "app/footprint.def"
  return rows;
}

struct FootprintTest : ::testing::Test {
  FootprintTest() {
    world.origin = [](const sim::OriginRequest&) {
      return sim::open_library_reply("Dune", "F. Herbert", "");
    };
    world.fault = [this](OperationKind kind) {
      ++made[name_of(kind)];
      return std::optional<sim::Fault>();
    };
  }
  // What this request does, past what an isolate does every few seconds anyway.
  Footprint of(sim::Isolate& isolate) {
    isolate.get("https://larder.example/search/title?q=other");
    made.clear();
    isolate.get(dune);
    made.erase("control_read");
    made.erase("park");
    return made;
  }

  sim::World world;
  Footprint made;
};

TEST_F(FootprintTest, OfAMissOfAFarHitAndOfAHit) {
  sim::Isolate one(world);
  EXPECT_EQ(of(one), stated("miss"));
  sim::Isolate other(world, {}, sim::book_declarations(), "two");
  EXPECT_EQ(of(other), stated("far_hit"));
  const std::uint64_t before = one.app->counters().events();
  made.clear();
  one.get(dune);
  EXPECT_EQ(made, Footprint());
  EXPECT_EQ(one.app->counters().events() - before, stated("hit")["events"]);
}

TEST_F(FootprintTest, WithRedisAsTheSharedTier) {
  const TextPairs bindings = {
      {"CACHE_IMPL", "redis"}, {"ENABLE_REDIS_CACHE", "true"}, {"REDIS_URL", "redis://cache.example"}};
  // Scripts are sent once, and known from then on.
  sim::Isolate first(world, bindings);
  first.get("https://larder.example/search/title?q=first");
  sim::Isolate one(world, bindings);
  EXPECT_EQ(of(one), stated("redis_miss"));
  sim::Isolate other(world, bindings, sim::book_declarations(), "two");
  EXPECT_EQ(of(other), stated("redis_far_hit"));
}

// An isolate calls the ledger once in flush_interval, or once for flush_events_max requests, whichever is
// sooner.
TEST_F(FootprintTest, OfAThousandIsolatesOnTheLedger) {
  constexpr std::size_t isolate_count = 1'000;
  constexpr int seconds = 20;
  std::uint64_t flushes = 0;
  world.durable.at("LEDGER").called.push_back(
      [&](const std::string&, std::uint32_t method, std::string_view, std::string_view) {
        flushes += method == records::ledger::flush_number ? 1 : 0;
      });
  std::vector<std::unique_ptr<sim::Isolate>> isolates;
  for (std::size_t i = 0; i < isolate_count; ++i) {
    isolates.push_back(std::make_unique<sim::Isolate>(world, TextPairs{{"LEDGER_SHARDS", "1"}}));
  }
  const Instant began = world.now;
  std::uint64_t asked = 0;
  while (world.now - began < std::chrono::seconds(seconds)) {
    for (const auto& isolate : isolates) {
      isolate->request("GET", dune);
      ++asked;
    }
    world.run_for(Millis(1'000));
  }
  const double flushes_per_second = static_cast<double>(flushes) / seconds;
  std::printf("1,000 isolates, %.0f requests/s: %.1f calls/s of the ledger\n",
              static_cast<double>(asked) / seconds, flushes_per_second);
  const double by_time = 1'000.0 * isolate_count / static_cast<double>(config::limit::flush_interval.count());
  EXPECT_LE(flushes_per_second, by_time);
  EXPECT_GE(flushes_per_second, 0.5 * by_time);
  world.run();
}

}  // namespace
}  // namespace larder::app::footprint_test
