// Measuring, whole: what isolates count is in the ledger exactly once, and what follows from it reaches
// people.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/text.h"
#include "config/declaration.h"
#include "config/limits.h"
#include "json/json_text.h"
#include "records/calls.h"
#include "support/isolate.h"

namespace larder::app::measuring_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
namespace limit = config::limit;

constexpr auto metrics_token = "a-token-for-metrics-alone";

struct MeasuringTest : ::testing::Test {
  MeasuringTest() {
    world.origin = [](const sim::OriginRequest&) {
      return sim::open_library_reply("Dune", "F. Herbert", "");
    };
    world.durable.at("LEDGER").called.push_back(
        [this](const std::string&, std::uint32_t method, std::string_view, std::string_view) {
          flushes += method == records::ledger::flush_number ? 1 : 0;
        });
  }
  static TextPairs measured(TextPairs more = {}) {
    more.emplace_back("LEDGER_SHARDS", "1");
    more.emplace_back("METRICS_TOKEN", metrics_token);
    return more;
  }
  std::unique_ptr<sim::Isolate> isolate(TextPairs more = {}) {
    return std::make_unique<sim::Isolate>(world, measured(std::move(more)));
  }
  // One request after the other, with a moment for what is stored behind each.
  void ask(sim::Isolate& of, const std::string& url, int times = 1) {
    for (int i = 0; i < times; ++i) {
      const auto id = of.request("GET", url);
      while (!of.host.exchange(id).answered) {
        world.run_for(Millis(1));
      }
      world.run_for(Millis(20));
    }
  }
  // Prometheus' text, as a scraper gets it.
  std::string scrape(sim::Isolate& of) {
    const auto id = of.request("GET", "https://larder.example/metrics/prom",
                               {{"authorization", concat({"Bearer ", metrics_token})}});
    while (!of.host.exchange(id).answered) {
      world.run_for(Millis(1));
    }
    EXPECT_EQ(of.host.exchange(id).status, 200U);
    return of.host.exchange(id).body;
  }
  // The value of a series, as it stands in the text; nullopt: there is no such series.
  static std::optional<std::uint64_t> value(std::string_view text, std::string_view series) {
    for (const std::string_view line : split(text, '\n')) {
      if (line.size() > series.size() && line.starts_with(series) && line[series.size()] == ' ') {
        return parse_unsigned(line.substr(series.size() + 1));
      }
    }
    return std::nullopt;
  }

  sim::World world;
  std::uint64_t flushes = 0;
};

constexpr auto dune = "https://larder.example/search/title?q=dune";
constexpr auto emma = "https://larder.example/search/title?q=emma";
constexpr auto requests = "cache_candidate_requests_total{route=\"/search/title\",method=\"GET\"}";

TEST_F(MeasuringTest, TwoIsolatesAndARestartAreCountedExactly) {
  auto one = isolate();
  auto two = isolate();
  ask(*one, dune, 8);
  ask(*two, dune, 5);
  ask(*two, emma, 40);
  ask(*two, "https://larder.example/no/such/path", 3);
  ask(*two, "https://larder.example/search/title");
  scrape(*one);
  std::string text = scrape(*two);
  EXPECT_EQ(value(text, requests), 53U);
  EXPECT_EQ(value(text, "answers_total{outcome=\"hit\"}"), 51U);
  EXPECT_EQ(value(text, "answers_total{outcome=\"miss\"}"), 2U);
  EXPECT_EQ(value(text, "answer_duration_seconds_count{outcome=\"hit\"}"), 51U);
  EXPECT_EQ(value(text, "cache_miss_reads_total"), 2U);
  EXPECT_EQ(value(text, "billed_operations_total{item=\"worker_requests\"}"), 53U + 4 + 2);
  EXPECT_EQ(value(text, "cache_enabled{impl=\"kv\"}"), 1U);
  // What gathers goes to its end, and the first isolate begins anew.
  world.run();
  one = isolate();
  ask(*one, dune, 7);
  scrape(*one);
  text = scrape(*two);
  EXPECT_EQ(value(text, requests), 60U);
  EXPECT_EQ(value(text, "answers_total{outcome=\"hit\"}"), 58U);
  EXPECT_EQ(value(text, "ledger_undelivered_total"), 0U);
  world.run();
  EXPECT_TRUE(one->settled());
  EXPECT_TRUE(two->settled());
}

