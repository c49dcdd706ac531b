#include "metrics/measure.h"

#include <algorithm>

#include "metrics/exposition.h"

namespace larder::metrics {

namespace {

// A long window with the short one that must agree, and the threshold of both (signals.def, alerts.def).
struct BurnWindow {
  Signal signal;
  std::uint32_t long_minutes;
  std::uint32_t short_minutes;
};
constexpr BurnWindow burn_windows[] = {{Signal::burn_1h, 60, 5},
                                       {Signal::burn_6h, 360, 30},
                                       {Signal::burn_1d, 1440, 120},
                                       {Signal::burn_3d, 4320, 360}};
constexpr std::uint32_t ratio_minutes = 10;

double threshold_of(Signal signal) {
  for (const AlertRow& row : alert_rows()) {
    if (row.signal == signal) {
      return row.threshold;
    }
  }
  return 0;
}

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole < events_min) {
    return std::nullopt;
  }
  return static_cast<double>(part) / static_cast<double>(whole);
}

double per_minute(std::uint64_t count) { return static_cast<double>(count) / ratio_minutes; }

}  // namespace

const std::vector<std::uint32_t>& windows_wanted() {
  static const std::vector<std::uint32_t> minutes = {5, ratio_minutes, 30, 60, 120, 360, 1440, 4320};
  return minutes;
}

std::optional<double> burn_rate(const Tally& tally) {
  const std::uint64_t answers = tally.sum("answers_total");
  const auto failed = ratio(tally.sum("answers_total", 0, "error"), answers);
  return failed ? std::optional(*failed / error_budget) : std::nullopt;
}

const std::vector<std::uint32_t>& burn_minutes() {
  static const std::vector<std::uint32_t> minutes = [] {
    std::vector<std::uint32_t> all;
    for (const BurnWindow& window : burn_windows) {
      all.push_back(window.long_minutes);
      all.push_back(window.short_minutes);
    }
    std::sort(all.begin(), all.end());
    // One row's long window is another one's short one.
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }();
  return minutes;
}

Shares shares_of(const Tally& tally, const std::vector<std::uint64_t>& latency_bounds) {
  Shares shares;
  shares.answers = tally.sum("answers_total");
  shares.failed_answers = tally.sum("answers_total", 0, "error");
  shares.failed = ratio(shares.failed_answers, shares.answers);
  shares.hits = tally.sum("cache_hit_fresh_total") + tally.sum("cache_hit_stale_total");
  shares.reads = shares.hits + tally.sum("cache_miss_reads_total");
  shares.hit_ratio = ratio(shares.hits, shares.reads);
  Cells cells = tally.cells("answer_duration_seconds", 0, "hit");
  if (cells.size() == latency_bounds.size() + 2) {
    cells.pop_back();  // the sum
    std::uint64_t count = 0;
    for (const std::uint64_t bucket : cells) {
      count += bucket;
    }
    if (count >= events_min) {
      shares.hit_latency_p95_seconds = quantile_of(latency_bounds, cells, 0.95) / 1000;
    }
  }
  return shares;
}

Measurements measure(const Observed& observed) {
  Measurements measured;
  const auto set = [&](Signal signal, std::optional<double> value) {
    measured[static_cast<std::size_t>(signal)] = value;
  };
  const Tally& recent = observed.windows.at(ratio_minutes);
  const Shares shares = shares_of(recent, observed.latency_bounds);
  if (is_warm(observed.since, observed.now)) {
    set(Signal::hit_ratio, shares.hit_ratio);
  }
  set(Signal::hit_latency_p95_seconds, shares.hit_latency_p95_seconds);
  const std::uint64_t failed = recent.sum("refresh_fail_total");
  const std::uint64_t ended = failed + recent.sum("refresh_success_total");
  // Refreshes are few where all goes well; ten of them say something.
  if (ended >= events_min / 10) {
    set(Signal::refresh_error_ratio, static_cast<double>(failed) / static_cast<double>(ended));
  }
  if (observed.dead_letters) {
    set(Signal::dead_letters, static_cast<double>(*observed.dead_letters));
  }
  if (observed.queue_depth) {
    set(Signal::queue_depth, static_cast<double>(*observed.queue_depth));
  }
  set(Signal::spending_ratio, observed.spending_ratio);
  set(Signal::breaker_refused_per_minute, per_minute(recent.sum("breaker_refused_total")));
  set(Signal::cold_errors_per_minute, per_minute(recent.sum("cache_errors_total", 0, "cold") +
                                                 recent.sum("breaker_refused_total", 0, "cold")));
  set(Signal::undelivered_per_minute, per_minute(recent.sum("ledger_undelivered_total")));
  for (const BurnWindow& window : burn_windows) {
    const auto over_long = burn_rate(observed.windows.at(window.long_minutes));
    const auto over_short = burn_rate(observed.windows.at(window.short_minutes));
    if (over_long) {
      // Without answers in the short window nothing fails now.
      const bool is_over = over_short.value_or(0) <= threshold_of(window.signal);
      set(window.signal, is_over ? 0 : *over_long);
    }
  }
  return measured;
}

const std::vector<ObjectiveRow>& objective_rows() {
  static const std::vector<ObjectiveRow> rows = {
#define LARDER_OBJECTIVE(name, signal, comparison, target, what) \
  {#name, #signal, Bound::comparison, target, what},
#include "metrics/objectives.def"
#undef LARDER_OBJECTIVE
  };
  return rows;
}

double budget_left(std::uint64_t failed, std::uint64_t answers) {
  if (answers == 0) {
    return 1;
  }
  return 1 - static_cast<double>(failed) / static_cast<double>(answers) / error_budget;
}

}  // namespace larder::metrics
