#include "observe/counters.h"

#include <algorithm>
#include <tuple>

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

const std::vector<CounterRow>& counter_rows() {
  static const std::vector<CounterRow> rows = {
#define LARDER_COUNTER(name, first, second, help) {Counter::name, #name, first, second, help},
#include "observe/counters.def"
#undef LARDER_COUNTER
  };
  return rows;
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
  for (const CounterRow& row : counter_rows()) {
    Cells cells;
    cells.first = place_of(row.first_label);
    cells.second = place_of(row.second_label);
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

void Counters::add(Counter counter, Label first, Label second, std::uint64_t count) {
  Cells& cells = rows_[static_cast<std::size_t>(counter)];
  Values& firsts = labels_[cells.first];
  Values& seconds = labels_[cells.second];
  const std::size_t row = first.is_word_ ? intern(firsts, first.word_) : first.number_;
  const std::size_t column = second.is_word_ ? intern(seconds, second.word_) : second.number_;
  LARDER_ASSERT(row < firsts.values_max && column < seconds.values_max);
  if (cells.counts.empty()) {
    cells.counts.resize(firsts.values_max * seconds.values_max);
  }
  cells.counts[row * seconds.values_max + column] += count;
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
  for (const CounterRow& row : counter_rows()) {
    const Cells& cells = rows_[static_cast<std::size_t>(row.counter)];
    const std::size_t width = labels_[cells.second].values_max;
    std::vector<std::tuple<std::string_view, std::string_view, std::uint64_t>> series;
    for (std::size_t at = 0; at < cells.counts.size(); ++at) {
      if (cells.counts[at] > 0) {
        const std::string_view first =
            row.first_label.empty() ? std::string_view() : labels_[cells.first].words[at / width];
        const std::string_view second =
            row.second_label.empty() ? std::string_view() : labels_[cells.second].words[at % width];
        series.emplace_back(first, second, cells.counts[at]);
      }
    }
    if (series.empty()) {
      continue;
    }
    std::sort(series.begin(), series.end());
    json.key(row.name).begin_array();
    for (const auto& [first, second, count] : series) {
      json.begin_object();
      if (!row.first_label.empty()) {
        json.key(row.first_label).value(first);
      }
      if (!row.second_label.empty()) {
        json.key(row.second_label).value(second);
      }
      json.key("value").value(count).end_object();
    }
    json.end_array();
  }
  json.end_object();
}

}  // namespace larder::observe
