// Counters of this isolate, by the rows of counters.def. Label values are bounded by their makers (key
// patterns, resource names, closed enums); past series_max a new series is counted under the label "other",
// so nothing grows for ever.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json_writer.h"

namespace larder::observe {

enum class Counter : std::uint8_t {
#define LARDER_COUNTER(name, first, second, help) name,
#include "observe/counters.def"
#undef LARDER_COUNTER
};

struct CounterRow {
  Counter counter;
  std::string_view name;
  std::string_view first_label;
  std::string_view second_label;
  std::string_view help;
};
const std::vector<CounterRow>& counter_rows();

class Counters {
 public:
  static constexpr std::size_t series_max = 1024;

  void add(Counter counter, std::string_view first = {}, std::string_view second = {},
           std::uint64_t count = 1);
  std::uint64_t value(Counter counter, std::string_view first = {}, std::string_view second = {}) const;
  // The sum over all series of a counter.
  std::uint64_t total(Counter counter) const;

  // {"cache_hits_total": [{"impl": "memory", "key_pattern": "title", "value": 3}], …}; counters never touched
  // are left out.
  void write(JsonWriter& json) const;

 private:
  static std::string series_key(Counter counter, std::string_view first, std::string_view second);

  std::unordered_map<std::string, std::uint64_t> series_;
};

}  // namespace larder::observe
