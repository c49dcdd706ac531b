// /api/slo, /api/costs, /api/alerts and what operators do with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "http/date.h"
#include "json/json_text.h"
#include "operators/support.h"

namespace larder::operators::monitoring_routes_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct MonitoringRoutesTest : ::testing::Test {
  MonitoringRoutesTest() {
    add_tokens(world);
    world.origin = [this](const sim::OriginRequest& asked) {
      if (!asked.url.starts_with("https://hooks.example")) {
        sim::OriginReply failure;
        failure.status = 500;
        return origin_fails ? failure : sim::open_library_reply("Dune", "F. Herbert", "");
      }
      posted.push_back(asked.content);
      sim::OriginReply reply;
      reply.status = hook_status;
      return reply;
    };
  }
  sim::SimulatedHost::Exchange& call(const std::string& method, const std::string& path,
                                     const std::string& body = "", const std::string& token = "ann") {
    return isolate.run(method, "https://larder.example" + path,
                       body.empty() ? shown(token) : shown_json(token),
                       body.empty() ? sim::SentBody() : sent(body));
  }
  json::JsonText get(const std::string& path) {
    const auto& answer = call("GET", path, "", "vic");
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return json::JsonText::parse(answer.body).value();
  }
  void read_titles(int count) {
    for (int i = 0; i < count; ++i) {
      isolate.get("https://larder.example/search/title?q=title" + std::to_string(i % 4));
    }
  }

  sim::World world;
  std::uint32_t hook_status = 200;
  bool origin_fails = false;
  std::vector<std::string> posted;
  sim::Isolate isolate{world, operator_bindings({{"LEDGER_SHARDS", "1"},
                                                 {"ALERT_WEBHOOK_URL", "https://hooks.example/x"},
                                                 {"PUBLIC_URL", "https://larder.example"}})};
};

TEST_F(MonitoringRoutesTest, ObjectivesAreToldWithTheirBudget) {
  const json::JsonText before = get("/api/slo");
  ASSERT_EQ(before.items("objectives").size(), 3U);
  EXPECT_EQ(before.items("objectives")[0].json(),
            R"({"name":"availability","what":"Answers that are no failure of Larder or its origins, of all )"
            R"(answers over 30 days.","target":0.999,"lastHour":null,"met":null})");
  read_titles(120);
  const json::JsonText after = get("/api/slo");
  EXPECT_EQ(after.items("objectives")[0].json().find(R"("lastHour":null)"), std::string::npos);
  EXPECT_TRUE(after.items("objectives")[0].flag("met"));
  // In its first hour the cache is still filling.
  EXPECT_THAT(after.items("objectives")[2].json(), HasSubstr(R"("met":null)"));
  const json::JsonText budget = after.find("errorBudget").value();
  EXPECT_EQ(budget.number("answers"), 120U);
  EXPECT_EQ(budget.number("failed", 7), 0U);
  EXPECT_THAT(budget.json(),
              HasSubstr(R"("burnRates":{"5m":null,"30m":0,"1h":0,"2h":0,"6h":0,"1d":0,"3d":0})"));
  world.run_for(std::chrono::hours(1));
  read_titles(120);
  const json::JsonText warm = get("/api/slo");
  EXPECT_THAT(warm.items("objectives")[2].json(), HasSubstr(R"("lastHour":0.966667,"met":true)"));
}

// What no alert is about yet is told too.
TEST_F(MonitoringRoutesTest, BurnRatesAreToldAsTheyAre) {
  read_titles(199);
  origin_fails = true;
  isolate.get("https://larder.example/search/title?q=unheard");
  const json::JsonText budget = get("/api/slo").find("errorBudget").value();
  EXPECT_EQ(budget.number("failed"), 1U);
  // One of 200 fails: five times what the objective leaves, below what the alert of an hour looks for.
  EXPECT_THAT(budget.json(),
              HasSubstr(R"("burnRates":{"5m":null,"30m":5,"1h":5,"2h":5,"6h":5,"1d":5,"3d":5})"));
}

