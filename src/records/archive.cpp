#include "records/archive.h"

#include <algorithm>

#include "config/limits.h"

namespace larder::records {

namespace {

namespace limit = config::limit;

Key run_key(std::uint64_t number) {
  Key key("run");
  key.number(number);
  return key;
}

bool is_running(const ArchiveRun& run) { return run.state == static_cast<std::uint8_t>(RunState::running); }

void add_to(ArchiveSums& sums, const ArchiveSums& more) {
  sums.hot_entries += more.hot_entries;
  sums.hot_bytes += more.hot_bytes;
  sums.cold_entries += more.cold_entries;
  sums.cold_bytes += more.cold_bytes;
  sums.planned += more.planned;
  sums.planned_bytes += more.planned_bytes;
  sums.planned_saving += more.planned_saving;
  sums.planned_cost += more.planned_cost;
  sums.moved += more.moved;
  sums.moved_bytes += more.moved_bytes;
  sums.skipped += more.skipped;
  sums.failed += more.failed;
  sums.orphans += more.orphans;
  sums.dangling += more.dangling;
  sums.operations += more.operations;
  sums.work_millis += more.work_millis;
  sums.counted_by_analytics += more.counted_by_analytics;
  sums.counted_by_ledger += more.counted_by_ledger;
}

}  // namespace

std::vector<ArchiveRun> Archive::newest(std::size_t count_max) {
  std::vector<ArchiveRun> runs;
  for (const Row& row :
       store_.range(Range(Key("run").str(), Key("run").end(), count_max, Order::descending))) {
    if (auto run = decode<ArchiveRun>(row.value)) {
      runs.push_back(std::move(*run));
    }
  }
  return runs;
}

Result<archive::begin_results> Archive::begin(const archive::begin_arguments& asked) {
  archive::begin_results results;
  const std::vector<ArchiveRun> last = newest(1);
  if (!last.empty() && is_running(last.front())) {
    results.run = last.front();
    return results;
  }
  results.began = 1;
  results.run.number = last.empty() ? 1 : last.front().number + 1;
  results.run.dry_run = asked.dry_run == 0 ? 0 : 1;
  results.run.began = static_cast<std::uint64_t>(millis_since_epoch(now_));
  results.run.touched = results.run.began;
  put_row(run_key(results.run.number), results.run);
  if (results.run.number > limit::cold_runs_kept) {
    erase_range(Key("run").str(), run_key(results.run.number - limit::cold_runs_kept + 1).str(),
                limit::rows_at_once);
  }
  return results;
}

Result<archive::take_results> Archive::take(const archive::take_arguments& asked) {
  archive::take_results results;
  auto run = row<ArchiveRun>(run_key(asked.number));
  if (!run) {
    return results;
  }
  results.run = std::move(*run);
  const auto now = static_cast<std::uint64_t>(millis_since_epoch(now_));
  const bool is_free = results.run.lease.empty() || results.run.leased_until <= now;
  if (!is_running(results.run) || !is_free || asked.token.empty()) {
    return results;
  }
  results.taken = 1;
  results.run.lease = asked.token;
  results.run.leased_until = now + std::min(asked.lease_millis, config::millis_of(limit::cold_lease));
  results.run.touched = now;
  ++results.run.steps;
  put_row(run_key(asked.number), results.run);
  return results;
}

Result<archive::settle_results> Archive::settle(const archive::settle_arguments& done) {
  archive::settle_results results;
  if (done.outcome > static_cast<std::uint8_t>(StepOutcome::run_failed)) {
    return fail(ErrorKind::invalid, "archive", "There is no such outcome of a step.");
  }
  auto run = row<ArchiveRun>(run_key(done.number));
  if (!run || !is_running(*run) || done.token.empty() || run->lease != done.token) {
    return results;
  }
  results.settled = 1;
  const auto now = static_cast<std::uint64_t>(millis_since_epoch(now_));
  run->touched = now;
  run->cursor = done.cursor;
  run->passed = done.passed;
  run->fault = done.fault;
  if (!done.analytics_fault.empty()) {
    run->analytics_fault = done.analytics_fault;
  }
  add_to(run->sums, done.sums);
  const auto outcome = static_cast<StepOutcome>(done.outcome);
  if (outcome != StepOutcome::goes_on) {
    run->lease.clear();
    run->leased_until = 0;
  }
  if (outcome == StepOutcome::run_over || outcome == StepOutcome::run_failed) {
    run->state =
        static_cast<std::uint8_t>(outcome == StepOutcome::run_over ? RunState::complete : RunState::failed);
    run->ended = now;
  }
  put_row(run_key(done.number), *run);
  results.run = std::move(*run);
  return results;
}

Result<archive::show_results> Archive::show(const archive::show_arguments& asked) {
  archive::show_results results;
  results.runs = newest(std::min<std::size_t>(asked.count_max, limit::cold_runs_kept));
  return results;
}

}  // namespace larder::records
