// Removes purged entries from the tier that all isolates share, where they still take room. A purge holds
// without a sweep, since reads judge it.
#pragma once

#include <cstdint>
#include <string>

#include "config/settings.h"
#include "engine/control.h"
#include "observe/counters.h"
#include "tiers/tiered_cache.h"

namespace larder::engine {

// How far the sweeps have come: through all keys for the purges up to `swept`, and for those up to `sequence`
// as far as `cursor`, which is empty between two walks.
struct SweepProgress {
  std::uint64_t swept = 0;
  std::uint64_t sequence = 0;
  std::string cursor;

  SweepProgress() {}
};

// The text of the note that it is kept as, and back. Another text counts as no progress.
std::string to_text(const SweepProgress& progress);
SweepProgress parse_sweep_progress(std::string_view text);

// One stretch of the walk, bounded by limit::sweep_*: to be called by schedule. Where the store fails it
// ends, and the next one goes on from what was kept. Does nothing where no purge is newer than the last whole
// walk.
host::Task<void> sweep(host::Context here, const config::Settings& settings, tiers::TieredCache& tiered,
                       Control& control, observe::Counters& counters);

}  // namespace larder::engine