TEST_F(MonitoringRoutesTest, CostsAreCountedWhereOperationsAreHandedOver) {
  read_titles(8);
  const json::JsonText costs = get("/api/costs");
  const auto counted = [&](std::string_view item) {
    for (const json::JsonText& one : costs.items("items")) {
      if (one.text("item") == item) {
        return one.number("counted");
      }
    }
    return std::uint64_t{0};
  };
  // With this call itself.
  EXPECT_EQ(counted("worker_requests"), 9U);
  EXPECT_EQ(counted("kv_reads"), 4U);
  EXPECT_EQ(counted("kv_writes"), 4U);
  EXPECT_GT(counted("object_requests"), 8U);
  EXPECT_THAT(costs.find("source")->json(), HasSubstr(R"("monthUsd":0.13)"));
  EXPECT_THAT(costs.find("month")->json(), HasSubstr(R"("planUsd":5)"));
  ASSERT_EQ(costs.items("resources").size(), 4U);
  EXPECT_EQ(costs.items("resources")[0].text("resource"), "title");
  EXPECT_EQ(costs.items("resources")[0].number("kvReads"), 4U);
  EXPECT_EQ(costs.items("resources")[0].number("kvWrites"), 4U);
  // 4 reads at $0.50 and 4 writes at $5 a million.
  EXPECT_THAT(costs.items("resources")[0].json(),
              HasSubstr(R"("redisCalls":0,"r2Reads":0,"listUsd":2.2e-05)"));
}

TEST_F(MonitoringRoutesTest, CostsAreToldByDay) {
  read_titles(4);
  const Instant first = world.now;
  get("/api/costs");
  world.run_for(std::chrono::hours(24));
  isolate.get("https://larder.example/search/title?q=another");
  const auto days = get("/api/costs").items("days");
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[0].text("day"), http::format_day(first));
  EXPECT_EQ(days[1].text("day"), http::format_day(world.now));
  EXPECT_THAT(days[0].json(), HasSubstr(R"("kv_reads":2e-06,"kv_writes":2e-05,)"));
  EXPECT_THAT(days[1].json(), HasSubstr(R"("kv_reads":1e-06,"kv_writes":5e-06,)"));
  // After a month the first is no longer among them.
  world.run_for(std::chrono::hours(24 * 29));
  isolate.get("https://larder.example/search/title?q=later");
  EXPECT_EQ(get("/api/costs").items("days")[0].text("day"), days[1].text("day"));
}

// A call of a server by its object is one of a Durable Object; by REST the platform bills nothing.
TEST_F(MonitoringRoutesTest, CallsOfRedisAreCallsOfItsObject) {
  const auto object_calls = [](const json::JsonText& costs) {
    for (const json::JsonText& one : costs.items("items")) {
      if (one.text("item") == "object_requests") {
        return one.number("counted");
      }
    }
    return std::uint64_t{0};
  };
  std::map<std::string, std::uint64_t> calls;
  for (const std::string& url : {"redis://cache.example", "https://cache.example"}) {
    sim::World apart;
    add_tokens(apart);
    apart.origin = world.origin;
    sim::Isolate one(apart, operator_bindings({{"LEDGER_SHARDS", "1"},
                                               {"CACHE_IMPL", "redis"},
                                               {"ENABLE_REDIS_CACHE", "true"},
                                               {"REDIS_URL", url},
                                               {"REDIS_TOKEN", url.starts_with("https") ? "t" : ""}}));
    for (int i = 0; i < 5; ++i) {
      one.get("https://larder.example/search/title?q=title" + std::to_string(i));
    }
    const auto& answer = one.run("GET", "https://larder.example/api/costs", shown("vic"));
    const json::JsonText costs = json::JsonText::parse(answer.body).value();
    calls[url] = object_calls(costs);
    const bool is_rest = url.starts_with("https");
    EXPECT_EQ(costs.items("resources")[0].number("redisCalls"), 10U);
    // Ten at $0.15 a million.
    EXPECT_THAT(costs.items("resources")[0].json(),
                HasSubstr(is_rest ? R"("listUsd":0})" : R"("listUsd":2e-06})"));
  }
  // Of each read a look-up, the lock taken and handed back, and a store; the first has to send its script.
  EXPECT_EQ(calls["redis://cache.example"] - calls["https://cache.example"], 21U);
}