TEST_F(MeasuringTest, AFlushIsOneCallHoweverManyRequests) {
  auto one = isolate();
  ask(*one, dune);
  world.run();
  flushes = 0;
  for (int i = 0; i < 1'000; ++i) {
    const auto id = one->request("GET", dune);
    world.run_for(Millis(10));
    ASSERT_TRUE(one->host.exchange(id).answered);
  }
  world.run();
  std::printf("%s calls of the ledger for 1,000 requests\n", to_text(flushes).c_str());
  // Ten seconds of 1,000 requests: by time one and the last.
  EXPECT_EQ(flushes, 2U);
  EXPECT_EQ(value(scrape(*one), requests), 1'001U);
  world.run();
}

TEST_F(MeasuringTest, IsAtMostTenSecondsOrAThousandEventsBehind) {
  auto one = isolate();
  ask(*one, dune);
  const Instant counted = world.now;
  while (flushes == 0) {
    ASSERT_TRUE(world.step(Instant::max()));
  }
  EXPECT_LE(world.now - counted, seconds(10));
  world.run();
  // A burst does not wait for the time.
  flushes = 0;
  const Instant began = world.now;
  for (std::size_t i = 0; i < limit::flush_events_max; ++i) {
    one->request("GET", dune);
  }
  while (flushes == 0) {
    ASSERT_TRUE(world.step(Instant::max()));
  }
  EXPECT_LE(world.now - began, seconds(1));
  world.run();
}

// Nothing that a lane answers waits for a request that may never come.
TEST_F(MeasuringTest, LanesEndWithTheBatchThatHasTheirHits) {
  const auto one = isolate();
  ask(*one, dune, 3);
  const auto& hot = one->host.exchange(one->request("GET", dune));
  ASSERT_TRUE(hot.lane.has_value());
  const std::uint64_t revoked = one->host.lanes_revoked();
  world.run_for(seconds(8));
  EXPECT_EQ(one->host.lanes_revoked(), revoked);
  one->host.lane_hits = {host::LaneHits(hot.lane->id, 7)};
  world.run_for(seconds(2));
  EXPECT_EQ(flushes, 1U);
  EXPECT_EQ(one->host.lanes_revoked(), revoked + 1);
  EXPECT_EQ(value(scrape(*isolate()), requests), 4U + 7U);
}

TEST_F(MeasuringTest, WhatTheLedgerDidNotAnswerCountsOnce) {
  auto one = isolate();
  ask(*one, dune, 3);
  // It has its effect, and the reply is lost.
  bool loses = true;
  world.fault = [&](host::OperationKind kind) {
    sim::Fault fault;
    fault.lost = true;
    return loses && kind == host::OperationKind::object_run ? std::optional<sim::Fault>(fault) : std::nullopt;
  };
  world.run();
  ask(*one, dune, 4);
  world.run();
  EXPECT_EQ(flushes, 2U);
  loses = false;
  ask(*one, dune, 5);
  world.run();
  const std::string text = scrape(*one);
  EXPECT_EQ(value(text, requests), 12U);
  EXPECT_EQ(value(text, "ledger_flushes_total{outcome=\"unanswered\"}"), 2U);
  world.run();
}

TEST_F(MeasuringTest, ABatchThatIsNeverAnsweredIsGivenUpAndCounted) {
  auto one = isolate();
  world.fail(host::OperationKind::object_run);
  ask(*one, dune, 3);
  world.run();
  world.now += limit::flush_batch_kept;
  ask(*one, dune, 2);
  world.run();
  world.fault = nullptr;
  ask(*one, dune);
  world.run();
  const std::string text = scrape(*one);
  EXPECT_EQ(value(text, requests), 3U);
  EXPECT_GE(value(text, "ledger_undelivered_total").value_or(0), 3U);
  world.run();
}

TEST_F(MeasuringTest, WithoutTheLedgerRequestsAreAnsweredAndMetricsSayWhy) {
  world.durable.erase("LEDGER");
  auto one = isolate();
  EXPECT_EQ(one->get(dune).status, 200U);
  EXPECT_EQ(one->get(dune).status, 200U);
  const auto& shown = one->run("GET", "https://larder.example/metrics",
                               {{"authorization", concat({"Bearer ", metrics_token})}});
  EXPECT_EQ(shown.status, 503U);
  EXPECT_THAT(shown.body, HasSubstr("LEDGER"));
  EXPECT_TRUE(one->settled());
}

TEST_F(MeasuringTest, TheTokenOfMetricsOpensNothingElse) {
  auto one = isolate();
  const TextPairs reader = {{"authorization", concat({"Bearer ", metrics_token})}};
  EXPECT_EQ(one->run("GET", "https://larder.example/metrics", reader).status, 200U);
  EXPECT_EQ(one->run("GET", "https://larder.example/metrics/otel", reader).status, 404U);
  for (const char* path : {"/api/alerts", "/api/costs", "/api/cache/candidates", "/api/settings"}) {
    EXPECT_EQ(one->run("GET", concat({"https://larder.example", path}), reader).status, 401U) << path;
  }
  EXPECT_EQ(one->get("https://larder.example/metrics").status, 401U);
}

// Candidates ------------------------------------------------------------------------------------------------

// A new user's first look, with nothing asked since.
TEST_F(MeasuringTest, CandidatesAreThereAtOnce) {
  sim::TokenVerdict viewer;
  viewer.claims = R"({"sub":"vic","role":"viewer"})";
  world.tokens["vic"] = viewer;
  auto one = isolate({{"ADMIN_JWT_SECRET", "0123456789abcdef0123456789abcdef"}});
  for (const char* path : {"/search/title?q=dune", "/search/title?q=dune", "/api/v2/weather/berlin"}) {
    ask(*one, concat({"https://larder.example", path}));
  }
  const auto& shown = one->run("GET", "https://larder.example/api/cache/candidates",
                               {{"authorization", "Bearer vic"}, {"cf-connecting-ip", "192.0.2.1"}});
  const auto found = json::JsonText::parse(shown.body).value().items("candidates");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text("pattern"), "title");
  EXPECT_EQ(found[0].number("requests"), 2U);
  EXPECT_THAT(found[0].json(), HasSubstr(R"({"ttl":"1m","hitRate":0.5,)"));
}

