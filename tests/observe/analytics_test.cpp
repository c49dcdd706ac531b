// Data points: alike requests share one, and nothing about a person is in any.
#include "observe/analytics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "metrics/ghost_cache.h"
#include "support/isolate.h"

namespace larder::observe::analytics_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto dune = "https://larder.example/search/title?q=dune";

struct AnalyticsTest : ::testing::Test {
  AnalyticsTest() {
    world.origin = [this](const sim::OriginRequest&) {
      sim::OriginReply reply = sim::open_library_reply("Dune", "F. Herbert", "");
      reply.delay = origin_delay;
      return reply;
    };
  }
  std::uint64_t counted(const char* outcome) {
    return isolate.app->counters().value(Counter::analytics_points_total, outcome);
  }

  sim::World world;
  Millis origin_delay{120};
  sim::Isolate isolate{world, {{"LEDGER_SHARDS", "1"}}};
};

TEST_F(AnalyticsTest, RequestsThatAreAlikeShareAPoint) {
  world.data_points["CACHE_ANALYTICS"];
  const auto first = isolate.request("GET", dune);
  while (!isolate.host.exchange(first).answered) {
    world.run_for(Millis(1));
  }
  // Until all is stored.
  world.run_for(Millis(100));
  for (int i = 0; i < 5; ++i) {
    isolate.request("GET", dune);
  }
  isolate.request("HEAD", dune);
  EXPECT_THAT(world.data_points["CACHE_ANALYTICS"], IsEmpty());
  world.run();
  const auto& points = world.data_points["CACHE_ANALYTICS"];
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[0],
            R"({"indexes":["title"],"blobs":["request","title","hit","GET","larder"],"doubles":[5,5,0,0]})");
  EXPECT_EQ(points[1],
            R"({"indexes":["title"],"blobs":["request","title","hit","HEAD","larder"],"doubles":[1,1,0,0]})");
  EXPECT_THAT(points[2], HasSubstr(R"("blobs":["request","title","miss","GET","larder"],"doubles":[1,0,1,)"));
  EXPECT_EQ(counted("written"), 3U);
  EXPECT_EQ(isolate.app->counters().value(Counter::billed_operations_total, "analytics_points"), 3U);
}

TEST_F(AnalyticsTest, ADatasetThatIsNotBoundIsAskedForOnce) {
  int writes = 0;
  world.fault = [&](host::OperationKind kind) {
    writes += kind == host::OperationKind::analytics_write ? 1 : 0;
    return std::optional<sim::Fault>();
  };
  isolate.get(dune);
  isolate.get(dune);
  EXPECT_EQ(writes, 1);
  EXPECT_EQ(counted("written"), 0U);
  EXPECT_EQ(counted("failed"), 0U);
}

TEST_F(AnalyticsTest, MoreKindsThanOneWriteHoldsArePutTogether) {
  Counters counters;
  const config::Settings settings = config::parse_settings({}).value();
  Analytics analytics(settings, counters);
  config::Resource resource;
  resource.name = "items";
  resource.number = 1;
  constexpr std::size_t more = 50;
  for (std::size_t millis = 0; millis < config::limit::analytics_points_max + more; ++millis) {
    analytics.answered(resource, AnswerOutcome::miss, http::Method::get,
                       Millis(static_cast<std::int64_t>(millis)));
  }
  EXPECT_EQ(counters.value(Counter::analytics_points_total, "merged"), more);
  // Of another kind there is none to go with.
  analytics.answered(resource, AnswerOutcome::hit, http::Method::get, Millis(0), 7);
  EXPECT_EQ(counters.value(Counter::analytics_points_total, "failed"), 7U);
}

