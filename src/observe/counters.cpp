#include "observe/counters.h"

#include <algorithm>

#include "base/text.h"

namespace larder::observe {

namespace {

constexpr char separator = '\x1f';
constexpr std::string_view other = "other";

}  // namespace

const std::vector<CounterRow>& counter_rows() {
  static const std::vector<CounterRow> rows = {
#define LARDER_COUNTER(name, first, second, help) {Counter::name, #name, first, second, help},
#include "observe/counters.def"
#undef LARDER_COUNTER
  };
  return rows;
}

std::string Counters::series_key(Counter counter, std::string_view first, std::string_view second) {
  const char row[] = {static_cast<char>(counter), separator};
  return concat({std::string_view(row, 2), first, std::string_view(&separator, 1), second});
}

void Counters::add(Counter counter, std::string_view first, std::string_view second, std::uint64_t count) {
  std::string key = series_key(counter, first, second);
  if (series_.size() >= series_max && series_.find(key) == series_.end()) {
    key = series_key(counter, first.empty() ? first : other, second.empty() ? second : other);
  }
  series_[key] += count;
}

std::uint64_t Counters::value(Counter counter, std::string_view first, std::string_view second) const {
  const auto found = series_.find(series_key(counter, first, second));
  return found == series_.end() ? 0 : found->second;
}

std::uint64_t Counters::total(Counter counter) const {
  std::uint64_t sum = 0;
  for (const auto& [key, count] : series_) {
    sum += key[0] == static_cast<char>(counter) ? count : 0;
  }
  return sum;
}

void Counters::write(JsonWriter& json) const {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(series_.begin(), series_.end());
  std::sort(sorted.begin(), sorted.end());
  json.begin_object();
  for (const CounterRow& row : counter_rows()) {
    const auto of_row = [&](const auto& one) { return one.first[0] == static_cast<char>(row.counter); };
    auto at = std::find_if(sorted.begin(), sorted.end(), of_row);
    if (at == sorted.end()) {
      continue;
    }
    json.key(row.name).begin_array();
    for (; at != sorted.end() && of_row(*at); ++at) {
      const auto labels = split(std::string_view(at->first).substr(2), separator);
      json.begin_object();
      if (!row.first_label.empty()) {
        json.key(row.first_label).value(labels[0]);
      }
      if (!row.second_label.empty()) {
        json.key(row.second_label).value(labels[1]);
      }
      json.key("value").value(at->second).end_object();
    }
    json.end_array();
  }
  json.end_object();
}

}  // namespace larder::observe