TEST_F(MonitoringRoutesTest, AHistoryHasAPointForEveryMinuteWithTraffic) {
  // A read is over when what it counted is handed over, seconds later: each four fit into a minute.
  const auto begin_a_minute = [&] {
    const auto minute = std::chrono::minutes(1);
    world.run_for(minute - (world.now - Instant()) % minute);
  };
  begin_a_minute();
  read_titles(4);
  world.run_for(std::chrono::minutes(2));
  begin_a_minute();
  read_titles(4);
  const json::JsonText history = get("/api/metrics/history?span=10m");
  EXPECT_EQ(history.number("bucketSeconds"), 60U);
  const auto points = history.items("points");
  ASSERT_EQ(points.size(), 2U) << history.json();
  EXPECT_EQ(points[0].number("reads"), 4U);
  EXPECT_EQ(points[0].number("hits", 7), 0U);
  EXPECT_EQ(points[0].number("originRequests"), 4U);
  EXPECT_EQ(points[1].number("reads"), 4U);
  EXPECT_EQ(points[1].number("originRequestsSaved"), 4U);
  EXPECT_THAT(points[1].json(), HasSubstr(R"("memory":{"hits":4,"misses":0,"hitRatio":1})"));
  EXPECT_THAT(points[1].json(), HasSubstr(R"("latency":{"p50":)"));
  // The first minute is out of sight after eight more.
  world.run_for(std::chrono::minutes(8));
  EXPECT_EQ(get("/api/metrics/history?span=10m").items("points").size(), 1U);
  EXPECT_EQ(get("/api/metrics/history").items("points").size(), 2U);
  // Longer spans have fewer and wider buckets, and count the hour and day under way.
  for (const auto& [span, seconds] :
       {std::pair("361m", 3600U), {"14d", 3600U}, {"15d", 86'400U}, {"90d", 86'400U}}) {
    const json::JsonText wide = get(std::string("/api/metrics/history?span=") + span);
    EXPECT_EQ(wide.number("bucketSeconds"), seconds) << span;
    std::uint64_t reads = 0;
    for (const json::JsonText& point : wide.items("points")) {
      reads += point.number("reads");
    }
    EXPECT_EQ(reads, 8U) << span;
  }
}

TEST_F(MonitoringRoutesTest, AHistoryThatTakesTooManyCallsIsRefusedWithWhatToDo) {
  // The first calls are those of the control log and the gate, and the others the ledger's.
  world.fault = [calls = 0](host::OperationKind kind) mutable -> std::optional<sim::Fault> {
    if (kind != host::OperationKind::object_run || ++calls <= 2) {
      return std::nullopt;
    }
    sim::Fault fault;
    // too_large of statuses.def
    fault.status = 4;
    return fault;
  };
  const auto& refused = call("GET", "/api/metrics/history?span=90d", "", "vic");
  EXPECT_EQ(refused.status, 400U);
  EXPECT_THAT(
      refused.body,
      HasSubstr("span: So much was counted in it that one request cannot read it; write a shorter one."));
}

TEST_F(MonitoringRoutesTest, AHistoryWantsASpanThatTheLedgerHas) {
  for (const char* wrong : {"", "9m", "91d", "6", "six", "-6h", "1e3h", "99999999999999999999d"}) {
    const auto& answer = call("GET", std::string("/api/metrics/history?span=") + wrong);
    EXPECT_EQ(answer.status, 400U) << wrong;
    EXPECT_THAT(answer.body, HasSubstr("Write a time from 10m to 90d")) << wrong;
  }
}

TEST_F(MonitoringRoutesTest, CostsSayWhatIsKept) {
  read_titles(8);
  const json::JsonText costs = get("/api/costs");
  const json::JsonText storage = *costs.find("storage");
  EXPECT_GT(storage.number("kvBytesAtMost"), 0U);
  EXPECT_THAT(storage.json(), HasSubstr(R"("r2Bytes":null)"));
  EXPECT_THAT(costs.find("coldStorage")->json(),
              HasSubstr(R"({"saving":null,"returns":{"entries":0,"costDollars":0},"nextRun":null})"));
  std::map<std::string, std::uint64_t> bytes;
  for (const json::JsonText& object : storage.items("objects")) {
    bytes.emplace(object.text("binding"), object.number("bytes"));
  }
  EXPECT_EQ(bytes.size(), 8U);
  EXPECT_EQ(bytes.count("ARCHIVE"), 1U);
  EXPECT_GT(bytes["LEDGER"], 100U);
  EXPECT_EQ(bytes["SPENDING"], 0U);
  std::uint64_t sum = 0;
  for (const auto& [binding, size] : bytes) {
    sum += size;
  }
  for (const json::JsonText& item : costs.items("items")) {
    if (item.text("item") == "object_bytes") {
      EXPECT_EQ(item.number("counted"), sum);
      EXPECT_EQ(item.number("monthForecast"), sum);
    }
  }
}

