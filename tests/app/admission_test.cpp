// What requests may hold while they wait: those beyond it are told to come again, and everybody else is
// served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "observe/narrative_log.h"
#include "records/audit.h"
#include "support/isolate.h"
#include "support/model_reply.h"

namespace larder::app::admission_test {
namespace {

using sim::Isolate;
using sim::OriginRequest;
using sim::SentBody;
using ::testing::HasSubstr;
namespace limit = config::limit;

struct AdmissionTest : ::testing::Test {
  AdmissionTest() {
    world.origin = [](const OriginRequest& request) {
      return request.method == "POST" ? sim::gemini_reply("You lead.")
                                      : sim::open_library_reply("T", "A. Writer", "9780552137034");
    };
  }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  // Starts a request that the world has yet to run on.
  sim::SimulatedHost::Exchange& start(std::string method, std::string path, const std::string& address,
                                      SentBody sent = {}) {
    TextPairs headers = {{"content-type", "application/json"}};
    if (!address.empty()) {
      headers.emplace_back("cf-connecting-ip", address);
    }
    if (!sent.content.empty()) {
      headers.emplace_back("content-length", to_text(std::uint64_t{sent.content.size()}));
    }
    ids.push_back(isolate.request(std::move(method), "https://larder.test" + std::move(path),
                                  std::move(headers), std::move(sent)));
    return isolate.host.exchange(ids.back());
  }
  static std::string title(std::size_t n) { return "/search/title?q=title" + to_text(std::uint64_t{n}); }
  static SentBody question(std::size_t bytes) {
    SentBody sent;
    sent.content = concat({R"({"userId":"u","profile":{"systems":[{"name":"a","percentage":10}]},"filler":")",
                           std::string(bytes, 'x'), "\"}"});
    return sent;
  }
  void expect_turned_away(const sim::SimulatedHost::Exchange& exchange, std::string_view whose) {
    EXPECT_EQ(exchange.status, 503U);
    EXPECT_EQ(exchange.header("retry-after"), "1");
    EXPECT_EQ(exchange.header("content-type"), "application/problem+json");
    EXPECT_THAT(exchange.body, HasSubstr(std::string(whose)));
  }
  std::map<std::uint32_t, std::size_t> statuses() {
    std::map<std::uint32_t, std::size_t> counts;
    for (const host::RequestId id : ids) {
      ++counts[isolate.host.exchange(id).status];
    }
    return counts;
  }

  sim::World world;
  std::vector<host::RequestId> ids;
  Isolate isolate{world, {{"GEMINI_API_KEY", "s3cret"}, {"LOG_LEVEL", "off"}}, declarations()};

  static std::string declarations() {
    std::string with_narratives = sim::book_declarations();
    const std::size_t end = with_narratives.rfind("]}");
    return with_narratives.insert(end,
                                  R"(,{"name": "narr", "match": {"method": "POST", "path": "/api/narrative"},
     "origin": {"provider": "llm", "query": "narrative", "timeoutHard": "20s"},
     "key": [{"setting": "ENGINE_VERSION"}, {"setting": "PROMPT_HASH"},
             {"body": "profile", "normalise": ["json"], "digest": true, "required": true}], "ttl": "1h"})");
  }
};

