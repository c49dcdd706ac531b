// What the shared tier and R2 hold, as the archiver's runs have seen it, for whoever tells of all metrics.
#pragma once

#include <cstdint>
#include <vector>

#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "metrics/tally.h"
#include "records/archive.h"

namespace larder::monitor {

// What the stores held when a run was through, its own moves taken into account.
struct Holdings {
  std::uint64_t hot_entries;
  std::uint64_t hot_bytes;
  std::uint64_t cold_entries;
  std::uint64_t cold_bytes;

  explicit Holdings(const records::ArchiveSums& sums);
};

// Of the archiver's runs, the newest first, the last one that has seen everything; nullptr: none has.
const records::ArchiveRun* complete_run(const std::vector<records::ArchiveRun>& runs);
// Entries and bytes by tier, among an exposition's gauges.
void set_holdings(metrics::Tally& gauges, const records::ArchiveRun& complete);

// The same by asking the archiver's object. Nothing is set where there is none, where it gives no answer, or
// where no run has seen everything.
host::Task<void> ask_for_holdings(host::Context here, const config::Settings& settings,
                                  metrics::Tally& gauges);

}  // namespace larder::monitor
