// From an origin's reply to the entry that is kept of it. Pure but for the digest that makes the ETag.
#pragma once

#include "engine/reading.h"
#include "http/freshness.h"

namespace larder::engine {

// nullptr: nothing of it may be kept; `fetched` is as it was. Otherwise its body has moved into the entry.
tiers::EntryPtr make_entry(host::Host& host, const config::Settings& settings, const Query& query,
                           origin::Fetched& fetched);

// The same of a streamed answer of `size` bytes, as it says itself: what its entry says. nullopt: nothing may
// be kept.
std::optional<entry::Header> describe_stream(host::Host& host, const config::Settings& settings,
                                             const Query& query, const origin::Fetched& fetched, Bytes size);

// Why an answer in mode http is kept or not.
http::Storability storability_of(const Query& query, const origin::Fetched& fetched);

// Whether an answer that is not kept may be given to all who ask the same at this moment.
bool is_for_all(const Query& query, const origin::Fetched& fetched);

// The entry that a 304 makes of the copy that it confirms: its body, its header renewed (RFC 9111 §4.3.4).
// nullptr where the origin's new header forbids to keep it. The same holds for an answer to HEAD that
// confirms the copy.
tiers::EntryPtr renew_entry(host::Host& host, const config::Settings& settings, const Query& query,
                            const tiers::Entry& former, const origin::Fetched& fetched);

// Whether an answer to HEAD is about what is kept (RFC 9111 §4.3.5): both have the same validators, and the
// same length where it tells one.
bool confirms_copy(const tiers::Entry& kept, const origin::Fetched& fetched);
// The copy as it is from `now` on: past its fresh time.
tiers::EntryPtr outdated(const tiers::Entry& kept, Instant now);

// What a part (206) and the part that is kept make together (RFC 9111 §3.4, RFC 9110 §15.3.7.3): one larger
// part, or the whole, as a 200. They have to have the same strong validator, and to meet; the result stays
// within the resource's bound and limit::reply_bytes_max, since its bytes go through the module. Else `made`
// itself. `kept`: nullptr for none.
tiers::EntryPtr put_together(host::Host& host, const config::Resource& resource, tiers::EntryPtr made,
                             const tiers::Entry* kept);

}  // namespace larder::engine
