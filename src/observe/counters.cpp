#include "observe/counters.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "config/limits.h"

namespace larder::observe {

namespace {

constexpr std::string_view other_word = "other";

// The place of each label among labels.def; the first is that of no label.
namespace label {
enum : std::size_t {
  none,
#define LARDER_LABEL(name, values_max) name,
#include "observe/labels.def"
#undef LARDER_LABEL
};
}  // namespace label

struct LabelRow {
  std::string_view name;
  std::size_t values_max;
};
constexpr std::array label_rows = {
    LabelRow{"", 1},
#define LARDER_LABEL(name, values_max) LabelRow{#name, values_max},
#include "observe/labels.def"
#undef LARDER_LABEL
};

std::size_t place_of(std::string_view name) {
  for (std::size_t i = 0; i < label_rows.size(); ++i) {
    if (label_rows[i].name == name) {
      return i;
    }
  }
  LARDER_UNREACHABLE();
}

}  // namespace

const std::vector<MetricRow>& metric_rows() {
  static const std::vector<MetricRow> rows = [] {
#define LARDER_BOUNDS(name, ...) const std::vector<std::uint64_t> name = {__VA_ARGS__};
#include "observe/metrics.def"
    return std::vector<MetricRow>{
#define LARDER_COUNTER(name, first, second, help) \
  MetricRow{metrics::MetricType::counter, #name, "", 1, first, second, help, {}},
#include "observe/metrics.def"
#define LARDER_GAUGE(name, unit, first, help) \
  MetricRow{metrics::MetricType::gauge, #name, unit, 1, first, "", help, {}},
#include "observe/metrics.def"
#define LARDER_HISTOGRAM(name, unit, scale, bounds, first, help) \
  MetricRow{metrics::MetricType::histogram, #name, unit, scale, first, "", help, bounds},
#include "observe/metrics.def"
    };
  }();
  return rows;
}

const MetricRow& row_of(Histogram histogram) {
  return metric_rows()[counter_count + gauge_count + static_cast<std::size_t>(histogram)];
}

std::string_view source_name(std::string_view metric) {
#define LARDER_SOURCE_NAME(name, source) \
  if (metric == #name) {                 \
    return source;                       \
  }
#include "observe/metrics.def"
  return metric;
}

Counters::Counters() {
  for (const LabelRow& row : label_rows) {
    Values values;
    values.values_max = row.values_max;
    if (!row.name.empty()) {
      values.words = {"", std::string(other_word)};
    }
    labels_.push_back(std::move(values));
  }
  for (const std::size_t list : {std::size_t{label::impl}, std::size_t{label::what}}) {
    for (const config::Tier tier : config::all_tiers) {
      seed(labels_[list], config::to_text(tier));
    }
  }
  for (std::size_t kind = 0; kind <= static_cast<std::size_t>(ErrorKind::internal); ++kind) {
    seed(labels_[label::error_type], to_text(static_cast<ErrorKind>(kind)));
  }
  for (std::size_t method = 0; method <= static_cast<std::size_t>(http::Method::other); ++method) {
    seed(labels_[label::method], http::to_text(static_cast<http::Method>(method)));
  }
  for (const metrics::PriceRow& price : metrics::price_rows()) {
    seed(labels_[label::item], price.name);
  }
  for (const char* const outcome : answer_outcomes) {
    seed(labels_[label::outcome], outcome);
  }
  for (const MetricRow& row : metric_rows()) {
    Cells cells;
    cells.first = place_of(row.first_label);
    cells.second = place_of(row.second_label);
    cells.width = row.cells();
    rows_.push_back(std::move(cells));
  }
}

// A number of its own, whatever word it is.
void Counters::seed(Values& values, std::string_view word) {
  LARDER_ASSERT(values.words.size() < values.values_max);
  values.words.emplace_back(word);
}

std::uint16_t Counters::find(const Values& values, std::string_view word) {
  const auto found = std::find(values.words.begin(), values.words.end(), word);
  return static_cast<std::uint16_t>(found - values.words.begin());
}

std::uint16_t Counters::intern(Values& values, std::string_view word) {
  const std::uint16_t number = find(values, word);
  if (number < values.words.size()) {
    return number;
  }
  if (values.words.size() >= values.values_max) {
    return Label::other;
  }
  values.words.emplace_back(word);
  return number;
}

void Counters::name_resources(const std::vector<config::Resource>& resources) {
  for (const std::size_t list :
       {std::size_t{label::key_pattern}, std::size_t{label::route}, std::size_t{label::origin}}) {
    Values& values = labels_[list];
    values.of_resources = {Label::other};
    for (const config::Resource& resource : resources) {
      LARDER_ASSERT(resource.number == values.of_resources.size());
      values.of_resources.push_back(
          intern(values, list == label::route ? resource.match.path : resource.name));
    }
  }
}

Label Counters::of_resource(std::size_t label, std::uint16_t resource_number, std::string_view word) {
  Values& values = labels_[label];
  if (resource_number > 0 && resource_number < values.of_resources.size()) {
    return Label(values.of_resources[resource_number]);
  }
  return Label(intern(values, word));
}

Label Counters::pattern(std::uint16_t resource_number, std::string_view word) {
  return of_resource(label::key_pattern, resource_number, word);
}

Label Counters::route(const config::Resource& resource) {
  return of_resource(label::route, resource.number, resource.match.path);
}

Label Counters::origin(const config::Resource& resource) {
  return of_resource(label::origin, resource.number, resource.name);
}

std::uint64_t* Counters::series(std::size_t row, Label first, Label second) {
  Cells& cells = rows_[row];
  Values& firsts = labels_[cells.first];
  Values& seconds = labels_[cells.second];
  const std::size_t one = first.is_word_ ? intern(firsts, first.word_) : first.number_;
  const std::size_t other = second.is_word_ ? intern(seconds, second.word_) : second.number_;
  LARDER_ASSERT(one < firsts.values_max && other < seconds.values_max);
  if (cells.counts.empty()) {
    cells.counts.resize(firsts.values_max * seconds.values_max * cells.width);
  }
  return &cells.counts[(one * seconds.values_max + other) * cells.width];
}

void Counters::add(Counter counter, Label first, Label second, std::uint64_t count) {
  *series(static_cast<std::size_t>(counter), first, second) += count;
  ++events_;
}

void Counters::set(Gauge gauge, Label first, std::uint64_t value) {
  *series(counter_count + static_cast<std::size_t>(gauge), first, Label()) = value;
}

void Counters::observe(Histogram histogram, Label first, std::uint64_t value, std::uint64_t times) {
  const MetricRow& row = row_of(histogram);
  std::uint64_t* const cells =
      series(counter_count + gauge_count + static_cast<std::size_t>(histogram), first, Label());
  const auto bucket = std::lower_bound(row.bounds.begin(), row.bounds.end(), value) - row.bounds.begin();
  cells[bucket] += times;
  cells[row.bounds.size() + 1] += value * times;
  ++events_;
}

template <typename Use>
void Counters::each_series(const MetricRow& row, const Cells& cells, Use use) const {
  const std::size_t columns = labels_[cells.second].values_max;
  for (std::size_t at = 0; at < cells.counts.size(); at += cells.width) {
    std::vector<std::string_view> labels;
    const std::size_t one = at / cells.width;
    const auto word = [&](const Values& values, std::size_t number) {
      return number < values.words.size() ? std::string_view(values.words[number]) : std::string_view();
    };
    if (!row.first_label.empty()) {
      labels.push_back(word(labels_[cells.first], one / columns));
    }
    if (!row.second_label.empty()) {
      labels.push_back(word(labels_[cells.second], one % columns));
    }
    use(at, labels);
  }
}

metrics::Tally Counters::take_counted() {
  metrics::Tally tally;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const MetricRow& row = metric_rows()[i];
    Cells& cells = rows_[i];
    if (row.type == metrics::MetricType::gauge || cells.counts == cells.given) {
      continue;
    }
    cells.given.resize(cells.counts.size());
    each_series(row, cells, [&](std::size_t at, const std::vector<std::string_view>& labels) {
      metrics::Cells more(cells.width);
      bool is_new = false;
      for (std::size_t cell = 0; cell < cells.width; ++cell) {
        more[cell] = cells.counts[at + cell] - cells.given[at + cell];
        is_new = is_new || more[cell] != 0;
      }
      if (is_new) {
        tally.add(metrics::series_name(row.name, labels), more);
      }
    });
    cells.given = cells.counts;
  }
  events_ = 0;
  return tally;
}

metrics::Tally Counters::gauges() const {
  metrics::Tally tally;
  for (std::size_t i = counter_count; i < counter_count + gauge_count; ++i) {
    const MetricRow& row = metric_rows()[i];
    each_series(row, rows_[i], [&](std::size_t at, const std::vector<std::string_view>& labels) {
      if (rows_[i].counts[at] != 0) {
        tally.set(metrics::series_name(row.name, labels), rows_[i].counts[at]);
      }
    });
  }
  return tally;
}

namespace {

// Whether it is so, however many isolates say it.
bool is_flag(const metrics::Family& family) {
  return family.name == metric_rows()[counter_count + static_cast<std::size_t>(Gauge::cache_enabled)].name;
}

}  // namespace

std::vector<metrics::Family> families_of(const metrics::Tally& counted, const metrics::Tally& gauges) {
  std::vector<metrics::Family> families;
  for (const MetricRow& row : metric_rows()) {
    metrics::Family family;
    family.name = row.name;
    family.json_name = source_name(row.name);
    family.type = row.type;
    family.unit = row.unit;
    family.scale = row.scale;
    family.help = row.help;
    family.bounds = row.bounds;
    for (const std::string_view label : {row.first_label, row.second_label}) {
      if (!label.empty()) {
        family.label_names.push_back(label);
      }
    }
    families.push_back(std::move(family));
  }
  const auto put = [&](const metrics::Tally& tally) {
    for (const auto& [name, cells] : tally.series()) {
      const metrics::SeriesParts parts = metrics::parts_of(name);
      for (std::size_t i = 0; i < families.size(); ++i) {
        metrics::Family& family = families[i];
        if (family.name != parts.metric || family.label_names.size() != parts.labels.size() ||
            metric_rows()[i].cells() != cells.size()) {
          continue;
        }
        metrics::Series series;
        series.labels.assign(parts.labels.begin(), parts.labels.end());
        if (family.type == metrics::MetricType::histogram) {
          series.buckets.assign(cells.begin(), cells.end() - 1);
          series.sum = cells.back();
        } else {
          series.value = is_flag(family) ? std::min<std::uint64_t>(cells.front(), 1) : cells.front();
        }
        family.series.push_back(std::move(series));
      }
    }
  };
  put(counted);
  put(gauges);
  for (metrics::Family& family : families) {
    // Who asks for a rate of it, or adds it to another one, has to find it before its first event.
    if (family.type == metrics::MetricType::counter && family.label_names.empty() && family.series.empty()) {
      family.series.emplace_back();
    }
  }
  return families;
}

std::uint64_t Counters::value(Counter counter, Label first, Label second) const {
  const Cells& cells = rows_[static_cast<std::size_t>(counter)];
  const Values& firsts = labels_[cells.first];
  const Values& seconds = labels_[cells.second];
  const std::size_t row = first.is_word_ ? find(firsts, first.word_) : first.number_;
  const std::size_t column = second.is_word_ ? find(seconds, second.word_) : second.number_;
  const bool is_known = row < firsts.values_max && column < seconds.values_max;
  return cells.counts.empty() || !is_known ? 0 : cells.counts[row * seconds.values_max + column];
}

std::uint64_t Counters::total(Counter counter) const {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : rows_[static_cast<std::size_t>(counter)].counts) {
    sum += count;
  }
  return sum;
}

void Counters::write(JsonWriter& json) const {
  json.begin_object();
  for (std::size_t i = 0; i < counter_count; ++i) {
    const MetricRow& row = metric_rows()[i];
    std::vector<std::pair<std::vector<std::string_view>, std::uint64_t>> series;
    each_series(row, rows_[i], [&](std::size_t at, const std::vector<std::string_view>& labels) {
      if (rows_[i].counts[at] > 0) {
        series.emplace_back(labels, rows_[i].counts[at]);
      }
    });
    if (series.empty()) {
      continue;
    }
    std::sort(series.begin(), series.end());
    json.key(row.name).begin_array();
    for (const auto& [labels, count] : series) {
      json.begin_object();
      if (!row.first_label.empty()) {
        json.key(row.first_label).value(labels[0]);
      }
      if (!row.second_label.empty()) {
        json.key(row.second_label).value(labels[1]);
      }
      json.key("value").value(count).end_object();
    }
    json.end_array();
  }
  json.end_object();
}

}  // namespace larder::observe
