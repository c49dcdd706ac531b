#include "experiments/metric.h"

#include "base/assert.h"

namespace larder::experiments {

std::string_view to_text(Metric metric) {
  switch (metric) {
#define LARDER_METRIC(word, ...) \
  case Metric::word:             \
    return #word;
#include "experiments/metrics.def"
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(Direction direction) {
  switch (direction) {
    case Direction::up:
      return "up";
    case Direction::down:
      return "down";
  }
  LARDER_UNREACHABLE();
}

const MetricRow& row_of(Metric metric) {
  static constexpr std::array rows = {
#define LARDER_METRIC(word, sum, better, factor, does, more, less, unit) \
  MetricRow{Metric::word, Direction::better, factor, does, more, less},
#include "experiments/metrics.def"
  };
  return rows.at(static_cast<std::size_t>(metric));
}

void Sums::count_within(std::uint64_t took_millis, std::uint64_t times) {
#define LARDER_SUM(name, what)
#define LARDER_WITHIN(name, millis) name += took_millis <= (millis) ? times : 0;
#include "experiments/sums.def"
}

std::uint64_t within(const Sums& sums, std::size_t bound) {
  const std::array counts = {
#define LARDER_SUM(name, what)
#define LARDER_WITHIN(name, millis) sums.name,
#include "experiments/sums.def"
  };
  return counts.at(bound);
}

Sums& Sums::operator+=(const Sums& more) {
#define LARDER_SUM(name, what) name += more.name;
#include "experiments/sums.def"
  return *this;
}

namespace {

double numerator_of(Metric metric, const Sums& sums) {
  switch (metric) {
#define LARDER_METRIC(word, sum, better, factor, does, more, less, unit) \
  case Metric::word:                                                     \
    return static_cast<double>(sums.sum) * (factor);
#include "experiments/metrics.def"
  }
  LARDER_UNREACHABLE();
}

}  // namespace

std::vector<Pair> pairs_of(Metric metric, const std::vector<Sums>& groups) {
  std::vector<Pair> pairs;
  pairs.reserve(groups.size());
  for (const Sums& group : groups) {
    pairs.emplace_back(numerator_of(metric, group), static_cast<double>(group.requests));
  }
  return pairs;
}

}  // namespace larder::experiments