TEST_F(MonitoringRoutesTest, CostsTakeAnOperatorsWordForCpuTime) {
  read_titles(8);
  const auto unknown = get("/api/costs").find("cpu")->json();
  EXPECT_THAT(unknown, HasSubstr(R"("millisPerRequest":null,"includedMillisPerRequest":)"));
  const json::JsonText costs = get("/api/costs?cpuMillisPerRequest=2.5");
  EXPECT_THAT(costs.find("cpu")->json(), HasSubstr(R"("millisPerRequest":2.5)"));
  // Eight titles and both questions for costs.
  bool is_there = false;
  for (const json::JsonText& item : costs.items("items")) {
    if (item.text("item") == "worker_cpu_millis") {
      is_there = true;
      EXPECT_EQ(item.number("counted"), 25U);
    }
  }
  EXPECT_TRUE(is_there);
  for (const char* wrong : {"x", "-1", "300001", "1e999"}) {
    EXPECT_EQ(call("GET", std::string("/api/costs?cpuMillisPerRequest=") + wrong).status, 400U) << wrong;
  }
}

TEST_F(MonitoringRoutesTest, ATestMessageSaysWhatBecameOfIt) {
  const auto& sent_well = call("POST", "/api/alerts/test");
  EXPECT_EQ(sent_well.status, 200U);
  EXPECT_EQ(sent_well.body, R"({"sent":[{"transport":"webhook","delivered":true,"fault":""}]})");
  ASSERT_EQ(posted.size(), 1U);
  EXPECT_THAT(posted[0], HasSubstr(R"("version":"4")"));
  hook_status = 403;
  EXPECT_THAT(call("POST", "/api/alerts/test").body,
              HasSubstr(R"({"transport":"webhook","delivered":false,"fault":"Webhook answered 403."})"));
  // Nothing fired for that.
  EXPECT_THAT(get("/api/alerts").json(), Not(HasSubstr(R"("state":"firing")")));
}

TEST_F(MonitoringRoutesTest, AnAlertIsSilencedForATime) {
  const auto& silenced = call("POST", "/api/alerts/dead_letters_high/silence", R"({"for":"2h"})");
  EXPECT_EQ(silenced.status, 200U);
  EXPECT_THAT(silenced.body, HasSubstr(R"({"alert":"dead_letters_high","silencedUntil":"2026-09-21T16:13:)"));
  const auto until = [&] {
    for (const json::JsonText& alert : get("/api/alerts").items("alerts")) {
      if (alert.text("name") == "dead_letters_high") {
        return alert.text("silencedUntil");
      }
    }
    return std::string("no such alert");
  };
  EXPECT_THAT(until(), HasSubstr("2026-09-21T16:13:"));
  EXPECT_EQ(call("POST", "/api/alerts/dead_letters_high/silence", R"({"for":"0s"})").status, 200U);
  EXPECT_EQ(until(), "");
  EXPECT_EQ(call("POST", "/api/alerts/nothing/silence", R"({"for":"2h"})").status, 404U);
  EXPECT_EQ(call("POST", "/api/alerts/dead_letters_high/silence", R"({"for":"31d"})").status, 400U);
  EXPECT_EQ(call("POST", "/api/alerts/dead_letters_high/silence", R"({"until":"2h"})").status, 400U);
  EXPECT_EQ(call("POST", "/api/alerts/dead_letters_high/silence", R"({"for":"2h"})", "vic").status, 403U);
}

TEST_F(MonitoringRoutesTest, AdviceLooksAtTheConfigurationAndTheCounts) {
  const json::JsonText advice = get("/api/advice");
  EXPECT_TRUE(advice.flag("looksAtCounts"));
  std::vector<std::string> names;
  for (const json::JsonText& one : advice.items("advice")) {
    names.push_back(one.text("name"));
  }
  EXPECT_THAT(names, ElementsAre("contact_missing"));
}

}  // namespace
}  // namespace larder::operators::monitoring_routes_test
