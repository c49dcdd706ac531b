// What this isolate has counted, by the rows of metrics.def. Counting is an addition to a cell of an array:
// the values of a label are numbers, those of enums and of declared resources from the start, others from
// when they are first seen. Past the bound of its row in labels.def a new value counts as "other", so nothing
// grows for ever.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "config/declaration.h"
#include "config/tiers.h"
#include "http/message.h"
#include "metrics/costs.h"
#include "metrics/exposition.h"
#include "metrics/tally.h"

namespace larder::observe {

enum class Counter : std::uint8_t {
#define LARDER_COUNTER(name, first, second, help) name,
#include "observe/metrics.def"
};
inline constexpr std::size_t counter_count = 0
#define LARDER_COUNTER(name, first, second, help) +1
#include "observe/metrics.def"
    ;
enum class Gauge : std::uint8_t {
#define LARDER_GAUGE(name, unit, first, help) name,
#include "observe/metrics.def"
};
inline constexpr std::size_t gauge_count = 0
#define LARDER_GAUGE(name, unit, first, help) +1
#include "observe/metrics.def"
    ;
enum class Histogram : std::uint8_t {
#define LARDER_HISTOGRAM(name, unit, scale, bounds, first, help) name,
#include "observe/metrics.def"
};

// One row of the table, of whichever type: counters first, then gauges, then histograms.
struct MetricRow {
  metrics::MetricType type = metrics::MetricType::counter;
  std::string_view name;
  std::string_view unit;
  std::uint64_t scale = 1;
  std::string_view first_label;
  std::string_view second_label;
  std::string_view help;
  // Of a histogram: upper bounds of its buckets, in what is counted.
  std::vector<std::uint64_t> bounds;

  std::size_t cells() const { return type == metrics::MetricType::histogram ? bounds.size() + 2 : 1; }
};
const std::vector<MetricRow>& metric_rows();
const MetricRow& row_of(Histogram histogram);
// What JSON calls a metric: the requirements' name of it, where that differs.
std::string_view source_name(std::string_view metric);

// What is in these sums, as expositions take it: all rows of the table, whether anything was counted or not;
// series in the order of their labels. Series of metrics that this version does not know are left out.
std::vector<metrics::Family> families_of(const metrics::Tally& counted, const metrics::Tally& gauges);

// What an answer of a public route is, for the person who asked.
enum class AnswerOutcome : std::uint8_t {
  hit,       // fresh, from the cache
  stale,     // from the cache, past its time
  miss,      // the origin was asked
  bypass,    // past the cache
  negative,  // a 404 that is known, from the cache or not
  refused,   // the request's own fault, or its client's limit (4xx)
  error,     // 5xx
};
inline constexpr std::array answer_outcomes = {"hit",      "stale",   "miss", "bypass",
                                               "negative", "refused", "error"};

// A label's value: a number, or a word that is looked for among the values of the counter's label when it
// counts. Views of words have to outlive the call alone.
class Label {
 public:
  // The counter has no such label, or this once no value of it.
  constexpr Label() {}
  // Of "impl" and "what".
  constexpr explicit Label(config::Tier tier) : Label(number_of(tier)) {}
  explicit Label(config::CacheImplementation implementation) : Label(config::to_text(implementation)) {}
  // Of "error_type".
  constexpr explicit Label(ErrorKind kind) : Label(number_of(kind)) {}
  // Of "item".
  constexpr explicit Label(metrics::BilledItem item) : Label(number_of(item)) {}
  // Of "outcome".
  constexpr explicit Label(AnswerOutcome outcome) : Label(number_of(outcome)) {}
  // Of "method".
  constexpr explicit Label(http::Method method) : Label(number_of(method)) {}
  constexpr Label(std::string_view word) : word_(word), number_(0), is_word_(!word.empty()) {}
  constexpr Label(const char* word) : Label(std::string_view(word)) {}
  Label(const std::string& word) : Label(std::string_view(word)) {}

  // The numbers that every list of values begins with.
  static constexpr std::uint16_t no_value = 0;
  static constexpr std::uint16_t other = 1;
  static constexpr std::uint16_t first_number = 2;

 private:
  friend class Counters;
  constexpr explicit Label(std::uint16_t number) : number_(number) {}
  template <typename Enum>
  static constexpr std::uint16_t number_of(Enum value) {
    return static_cast<std::uint16_t>(first_number + static_cast<std::size_t>(value));
  }

  std::string_view word_;
  std::uint16_t number_ = no_value;
  bool is_word_ = false;
};

class Counters {
 public:
  Counters();

  // Once, before anything is counted: gives each resource its numbers by its place in the declarations.
  void name_resources(const std::vector<config::Resource>& resources);
  // The label "key_pattern" of a key: by its resource's number, or by its word where that is 0.
  Label pattern(std::uint16_t resource_number, std::string_view word);
  // The labels "route" and "origin" of a resource.
  Label route(const config::Resource& resource);
  Label origin(const config::Resource& resource);

  void add(Counter counter, Label first = {}, Label second = {}, std::uint64_t count = 1);
  std::uint64_t value(Counter counter, Label first = {}, Label second = {}) const;
  // The sum over all series of a counter.
  std::uint64_t total(Counter counter) const;

  void set(Gauge gauge, std::uint64_t value) { set(gauge, Label(), value); }
  void set(Gauge gauge, Label first, std::uint64_t value);
  // `value` as the row's scale says; `times`: so many at once.
  void observe(Histogram histogram, Label first, std::uint64_t value, std::uint64_t times = 1);
  void observe(Histogram histogram, Label first, Millis duration) {
    observe(histogram, first, static_cast<std::uint64_t>(duration.count() > 0 ? duration.count() : 0));
  }

  // What was added to counters and histograms since this was asked for the last time.
  metrics::Tally take_counted();
  metrics::Tally gauges() const;
  // How many times something was added since take_counted() was called.
  std::uint64_t events() const { return events_; }

  // {"cache_hits_total": [{"impl": "memory", "key_pattern": "title", "value": 3}], …}; counters never touched
  // are left out.
  void write(JsonWriter& json) const;

 private:
  // The values of one label.
  struct Values {
    std::size_t values_max = 1;
    std::vector<std::string> words;
    // By the number of a resource; 0 is Label::other.
    std::vector<std::uint16_t> of_resources;

    Values() {}
  };
  // The cells of one row, by the values of its labels, `width` for each series; none before the first is
  // counted.
  struct Cells {
    std::size_t first = 0;
    std::size_t second = 0;
    std::size_t width = 1;
    std::vector<std::uint64_t> counts;
    // What take_counted() has given of them.
    std::vector<std::uint64_t> given;

    Cells() {}
  };

  // The first cell of a series.
  std::uint64_t* series(std::size_t row, Label first, Label second);
  template <typename Use>
  void each_series(const MetricRow& row, const Cells& cells, Use use) const;
  static std::uint16_t find(const Values& values, std::string_view word);
  static std::uint16_t intern(Values& values, std::string_view word);
  static void seed(Values& values, std::string_view word);
  Label of_resource(std::size_t label, std::uint16_t resource_number, std::string_view word);

  std::vector<Values> labels_;
  std::vector<Cells> rows_;
  std::uint64_t events_ = 0;
};

}  // namespace larder::observe
