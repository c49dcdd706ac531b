// Reads of keys on their way through Analytics Engine: what isolates write is what the archiver's plan goes
// by, through the whole app, in both dialects; and where it fails the ledger stands in for it.
#include "cold/read_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/support.h"
#include "entry/header.h"
#include "json/json_text.h"
#include "operators/support.h"
#include "records/calls.h"

namespace larder::cold::read_counts_test {
namespace {

using sim::Isolate;
using sim::OriginRequest;
using ::testing::HasSubstr;

constexpr Millis day = std::chrono::hours(24);
constexpr auto account = "0123456789abcdef0123456789abcdef";
constexpr auto declared = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id"}], "ttl": "30d", "stale": "30d"}]})";

std::string content_of(std::string_view name) {
  std::string content;
  while (content.size() < 100'000) {
    content += sim::sha256(concat({name, larder::to_text(std::uint64_t{content.size()})}));
  }
  return content;
}

// Digits behind each place where `before` stands.
std::vector<double> numbers_after(std::string_view text, std::string_view before) {
  std::vector<double> numbers;
  for (std::size_t at = text.find(before); at != std::string_view::npos; at = text.find(before, at)) {
    at += before.size();
    const std::size_t end = text.find_first_not_of("0123456789", at);
    numbers.push_back(parse_decimal(text.substr(at, end - at)).value());
  }
  return numbers;
}

// Evaluates the two queries over points as they were written; every one of them stands for `weight`.
class StandIn {
 public:
  explicit StandIn(sim::World& world) : world_(world) {}

  // As JSON. `keys`: those that the query names.
  std::string answer(const std::string& query, const std::set<std::string>& keys) const {
    const bool asks_for_uses = contains(query, "index1 IN");
    const std::vector<double> from = numbers_after(query, "double2 >= ");
    const std::vector<double> until = numbers_after(query, "double2 < ");
    std::map<std::string, std::vector<double>> sums;
    std::map<std::string, std::pair<double, double>> spans;
    for (const std::string& text : world_.data_points["KEY_ANALYTICS"]) {
      const auto point = json::JsonText::parse(text).value();
      const auto blobs = point.items("blobs");
      const auto doubles = point.items("doubles");
      const std::string index = point.items("indexes")[0].as_text().value();
      const std::string event = blobs[0].as_text().value();
      const double count = parse_decimal(doubles[0].json()).value();
      const double at = parse_decimal(doubles[1].json()).value();
      const bool is_wanted = !asks_for_uses || (event == "key_read" && keys.contains(index));
      if (!is_wanted) {
        continue;
      }
      const std::string& group = asks_for_uses ? index : event;
      std::vector<double>& windows = sums[group];
      windows.resize(from.size());
      for (std::size_t i = 0; i < from.size(); ++i) {
        const bool is_within = at >= from[i] && (i == 0 || at < until[i - 1]);
        windows[i] += is_within ? count * weight : 0;
      }
      auto& span = spans.try_emplace(group, at, at).first->second;
      span.first = std::min(span.first, at);
      span.second = std::max(span.second, at);
    }
    JsonWriter json;
    json.begin_object().key("meta").begin_array().end_array().key("data").begin_array();
    for (const auto& [group, windows] : sums) {
      json.begin_object().key(asks_for_uses ? "key_hash" : "event").value(group);
      for (std::size_t i = 0; i < windows.size(); ++i) {
        json.key(concat({"reads_", larder::to_text(std::uint64_t{i})})).value(windows[i]);
      }
      json.key(asks_for_uses ? "last_read" : "last_time").value(spans[group].second);
      if (!asks_for_uses) {
        json.key("first_time").value(spans[group].first);
      }
      json.end_object();
    }
    json.end_array().key("rows").value(sums.size()).end_object();
    return std::move(json).take();
  }

  double weight = 1;

 private:
  sim::World& world_;
};

class ReadCountsTest : public ::testing::Test {
 protected:
  ReadCountsTest() {
    operators::add_tokens(world);
    world.data_points["KEY_ANALYTICS"];
    world.origin = [this](const OriginRequest& asked) {
      sim::OriginReply reply;
      if (contains(asked.url, "/analytics_engine/sql")) {
        queries.push_back(asked);
        if (analytics) {
          return analytics(asked);
        }
        reply.content = stand_in.answer(asked.content, keys_in(asked.content));
        return reply;
      }
      reply.headers = {{"content-type", "application/octet-stream"}};
      reply.content = content_of(asked.url);
      return reply;
    };
  }

