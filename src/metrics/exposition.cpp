#include "metrics/exposition.h"

#include <algorithm>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "http/date.h"

namespace larder::metrics {

namespace {

constexpr std::string_view total_suffix = "_total";
// Enums of OTLP travel as numbers (opentelemetry-proto, AggregationTemporality).
constexpr std::uint32_t otlp_cumulative = 2;

std::string_view without_total(std::string_view name) {
  return name.ends_with(total_suffix) ? name.substr(0, name.size() - total_suffix.size()) : name;
}

// HELP text escapes backslash and line feed; label values also the quote.
std::string escaped(std::string_view text, bool is_label) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && is_label) {
      out += "\\\"";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::uint64_t count_of(const Series& series) {
  std::uint64_t count = 0;
  for (const std::uint64_t bucket : series.buckets) {
    count += bucket;
  }
  return count;
}

// OpenMetrics writes bounds as canonical floats: a whole number has a fraction.
std::string bound_text(std::uint64_t bound, std::uint64_t scale) {
  std::string text = decimal_of(bound, scale);
  if (text.find('.') == std::string::npos) {
    text += ".0";
  }
  return text;
}

// Both text formats, which differ in little.
class TextFormat {
 public:
  enum class Kind : std::uint8_t { prometheus, openmetrics };
  TextFormat(Kind kind, const ExpositionContext* context) : kind_(kind), context_(context) {}

  void write(const Family& family) {
    if (family.series.empty()) {
      return;
    }
    const bool is_open = kind_ == Kind::openmetrics;
    const std::string_view name =
        is_open && family.type == MetricType::counter ? without_total(family.name) : family.name;
    line({"# HELP ", name, " ", escaped(family.help, is_open)});
    line({"# TYPE ", name, " ", to_text(family.type)});
    if (is_open && !family.unit.empty()) {
      line({"# UNIT ", name, " ", family.unit});
    }
    for (const Series& series : family.series) {
      LARDER_ASSERT(series.labels.size() == family.label_names.size());
      if (family.type == MetricType::histogram) {
        write_histogram(family, series);
      } else {
        sample(family.name, labels(family, series, ""), decimal_of(series.value, family.scale));
        if (is_open && family.type == MetricType::counter) {
          write_created(name, family, series);
        }
      }
    }
  }

  std::string take() && {
    if (kind_ == Kind::openmetrics) {
      out_ += "# EOF\n";
    }
    return std::move(out_);
  }

 private:
  void line(std::initializer_list<std::string_view> parts) {
    out_ += concat(parts);
    out_.push_back('\n');
  }

  void sample(std::string_view name, std::string_view labels, std::string_view value) {
    line({name, labels, " ", value});
  }

  void write_histogram(const Family& family, const Series& series) {
    LARDER_ASSERT(series.buckets.size() == family.bounds.size() + 1);
    std::uint64_t cumulated = 0;
    for (std::size_t i = 0; i < series.buckets.size(); ++i) {
      cumulated += series.buckets[i];
      const std::string bound =
          i < family.bounds.size() ? bound_text(family.bounds[i], family.scale) : std::string("+Inf");
      sample(concat({family.name, "_bucket"}), labels(family, series, bound), larder::to_text(cumulated));
    }
    sample(concat({family.name, "_sum"}), labels(family, series, ""), decimal_of(series.sum, family.scale));
    sample(concat({family.name, "_count"}), labels(family, series, ""), larder::to_text(cumulated));
    if (kind_ == Kind::openmetrics) {
      write_created(family.name, family, series);
    }
  }

  void write_created(std::string_view name, const Family& family, const Series& series) {
    const auto since = static_cast<std::uint64_t>(millis_since_epoch(context_->since));
    sample(concat({name, "_created"}), labels(family, series, ""), decimal_of(since, 1000));
  }

  static std::string labels(const Family& family, const Series& series, std::string_view bound) {
    std::string out;
    for (std::size_t i = 0; i < series.labels.size(); ++i) {
      out += concat(
          {out.empty() ? "{" : ",", family.label_names[i], "=\"", escaped(series.labels[i], true), "\""});
    }
    if (!bound.empty()) {
      out += concat({out.empty() ? "{" : ",", "le=\"", bound, "\""});
    }
    if (!out.empty()) {
      out.push_back('}');
    }
    return out;
  }

  Kind kind_;
  const ExpositionContext* context_;
  std::string out_;
};

std::string nanoseconds(Instant at) {
  return concat({larder::to_text(static_cast<std::uint64_t>(millis_since_epoch(at))), "000000"});
}

// Numbers of 64 bits are strings in protobuf's JSON.
void write_otlp_point(JsonWriter& json, const Family& family, const Series& series,
                      const ExpositionContext& context) {
  json.begin_object().key("attributes").begin_array();
  for (std::size_t i = 0; i < series.labels.size(); ++i) {
    json.begin_object().key("key").value(family.label_names[i]).key("value").begin_object();
    json.key("stringValue").value(series.labels[i]).end_object().end_object();
  }
  json.end_array();
  if (family.type != MetricType::gauge) {
    json.key("startTimeUnixNano").value(nanoseconds(context.since));
  }
  json.key("timeUnixNano").value(nanoseconds(context.now));
  if (family.type == MetricType::histogram) {
    json.key("count").value(larder::to_text(count_of(series)));
    json.key("sum").raw(decimal_of(series.sum, family.scale));
    json.key("bucketCounts").begin_array();
    for (const std::uint64_t bucket : series.buckets) {
      json.value(larder::to_text(bucket));
    }
    json.end_array().key("explicitBounds").begin_array();
    for (const std::uint64_t bound : family.bounds) {
      json.raw(decimal_of(bound, family.scale));
    }
    json.end_array();
  } else if (family.scale == 1) {
    json.key("asInt").value(larder::to_text(series.value));
  } else {
    json.key("asDouble").raw(decimal_of(series.value, family.scale));
  }
  json.end_object();
}

// UCUM codes, as OpenTelemetry's conventions want them.
std::string_view otlp_unit(const Family& family) {
  if (family.unit == "seconds") {
    return "s";
  }
  return family.unit == "bytes" ? "By" : "1";
}

void write_json_series(JsonWriter& json, const Family& family, const Series& series) {
  json.begin_object();
  for (std::size_t i = 0; i < series.labels.size(); ++i) {
    json.key(family.label_names[i]).value(series.labels[i]);
  }
  if (family.type != MetricType::histogram) {
    json.key("value").raw(decimal_of(series.value, family.scale)).end_object();
    return;
  }
  json.key("count").value(count_of(series)).key("sum").raw(decimal_of(series.sum, family.scale));
  const auto quantile = [&](std::string_view name, double share) {
    json.key(name).value(quantile_of(family.bounds, series.buckets, share) /
                         static_cast<double>(family.scale));
  };
  quantile("p50", 0.5);
  quantile("p95", 0.95);
  quantile("p99", 0.99);
  json.key("buckets").begin_array();
  std::uint64_t cumulated = 0;
  for (std::size_t i = 0; i < series.buckets.size(); ++i) {
    cumulated += series.buckets[i];
    json.begin_object().key("le");
    if (i < family.bounds.size()) {
      json.raw(decimal_of(family.bounds[i], family.scale));
    } else {
      json.null();
    }
    json.key("count").value(cumulated).end_object();
  }
  json.end_array().end_object();
}

}  // namespace

std::string_view to_text(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  LARDER_UNREACHABLE();
}

std::string decimal_of(std::uint64_t value, std::uint64_t scale) {
  std::string text = larder::to_text(value / scale);
  std::uint64_t rest = value % scale;
  if (rest == 0) {
    return text;
  }
  text.push_back('.');
  for (std::uint64_t place = scale / 10; rest != 0; place /= 10) {
    text.push_back(static_cast<char>('0' + rest / place));
    rest %= place;
  }
  return text;
}

double quantile_of(const std::vector<std::uint64_t>& bounds, const std::vector<std::uint64_t>& buckets,
                   double share) {
  std::uint64_t count = 0;
  for (const std::uint64_t bucket : buckets) {
    count += bucket;
  }
  if (count == 0 || bounds.empty()) {
    return 0;
  }
  const double rank = share * static_cast<double>(count);
  double below = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto inside = static_cast<double>(buckets[i]);
    if (inside > 0 && below + inside >= rank) {
      const double from = i == 0 ? 0.0 : static_cast<double>(bounds[i - 1]);
      return from + (static_cast<double>(bounds[i]) - from) * std::max(0.0, (rank - below) / inside);
    }
    below += inside;
  }
  return static_cast<double>(bounds.back());
}

