#include "metrics/history.h"

#include <algorithm>

#include "http/date.h"
#include "metrics/exposition.h"

namespace larder::metrics {

namespace {

void write_or_null(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
  json.key(name);
  if (value) {
    json.value(*value);
  } else {
    json.null();
  }
}

void write_point(JsonWriter& json, const HistoryBucket& bucket,
                 const std::vector<std::uint64_t>& latency_bounds) {
  json.begin_object().key("at").value(http::format_timestamp(bucket.at));
  json.key("reads").value(bucket.reads).key("hits").value(bucket.hits);
  write_or_null(json, "hitRatio", hit_ratio_of(bucket));
  json.key("originRequests").value(bucket.origin_requests);
  json.key("originRequestsSaved").value(bucket.hits);
  json.key("tiers").begin_object();
  for (const auto& [tier, looks] : bucket.tiers) {
    json.key(tier).begin_object().key("hits").value(looks.hits).key("misses").value(looks.misses);
    write_or_null(json, "hitRatio", tier_ratio_of(bucket, looks));
    json.end_object();
  }
  json.end_object().key("latency");
  const std::optional<Latency> latency = latency_of(bucket, latency_bounds);
  if (latency) {
    json.begin_object().key("p50").value(latency->p50).key("p95").value(latency->p95);
    json.key("p99").value(latency->p99).end_object();
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

void HistoryBucket::add(const Tally& counted, std::size_t latency_buckets) {
  const std::uint64_t found = counted.sum("cache_hit_fresh_total") + counted.sum("cache_hit_stale_total");
  hits += found;
  reads += found + counted.sum("cache_miss_reads_total");
  origin_requests += counted.sum("origin_requests_total");
  for (const auto& [series, cells] : counted.series()) {
    const SeriesParts parts = parts_of(series);
    const bool is_hit = parts.metric == "cache_hits_total";
    if ((is_hit || parts.metric == "cache_miss_total") && !parts.labels.empty() && !cells.empty()) {
      TierLooks& looks = tiers[std::string(parts.labels[0])];
      (is_hit ? looks.hits : looks.misses) += cells[0];
    }
  }
  const Cells durations = counted.cells("answer_duration_seconds");
  if (durations.size() == latency_buckets + 1) {
    answers.resize(latency_buckets);
    for (std::size_t i = 0; i < latency_buckets; ++i) {
      answers[i] += durations[i];
    }
  }
}

bool HistoryBucket::empty() const {
  return reads == 0 && origin_requests == 0 && tiers.empty() && answers.empty();
}

std::optional<Latency> latency_of(const HistoryBucket& bucket,
                                  const std::vector<std::uint64_t>& latency_bounds) {
  const bool has_any = std::any_of(bucket.answers.begin(), bucket.answers.end(),
                                   [](std::uint64_t count) { return count > 0; });
  if (!has_any) {
    return std::nullopt;
  }
  Latency latency;
  latency.p50 = quantile_of(latency_bounds, bucket.answers, 0.5) / 1000;
  latency.p95 = quantile_of(latency_bounds, bucket.answers, 0.95) / 1000;
  latency.p99 = quantile_of(latency_bounds, bucket.answers, 0.99) / 1000;
  return latency;
}

std::optional<double> hit_ratio_of(const HistoryBucket& bucket) {
  if (bucket.reads == 0) {
    return std::nullopt;
  }
  return static_cast<double>(bucket.hits) / static_cast<double>(bucket.reads);
}

std::optional<double> tier_ratio_of(const HistoryBucket& bucket, const TierLooks& looks) {
  if (bucket.reads == 0) {
    return std::nullopt;
  }
  return std::min(1.0, static_cast<double>(looks.hits) / static_cast<double>(bucket.reads));
}

void write(JsonWriter& json, const HistorySpan& span, const std::vector<HistoryBucket>& buckets,
           const std::vector<std::uint64_t>& latency_bounds) {
  json.begin_object().key("from").value(http::format_timestamp(span.from));
  json.key("until").value(http::format_timestamp(span.until));
  json.key("bucketSeconds").value(static_cast<std::uint64_t>(whole_seconds(span.bucket)));
  json.key("points").begin_array();
  for (const HistoryBucket& bucket : buckets) {
    if (!bucket.empty()) {
      write_point(json, bucket, latency_bounds);
    }
  }
  json.end_array().end_object();
}

}  // namespace larder::metrics