// An author's name is the reader's business; an id of a user is nobody's.
TEST_F(AnalyticsTest, WhatWarmingProcessedHasNoNames) {
  world.data_points["WARMING_ANALYTICS"];
  Counters counters;
  const config::Settings settings = config::parse_settings({}).value();
  Analytics analytics(settings, counters);
  ProcessedAuthor author;
  author.job = "job-1";
  author.source = "list";
  author.outcome = "processed";
  author.works = 12;
  author.depth = 2;
  author.waited = Millis(1'500);
  analytics.processed(author);
  sim::SimulatedHost host(world);
  host::Requests requests(host);
  host.complete = [&](host::RequestId request, host::OperationId operation, host::Completion completion) {
    return requests.complete(request, operation, std::move(completion));
  };
  const auto id = host::RequestId{1};
  requests.start(id, analytics.write(requests.context(id)));
  world.run();
  EXPECT_THAT(
      world.data_points["WARMING_ANALYTICS"],
      ElementsAre(
          R"({"indexes":["processed"],"blobs":["author_processed","job-1","list","processed","larder"],)"
          R"("doubles":[1,12,2,1500]})"));
}

constexpr auto by_binding = "ANALYTICS_SQL";

TEST_F(AnalyticsTest, AKeyThatWasReadHasAPointByItsHash) {
  world.data_points["KEY_ANALYTICS"];
  sim::Isolate counting(world, {{"LEDGER_SHARDS", "1"}, {"ANALYTICS_BINDING", by_binding}});
  world.now = instant_from_millis(1'795'917'600'000);
  counting.get(dune);
  const auto& points = world.data_points["KEY_ANALYTICS"];
  ASSERT_EQ(points.size(), 1U);
  const std::string hash = metrics::hash_text(metrics::ghost_hash("larder", world.kv.begin()->first));
  EXPECT_EQ(points[0], concat({R"({"indexes":[")", hash,
                               R"("],"blobs":["key_read","title","larder"],"doubles":[1,1795917600]})"}));
  // Within the hour nothing is told of it.
  counting.get(dune);
  EXPECT_EQ(points.size(), 1U);
  world.now += std::chrono::hours(1);
  counting.get(dune);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_THAT(points[1], HasSubstr(R"("doubles":[2,179592)"));
}

// An Analytics of its own, written by requests of a host of its own.
struct AnalyticsWriteTest : AnalyticsTest {
  AnalyticsWriteTest() {
    host.complete = [&](host::RequestId request, host::OperationId operation, host::Completion completion) {
      return requests.complete(request, operation, std::move(completion));
    };
    resource.name = "items";
    resource.number = 1;
    for (const char* dataset : {"CACHE_ANALYTICS", "WARMING_ANALYTICS", "KEY_ANALYTICS"}) {
      world.data_points[dataset];
    }
  }
  void write() {
    const auto id = host::RequestId{++written};
    requests.start(id, analytics.write(requests.context(id)));
    world.run();
  }
  std::size_t count(const char* dataset) { return world.data_points[dataset].size(); }

  Counters counters;
  config::Settings settings = config::parse_settings({{"ANALYTICS_BINDING", by_binding}}).value();
  Analytics analytics{settings, counters};
  config::Resource resource;
  sim::SimulatedHost host{world};
  host::Requests requests{host};
  std::uint32_t written = 0;
};

TEST_F(AnalyticsWriteTest, AnInvocationWritesNoMorePointsThanItMay) {
  ProcessedAuthor author;
  author.outcome = "processed";
  for (std::int64_t i = 0; i < 100; ++i) {
    analytics.answered(resource, AnswerOutcome::miss, http::Method::get, Millis(i));
    analytics.processed(author);
    analytics.accessed(resource, concat({"larder:items:v3:", to_text(static_cast<std::uint64_t>(i))}),
                       world.now);
  }
  write();
  EXPECT_EQ(count("CACHE_ANALYTICS"), 100U);
  EXPECT_EQ(count("WARMING_ANALYTICS"), 100U);
  EXPECT_EQ(count("KEY_ANALYTICS"), 50U);
  // The rest goes with the next, and nothing is lost.
  write();
  EXPECT_EQ(count("KEY_ANALYTICS"), 100U);
  for (std::int64_t i = 0; i < 200; ++i) {
    analytics.answered(resource, AnswerOutcome::miss, http::Method::get, Millis(i));
    analytics.processed(author);
  }
  write();
  EXPECT_EQ(count("CACHE_ANALYTICS"), 300U);
  EXPECT_EQ(count("WARMING_ANALYTICS"), 150U);
  write();
  EXPECT_EQ(count("WARMING_ANALYTICS"), 300U);
  EXPECT_EQ(counters.value(Counter::analytics_points_total, "failed"), 0U);
}

TEST_F(AnalyticsWriteTest, ReadsThatCouldNotBeWrittenAreToldAsLost) {
  world.now = instant_from_millis(1'795'917'600'000);
  analytics.accessed(resource, "larder:items:v3:1", world.now, 3);
  world.fail(host::OperationKind::analytics_write);
  write();
  EXPECT_EQ(count("KEY_ANALYTICS"), 0U);
  world.fault = nullptr;
  write();
  EXPECT_THAT(
      world.data_points["KEY_ANALYTICS"],
      ElementsAre(R"({"indexes":["lost"],"blobs":["reads_lost","","larder"],"doubles":[3,1795917600]})"));
}

}  // namespace
}  // namespace larder::observe::analytics_test
