// 10,000 entries, 3,000 of which nobody reads: how many steps and operations a run takes, what each step asks
// of the platform, and what is saved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "base/text.h"
#include "cold/archive_plan.h"
#include "config/limits.h"
#include "engine/support.h"
#include "metrics/ghost_cache.h"
#include "metrics/tally.h"
#include "records/calls.h"

namespace larder::cold::scale_test {
namespace {

using host::OperationKind;
using sim::Isolate;

constexpr Millis day = std::chrono::hours(24);
constexpr std::size_t entries = 10'000;
constexpr std::size_t unread = 3'000;
constexpr std::size_t body_bytes = 64'000;
constexpr auto declared = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "39d", "archive": {"minAge": "7d"}}]})";

std::string name_of(std::size_t number) {
  std::string digits = larder::to_text(std::uint64_t{number});
  return concat({"larder:item:v3:", std::string(5 - digits.size(), '0'), digits});
}
// Every third of ten.
bool is_read(std::size_t number) { return number % 10 >= 3; }

struct ScaleTest : ::testing::Test {
  void fill() {
    // One body for all: what is counted is its size.
    const std::string body(body_bytes, 'x');
    for (std::size_t i = 0; i < entries; ++i) {
      entry::Header header;
      header.content_type = "application/octet-stream";
      header.created = world.now;
      header.asked = world.now;
      header.body_asked = world.now;
      header.fresh_for = 39 * day;
      header.stored_size = Bytes(body_bytes);
      header.body_size = header.stored_size;
      header.key = name_of(i);
      sim::Stored stored;
      stored.header = entry::encode(header, Bytes(1024)).value();
      // Hot entries are never looked into here.
      stored.content = is_read(i) ? "x" : body;
      stored.expires = world.now + 39 * day;
      world.kv[name_of(i)] = std::move(stored);
    }
  }
  void count_reads(std::uint64_t sequence, bool all) {
    for (std::size_t from = 0; from < entries; from += 1'000, ++sequence) {
      records::ledger::flush_arguments batch;
      batch.isolate = "reader";
      batch.sequence = sequence;
      batch.counted = metrics::Tally().encode();
      for (std::size_t i = from; i < from + 1'000; ++i) {
        if (all || is_read(i)) {
          records::KeyRead read;
          read.hash = metrics::ghost_hash("larder", name_of(i));
          read.count = 5;
          batch.reads.push_back(read);
        }
      }
      const auto flushed = sim::ask<records::ledger::flush_results>(
          world.durable.at("LEDGER"), world.now, "larder", records::ledger::flush_number, batch);
      ASSERT_TRUE(flushed.has_value());
    }
  }
  records::ArchiveRun last_run() {
    records::archive::show_arguments asked;
    asked.count_max = 1;
    return sim::ask<records::archive::show_results>(world.durable.at("ARCHIVE"), world.now, "larder",
                                                    records::archive::show_number, asked)
        ->runs.front();
  }

  sim::World world;
  Isolate isolate{world, {{"LEDGER_SHARDS", "1"}}, declared};
};

TEST_F(ScaleTest, ARunKeepsWithinThePlatformsLimits) {
  fill();
  count_reads(1, false);
  world.now += 8 * day;
  count_reads(11, false);
  world.now += day;
  RecordWriter record;
  record.text("0 2 * * *");
  record.u64(0);
  isolate.app->scheduled(static_cast<host::RequestId>(1'000'000), record.bytes());
  world.run();
  std::size_t kv_operations = 0;
  std::size_t all_operations = 0;
  std::size_t most_kv_operations = 0;
  std::size_t operations = 0;
  Millis longest{0};
  Millis whole{0};
  world.fault = [&](OperationKind kind) -> std::optional<sim::Fault> {
    const bool is_kv = kind == OperationKind::kv_get || kind == OperationKind::kv_put ||
                       kind == OperationKind::kv_list || kind == OperationKind::kv_delete;
    kv_operations += is_kv ? 1 : 0;
    ++all_operations;
    return std::nullopt;
  };
  std::size_t steps = 0;
  auto& queue = world.queues["ARCHIVE_QUEUE"];
  while (!queue.empty()) {
    const std::string message = queue.front().second;
    queue.pop_front();
    kv_operations = 0;
    all_operations = 0;
    const Instant began = world.now;
    isolate.batch("archive-queue", {Isolate::Sent("step", 1, message)});
    world.run();
    const Millis took = world.now - began;
    ++steps;
    operations += all_operations;
    most_kv_operations = std::max(most_kv_operations, kv_operations);
    longest = std::max(longest, took);
    whole += took;
  }
  const records::ArchiveRun run = last_run();
  ASSERT_EQ(run.state, static_cast<std::uint8_t>(records::RunState::complete)) << run.fault;
  EXPECT_EQ(run.sums.hot_entries, entries);
  // Of the unread ones a few share their cells of the sketch with others.
  EXPECT_GT(run.sums.moved, unread * 94 / 100);
  EXPECT_LE(run.sums.moved, unread);
  EXPECT_EQ(run.sums.failed, 0U);
  EXPECT_LT(most_kv_operations, 1'000U);
  EXPECT_LT(longest, config::limit::cold_step_time_max + config::limit::cold_move_time_max);
  // A lock, two reads, a put, a look, a write; and a page's list, its reads and its account for every 200
  // entries.
  EXPECT_LT(operations, run.sums.moved * 6 + entries / 200 * 5 + steps * 4);
  const ArchivePrices prices = archive_prices();
  const std::uint64_t all = std::uint64_t{entries} * body_bytes;
  const std::uint64_t before = month_of(all, 0, prices);
  const std::uint64_t after = month_of(all - run.sums.moved_bytes, run.sums.moved_bytes, prices);
  const double percent = static_cast<double>(before - after) * 100 / static_cast<double>(before);
  EXPECT_GT(percent, 27);
  EXPECT_LE(percent, 29.1);
  EXPECT_EQ(run.sums.planned_cost, run.sums.moved * prices.move);
  std::printf(
      "cold: %zu entries, %llu moved in %zu steps; %zu operations, %.0f for 1,000 moves; at most %zu of KV "
      "in a step; "
      "%.1f s of the simulated platform for 1,000 moves; a month's storage %.1f %% less (the source says 12 "
      "%% of the "
      "bill), $%.4f a month for $%.4f once\n",
      entries, static_cast<unsigned long long>(run.sums.moved), steps, operations,
      static_cast<double>(operations) * 1000 / static_cast<double>(run.sums.moved), most_kv_operations,
      static_cast<double>(whole.count()) / static_cast<double>(run.sums.moved), percent,
      static_cast<double>(before - after) / 1e9, static_cast<double>(run.sums.planned_cost) / 1e9);
}

}  // namespace
}  // namespace larder::cold::scale_test
