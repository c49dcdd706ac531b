// Reads the ledger, all of its shards together.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "config/limits.h"
#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "metrics/costs.h"
#include "metrics/ghost_cache.h"
#include "metrics/history.h"
#include "metrics/measure.h"
#include "metrics/tally.h"
#include "records/fields.h"
#include "records/ledger.h"

namespace larder::monitor {

struct Totals {
  Instant since;
  metrics::Tally counted;
  metrics::Tally gauges;

  Totals() {}
};
// Errors: the object's; a shard that gives no answer fails the whole, since a sum without it would go down.
host::Task<Result<Totals>> read_totals(host::Context here, const config::Settings& settings);

// What measure() wants of the ledger: windows (of so many minutes, up to now), since and now. Errors: as
// above.
host::Task<Result<metrics::Observed>> read_windows(
    host::Context here, const config::Settings& settings,
    std::vector<std::uint32_t> minutes = metrics::windows_wanted());

struct HistoryQuestion {
  records::BucketWidth width = records::BucketWidth::minute;
  // Buckets that begin at or after `from` rounded down to the width, and before `until`.
  Instant from;
  Instant until;
  // Of the ledger, over all shards.
  std::uint32_t calls_max = config::limit::history_calls_max;

  HistoryQuestion() {}
};
// Buckets with anything in them, oldest first, those of all shards added up. The caller bounds how many there
// can be by width, from and until. Errors: as above; too_large: they would take more than calls_max.
host::Task<Result<std::vector<metrics::HistoryBucket>>> read_history(host::Context here,
                                                                     const config::Settings& settings,
                                                                     HistoryQuestion question);

// What is billed, of each bucket with anything in it, by the bucket's beginning in milliseconds since the
// epoch. As above.
host::Task<Result<std::map<std::uint64_t, metrics::Usage>>> read_usage(host::Context here,
                                                                       const config::Settings& settings,
                                                                       HistoryQuestion question);

struct Ghosts {
  Instant since;
  // Of the time since then, hours with anything in them.
  std::uint64_t hours = 0;
  std::vector<metrics::GhostEstimate> estimates;

  Ghosts() {}
};
// Estimates of all shards by pattern. Accesses of one key in several shards count as of several keys: with
// more than one shard the estimates are those of caches that shards do not share. Errors: as above.
host::Task<Result<Ghosts>> read_ghosts(host::Context here, const config::Settings& settings);

}  // namespace larder::monitor
