// Lists of entries of any resource: here profiles, whose key is read from a body.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/isolate.h"
#include "support/jobs_view.h"
#include "support/model_reply.h"

namespace larder::warm::prewarm_test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string profile_of(std::string_view name, std::string_view percentage) {
  return concat({R"({"systems":[{"name":")", name, R"(","percentage":)", percentage, "}]}"});
}

struct PrewarmTest : ::testing::Test {
  PrewarmTest() {
    sim::TokenVerdict verdict;
    verdict.claims = R"({"sub":"ann","role":"admin"})";
    world.tokens["ann"] = verdict;
    world.origin = [](const sim::OriginRequest&) { return sim::gemini_reply("You lead."); };
  }

  sim::SimulatedHost::Exchange& post(std::string path, std::string json) {
    sim::SentBody body;
    body.content = std::move(json);
    return isolate.run("POST", std::move(path),
                       {{"authorization", "Bearer ann"}, {"content-type", "application/json"}},
                       std::move(body));
  }
  // Every message that waits, until none does.
  void drain() {
    auto& queue = world.queues["AUTHOR_WARMING_QUEUE"];
    for (int i = 0; !queue.empty(); ++i) {
      const std::string body = queue.front().second;
      queue.pop_front();
      isolate.batch("author-warming-queue", {sim::Isolate::Sent(concat({"m", std::to_string(i)}), 1, body)});
      world.run();
    }
  }

  sim::World world;
  sim::JobsView jobs{world};
  sim::Isolate isolate{
      world, {{"ADMIN_JWT_SECRET", std::string(32, 's')}, {"GEMINI_API_KEY", "k"}}, sim::narratives_declared};
};