  static TextPairs by_account() {
    return {{"ANALYTICS_ACCOUNT", account}, {"ANALYTICS_TOKEN", "secret-token"}};
  }
  static std::set<std::string> keys_in(const std::string& text) {
    std::set<std::string> keys;
    for (const std::string_view piece : split(text, '\'')) {
      if (piece.size() == 16) {
        keys.emplace(piece);
      }
    }
    return keys;
  }
  void begin(const TextPairs& more) {
    TextPairs bindings = operators::operator_bindings({{"LEDGER_SHARDS", "1"}});
    bindings.insert(bindings.end(), more.begin(), more.end());
    isolate = std::make_unique<Isolate>(world, bindings, declared,
                                        concat({"dc", larder::to_text(std::uint64_t{++isolates})}));
  }
  void trigger(std::string cron) {
    RecordWriter record;
    record.text(cron);
    record.u64(0);
    isolate->app->scheduled(static_cast<host::RequestId>(1'000'000 + triggers++), record.bytes());
    world.run();
  }
  void run_archiver() {
    trigger("0 2 * * *");
    auto& queue = world.queues["ARCHIVE_QUEUE"];
    while (!queue.empty()) {
      const std::string message = queue.front().second;
      queue.pop_front();
      isolate->batch("archive-queue", {Isolate::Sent("one", 1, message)});
      world.run();
    }
  }
  bool is_stub(std::string_view id) {
    const auto found = world.kv.find(concat({"larder:item:v3:", id}));
    return found != world.kv.end() && found->second.header.ends_with(entry::stub_mark);
  }
  json::JsonText told() {
    return json::JsonText::parse(
               isolate->run("GET", "https://larder.example/api/cold", operators::shown("vic")).body)
        .value();
  }
  // One key that nobody reads any more, one that is read after eight days; and then it is the ninth.
  void live(const TextPairs& more) {
    begin(more);
    isolate->get("/items/unread");
    isolate->get("/items/read");
    world.now += 8 * day;
    begin(more);
    isolate->get("/items/read");
    trigger("*/5 * * * *");
    world.now += day;
    begin(more);
  }
  // The ledger knows of nothing: alone it would move nothing.
  void forget_ledger() { world.durable = sim::all_objects(); }

