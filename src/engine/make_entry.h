// From an origin's reply to the entry that is kept of it. Pure but for the digest that makes the ETag.
#pragma once

#include "engine/reading.h"
#include "http/freshness.h"

namespace larder::engine {

// nullptr: nothing of it may be kept; `fetched` is as it was. Otherwise its body has moved into the entry.
tiers::EntryPtr make_entry(host::Host& host, const config::Settings& settings, const Query& query,
                           origin::Fetched& fetched);

// Why an answer in mode http is kept or not.
http::Storability storability_of(const Query& query, const origin::Fetched& fetched);

// Whether an answer that is not kept may be given to all who ask the same at this moment.
bool is_for_all(const Query& query, const origin::Fetched& fetched);

// The entry that a 304 makes of the copy that it confirms: its body, its header renewed (RFC 9111 §4.3.4).
// nullptr where the origin's new words forbid to keep it.
tiers::EntryPtr renew_entry(host::Host& host, const config::Settings& settings, const Query& query,
                            const tiers::Entry& former, const origin::Fetched& fetched);

}  // namespace larder::engine