TEST_F(PrewarmTest, ProfilesAreAskedForOnceAndReadersFindThem) {
  const auto& opened =
      post("/api/warming/prewarm",
           concat({R"({"resource":"narr","qps":50,"items":[{"profile":)", profile_of("Liver", "10.1"),
                   R"(},{"profile":)", profile_of("Liver", "10"), R"(},{"profile":)",
                   profile_of("Heart", "80"), "}]}"}));
  ASSERT_EQ(opened.status, 202U) << opened.body;
  EXPECT_THAT(opened.body, HasSubstr(R"("authorsQueued":2)")) << "two of them are one, quantised";
  drain();
  EXPECT_EQ(jobs.jobs().front().state_text(), "complete");
  EXPECT_EQ(jobs.jobs().front().sum().processed, 2U);
  EXPECT_EQ(world.origin_requests.size(), 2U);
  const auto& read = post("/api/narrative", concat({R"({"profile":)", profile_of("Liver", "9.9"), "}"}));
  EXPECT_THAT(read.header("cache-status"), StartsWith("larder; hit;"));
  EXPECT_THAT(read.body, HasSubstr(R"({"narrative":"You lead.",)"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
}

// Whoever answers for an entry's being warm has seen it where all isolates find it.
TEST_F(PrewarmTest, WhatNoStoreTookIsNotAccountedForUntilOneDoes) {
  const std::string item = concat({R"({"profile":)", profile_of("Heart", "80"), "}"});
  post("/api/warming/prewarm", concat({R"({"resource":"narr","items":[)", item, "]}"}));
  bool is_out_of_order = true;
  std::size_t refused = 0;
  world.fault = [&](host::OperationKind kind) {
    const bool is_put = kind == host::OperationKind::kv_put || kind == host::OperationKind::edge_put;
    if (!is_out_of_order || !is_put) {
      return std::optional<sim::Fault>();
    }
    ++refused;
    sim::Fault fault;
    fault.status = 2;
    return std::optional(fault);
  };
  auto& queue = world.queues["AUTHOR_WARMING_QUEUE"];
  const std::string first = queue.front().second;
  queue.pop_front();
  isolate.batch("author-warming-queue", {sim::Isolate::Sent("m", 1, first)});
  world.run();
  EXPECT_EQ(refused, 1U);
  EXPECT_EQ(jobs.jobs().front().sum().processed, 0U);
  EXPECT_EQ(jobs.jobs().front().state_text(), "running");
  is_out_of_order = false;
  drain();
  EXPECT_EQ(jobs.jobs().front().sum().processed, 1U);
  EXPECT_EQ(jobs.jobs().front().state_text(), "complete");
  EXPECT_EQ(world.origin_requests.size(), 1U) << "what memory has is put, and not asked for again";
  sim::Isolate far(world, {{"ADMIN_JWT_SECRET", std::string(32, 's')}, {"GEMINI_API_KEY", "k"}},
                   sim::narratives_declared, "two");
  sim::SentBody body;
  body.content = item;
  const auto& read = far.run("POST", "/api/narrative", {{"content-type", "application/json"}}, body);
  EXPECT_THAT(read.header("cache-status"), HasSubstr("detail=kv")) << read.header("cache-status");
}

// A reader's answer that only its own data centre has is no warm entry yet.
TEST_F(PrewarmTest, WhatOneDataCentreHasIsPutWhereAllFindIt) {
  const std::string item = concat({R"({"profile":)", profile_of("Heart", "80"), "}"});
  world.fail(host::OperationKind::kv_put);
  post("/api/narrative", item);
  world.fault = nullptr;
  const auto has_entry = [this] {
    return std::any_of(world.kv.begin(), world.kv.end(),
                       [](const auto& stored) { return stored.first.starts_with("larder:narr:"); });
  };
  EXPECT_FALSE(has_entry());
  post("/api/warming/prewarm", concat({R"({"resource":"narr","items":[)", item, "]}"}));
  drain();
  EXPECT_EQ(jobs.jobs().front().sum().processed, 1U);
  EXPECT_TRUE(has_entry());
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_F(PrewarmTest, AListMayBeCsv) {
  // The header `profile`, and a profile of Heart at 80.
  const auto& opened =
      post("/api/warming/prewarm",
           R"({"resource":"narr","csv":")"
           "cHJvZmlsZQoieyIic3lzdGVtcyIiOlt7IiJuYW1lIiI6IiJIZWFydCIiLCIicGVyY2VudGFnZSIiOjgwfV19Igo=\"}");
  ASSERT_EQ(opened.status, 202U) << opened.body;
  drain();
  const auto& read = post("/api/narrative", concat({R"({"profile":)", profile_of("Heart", "80"), "}"}));
  EXPECT_THAT(read.header("cache-status"), StartsWith("larder; hit;"));
}

TEST_F(PrewarmTest, ItemsThatNobodyCouldAskForAreNamed) {
  const auto& refused =
      post("/api/warming/prewarm",
           concat({R"({"resource":"narr","items":[{"profile":)", profile_of("Heart", "80"), "},{}]}"}));
  EXPECT_EQ(refused.status, 400U);
  EXPECT_THAT(refused.body, HasSubstr("items[1]: profile"));
  EXPECT_THAT(post("/api/warming/prewarm", R"({"resource":"nobody","items":[{"a":"b"}]})").body,
              HasSubstr("resource: Name a resource that larder.json declares."));
  EXPECT_THAT(post("/api/warming/prewarm", R"({"resource":"narr"})").body,
              HasSubstr("items: Give at least one"));
  EXPECT_THAT(post("/api/warming/prewarm", R"({"resource":"narr","items":[{}],"qps":0})").body,
              HasSubstr("qps: This must be a whole number from 1 to 100."));
  EXPECT_THAT(post("/api/warming/prewarm", R"({"resource":"narr","items":[{"profil":1}],"QPS":1})").body,
              ::testing::AllOf(HasSubstr(R"(QPS: There is no member \"QPS\" here)"),
                               HasSubstr(R"(items[0].profil: There is no member \"profil\" here; there is )"
                                         R"(\"profile\". Did you mean \"profile\"?)")));
  EXPECT_THAT(post("/api/warming/dlq/replay", R"({"ids":[1],"all":true})").body,
              HasSubstr(R"(all: There is no member \"all\" here; there is \"ids\".)"));
  EXPECT_TRUE(jobs.jobs().empty());
}

}  // namespace
}  // namespace larder::warm::prewarm_test