  sim::World world;
  StandIn stand_in{world};
  std::unique_ptr<Isolate> isolate;
  std::function<sim::OriginReply(const OriginRequest&)> analytics;
  std::vector<OriginRequest> queries;
  std::uint32_t triggers = 0;
  std::uint32_t isolates = 0;
};

TEST_F(ReadCountsTest, ThePlanGoesByWhatTheSqlApiSays) {
  live(by_account());
  forget_ledger();
  run_archiver();
  EXPECT_TRUE(is_stub("unread"));
  EXPECT_FALSE(is_stub("read"));
  ASSERT_EQ(queries.size(), 2U);
  EXPECT_EQ(queries[0].method, "POST");
  EXPECT_EQ(queries[0].url,
            concat({"https://api.cloudflare.com/client/v4/accounts/", account, "/analytics_engine/sql"}));
  EXPECT_THAT(queries[0].headers,
              ::testing::Contains(::testing::Pair("authorization", "Bearer secret-token")));
  EXPECT_THAT(queries[0].content, HasSubstr("SELECT blob1 AS event"));
  EXPECT_THAT(queries[1].content, HasSubstr("LIMIT 2 FORMAT JSON"));
  const auto cold = told();
  EXPECT_EQ(cold.find("readCounts")->json(), R"({"source":"analytics","inUse":"analytics","why":""})");
  EXPECT_EQ(cold.items("runs")[0].find("readCounts")->json(),
            R"({"byAnalytics":2,"byLedger":0,"analyticsFault":""})");
}

TEST_F(ReadCountsTest, ThePlanGoesByWhatTheBindingSays) {
  std::vector<TextPairs> asked;
  world.analytics_sql = [&](const std::string& query, const TextPairs& params) {
    asked.push_back(params);
    std::set<std::string> keys;
    for (const auto& [name, value] : params) {
      keys.insert(value);
    }
    EXPECT_EQ(query.find('$' + params.back().first) != std::string::npos, true);
    EXPECT_EQ(contains(query, "_sample_interval"), false);
    return std::optional<std::string>(stand_in.answer(query, keys));
  };
  // The binding is asked where both are there.
  TextPairs more = by_account();
  more.emplace_back("ANALYTICS_BINDING", "ANALYTICS_SQL");
  live(more);
  forget_ledger();
  run_archiver();
  EXPECT_TRUE(is_stub("unread"));
  EXPECT_FALSE(is_stub("read"));
  EXPECT_TRUE(queries.empty());
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[1].size(), 3U);
}

TEST_F(ReadCountsTest, RowsThatWereSampledCountForThoseThatTheyStandFor) {
  begin(by_account());
  isolate->get("/items/seldom");
  isolate->get("/items/first");
  world.now += 10 * day;
  begin(by_account());
  // Each of its points stands for eight, and a read of ten days ago counts half: four, where one is allowed.
  stand_in.weight = 8;
  run_archiver();
  EXPECT_FALSE(is_stub("seldom"));
  stand_in.weight = 2;
  begin(by_account());
  run_archiver();
  EXPECT_TRUE(is_stub("seldom"));
}

TEST_F(ReadCountsTest, WhereAnalyticsEngineFailsTheLedgerCountsAndItIsSaid) {
  struct Case {
    const char* what;
    std::function<sim::OriginReply(const OriginRequest&)> analytics;
    const char* why;
  };
  const auto replies = [](std::uint32_t status, std::string content) {
    return [status, content](const OriginRequest&) {
      sim::OriginReply reply;
      reply.status = status;
      reply.content = content;
      return reply;
    };
  };
  const auto silent = [](const OriginRequest&) {
    sim::OriginReply reply;
    reply.silent = true;
    return reply;
  };
  const std::vector<Case> cases = {
      {"refuses", replies(403, R"({"success":false})"), "Analytics Engine answers with 403."},
      {"is out of order", replies(503, "upstream"), "Analytics Engine answers with 503."},
      {"gives nonsense", replies(200, R"({"data":[{"key_hash":1}],"rows":1})"),
       "Analytics Engine's answer is none to what it was asked."},
      {"has counted nothing", replies(200, R"({"data":[],"rows":0})"),
       "Analytics Engine has not counted all reads for as long as minAge."},
      {"says nothing", silent, ""},
      {"says too much", replies(200, std::string(300'000, ' ')), ""},
  };
  live(by_account());
  for (const Case& one : cases) {
    analytics = one.analytics;
    begin(by_account());
    const std::size_t lines = isolate->host.log_lines().size();
    const auto& begun = isolate->run("POST", "https://larder.example/api/cold/archive",
                                     operators::shown_json("ann"), operators::sent(R"({"dryRun": true})"));
    ASSERT_EQ(begun.status, 202U) << one.what;
    auto& queue = world.queues["ARCHIVE_QUEUE"];
    ASSERT_EQ(queue.size(), 1U) << one.what;
    const std::string message = queue.front().second;
    queue.pop_front();
    isolate->batch("archive-queue", {Isolate::Sent("one", 1, message)});
    world.run();
    const auto cold = told();
    const auto run = cold.items("runs")[0];
    EXPECT_EQ(run.text("state"), "complete") << one.what;
    // The ledger says the same as Analytics Engine would have: the one that nobody reads would move.
    EXPECT_EQ(run.find("planned")->number("entries"), 1U) << one.what;
    EXPECT_EQ(run.find("readCounts")->number("byLedger"), 2U) << one.what;
    EXPECT_EQ(run.find("readCounts")->number("byAnalytics"), 0U) << one.what;
    const std::string why = cold.find("readCounts")->text("why");
    EXPECT_EQ(cold.find("readCounts")->text("source"), "analytics") << one.what;
    EXPECT_EQ(cold.find("readCounts")->text("inUse"), "ledger") << one.what;
    EXPECT_TRUE(*one.why == '\0' ? !why.empty() : why == one.why) << one.what << ": " << why;
    EXPECT_THAT(
        std::vector<std::string>(isolate->host.log_lines().begin() + static_cast<std::ptrdiff_t>(lines),
                                 isolate->host.log_lines().end()),
        ::testing::Contains(HasSubstr("\"event\":\"reads_counted_by_ledger\"")))
        << one.what;
  }
}

TEST_F(ReadCountsTest, AFailureOfTheBindingIsToldToo) {
  live({{"ANALYTICS_BINDING", "ANALYTICS_SQL"}});
  run_archiver();
  EXPECT_EQ(told().find("readCounts")->text("why"), "There is no binding ANALYTICS_SQL of Analytics SQL.");
  EXPECT_TRUE(is_stub("unread"));
  world.analytics_sql = [](const std::string&, const TextPairs&) { return std::optional<std::string>(); };
  run_archiver();
  EXPECT_EQ(told().find("readCounts")->text("why"), "Analytics SQL did not answer the query.");
}

TEST_F(ReadCountsTest, WithoutATokenNothingIsSent) {
  live({{"ANALYTICS_ACCOUNT", account}});
  run_archiver();
  EXPECT_TRUE(queries.empty());
  EXPECT_EQ(told().find("readCounts")->text("why"), "The secret ANALYTICS_TOKEN is not set.");
}

TEST_F(ReadCountsTest, UnlessConfiguredNothingIsWrittenOrAsked) {
  live({});
  run_archiver();
  EXPECT_TRUE(queries.empty());
  EXPECT_TRUE(world.data_points["KEY_ANALYTICS"].empty());
  EXPECT_EQ(told().find("readCounts")->json(), R"({"source":"ledger","inUse":"ledger","why":""})");
}

}  // namespace
}  // namespace larder::cold::read_counts_test
