// What is done behind a response: origin requests brought to their end, locks handed back, entries stored,
// stale ones refreshed.
#pragma once

#include "engine/reading.h"
#include "engine/serving.h"

namespace larder::engine {

// `query` and `parts` outlive the call.
host::Task<void> settle(host::Context here, Parts& parts, const Query& query, Reading reading);

}  // namespace larder::engine
