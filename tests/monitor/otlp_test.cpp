// A push by OTLP/HTTP: what an answer means, and when it is tried again.
#include "monitor/otlp.h"

#include <gtest/gtest.h>

#include "support/isolate.h"

namespace larder::monitor::otlp_test {
namespace {

using Kind = PushVerdict::Kind;

constexpr Instant now = instant_from_millis(1'790'000'000'000);

TEST(OtlpVerdict, ASuccessIsNeverSentAgain) {
  EXPECT_EQ(verdict_of(200, "", "{}", now).kind, Kind::taken);
  EXPECT_EQ(verdict_of(204, "", "", now).kind, Kind::taken);
  EXPECT_EQ(verdict_of(200, "", R"({"partialSuccess":{}})", now).kind, Kind::taken);
  for (const char* rejected : {R"("3")", "3"}) {
    const auto partly = verdict_of(
        200, "",
        concat({R"({"partialSuccess":{"rejectedDataPoints":)", rejected, R"(,"errorMessage":"too old"}})"}),
        now);
    EXPECT_EQ(partly.kind, Kind::partly);
    EXPECT_EQ(partly.fault, "3 points were rejected. too old");
  }
}

TEST(OtlpVerdict, FourStatusesMayBeTriedAgain) {
  for (const std::uint32_t status : {429U, 502U, 503U, 504U}) {
    EXPECT_EQ(verdict_of(status, "", "", now).kind, Kind::again) << status;
  }
  for (const std::uint32_t status : {301U, 400U, 401U, 404U, 413U, 500U, 501U}) {
    EXPECT_EQ(verdict_of(status, "", "", now).kind, Kind::refused) << status;
  }
  EXPECT_EQ(verdict_of(503, "7", "", now).after, Millis(7'000));
  EXPECT_EQ(verdict_of(429, "Mon, 21 Sep 2026 14:13:30 GMT", "", now).after, Millis(10'000));
}

struct OtlpPush : ::testing::Test {
  void cron() {
    RecordWriter record;
    record.text("*/5 * * * *");
    record.u64(0);
    isolate.app->scheduled(static_cast<host::RequestId>(1'000'000 + crons++), record.bytes());
    world.run();
  }
  std::uint64_t pushes(const char* outcome) {
    return isolate.app->counters().value(observe::Counter::otlp_pushes_total, outcome);
  }

  sim::World world;
  sim::Isolate isolate{world,
                       {{"LEDGER_SHARDS", "1"},
                        {"OTLP_URL", "https://prometheus.example/api/v1/otlp/v1/metrics"},
                        {"OTLP_AUTHORIZATION", "Bearer x"}}};
  std::uint32_t crons = 0;
};

TEST_F(OtlpPush, IsOnePostOfAllMetrics) {
  world.origin = [](const sim::OriginRequest&) {
    sim::OriginReply reply;
    reply.content = "{}";
    return reply;
  };
  isolate.get("https://larder.example/no/such/path");
  cron();
  ASSERT_EQ(world.origin_requests.size(), 1U);
  const sim::OriginRequest& push = world.origin_requests[0];
  EXPECT_EQ(push.method, "POST");
  EXPECT_EQ(push.url, "https://prometheus.example/api/v1/otlp/v1/metrics");
  EXPECT_EQ(push.headers, (TextPairs{{"authorization", "Bearer x"}, {"content-type", "application/json"}}));
  EXPECT_TRUE(contains(push.content, R"("name":"billed_operations_total")")) << push.content;
  EXPECT_EQ(pushes("taken"), 1U);
}

TEST_F(OtlpPush, TellsWhatTheTiersHoldAsTheLastRunHasSeenIt) {
  world.origin = [](const sim::OriginRequest&) {
    sim::OriginReply reply;
    reply.content = "{}";
    return reply;
  };
  const auto ask = [this](std::uint32_t method, const auto& asked, auto result) {
    return sim::ask<decltype(result)>(world.durable.at("ARCHIVE"), world.now, "larder", method, asked)
        .value();
  };
  isolate.get("https://larder.example/no/such/path");
  // One that is still at work has not seen everything.
  ask(records::archive::begin_number, records::archive::begin_arguments(), records::archive::begin_results());
  cron();
  ASSERT_EQ(world.origin_requests.size(), 1U);
  EXPECT_FALSE(contains(world.origin_requests[0].content, R"("name":"tier_entries")"));
  records::archive::take_arguments taking;
  taking.number = 1;
  taking.token = "t";
  taking.lease_millis = 1000;
  ask(records::archive::take_number, taking, records::archive::take_results());
  records::archive::settle_arguments done;
  done.number = 1;
  done.token = "t";
  done.outcome = static_cast<std::uint8_t>(records::StepOutcome::run_over);
  done.sums.hot_entries = 10;
  done.sums.hot_bytes = 1000;
  done.sums.cold_entries = 2;
  done.sums.cold_bytes = 200;
  done.sums.moved = 3;
  done.sums.moved_bytes = 300;
  ask(records::archive::settle_number, done, records::archive::settle_results());
  cron();
  ASSERT_EQ(world.origin_requests.size(), 2U);
  const std::string& pushed = world.origin_requests[1].content;
  const std::size_t entries = pushed.find(R"("name":"tier_entries")");
  const std::size_t bytes = pushed.find(R"("name":"tier_bytes")");
  ASSERT_TRUE(entries != std::string::npos && bytes != std::string::npos) << pushed;
  // Up to the next metric: one point for each tier.
  const auto points = [&](std::size_t from) { return pushed.substr(from, pushed.find("]}}", from) - from); };
  const std::string of_entries = points(entries);
  EXPECT_TRUE(contains(of_entries, R"("asInt":"7")") && contains(of_entries, R"("asInt":"5")")) << of_entries;
  const std::string of_bytes = points(bytes);
  EXPECT_TRUE(contains(of_bytes, R"("asInt":"700")") && contains(of_bytes, R"("asInt":"500")")) << of_bytes;
}

TEST_F(OtlpPush, IsTriedAgainAsTheReceiverAsks) {
  std::vector<Instant> tries;
  world.origin = [&](const sim::OriginRequest&) {
    tries.push_back(world.now);
    sim::OriginReply reply;
    reply.status = tries.size() < 3 ? 503 : 200;
    if (tries.size() == 2) {
      reply.headers = {{"retry-after", "20"}};
    }
    return reply;
  };
  cron();
  ASSERT_EQ(tries.size(), 3U);
  EXPECT_GE(tries[1] - tries[0], config::limit::otlp_retry_first);
  EXPECT_LT(tries[1] - tries[0], Millis(2'000));
  EXPECT_GE(tries[2] - tries[1], Millis(20'000));
  EXPECT_EQ(pushes("taken"), 1U);
}

TEST_F(OtlpPush, IsLeftToTheNextWhereTheReceiverWantsLong) {
  std::size_t tries = 0;
  world.origin = [&](const sim::OriginRequest&) {
    ++tries;
    sim::OriginReply reply;
    reply.status = 429;
    reply.headers = {{"retry-after", "120"}};
    return reply;
  };
  cron();
  EXPECT_EQ(tries, 1U);
  EXPECT_EQ(pushes("put_off"), 1U);
}

TEST_F(OtlpPush, IsNotTriedAgainWhereItIsRefused) {
  std::size_t tries = 0;
  world.origin = [&](const sim::OriginRequest&) {
    ++tries;
    sim::OriginReply reply;
    reply.status = 400;
    return reply;
  };
  cron();
  EXPECT_EQ(tries, 1U);
  EXPECT_EQ(pushes("refused"), 1U);
}

}  // namespace
}  // namespace larder::monitor::otlp_test
