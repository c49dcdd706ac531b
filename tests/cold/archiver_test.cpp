// Entries move to R2 and back, through the whole app: what is there can be read at every moment, and is never
// older than it was.
#include "cold/archiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/support.h"
#include "json/json_text.h"
#include "operators/support.h"
#include "records/calls.h"
#include "records/control_log.h"

namespace larder::cold::archiver_test {
namespace {

using config::Purge;
using config::PurgeKind;
using host::OperationKind;
using observe::Counter;
using sim::Isolate;
using sim::OriginRequest;

constexpr Millis day = std::chrono::hours(24);
constexpr std::size_t body_bytes = 100'000;
// Random enough that packing it is no use.
std::string content_of(std::string_view name) {
  std::string content;
  while (content.size() < body_bytes) {
    content += sim::sha256(concat({name, larder::to_text(std::uint64_t{content.size()})}));
  }
  return content;
}

constexpr auto declared = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "30d", "stale": "30d", "tags": ["item:{id}"], "maxBytes": 8000000},
    {"name": "kept", "match": {"path": "/kept/{id}"}, "origin": {"url": "https://api.example.com/kept/{id}"},
     "key": [{"path": "id"}], "ttl": "30d", "stale": "30d", "archive": "never"}]})";

TextPairs bindings() { return operators::operator_bindings({{"LEDGER_SHARDS", "1"}}); }

