// The ledger's buckets become the points of a chart.
#include "metrics/history.h"

#include <gtest/gtest.h>

namespace larder::metrics::history_test {
namespace {

constexpr Instant start = instant_from_millis(1'790'000'040'000);
const std::vector<std::uint64_t> bounds = {1, 10, 100};
constexpr std::size_t buckets = 4;

Tally minute() {
  Tally counted;
  counted.add("cache_hit_fresh_total", 70);
  counted.add("cache_hit_stale_total", 20);
  counted.add("cache_miss_reads_total", 10);
  counted.add(series_name("cache_hits_total", {"memory", "title"}), 50);
  counted.add(series_name("cache_hits_total", {"memory", "isbn"}), 10);
  counted.add(series_name("cache_miss_total", {"memory", "title"}), 40);
  counted.add(series_name("cache_hits_total", {"kv", "title"}), 30);
  counted.add(series_name("cache_miss_total", {"kv", "title"}), 10);
  counted.add(series_name("origin_requests_total", {"books", "answered"}), 9);
  counted.add(series_name("origin_requests_total", {"books", "failed"}), 3);
  counted.add(series_name("answer_duration_seconds", {"hit"}), Cells{80, 0, 0, 0, 40});
  counted.add(series_name("answer_duration_seconds", {"miss"}), Cells{0, 10, 10, 0, 600});
  return counted;
}

TEST(History, ABucketIsMadeOfWhatItCounts) {
  HistoryBucket bucket;
  bucket.add(minute(), buckets);
  EXPECT_EQ(bucket.reads, 100U);
  EXPECT_EQ(bucket.hits, 90U);
  EXPECT_EQ(bucket.origin_requests, 12U);
  EXPECT_EQ(hit_ratio_of(bucket), 0.9);
  ASSERT_EQ(bucket.tiers.size(), 2U);
  EXPECT_EQ(bucket.tiers["memory"].hits, 60U);
  EXPECT_EQ(bucket.tiers["memory"].misses, 40U);
  EXPECT_EQ(tier_ratio_of(bucket, bucket.tiers["kv"]), 0.3);
  const auto latency = latency_of(bucket, bounds);
  ASSERT_TRUE(latency.has_value());
  // Of a hundred answers 80 took a millisecond at most, 10 up to 10 and 10 up to 100.
  EXPECT_DOUBLE_EQ(latency->p50, 0.000625);
  EXPECT_DOUBLE_EQ(latency->p95, 0.055);
  EXPECT_DOUBLE_EQ(latency->p99, 0.091);
}

TEST(History, ShardsAddUp) {
  HistoryBucket bucket;
  bucket.add(minute(), buckets);
  bucket.add(minute(), buckets);
  EXPECT_EQ(bucket.reads, 200U);
  EXPECT_EQ(bucket.tiers["memory"].hits, 120U);
  EXPECT_EQ(hit_ratio_of(bucket), 0.9);
  EXPECT_DOUBLE_EQ(latency_of(bucket, bounds)->p95, 0.055);
}

TEST(History, WhereNothingWasReadThereIsNoShareOfIt) {
  HistoryBucket bucket;
  Tally refreshes;
  refreshes.add(series_name("cache_hits_total", {"kv", "title"}), 3);
  bucket.add(refreshes, buckets);
  EXPECT_EQ(hit_ratio_of(bucket), std::nullopt);
  EXPECT_EQ(tier_ratio_of(bucket, bucket.tiers["kv"]), std::nullopt);
  EXPECT_FALSE(latency_of(bucket, bounds).has_value());
}

TEST(History, ATierThatIsAskedMoreOftenThanThereAreReadsAnswersAllOfThemAtMost) {
  HistoryBucket bucket;
  Tally counted;
  counted.add("cache_hit_fresh_total", 2);
  counted.add(series_name("cache_hits_total", {"kv", "title"}), 5);
  bucket.add(counted, buckets);
  EXPECT_EQ(tier_ratio_of(bucket, bucket.tiers["kv"]), 1.0);
}

TEST(History, AHistogramOfOtherBoundsIsLeftOut) {
  HistoryBucket bucket;
  Tally old;
  old.add(series_name("answer_duration_seconds", {"hit"}), Cells{80, 0, 40});
  bucket.add(old, buckets);
  EXPECT_FALSE(latency_of(bucket, bounds).has_value());
  bucket.add(minute(), buckets);
  EXPECT_DOUBLE_EQ(latency_of(bucket, bounds)->p95, 0.055);
}

TEST(History, IsWrittenInOrderWithItsSpan) {
  HistorySpan span;
  span.from = start;
  span.until = start + std::chrono::minutes(3);
  span.bucket = std::chrono::minutes(1);
  HistoryBucket first;
  first.at = start;
  Tally counted;
  counted.add("cache_hit_fresh_total", 3);
  counted.add("cache_miss_reads_total", 1);
  counted.add(series_name("cache_hits_total", {"memory", "title"}), 3);
  counted.add(series_name("cache_miss_total", {"memory", "title"}), 1);
  counted.add(series_name("origin_requests_total", {"books", "answered"}), 1);
  counted.add(series_name("answer_duration_seconds", {"hit"}), Cells{4, 0, 0, 0, 0});
  first.add(counted, buckets);
  HistoryBucket second;
  second.at = start + std::chrono::minutes(2);
  second.origin_requests = 2;
  // An operator's call is counted, and no point shows it.
  HistoryBucket other;
  other.at = start + std::chrono::minutes(3);
  Tally billed;
  billed.add(series_name("billed_operations_total", {"worker_requests"}), 1);
  other.add(billed, buckets);
  JsonWriter json;
  write(json, span, {first, second, other}, bounds);
  EXPECT_EQ(json.text(),
            R"({"from":"2026-09-21T14:14:00.000Z","until":"2026-09-21T14:17:00.000Z","bucketSeconds":60,)"
            R"("points":[{"at":"2026-09-21T14:14:00.000Z","reads":4,"hits":3,"hitRatio":0.75,)"
            R"("originRequests":1,"originRequestsSaved":3,)"
            R"("tiers":{"memory":{"hits":3,"misses":1,"hitRatio":0.75}},)"
            R"("latency":{"p50":0.0005,"p95":0.00095,"p99":0.00099}},)"
            R"({"at":"2026-09-21T14:16:00.000Z","reads":0,"hits":0,"hitRatio":null,"originRequests":2,)"
            R"("originRequestsSaved":0,"tiers":{},"latency":null}]})");
}

}  // namespace
}  // namespace larder::metrics::history_test
