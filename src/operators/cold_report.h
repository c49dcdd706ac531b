// What cold storage holds, saves and costs, for the routes that tell of it: /api/cold, /api/costs and the
// metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/json_writer.h"
#include "metrics/tally.h"
#include "monitor/holdings.h"
#include "records/archive.h"

namespace larder::operators {

using monitor::Holdings;

// Of the archiver's runs, the newest first. The pointers are into what it is made of.
struct ColdReport {
  // The last one that has seen everything; nullptr: none has.
  const records::ArchiveRun* complete = nullptr;
  // The last one of these that only planned: what a run would move.
  const records::ArchiveRun* planned = nullptr;

  explicit ColdReport(const std::vector<records::ArchiveRun>& runs);
};

// A month of keeping what was seen, with everything in KV and as it is.
void write_saving(JsonWriter& json, const records::ArchiveRun& complete);
// Entries that have come back since the counts began, and what that cost by the price table.
void write_returns(JsonWriter& json, const metrics::Tally& counted);
// What a run would move: its entries, bytes, saving and cost.
void write_plan(JsonWriter& json, const records::ArchiveSums& sums);

}  // namespace larder::operators
