// The metrics of metrics.def, and the sums of sums.def that they are made of. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "base/words.h"
#include "experiments/estimate.h"

namespace larder::experiments {

// This room's to_text() functions stand beside base's for numbers.
using larder::to_text;

enum class Metric : std::uint8_t {
#define LARDER_METRIC(word, ...) word,
#include "experiments/metrics.def"
};
inline constexpr std::array all_metrics = {
#define LARDER_METRIC(word, ...) Metric::word,
#include "experiments/metrics.def"
};
std::string_view to_text(Metric metric);

// Which way a metric is better.
enum class Direction : std::uint8_t { up, down };
inline constexpr std::array all_directions = {Direction::up, Direction::down};
std::string_view to_text(Direction direction);

struct MetricRow {
  Metric metric;
  Direction better;
  double factor;
  std::string_view does;
  std::string_view more;
  std::string_view less;
};
const MetricRow& row_of(Metric metric);

// Of the requests of one group of units (or of one unit).
struct Sums {
#define LARDER_SUM(name, what) std::uint64_t name = 0;
#include "experiments/sums.def"

  Sums() {}
  // Counts so many requests as having taken so long.
  void count_within(std::uint64_t took_millis, std::uint64_t times);
  Sums& operator+=(const Sums& more);
};

// Up to where the sums tell how long requests took, in milliseconds, ascending.
inline constexpr std::array latency_bounds = {
#define LARDER_SUM(name, what)
#define LARDER_WITHIN(name, millis) std::uint64_t{millis},
#include "experiments/sums.def"
};
// Of the requests of one group, those that took at most latency_bounds[bound].
std::uint64_t within(const Sums& sums, std::size_t bound);

// What a metric is made of, in the unit that people read: by group, the sum and the requests.
std::vector<Pair> pairs_of(Metric metric, const std::vector<Sums>& groups);

}  // namespace larder::experiments
