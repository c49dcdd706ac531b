#include "metrics/exposition.h"

#include <gtest/gtest.h>

namespace larder::metrics::exposition_test {
namespace {

ExpositionContext context() {
  ExpositionContext context;
  context.now = instant_from_millis(1'790'000'060'500);
  context.since = instant_from_millis(1'790'000'000'250);
  context.version = "1.2.3";
  context.deployment = "larder";
  return context;
}

Family hits() {
  Family family;
  family.name = "cache_hits_total";
  family.help = "Look-ups that a tier answered.";
  family.label_names = {"impl", "key_pattern"};
  Series series;
  series.labels = {"memory", "title"};
  series.value = 18'446'744'073'709'551'615U;
  family.series.push_back(series);
  series.labels = {"kv", "say \"hi\"\\\n"};
  series.value = 1;
  family.series.push_back(series);
  return family;
}

Family latency() {
  Family family;
  family.name = "answer_duration_seconds";
  family.type = MetricType::histogram;
  family.unit = "seconds";
  family.scale = 1000;
  family.help = "Time to an answer.";
  family.label_names = {"outcome"};
  family.bounds = {5, 1000};
  Series series;
  series.labels = {"hit"};
  series.buckets = {3, 0, 1};
  series.sum = 2012;
  family.series.push_back(series);
  return family;
}

Family enabled() {
  Family family;
  family.name = "cache_enabled";
  family.type = MetricType::gauge;
  family.help = "1 where the cache is on.";
  family.series.emplace_back();
  family.series.back().value = 1;
  return family;
}

Family untouched() {
  Family family;
  family.name = "cache_set_total";
  family.help = "Entries stored.";
  return family;
}

TEST(Exposition, PrometheusText) {
  EXPECT_EQ(to_prometheus({hits(), untouched(), latency(), enabled()}),
            "# HELP cache_hits_total Look-ups that a tier answered.\n"
            "# TYPE cache_hits_total counter\n"
            "cache_hits_total{impl=\"memory\",key_pattern=\"title\"} 18446744073709551615\n"
            "cache_hits_total{impl=\"kv\",key_pattern=\"say \\\"hi\\\"\\\\\\n\"} 1\n"
            "# HELP answer_duration_seconds Time to an answer.\n"
            "# TYPE answer_duration_seconds histogram\n"
            "answer_duration_seconds_bucket{outcome=\"hit\",le=\"0.005\"} 3\n"
            "answer_duration_seconds_bucket{outcome=\"hit\",le=\"1.0\"} 3\n"
            "answer_duration_seconds_bucket{outcome=\"hit\",le=\"+Inf\"} 4\n"
            "answer_duration_seconds_sum{outcome=\"hit\"} 2.012\n"
            "answer_duration_seconds_count{outcome=\"hit\"} 4\n"
            "# HELP cache_enabled 1 where the cache is on.\n"
            "# TYPE cache_enabled gauge\n"
            "cache_enabled 1\n");
  EXPECT_EQ(to_prometheus({untouched()}), "");
}

TEST(Exposition, OpenMetricsText) {
  EXPECT_EQ(to_openmetrics({hits(), untouched(), latency(), enabled()}, context()),
            "# HELP cache_hits Look-ups that a tier answered.\n"
            "# TYPE cache_hits counter\n"
            "cache_hits_total{impl=\"memory\",key_pattern=\"title\"} 18446744073709551615\n"
            "cache_hits_created{impl=\"memory\",key_pattern=\"title\"} 1790000000.25\n"
            "cache_hits_total{impl=\"kv\",key_pattern=\"say \\\"hi\\\"\\\\\\n\"} 1\n"
            "cache_hits_created{impl=\"kv\",key_pattern=\"say \\\"hi\\\"\\\\\\n\"} 1790000000.25\n"
            "# HELP answer_duration_seconds Time to an answer.\n"
            "# TYPE answer_duration_seconds histogram\n"
            "# UNIT answer_duration_seconds seconds\n"
            "answer_duration_seconds_bucket{outcome=\"hit\",le=\"0.005\"} 3\n"
            "answer_duration_seconds_bucket{outcome=\"hit\",le=\"1.0\"} 3\n"
            "answer_duration_seconds_bucket{outcome=\"hit\",le=\"+Inf\"} 4\n"
            "answer_duration_seconds_sum{outcome=\"hit\"} 2.012\n"
            "answer_duration_seconds_count{outcome=\"hit\"} 4\n"
            "answer_duration_seconds_created{outcome=\"hit\"} 1790000000.25\n"
            "# HELP cache_enabled 1 where the cache is on.\n"
            "# TYPE cache_enabled gauge\n"
            "cache_enabled 1\n"
            "# EOF\n");
  EXPECT_EQ(to_openmetrics({}, context()), "# EOF\n");
}

TEST(Exposition, OtlpJson) {
  Family one = enabled();
  EXPECT_EQ(
      to_otlp_json({one, untouched()}, context()),
      R"({"resourceMetrics":[{"resource":{"attributes":[)"
      R"({"key":"service.name","value":{"stringValue":"larder"}},)"
      R"({"key":"service.version","value":{"stringValue":"1.2.3"}},)"
      R"({"key":"service.namespace","value":{"stringValue":"larder"}}]},)"
      R"("scopeMetrics":[{"scope":{"name":"larder","version":"1.2.3"},"metrics":[)"
      R"({"name":"cache_enabled","unit":"1","description":"1 where the cache is on.","gauge":{"dataPoints":[)"
      R"({"attributes":[],"timeUnixNano":"1790000060500000000","asInt":"1"}]}}]}]}]})");
  const std::string histogram = to_otlp_json({latency()}, context());
  EXPECT_NE(
      histogram.find(
          R"({"name":"answer_duration_seconds","unit":"s","description":"Time to an answer.","histogram":)"
          R"({"aggregationTemporality":2,"dataPoints":[{"attributes":[{"key":"outcome","value":)"
          R"({"stringValue":"hit"}}],"startTimeUnixNano":"1790000000250000000",)"
          R"("timeUnixNano":"1790000060500000000","count":"4","sum":2.012,"bucketCounts":["3","0","1"],)"
          R"("explicitBounds":[0.005,1]}]}})"),
      std::string::npos)
      << histogram;
  EXPECT_NE(
      to_otlp_json({hits()}, context()).find(R"("sum":{"aggregationTemporality":2,"isMonotonic":true,)"),
      std::string::npos);
}

TEST(Exposition, Json) {
  EXPECT_EQ(
      to_json({enabled(), untouched(), latency()}, context()),
      R"({"since":"2026-09-21T14:13:20.250Z","at":"2026-09-21T14:14:20.500Z","metrics":{)"
      R"("cache_enabled":[{"value":1}],"cache_set_total":[],)"
      R"("answer_duration_seconds":[{"outcome":"hit","count":4,"sum":2.012,"p50":0.003333,"p95":1,"p99":1,)"
      R"("buckets":[{"le":0.005,"count":3},{"le":1,"count":3},{"le":null,"count":4}]}]}})");
}

TEST(Exposition, DecimalsAreExact) {
  EXPECT_EQ(decimal_of(0, 1000), "0");
  EXPECT_EQ(decimal_of(12, 1000), "0.012");
  EXPECT_EQ(decimal_of(1000, 1000), "1");
  EXPECT_EQ(decimal_of(1500, 1000), "1.5");
  EXPECT_EQ(decimal_of(18'446'744'073'709'551'615U, 1000), "18446744073709551.615");
  EXPECT_EQ(decimal_of(7, 1), "7");
}

TEST(Exposition, QuantilesLieWithinTheirBucket) {
  const std::vector<std::uint64_t> bounds = {10, 20, 40};
  EXPECT_EQ(quantile_of(bounds, {0, 0, 0, 0}, 0.5), 0);
  EXPECT_EQ(quantile_of(bounds, {10, 0, 0, 0}, 0.5), 5);
  EXPECT_EQ(quantile_of(bounds, {5, 0, 10, 0}, 0.5), 25);
  EXPECT_EQ(quantile_of(bounds, {0, 0, 0, 3}, 0.5), 40);
  EXPECT_EQ(quantile_of(bounds, {1, 1, 1, 1}, 1.0), 40);
}

}  // namespace
}  // namespace larder::metrics::exposition_test
