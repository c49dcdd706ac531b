#include "monitor/holdings.h"

#include <algorithm>

#include "config/limits.h"
#include "records/calls.h"

namespace larder::monitor {

Holdings::Holdings(const records::ArchiveSums& sums)
    : hot_entries(sums.hot_entries - std::min(sums.hot_entries, sums.moved)),
      hot_bytes(sums.hot_bytes - std::min(sums.hot_bytes, sums.moved_bytes)),
      cold_entries(sums.cold_entries + sums.moved),
      cold_bytes(sums.cold_bytes + sums.moved_bytes) {}

const records::ArchiveRun* complete_run(const std::vector<records::ArchiveRun>& runs) {
  const auto found = std::find_if(runs.begin(), runs.end(), [](const records::ArchiveRun& run) {
    return run.state == static_cast<std::uint8_t>(records::RunState::complete);
  });
  return found == runs.end() ? nullptr : &*found;
}

void set_holdings(metrics::Tally& gauges, const records::ArchiveRun& complete) {
  const Holdings held(complete.sums);
  const auto set = [&gauges](std::string_view name, std::string_view tier, std::uint64_t value) {
    gauges.set(metrics::series_name(name, {tier}), value);
  };
  set("tier_entries", "kv", held.hot_entries);
  set("tier_entries", "cold", held.cold_entries);
  set("tier_bytes", "kv", held.hot_bytes);
  set("tier_bytes", "cold", held.cold_bytes);
}

host::Task<void> ask_for_holdings(host::Context here, const config::Settings& settings,
                                  metrics::Tally& gauges) {
  records::archive::show_arguments asked;
  asked.count_max = static_cast<std::uint32_t>(config::limit::cold_runs_kept);
  const auto shown =
      co_await records::archive::show(here, settings.cache_prefix, asked, config::limit::object_wait);
  if (!shown) {
    co_return;
  }
  if (const records::ArchiveRun* const complete = complete_run(shown->runs)) {
    set_holdings(gauges, *complete);
  }
}

}  // namespace larder::monitor
