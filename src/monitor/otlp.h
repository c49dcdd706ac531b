// Pushes all metrics by OTLP/HTTP with JSON, from the five-minute cron: cumulative sums as the ledger has
// them, so a push that is lost is made up for by the next. Off unless OTLP_URL is set.
//
// Source: https://opentelemetry.io/docs/specs/otlp/ (OTLP/HTTP response, failures, partial success); read
// 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "observe/counters.h"

namespace larder::monitor {

// What an answer to a push means.
struct PushVerdict {
  enum class Kind : std::uint8_t {
    taken,
    partly,   // some points were rejected; never sent again
    again,    // not now
    refused,  // never
  };
  Kind kind = Kind::refused;
  // For how long the receiver wants to be left alone; 0: it does not say.
  Millis after{0};
  // What it said of points that it rejected.
  std::string fault;

  PushVerdict() {}
};
PushVerdict verdict_of(std::uint32_t status, std::string_view retry_after, std::string_view body,
                       Instant now);

// At most limit::otlp_tries_max attempts; what became of it is counted (otlp_pushes_total) and, where it
// failed, logged.
host::Task<void> push_metrics(host::Context here, const config::Settings& settings,
                              observe::Counters& counters);

}  // namespace larder::monitor