class ColdTest : public ::testing::Test {
 protected:
  ColdTest() {
    world.origin = [this](const OriginRequest& asked) {
      sim::OriginReply reply = engine::reply(200, {{"content-type", "application/octet-stream"}});
      reply.headers = {{"content-type", "application/octet-stream"}};
      reply.content = large ? std::string(200'000, 'l') : content_of(concat({asked.url, version}));
      return reply;
    };
    // The ledger has to have counted reads for longer than minAge.
    isolate->get("/items/first");
    flush();
  }
  void TearDown() override {
    EXPECT_TRUE(isolate->settled());
    active_mutation = Mutation::none;
  }

  void flush() { trigger("*/5 * * * *"); }
  void trigger(std::string cron) {
    RecordWriter record;
    record.text(cron);
    record.u64(0);
    isolate->app->scheduled(static_cast<host::RequestId>(1'000'000 + triggers++), record.bytes());
    world.run();
  }
  void wait(Millis duration) { world.now += duration; }
  // A new isolate, whose memory has nothing, in a data centre that has nothing either.
  void restart() {
    isolate = std::make_unique<Isolate>(world, bindings(), declared,
                                        concat({"dc", larder::to_text(std::uint64_t{++restarts})}));
  }
  // Gives the queue's messages to the isolate until there are none that are due.
  std::size_t consume() {
    std::size_t batches = 0;
    auto& queue = world.queues["ARCHIVE_QUEUE"];
    for (std::size_t left = queue.size(); left > 0; left = queue.size()) {
      bool taken = false;
      for (std::size_t i = 0; i < left; ++i) {
        const auto message = queue.front();
        queue.pop_front();
        if (message.first > world.now) {
          queue.push_back(message);
          continue;
        }
        taken = true;
        ++batches;
        isolate->batch("archive-queue",
                       {Isolate::Sent(larder::to_text(std::uint64_t{batches}), 1, message.second)});
        world.run();
      }
      if (!taken) {
        break;
      }
    }
    return batches;
  }
  void run_archiver() {
    trigger("0 2 * * *");
    consume();
  }
  records::ArchiveRun last_run() {
    records::archive::show_arguments asked;
    asked.count_max = 1;
    auto shown = sim::ask<records::archive::show_results>(world.durable.at("ARCHIVE"), world.now, "larder",
                                                          records::archive::show_number, asked);
    return shown && !shown->runs.empty() ? shown->runs.front() : records::ArchiveRun();
  }
  static std::string key_of(std::string_view id) { return concat({"larder:item:v3:", id}); }
  bool is_stub(std::string_view id) {
    const auto found = world.kv.find(key_of(id));
    return found != world.kv.end() && found->second.header.ends_with(entry::stub_mark);
  }
  void purge(PurgeKind kind, std::string text, config::PurgeMode mode = config::PurgeMode::hard) {
    sim::append_control(world,
                        records::control_changes(std::vector<Purge>{Purge(kind, std::move(text), mode)}));
    wait(Millis(10'001));
  }
  std::uint64_t counted(Counter counter) { return isolate->app->counters().total(counter); }

  // An entry that is old enough, and unread.
  void archive(const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
      isolate->get(concat({"/items/", id}));
    }
    flush();
    wait(9 * day);
    restart();
    run_archiver();
    // The locks of what was moved end.
    wait(config::limit::cold_lock_kept + Millis(10'000));
  }

  sim::World world;
  bool large = false;
  std::string version;
  std::unique_ptr<Isolate> isolate = std::make_unique<Isolate>(world, bindings(), declared, "dc0");
  std::uint32_t triggers = 0;
  std::uint32_t restarts = 0;
};

TEST_F(ColdTest, WhatNobodyReadsMovesAndIsReadFromThere) {
  archive({"a", "b"});
  EXPECT_EQ(last_run().state, static_cast<std::uint8_t>(records::RunState::complete));
  EXPECT_EQ(last_run().fault, "");
  EXPECT_EQ(last_run().sums.moved, 3U);
  EXPECT_EQ(last_run().sums.moved_bytes, 3 * content_of("").size());
  ASSERT_TRUE(is_stub("a"));
  EXPECT_EQ(world.kv[key_of("a")].content, "");
  const std::size_t asked = world.origin_requests.size();
  const auto& answer = isolate->get("/items/a");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_TRUE(answer.body == content_of("https://api.example.com/items/a"));
  EXPECT_THAT(answer.header("cache-status"), ::testing::HasSubstr("hit"));
  EXPECT_THAT(answer.header("cache-status"), ::testing::HasSubstr("detail=cold"));
  EXPECT_EQ(world.origin_requests.size(), asked);
  // Behind the answer it has come back.
  EXPECT_FALSE(is_stub("a"));
  EXPECT_TRUE(world.kv[key_of("a")].content == content_of("https://api.example.com/items/a"));
  EXPECT_TRUE(is_stub("b"));
  EXPECT_EQ(counted(Counter::cold_rehydrations_total), 1U);
  restart();
  EXPECT_THAT(isolate->get("/items/a").header("cache-status"), ::testing::HasSubstr("detail=kv"));
}

TEST_F(ColdTest, WhatIsReadYoungOrDeclaredSoStays) {
  for (const char* id : {"read", "unread"}) {
    isolate->get(concat({"/items/", id}));
  }
  isolate->get("/kept/a");
  flush();
  wait(8 * day);
  restart();
  isolate->get("/items/read");
  isolate->get("/items/young");
  flush();
  wait(day);
  restart();
  run_archiver();
  EXPECT_FALSE(is_stub("read"));
  EXPECT_FALSE(is_stub("young"));
  EXPECT_TRUE(is_stub("unread"));
  EXPECT_FALSE(world.kv["larder:kept:v3:a"].header.ends_with(entry::stub_mark));
}

TEST_F(ColdTest, NothingMovesUntilReadsWereCountedForLongEnough) {
  isolate->get("/items/a");
  wait(9 * day);
  // The count begins now.
  world.durable = sim::all_objects();
  restart();
  isolate->get("/items/b");
  flush();
  run_archiver();
  EXPECT_EQ(last_run().sums.moved, 0U);
  EXPECT_EQ(last_run().state, static_cast<std::uint8_t>(records::RunState::complete));
}

TEST_F(ColdTest, ADryRunOnlyCounts) {
  isolate->get("/items/a");
  flush();
  wait(9 * day);
  records::archive::begin_arguments asked;
  asked.dry_run = 1;
  sim::ask<records::archive::begin_results>(world.durable.at("ARCHIVE"), world.now, "larder",
                                            records::archive::begin_number, asked);
  world.queues["ARCHIVE_QUEUE"].emplace_back(world.now, R"({"kind": "step", "run": 1})");
  consume();
  EXPECT_EQ(last_run().sums.planned, 2U);
  EXPECT_EQ(last_run().sums.moved, 0U);
  EXPECT_GT(last_run().sums.planned_saving, 0U);
  EXPECT_TRUE(world.r2.empty());
  EXPECT_FALSE(is_stub("a"));
}

TEST_F(ColdTest, APurgeReachesTheStubAndTheObject) {
  archive({"a", "b"});
  purge(PurgeKind::tag, "item:a");
  version = "new";
  EXPECT_TRUE(isolate->get("/items/a").body == content_of("https://api.example.com/items/anew"));
  purge(PurgeKind::tag, "item:b");
  trigger("*/5 * * * *");
  EXPECT_EQ(world.kv.count(key_of("b")), 0U);
  EXPECT_EQ(world.r2.count(key_of("b")), 0U);
}

TEST_F(ColdTest, ASoftPurgeServesTheColdCopyWhileItIsRefreshed) {
  archive({"a"});
  purge(PurgeKind::tag, "item:a", config::PurgeMode::soft);
  version = "new";
  EXPECT_TRUE(isolate->get("/items/a").body == content_of("https://api.example.com/items/a"));
  EXPECT_TRUE(isolate->get("/items/a").body == content_of("https://api.example.com/items/anew"));
  EXPECT_FALSE(is_stub("a"));
  EXPECT_TRUE(world.kv[key_of("a")].content == content_of("https://api.example.com/items/anew"));
}

TEST_F(ColdTest, AnObjectWithoutAStubGoesAfterTwoLooks) {
  archive({"a"});
  isolate->get("/items/a");
  ASSERT_FALSE(is_stub("a"));
  ASSERT_EQ(world.r2.count(key_of("a")), 1U);
  wait(Millis(600'000));
  run_archiver();
  EXPECT_EQ(last_run().sums.orphans, 1U);
  EXPECT_EQ(world.r2.count(key_of("a")), 1U);
  wait(config::limit::cold_forget_delay);
  consume();
  EXPECT_EQ(world.r2.count(key_of("a")), 0U);
  EXPECT_EQ(world.r2.count(key_of("first")), 1U);
  EXPECT_TRUE(is_stub("first"));
}

// The second look would come while KV still shows some what was there before the stub.
TEST_F(ColdTest, NobodyLooksAgainForWhatTheSamePageMoves) {
  archive({"a", "b"});
  isolate->get("/items/a");
  ASSERT_FALSE(is_stub("a"));
  flush();
  wait(9 * day);
  restart();
  run_archiver();
  ASSERT_TRUE(is_stub("a"));
  EXPECT_EQ(last_run().sums.moved, 1U);
  EXPECT_EQ(last_run().sums.orphans, 0U);
  EXPECT_TRUE(world.queues["ARCHIVE_QUEUE"].empty());
}

TEST_F(ColdTest, AMovePutsAgainWhatR2HasAlready) {
  archive({"a"});
  const Instant first = world.r2.at(key_of("a")).uploaded;
  isolate->get("/items/a");
  flush();
  wait(9 * day);
  restart();
  run_archiver();
  ASSERT_TRUE(is_stub("a"));
  EXPECT_GT(world.r2.at(key_of("a")).uploaded, first + 9 * day);
}

TEST_F(ColdTest, AStubWithoutAnObjectIsAMissAndGoes) {
  archive({"a", "b"});
  world.r2.erase(key_of("a"));
  world.r2.erase(key_of("b"));
  const std::size_t asked = world.origin_requests.size();
  EXPECT_EQ(isolate->get("/items/a").status, 200U);
  EXPECT_EQ(world.origin_requests.size(), asked + 1);
  EXPECT_FALSE(is_stub("a"));
  wait(Millis(600'000));
  run_archiver();
  EXPECT_EQ(last_run().sums.dangling, 1U);
  EXPECT_EQ(world.kv.count(key_of("b")), 0U);
}

TEST_F(ColdTest, WithoutR2ColdKeysGoToTheOriginAndNothingMoves) {
  archive({"a"});
  isolate->get("/items/c");
  flush();
  wait(9 * day);
  restart();
  world.fault = [](OperationKind kind) -> std::optional<sim::Fault> {
    sim::Fault fault;
    fault.status = 2;
    const bool is_r2 = kind == OperationKind::r2_get || kind == OperationKind::r2_put ||
                       kind == OperationKind::r2_head || kind == OperationKind::r2_list;
    return is_r2 ? std::optional<sim::Fault>(fault) : std::nullopt;
  };
  const std::size_t asked = world.origin_requests.size();
  EXPECT_TRUE(isolate->get("/items/a").body == content_of("https://api.example.com/items/a"));
  EXPECT_EQ(world.origin_requests.size(), asked + 1);
  trigger("0 2 * * *");
  const std::string message = world.queues["ARCHIVE_QUEUE"].front().second;
  world.queues["ARCHIVE_QUEUE"].clear();
  for (std::uint32_t attempt = 1; attempt <= 4; ++attempt) {
    isolate->batch("archive-queue", {Isolate::Sent("one", attempt, message)});
    world.run();
  }
  EXPECT_EQ(last_run().state, static_cast<std::uint8_t>(records::RunState::failed));
  EXPECT_FALSE(is_stub("c"));
}

TEST_F(ColdTest, ARunThatGoesQuietIsResumed) {
  isolate->get("/items/a");
  flush();
  wait(9 * day);
  restart();
  trigger("0 2 * * *");
  world.queues["ARCHIVE_QUEUE"].clear();
  trigger("*/5 * * * *");
  EXPECT_TRUE(world.queues["ARCHIVE_QUEUE"].empty());
  wait(config::limit::cold_quiet);
  trigger("*/5 * * * *");
  consume();
  EXPECT_TRUE(is_stub("a"));
  EXPECT_EQ(last_run().state, static_cast<std::uint8_t>(records::RunState::complete));
}

TEST_F(ColdTest, TwoRunsNeverCollide) {
  isolate->get("/items/a");
  flush();
  wait(9 * day);
  restart();
  trigger("0 2 * * *");
  trigger("0 2 * * *");
  EXPECT_EQ(world.queues["ARCHIVE_QUEUE"].size(), 1U);
  const std::string message = world.queues["ARCHIVE_QUEUE"].front().second;
  world.queues["ARCHIVE_QUEUE"].clear();
  Isolate other(world, bindings(), declared, "other");
  isolate->batch("archive-queue", {Isolate::Sent("one", 1, message)});
  other.batch("archive-queue", {Isolate::Sent("two", 1, message)});
  world.run();
  EXPECT_EQ(last_run().sums.moved, 2U);
  EXPECT_EQ(last_run().steps, 1U);
  EXPECT_EQ(world.r2_puts, 2U);
}

TEST_F(ColdTest, WhatIsTooLargeForKvIsInR2FromTheStart) {
  large = true;
  isolate->get("/items/large");
  EXPECT_TRUE(is_stub("large"));
  EXPECT_TRUE(world.r2[key_of("large")].content == std::string(200'000, 'l'));
  restart();
  const std::size_t asked = world.origin_requests.size();
  const auto& answer = isolate->get("/items/large");
  EXPECT_TRUE(answer.body == std::string(200'000, 'l'));
  EXPECT_THAT(answer.header("cache-status"), ::testing::HasSubstr("detail=cold"));
  EXPECT_EQ(world.origin_requests.size(), asked);
  EXPECT_TRUE(is_stub("large"));
}

TEST_F(ColdTest, WhatNoIsolateCanHoldGoesThroughAsAStream) {
  const std::string whole(2'000'000, 's');
  world.origin = [&whole](const OriginRequest&) {
    sim::OriginReply reply;
    reply.headers = {{"content-type", "application/octet-stream"}, {"content-length", "2000000"}};
    reply.content = whole;
    return reply;
  };
  const auto& first = isolate->get("/items/stream");
  EXPECT_EQ(first.status, 200U);
  EXPECT_TRUE(first.body == whole);
  EXPECT_THAT(first.header("cache-status"), ::testing::HasSubstr("stored"));
  ASSERT_TRUE(is_stub("stream"));
  EXPECT_TRUE(world.r2[key_of("stream")].content == whole);
  EXPECT_LT(isolate->host.body_bytes_alive(), 1'000'000U);
  restart();
  const std::size_t asked = world.origin_requests.size();
  const auto& second = isolate->get("/items/stream");
  EXPECT_TRUE(second.body == whole);
  EXPECT_THAT(second.header("cache-status"), ::testing::HasSubstr("detail=cold"));
  EXPECT_EQ(world.origin_requests.size(), asked);
  EXPECT_LT(isolate->host.body_bytes_alive(), 1'000'000U);
  EXPECT_TRUE(is_stub("stream"));
}

// What goes into R2 from the start, as bytes and as a stream, while the deletion of what stood there may be
// under way: a deletion that is late would take the object from under its stub.
TEST_F(ColdTest, WhatGoesToR2FromTheStartLeavesANameAloneThatIsBeingDeleted) {
  for (const std::size_t size : {std::size_t{200'000}, std::size_t{2'000'000}}) {
    const std::string whole(size, 's');
    world.origin = [&whole](const OriginRequest&) {
      sim::OriginReply reply;
      reply.headers = {{"content-type", "application/octet-stream"},
                       {"content-length", larder::to_text(std::uint64_t{whole.size()})}};
      reply.content = whole;
      return reply;
    };
    const std::string id = larder::to_text(std::uint64_t{size});
    const auto mark = [&] {
      sim::World::Object object;
      object.header = "deleted";
      object.etag = concat({"mark-", id});
      object.uploaded = world.now;
      world.r2[key_of(id)] = std::move(object);
    };
    mark();
    EXPECT_TRUE(isolate->get(concat({"/items/", id})).body == whole);
    EXPECT_FALSE(is_stub(id)) << id;
    EXPECT_EQ(world.r2[key_of(id)].header, "deleted") << id;
    // No deletion takes so long.
    world.kv.erase(key_of(id));
    world.edge.clear();
    wait(config::limit::cold_mark_kept);
    restart();
    EXPECT_TRUE(isolate->get(concat({"/items/", id})).body == whole);
    EXPECT_TRUE(is_stub(id)) << id;
    EXPECT_TRUE(world.r2[key_of(id)].content == whole) << id;
    // A mark that takes its place between the look and the put is not replaced.
    world.kv.erase(key_of(id));
    world.edge.clear();
    restart();
    bool is_marked = false;
    world.fault = [&](OperationKind kind) -> std::optional<sim::Fault> {
      if (kind == OperationKind::r2_put && !is_marked) {
        is_marked = true;
        mark();
      }
      return std::nullopt;
    };
    EXPECT_TRUE(isolate->get(concat({"/items/", id})).body == whole);
    world.fault = nullptr;
    EXPECT_TRUE(is_marked) << id;
    EXPECT_FALSE(is_stub(id)) << id;
    EXPECT_EQ(world.r2[key_of(id)].header, "deleted") << id;
  }
}

TEST_F(ColdTest, AStreamOfUnknownLengthPassesAndIsNotKept) {
  world.origin = [](const OriginRequest&) {
    sim::OriginReply reply;
    reply.headers = {{"content-type", "application/octet-stream"}};
    reply.content = std::string(2'000'000, 's');
    return reply;
  };
  EXPECT_EQ(isolate->get("/items/stream").body.size(), 2'000'000U);
  EXPECT_FALSE(world.kv.contains(key_of("stream")));
  EXPECT_TRUE(world.r2.empty());
}

TEST_F(ColdTest, OneRehydrationForManyReadersOfTwoIsolates) {
  archive({"a"});
  Isolate other(world, bindings(), declared, "other");
  std::size_t reads = 0;
  std::size_t puts = 0;
  world.fault = [&](OperationKind kind) -> std::optional<sim::Fault> {
    reads += kind == OperationKind::r2_get ? 1 : 0;
    puts += kind == OperationKind::kv_put ? 1 : 0;
    return std::nullopt;
  };
  const std::size_t asked = world.origin_requests.size();
  std::vector<std::pair<Isolate*, host::RequestId>> requests;
  for (int i = 0; i < 50; ++i) {
    requests.emplace_back(isolate.get(), isolate->request("GET", "/items/a"));
    requests.emplace_back(&other, other.request("GET", "/items/a"));
  }
  world.run();
  for (auto& [where, request] : requests) {
    EXPECT_EQ(where->host.exchange(request).status, 200U);
    EXPECT_EQ(where->host.exchange(request).body.size(), content_of("").size());
  }
  EXPECT_EQ(reads, 2U);
  EXPECT_EQ(puts, 1U);
  EXPECT_EQ(world.origin_requests.size(), asked);
}

TEST_F(ColdTest, OperatorsSeeWhatIsWhereWhatItSavesAndWhatReturnsCost) {
  archive({"a", "b"});
  isolate->get("/items/a");
  const std::size_t asked = world.origin_requests.size();
  flush();
  const std::uint64_t moved = last_run().sums.moved_bytes;
  operators::add_tokens(world);
  const auto body = [&](const std::string& path) -> std::string {
    return isolate->run("GET", "https://larder.example" + path, operators::shown("ann")).body;
  };
  const auto told = [&](const std::string& path) { return json::JsonText::parse(body(path)).value(); };
  const json::JsonText cold = told("/api/cold");
  EXPECT_EQ(cold.find("returns")->number("entries"), 1U);
  // 6,160 billionths of a dollar.
  EXPECT_THAT(cold.find("returns")->json(), ::testing::HasSubstr(R"("costDollars":6e-06)"));
  EXPECT_EQ(cold.find("tiers")->find("cold")->number("bytes"), moved);
  const json::JsonText costs = told("/api/costs");
  EXPECT_EQ(costs.find("storage")->number("r2Bytes"), moved);
  EXPECT_EQ(costs.find("coldStorage")->find("returns")->number("entries"), 1U);
  EXPECT_EQ(costs.find("coldStorage")->find("saving")->number("savedPercent"), 97U);
  std::uint64_t billed = 0;
  for (const json::JsonText& item : costs.items("items")) {
    billed = item.text("item") == "r2_bytes" ? item.number("monthForecast") : billed;
  }
  EXPECT_EQ(billed, moved);
  const std::string metrics = body("/metrics/prom");
  EXPECT_THAT(metrics, ::testing::HasSubstr("tier_entries{impl=\"cold\"} 3\n"));
  EXPECT_THAT(metrics, ::testing::HasSubstr("tier_entries{impl=\"kv\"} 0\n"));
  EXPECT_THAT(metrics,
              ::testing::HasSubstr(concat({"tier_bytes{impl=\"cold\"} ", larder::to_text(moved), "\n"})));
  EXPECT_EQ(world.origin_requests.size(), asked);
}

TEST_F(ColdTest, OperatorsSeeRunsAndStartThem) {
  archive({"a"});
  EXPECT_EQ(parse_message("{}").has_value(), false);
  EXPECT_EQ(parse_message(R"({"kind": "step", "run": 0})").has_value(), false);
  EXPECT_EQ(parse_message(R"({"kind": "look-again", "seen": 1, "names": []})").has_value(), false);
  EXPECT_EQ(parse_message(R"({"kind": "look-again", "names": ["a"]})").has_value(), false);
  Message message;
  message.kind = Message::Kind::look_again;
  message.seen = world.now;
  message.names = {"larder:item:v3:a"};
  const auto read = parse_message(to_json(message));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->names, message.names);
  EXPECT_EQ(read->seen, message.seen);
}

}  // namespace
}  // namespace larder::cold::archiver_test