TEST_F(MeasuringTest, CandidatesOfAWeekAreFinalAndCanBeDeclared) {
  sim::TokenVerdict viewer;
  viewer.claims = R"({"sub":"vic","role":"viewer"})";
  world.tokens["vic"] = viewer;
  auto one = isolate({{"CACHE_IMPL", "null"}, {"ADMIN_JWT_SECRET", "0123456789abcdef0123456789abcdef"}});
  const auto candidates = [&] {
    const auto& shown = one->run("GET", "https://larder.example/api/cache/candidates",
                                 {{"authorization", "Bearer vic"}, {"cf-connecting-ip", "192.0.2.1"}});
    EXPECT_EQ(shown.status, 200U);
    return json::JsonText::parse(shown.body).value();
  };
  const std::string base = "https://larder.example";
  const Instant began = world.now;
  for (int day = 0; day < 7; ++day) {
    EXPECT_FALSE(candidates().find("window")->flag("final"));
    for (int i = 0; i < 10; ++i) {
      ask(*one, base + "/search/title?q=dune");
      ask(*one, base + "/search/isbn?isbn=9780441013593");
      ask(*one, base + "/search/author?q=herbert");
      ask(*one, base + "/api/v2/weather/berlin");
      ask(*one, base + "/wp_login");
      ask(*one, base + "/0123456789abcdef0123/x");
      world.run();
      world.now += minutes(61);
    }
    world.now = began + hours(24 * (day + 1)) - (day == 6 ? Millis(0) : Millis(1));
  }
  ask(*one, base + "/search/title?q=dune");
  ask(*one, base + "/late", 90);
  world.run();
  const json::JsonText shown = candidates();
  EXPECT_TRUE(shown.find("window")->flag("final"));
  std::map<std::string, json::JsonText> by_pattern;
  for (const json::JsonText& one_of_all : shown.items("candidates")) {
    by_pattern.emplace(one_of_all.text("pattern"), one_of_all);
  }
  ASSERT_EQ(by_pattern.size(), 7U);
  // Of what came in the last hour alone, the rate is an hour's and not the week's.
  EXPECT_THAT(by_pattern.at("/late").json(), HasSubstr(R"("requestsPerMinute":1.5,)"));
  EXPECT_EQ(by_pattern.at("title").text("state"), "observed");
  EXPECT_EQ(by_pattern.at("/wp_login").text("state"), "undeclared");
  EXPECT_FALSE(by_pattern.at("/other").find("declaration")->is_object());
  // As it stands it is a member of larder.json.
  const std::string member = by_pattern.at("/api/v2/weather").find("declaration")->json();
  const auto parsed = config::parse_declarations(concat({R"({"resources":[)", member, "]}"}));
  ASSERT_TRUE(parsed.has_value()) << to_text(parsed.error());
  EXPECT_EQ(parsed->resources[0].name, "weather");
  // And so is that of one that is declared already: nothing but its lifetime is another.
  const std::string title = by_pattern.at("title").find("declaration")->json();
  const auto declared = config::parse_declarations(concat({R"({"resources":[)", title, "]}"}));
  ASSERT_TRUE(declared.has_value()) << to_text(declared.error());
  EXPECT_EQ(declared->resources[0].name, "title");
  EXPECT_EQ(declared->resources[0].match.path, "/search/title");
  const std::string ttl = concat({"\"ttl\":\"", by_pattern.at("title").text("recommendedTtl"), "\""});
  EXPECT_THAT(title, HasSubstr(ttl));
  EXPECT_EQ(parsed->resources[0].match.path, "/api/v2/weather/{rest...}");
}

