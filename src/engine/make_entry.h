// From an origin's reply to the entry that is kept of it. Pure but for the digest that makes the ETag.
#pragma once

#include "engine/reading.h"

namespace larder::engine {

// nullptr: nothing of it may be kept; `fetched` is as it was. Otherwise its body has moved into the entry.
tiers::EntryPtr make_entry(host::Host& host, const config::Settings& settings, const Query& query,
                           origin::Fetched& fetched);

}  // namespace larder::engine
