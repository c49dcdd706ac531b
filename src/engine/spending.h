// What calls of models cost in a day (UTC), and its bound, over all isolates: one Durable Object counts
// (records/spending.h).
#pragma once

#include <optional>
#include <string>

#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "observe/counters.h"
#include "origin/fetch.h"

namespace larder::engine {

// Takes one call of today's, for a client where one waits for it ("": nobody's); a refusal where none is left
// for anybody, or for this client. Where the object does not answer the call is refused too, so that
// the bound always holds.
host::Task<std::optional<origin::Refusal>> take_model_call(host::Context here,
                                                           const config::Settings& settings,
                                                           observe::Counters& counters, std::string client);

// Counts and logs what came of a call that began at `began`. `outcome` is a word for counters and the log.
host::Task<void> settle_model_call(host::Context here, const config::Settings& settings,
                                   observe::Counters& counters, std::string resource, Instant began,
                                   origin::TokenUsage usage, std::string outcome);

// What today's calls of models came to, of the day's bounds (the nearer one); nullopt: there is no bound, or
// the object does not answer.
host::Task<std::optional<double>> spent_today(host::Context here, const config::Settings& settings);

// What calls of models have cost since the day of `since`, as operators see it: JSON text
// {"calls", "promptTokens", "outputTokens", "estimatedUsd"}.
host::Task<Result<std::string>> read_spending(host::Context here, Instant since);

}  // namespace larder::engine
