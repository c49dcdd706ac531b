#include "metrics/candidates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace larder::metrics::candidates_test {
namespace {

using ::testing::HasSubstr;

// 10,000 accesses in ten hours, with these misses at each time to live.
CandidateFacts facts(std::array<std::uint64_t, ghost_ttl_count> misses) {
  CandidateFacts facts;
  facts.estimate.pattern = "title";
  facts.estimate.accesses = 10'000;
  facts.estimate.keys = 50;
  for (std::size_t i = 0; i < ghost_ttl_count; ++i) {
    facts.estimate.ttls[i].ttl = ghost_ttls()[i];
    facts.estimate.ttls[i].misses = misses[i];
    facts.estimate.ttls[i].misses_error = 100;
    facts.estimate.ttls[i].entries = 10 * (i + 1);
    facts.estimate.ttls[i].memory = Bytes(1000 * (i + 1));
  }
  facts.window = std::chrono::hours(10);
  facts.declared = Declared::observed;
  return facts;
}

TEST(Candidates, TheShortestTimeThatPaysIsRecommended) {
  const Candidate candidate = recommend(facts({9'000, 6'000, 2'000, 1'150, 1'000, 1'000}));
  EXPECT_EQ(ghost_ttls()[candidate.ttl], std::chrono::hours(1));
  EXPECT_NEAR(candidate.hit_ratio, 0.885, 1e-9);
  EXPECT_NEAR(candidate.hit_ratio_error, 0.01, 1e-9);
  EXPECT_NEAR(candidate.per_minute, 10'000.0 / 600, 1e-9);
  EXPECT_EQ(candidate.why,
            "Kept for 1h, 88.5 % of requests would be hits; longer gains less than two points.");
  // What was looked at for no longer says nothing about longer.
  CandidateFacts young = facts({9'000, 6'000, 1'000, 1'000, 1'000, 1'000});
  young.window = std::chrono::minutes(15);
  EXPECT_EQ(recommend(young).why,
            "Kept for 15m, 90.0 % of requests would be hits; what longer would bring cannot be told yet.");
  young.window += Millis(1);
  EXPECT_EQ(recommend(young).why,
            "Kept for 15m, 90.0 % of requests would be hits; longer gains less than two points.");
  // Two points are worth it.
  EXPECT_EQ(ghost_ttls()[recommend(facts({9'000, 6'000, 2'000, 1'200, 1'000, 1'000})).ttl],
            std::chrono::hours(24));
  EXPECT_EQ(ghost_ttls()[recommend(facts({1'000, 1'000, 1'000, 1'000, 1'000, 1'000})).ttl],
            std::chrono::minutes(1));
}

TEST(Candidates, PriorityIsTheGuides) {
  CandidateFacts quiet = facts({3'000, 3'000, 3'000, 3'000, 3'000, 3'000});
  // 1,000 an hour is not above it.
  EXPECT_EQ(recommend(quiet).priority, Priority::medium);
  quiet.estimate.accesses = 10'001;
  EXPECT_EQ(recommend(quiet).priority, Priority::high);
  CandidateFacts slow = facts({3'000, 3'000, 3'000, 3'000, 3'000, 3'000});
  slow.origin_millis_mean = 500;
  EXPECT_EQ(recommend(slow).priority, Priority::medium);
  slow.origin_millis_mean = 501;
  EXPECT_EQ(recommend(slow).priority, Priority::high);
  // What never repeats is no candidate, however busy.
  CandidateFacts unique = facts({10'000, 10'000, 10'000, 10'000, 10'000, 9'500});
  unique.origin_millis_mean = 5'000;
  EXPECT_EQ(recommend(unique).priority, Priority::low);
  EXPECT_EQ(recommend(unique).why, "Requests hardly repeat: even for seven days only 5.0 % would be hits.");
}

TEST(Candidates, AreWrittenWithWindowAndADeclarationToPaste) {
  CandidateWindow window;
  window.since = instant_from_millis(1'790'000'000'000);
  window.until = window.since + std::chrono::hours(10);
  window.hours = 10;
  window.hours_covered = 9;
  Candidate declared = recommend(facts({9'000, 6'000, 2'000, 1'150, 1'000, 1'000}));
  CandidateFacts other = facts({1'000, 1'000, 1'000, 1'000, 1'000, 1'000});
  other.estimate.pattern = "/api/Weather_maps";
  other.declared = Declared::no;
  other.origin_millis_mean = 100;
  JsonWriter json;
  write(json, window, {declared, recommend(other)});
  const std::string text = json.text();
  EXPECT_THAT(text,
              HasSubstr(R"({"window":{"since":"2026-09-21T14:13:20.000Z","until":"2026-09-22T00:13:20.000Z",)"
                        R"("hours":10,"hoursWithTraffic":9,"final":false},"candidates":[)"));
  // The one that saves origin time comes first.
  EXPECT_LT(text.find("weather-maps"), text.find("\"title\""));
  EXPECT_THAT(text, HasSubstr(R"("declaration":{"name":"title","ttl":"1h"})"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"("declaration":{"name":"weather-maps","match":{"path":"/api/Weather_maps/{rest...}"},)"
          R"("origin":{"url":"https://origin.example/api/Weather_maps/{rest}?{*}"},"mode":"http","ttl":"1m"})"));
  other.estimate.pattern = "/other";
  JsonWriter many;
  write(many, window, {recommend(other)});
  EXPECT_THAT(many.text(), HasSubstr(R"("declaration":null)"));
  EXPECT_THAT(text,
              HasSubstr(R"({"ttl":"1m","hitRate":0.9,"hitRateError":0.01,"entries":10,"memoryBytes":1000,)"
                        R"("savedOriginSeconds":900})"));
}

TEST(Candidates, AreFinalAfterSevenDays) {
  CandidateWindow window;
  window.since = instant_from_millis(1'790'000'000'000);
  window.until = window.since + window_final - Millis(1);
  EXPECT_FALSE(window.is_final());
  window.until += Millis(1);
  EXPECT_TRUE(window.is_final());
}

TEST(Candidates, TimesToLiveAreWrittenAsDeclarationsTakeThem) {
  std::vector<std::string> texts;
  for (const Millis ttl : ghost_ttls()) {
    texts.push_back(ttl_text(ttl));
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"1m", "5m", "15m", "1h", "24h", "7d"}));
}

}  // namespace
}  // namespace larder::metrics::candidates_test
