// From the ledger's sums to the signals that alerts and objectives look at. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "metrics/alerts.h"
#include "metrics/tally.h"

namespace larder::metrics {

// Answers allowed to fail: what availability's objective leaves.
inline constexpr double error_budget = 0.001;
// Until a deployment is so old its cache is warming up, and its hit rate says nothing.
inline constexpr Millis warm_up = std::chrono::hours(1);
// Fewer events in a window than this say nothing about a share of them.
inline constexpr std::uint64_t events_min = 100;

// The windows that measure() wants, in minutes.
const std::vector<std::uint32_t>& windows_wanted();

struct Observed {
  // By minutes, all of windows_wanted().
  std::map<std::uint32_t, Tally> windows;
  // Since when the ledger counts.
  Instant since;
  Instant now;
  // What the ledger does not know; nullopt: it could not be learnt.
  std::optional<std::uint64_t> dead_letters;
  std::optional<std::uint64_t> queue_depth;
  std::optional<double> spending_ratio;
  // Upper bounds of answer_duration_seconds' buckets, in milliseconds.
  std::vector<std::uint64_t> latency_bounds;

  Observed() {}
};

Measurements measure(const Observed& observed);

// The windows of burn rates, in minutes: the long ones and the short ones, each once, in order.
const std::vector<std::uint32_t>& burn_minutes();
// How fast a window's errors use up the month's budget: 1 is as fast as it comes. nullopt: too few answers.
std::optional<double> burn_rate(const Tally& tally);

// Whether the cache of a deployment that counts since then has had its time to fill.
inline bool is_warm(Instant since, Instant now) { return now - since >= warm_up; }

// Of one window or of any other sum.
struct Shares {
  std::optional<double> hit_ratio;
  std::optional<double> hit_latency_p95_seconds;
  // Of all answers.
  std::optional<double> failed;
  std::uint64_t answers = 0;
  std::uint64_t failed_answers = 0;
  std::uint64_t hits = 0;
  std::uint64_t reads = 0;

  Shares() {}
};
Shares shares_of(const Tally& tally, const std::vector<std::uint64_t>& latency_bounds);

enum class Bound : std::uint8_t { at_least, at_most };
struct ObjectiveRow {
  std::string_view name;
  std::string_view signal;
  Bound bound;
  double target;
  std::string_view what;
};
const std::vector<ObjectiveRow>& objective_rows();

// Of the error budget of 30 days what is left, 1 to below 0 (more is spent than there is); `failed` and
// `answers` are of these days.
double budget_left(std::uint64_t failed, std::uint64_t answers);

}  // namespace larder::metrics