// Alerts ----------------------------------------------------------------------------------------------------

struct AlertingTest : MeasuringTest {
  // The five-minute cron, over and over.
  void watch(sim::Isolate& by, Millis time) {
    for (const Instant end = world.now + time; world.now < end;) {
      RecordWriter record;
      record.text("*/5 * * * *");
      record.u64(0);
      by.app->scheduled(static_cast<host::RequestId>(1'000'000 + runs++), record.bytes());
      const Instant next = world.now + minutes(5);
      world.run();
      world.now = std::max(world.now, next);
    }
  }
  // Answers that fail, of all of a minute's: enough to count.
  void fail_reads(sim::Isolate& by, int count) {
    for (int i = 0; i < count; ++i) {
      ask(by, concat({"https://larder.example/search/title?q=fails", std::to_string(next_title++)}));
    }
  }
  sim::World& prepare(std::function<std::uint32_t()> transport) {
    world.origin = [this, transport = std::move(transport)](const sim::OriginRequest& asked) {
      sim::OriginReply reply;
      if (!asked.url.starts_with("https://hooks.example")) {
        reply.status = 500;
        return reply;
      }
      reply.status = transport();
      if (reply.status == 200) {
        delivered.push_back(asked);
      }
      return reply;
    };
    return world;
  }
  int told(std::string_view status) const {
    int count = 0;
    for (const sim::OriginRequest& asked : delivered) {
      const auto message = json::JsonText::parse(asked.content);
      for (const json::JsonText& alert : message->items("alerts")) {
        count += alert.text("status") == status ? 1 : 0;
      }
    }
    return count;
  }

  std::uint32_t runs = 0;
  int next_title = 0;
  std::vector<sim::OriginRequest> delivered;
};

TEST_F(AlertingTest, ErrorsReachAWebhookOnceWhenTheyBurnAndOnceWhenTheyEnd) {
  prepare([] { return 200U; });
  auto one = isolate({{"ALERT_WEBHOOK_URL", "https://hooks.example/larder"}});
  fail_reads(*one, 150);
  watch(*one, minutes(15));
  EXPECT_GT(told("firing"), 0);
  EXPECT_EQ(told("resolved"), 0);
  const int fired = told("firing");
  // Three days later all of it is over, and every alert that was told to fire is told to be over.
  watch(*one, hours(24 * 4));
  EXPECT_EQ(told("firing"), fired);
  EXPECT_EQ(told("resolved"), fired);
}

TEST_F(AlertingTest, ATransportThatIsDownForAnHourDeliversAfterwardsOnce) {
  bool is_down = true;
  prepare([&] { return is_down ? 503U : 200U; });
  auto one = isolate({{"ALERT_WEBHOOK_URL", "https://hooks.example/larder"}});
  fail_reads(*one, 150);
  watch(*one, hours(1));
  EXPECT_TRUE(delivered.empty());
  is_down = false;
  watch(*one, hours(2));
  const int fired = told("firing");
  EXPECT_GT(fired, 0);
  watch(*one, hours(24 * 4));
  EXPECT_EQ(told("firing"), fired);
  EXPECT_EQ(told("resolved"), fired);
}

TEST_F(AlertingTest, CloudflaresOwnMailIsSentThroughItsBinding) {
  prepare([] { return 200U; });
  std::string fault = "E_RATE_LIMIT_EXCEEDED";
  world.mail = [&](const sim::SentMail&) { return fault; };
  auto one = isolate({{"ALERT_EMAIL_BY", "send_email"},
                      {"ALERT_EMAIL_TO", "ops@example.org,duty@example.org"},
                      {"ALERT_EMAIL_FROM", "larder@example.org"}});
  fail_reads(*one, 150);
  watch(*one, minutes(5));
  ASSERT_EQ(world.mails.size(), 1U);
  EXPECT_EQ(world.mails[0].binding, "SEND_EMAIL");
  EXPECT_EQ(world.mails[0].from, "larder@example.org");
  EXPECT_EQ(world.mails[0].to, (std::vector<std::string>{"ops@example.org", "duty@example.org"}));
  EXPECT_THAT(world.mails[0].subject, HasSubstr("firing"));
  EXPECT_THAT(world.mails[0].text, HasSubstr("FIRING"));
  EXPECT_THAT(world.mails[0].html, HasSubstr("<html"));
  fault = "";
  watch(*one, minutes(20));
  // Once more, since the first was put off, and then the next news alone.
  ASSERT_GE(world.mails.size(), 2U);
  EXPECT_EQ(world.mails[1].subject, world.mails[0].subject);
}

}  // namespace
}  // namespace larder::app::measuring_test