TEST_F(AdmissionTest, ThoseWhoWaitAreBoundedAndWhatIsInMemoryIsServedAllTheSame) {
  isolate.get("https://larder.test/search/title?q=known");
  ASSERT_EQ(world.origin_requests.size(), 1U);
  for (std::size_t n = 0; n < limit::waiting_requests_max; ++n) {
    EXPECT_FALSE(start("GET", title(n), "").answered);
  }
  const auto& beyond = start("GET", title(limit::waiting_requests_max), "");
  ASSERT_TRUE(beyond.answered);
  expect_turned_away(beyond, "As many requests as there is room for are waiting already.");
  EXPECT_EQ(start("GET", "/search/title?q=known", "").status, 200U);
  EXPECT_EQ(start("GET", "/health", "").status, 200U);
  world.run();
  EXPECT_EQ(statuses(),
            (std::map<std::uint32_t, std::size_t>{{200, limit::waiting_requests_max + 2}, {503, 1}}));
  EXPECT_EQ(isolate.app->counters().total(observe::Counter::requests_crowded_out_total), 1U);
  // All of the room is free again.
  ids.clear();
  for (std::size_t n = 0; n < limit::waiting_requests_max; ++n) {
    EXPECT_FALSE(start("GET", title(10'000 + n), "").answered);
  }
  world.run();
}

TEST_F(AdmissionTest, OneClientLeavesRoomForOthers) {
  for (std::size_t n = 0; n < limit::client_waiting_requests_max; ++n) {
    // Two spellings of one /64.
    const std::string address =
        concat({n % 2 == 0 ? "2001:db8:0:1::" : "2001:0db8:0:1:9::", to_text(std::uint64_t{n})});
    EXPECT_FALSE(start("GET", title(n), address).answered);
  }
  expect_turned_away(start("GET", title(5000), "2001:db8:0:1:ffff::1"),
                     "As many of your requests as one client may have are waiting already.");
  EXPECT_FALSE(start("GET", title(5001), "2001:db8:0:2::1").answered);
  EXPECT_FALSE(start("GET", title(5002), "192.0.2.1").answered);
  world.run();
  EXPECT_EQ(statuses(),
            (std::map<std::uint32_t, std::size_t>{{200, limit::client_waiting_requests_max + 2}, {503, 1}}));
}

TEST_F(AdmissionTest, LongTargetsCountByTheirBytes) {
  const std::string padding = "&pad=" + std::string(limit::url_bytes_max - 200, 'x');
  const std::size_t room = limit::client_waiting_bytes_max / limit::url_bytes_max;
  std::size_t waiting = 0;
  while (!start("GET", title(waiting) + padding, "192.0.2.1").answered) {
    ++waiting;
    ASSERT_LE(waiting, limit::client_waiting_requests_max);
  }
  EXPECT_EQ(waiting, std::min(limit::client_waiting_requests_max,
                              room * limit::url_bytes_max / (limit::url_bytes_max - 200)));
  world.run();
}

TEST_F(AdmissionTest, BodiesOnTheirWayAreBoundedByWhatTheyAnnounce) {
  constexpr std::size_t size = 255'000;
  std::size_t entered = 0;
  while (!start("POST", "/api/narrative", "192.0.2.1", question(size)).answered) {
    ++entered;
    ASSERT_LE(entered, limit::client_receiving_requests_max);
  }
  EXPECT_EQ(entered, limit::client_receiving_bytes_max / (question(size).content.size()));
  expect_turned_away(isolate.host.exchange(ids.back()), "As many of your requests");
  // Questions of books are asked all the same, and another client's of profiles.
  EXPECT_FALSE(start("GET", title(1), "192.0.2.1").answered);
  EXPECT_FALSE(start("POST", "/api/narrative", "192.0.2.2", question(size)).answered);
  world.run();
  EXPECT_EQ(statuses()[400], 0U);
  EXPECT_EQ(statuses()[200] + statuses()[503], ids.size());
  std::size_t model_calls = 0;
  for (const OriginRequest& request : world.origin_requests) {
    model_calls += request.method == "POST" ? 1 : 0;
  }
  EXPECT_EQ(model_calls, 1U);
}

TEST_F(AdmissionTest, ABodyThatDoesNotComeEndsAfterItsTime) {
  SentBody silent;
  silent.silent = true;
  const Instant began = world.now;
  const auto& exchange = start("POST", "/api/narrative", "192.0.2.1", std::move(silent));
  world.run();
  EXPECT_EQ(exchange.status, 408U);
  EXPECT_EQ(exchange.answered_at - began, limit::request_body_wait);
  EXPECT_THAT(exchange.body, HasSubstr("The body did not come in time"));
}

TEST_F(AdmissionTest, AFollowersUserIsRemembered) {
  for (int i = 0; i < 3; ++i) {
    start("POST", "/api/narrative", "192.0.2.1", question(1000));
  }
  world.run();
  const auto rows =
      sim::rows_of<records::NarrativeEntry>(world.durable.at("NARRATIVES").store("larder"), "entry");
  ASSERT_EQ(rows.size(), 3U);
  for (const records::NarrativeEntry& row : rows) {
    EXPECT_EQ(row.user, observe::user_digest(isolate.host, "larder", "u"));
  }
}

// An instance that stands in for a lost one
// ------------------------------------------------------------------

struct StandInTest : AdmissionTest {
  Isolate recovery{world, {{"GEMINI_API_KEY", "s3cret"}, {"LOG_LEVEL", "off"}}, declarations(), "one", true};

  void ask_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const TextPairs headers = {{"content-type", "application/json"}};
      ids.push_back(recovery.request("POST", "https://larder.test/api/narrative", headers, question(10)));
    }
    world.run();
  }
};

TEST_F(StandInTest, ThoseOfOneProfileShareOneCall) {
  ask_many(60);
  EXPECT_EQ(world.origin_requests.size(), 1U);
  for (const host::RequestId id : ids) {
    const auto& exchange = recovery.host.exchange(id);
    EXPECT_EQ(exchange.status, 200U);
    EXPECT_THAT(exchange.body, HasSubstr(R"("source":"model")"));
  }
  EXPECT_TRUE(recovery.settled());
  EXPECT_EQ(recovery.app->bodies_held(), 0U);
}

TEST_F(StandInTest, ADaysBoundHoldsThereToo) {
  Isolate bounded(world, {{"GEMINI_API_KEY", "s3cret"}, {"LLM_DAILY_CALLS_MAX", "0"}}, declarations(), "one",
                  true);
  const auto& exchange = bounded.run("POST", "https://larder.test/api/narrative",
                                     {{"content-type", "application/json"}}, question(10));
  EXPECT_THAT(exchange.body, HasSubstr(R"("source":"template")"));
  EXPECT_TRUE(world.origin_requests.empty());
}

TEST_F(StandInTest, AClientIsHeldToItsLimitThereToo) {
  world.rate_limit = [](const std::string&, const std::string&) { return false; };
  const auto& exchange =
      recovery.run("POST", "https://larder.test/api/narrative",
                   {{"content-type", "application/json"}, {"cf-connecting-ip", "192.0.2.1"}}, question(10));
  EXPECT_EQ(exchange.status, 429U);
  EXPECT_TRUE(world.origin_requests.empty());
}

}  // namespace
}  // namespace larder::app::admission_test