std::string to_prometheus(const std::vector<Family>& families) {
  TextFormat format(TextFormat::Kind::prometheus, nullptr);
  for (const Family& family : families) {
    format.write(family);
  }
  return std::move(format).take();
}

std::string to_openmetrics(const std::vector<Family>& families, const ExpositionContext& context) {
  TextFormat format(TextFormat::Kind::openmetrics, &context);
  for (const Family& family : families) {
    format.write(family);
  }
  return std::move(format).take();
}

std::string to_otlp_json(const std::vector<Family>& families, const ExpositionContext& context) {
  JsonWriter json;
  const auto attribute = [&](std::string_view key, std::string_view value) {
    json.begin_object().key("key").value(key).key("value").begin_object();
    json.key("stringValue").value(value).end_object().end_object();
  };
  json.begin_object().key("resourceMetrics").begin_array().begin_object();
  json.key("resource").begin_object().key("attributes").begin_array();
  attribute("service.name", "larder");
  attribute("service.version", context.version);
  attribute("service.namespace", context.deployment);
  json.end_array().end_object();
  json.key("scopeMetrics").begin_array().begin_object();
  json.key("scope")
      .begin_object()
      .key("name")
      .value("larder")
      .key("version")
      .value(context.version)
      .end_object();
  json.key("metrics").begin_array();
  for (const Family& family : families) {
    if (family.series.empty()) {
      continue;
    }
    json.begin_object().key("name").value(family.name).key("unit").value(otlp_unit(family));
    json.key("description").value(family.help);
    switch (family.type) {
      case MetricType::counter:
        json.key("sum").begin_object().key("aggregationTemporality").value(otlp_cumulative);
        json.key("isMonotonic").value(true);
        break;
      case MetricType::gauge:
        json.key("gauge").begin_object();
        break;
      case MetricType::histogram:
        json.key("histogram").begin_object().key("aggregationTemporality").value(otlp_cumulative);
        break;
    }
    json.key("dataPoints").begin_array();
    for (const Series& series : family.series) {
      write_otlp_point(json, family, series, context);
    }
    json.end_array().end_object().end_object();
  }
  json.end_array().end_object().end_array().end_object().end_array().end_object();
  return std::move(json).take();
}

std::string to_json(const std::vector<Family>& families, const ExpositionContext& context) {
  JsonWriter json;
  json.begin_object().key("since").value(http::format_timestamp(context.since));
  json.key("at").value(http::format_timestamp(context.now)).key("metrics").begin_object();
  for (const Family& family : families) {
    json.key(family.json_name.empty() ? family.name : family.json_name).begin_array();
    for (const Series& series : family.series) {
      write_json_series(json, family, series);
    }
    json.end_array();
  }
  json.end_object().end_object();
  return std::move(json).take();
}

}  // namespace larder::metrics
