// The five-minute look at how the deployment is: what the ledger counted becomes signals, the ledger's first
// shard says which alerts fire and resolve, and their messages go out. What could not be delivered waits in
// the ledger.
#pragma once

#include <functional>
#include <optional>

#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "monitor/reading.h"
#include "observe/counters.h"
#include "records/fields.h"

namespace larder::monitor {

// What the ledger does not know; nullopt: it cannot be learnt now.
struct Elsewhere {
  std::optional<std::uint64_t> dead_letters;
  std::optional<std::uint64_t> queue_depth;
  std::optional<double> spending_ratio;

  Elsewhere() {}
};

// Signals as they are now. Errors: the ledger gives no answer.
host::Task<Result<metrics::Measurements>> measure_now(host::Context here, const config::Settings& settings,
                                                      Elsewhere elsewhere);

// Evaluates the alerts, and delivers what waits.
host::Task<void> watch(host::Context here, const config::Settings& settings, observe::Counters& counters,
                       Elsewhere elsewhere);

// Puts messages about decisions into the ledger, for all transports in use; deliver() sends them. The ledger
// passes over those it was told of before. What it does not take is logged.
host::Task<void> announce(host::Context here, const config::Settings& settings, records::Announcements news);

// Delivers messages that are due, limit::alert_sends_max at most.
host::Task<void> deliver(host::Context here, const config::Settings& settings, observe::Counters& counters);

}  // namespace larder::monitor
