// Metrics as others read them: Prometheus' text format 0.0.4, OpenMetrics text 1.0, OTLP/HTTP's JSON, and
// Larder's own JSON. Pure: families in, text out; times are arguments.
//
// Sources: https://prometheus.io/docs/instrumenting/exposition_formats/, the OpenMetrics specification 1.0,
// opentelemetry-proto 1.x (metrics/v1); read 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace larder::metrics {

enum class MetricType : std::uint8_t { counter, gauge, histogram };
std::string_view to_text(MetricType type);

// Values are whole numbers; `scale` of them make one of the unit (1000 where milliseconds are kept and
// seconds told), so that what is written is exact.
struct Series {
  // As many as the family has label names.
  std::vector<std::string> labels;
  // Of a counter or gauge.
  std::uint64_t value = 0;
  // Of a histogram: observations at or below each bound, not cumulated, and one more for those above all.
  std::vector<std::uint64_t> buckets;
  // Of a histogram, scaled as `value` is.
  std::uint64_t sum = 0;
};

struct Family {
  // A counter's ends in _total; a name with a unit ends in it (before _total).
  std::string_view name;
  // What JSON calls it; "": the same.
  std::string_view json_name;
  MetricType type = MetricType::counter;
  // Prometheus' base unit ("seconds", "bytes", "ratio"); "": a plain count.
  std::string_view unit;
  std::uint64_t scale = 1;
  std::string_view help;
  std::vector<std::string_view> label_names;
  // Upper bounds of a histogram's buckets, ascending, scaled as values are.
  std::vector<std::uint64_t> bounds;
  std::vector<Series> series;
};

// Who is measured, and since when counters count.
struct ExpositionContext {
  Instant now;
  Instant since;
  std::string_view version;
  // CACHE_PREFIX, which tells deployments apart.
  std::string_view deployment;
};

// Families without series are left out of the first three; JSON has them as [].
inline constexpr std::string_view prometheus_media_type = "text/plain; version=0.0.4; charset=utf-8";
std::string to_prometheus(const std::vector<Family>& families);

inline constexpr std::string_view openmetrics_media_type =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
std::string to_openmetrics(const std::vector<Family>& families, const ExpositionContext& context);

// An ExportMetricsServiceRequest, all sums cumulative from `since` on.
std::string to_otlp_json(const std::vector<Family>& families, const ExpositionContext& context);

// {"since": "…Z", "at": "…Z", "metrics": {"cache_hits_total": [{"impl": "memory", …, "value": 3}], …}}; a
// histogram's series have count, sum, buckets: [{"le": 0.005, "count": 3}, …, {"le": null, "count": 4}]
// (cumulated), and the quantiles p50, p95 and p99 as far as the buckets tell them.
std::string to_json(const std::vector<Family>& families, const ExpositionContext& context);

// The value below which `share` (0 to 1) of a histogram's observations lie, by linear interpolation within a
// bucket, as Prometheus' histogram_quantile does; scaled as values are. 0 without observations; above all
// bounds: the last one.
double quantile_of(const std::vector<std::uint64_t>& bounds, const std::vector<std::uint64_t>& buckets,
                   double share);

// `value` / `scale` as a decimal number without loss: "0.012". `scale` is a power of ten.
std::string decimal_of(std::uint64_t value, std::uint64_t scale);

}  // namespace larder::metrics
