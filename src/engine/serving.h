// What may be served, and what a reading is made of. No effect but counting, and memory.
#pragma once

#include <optional>

#include "engine/copy.h"
#include "engine/parts.h"
#include "engine/reading.h"
#include "policy/read_plan.h"

namespace larder::engine {

// Which entries answer a read.
enum class Wanted : std::uint8_t {
  servable,  // whatever may be served
  fresh,     // those within their fresh time, which are not refreshed
};

// `Cache-Status: fwd=…; detail=…`
http::CacheStatus forwarded(http::ForwardReason why, policy::Reason detail);

// How far the cache takes part in the read, by the settings as they are now.
policy::Admission admission_of(const Parts& parts, const Query& query);

// What an entry is good for, as it is opened now; nullptr is Held::nothing.
policy::Held held_of(const Parts& parts, const Query& query, const tiers::Entry* entry, Wanted wanted,
                     Instant now);
// Why the request does not take an entry that answers others: what its Cache-Control says (RFC 9111 §5.2.1),
// or that it has credentials (§3.5). absent: it takes it.
policy::Reason objection_of(const Query& query, const tiers::Entry& entry, Instant now);
// Whether it takes one that is past its time.
policy::Staleness staleness_of(const Query& query, const tiers::Entry& entry, Instant now);
// The facts of a read that has not begun.
policy::ReadFacts first_facts(const Parts& parts, const Query& query, Wanted wanted);
// What is known of it now, and of the copy at hand, goes into its facts.
void learn(policy::ReadFacts& facts, Parts& parts, const Query& query, const Copy& copy, Wanted wanted,
           Instant now);
// Whether what a tier had is worth a look beside the newest copy at hand, of which `held` is known; nullptr:
// there is none.
bool is_newer(const tiers::Entry& found, const tiers::Entry* newest, policy::Held held);
// Whether a copy that is this may answer the request, or stand in.
bool fits(policy::Held held);

// Why the origin is asked although this is at hand.
http::CacheStatus forward_of(const Parts& parts, const Query& query, policy::Held held,
                             policy::Reason objection);

// The reading that an entry makes that answers (Held::answers). `found_in`: its tier; none: it was handed
// over.
Reading reading_of_entry(Parts& parts, const Query& query, tiers::EntryPtr entry,
                         std::optional<config::Tier> found_in, Wanted wanted, Instant now);
// The entry in place of the origin's answer.
Reading reading_of_stale(Parts& parts, tiers::EntryPtr entry, http::CacheStatus status, policy::Reason reason,
                         Instant now);

// The origin's answer: an entry, which memory has when this returns, or a body to pass on. `former`: the copy
// that the origin was asked about.
Reading keep_answer(Parts& parts, host::Context here, const Query& query, http::CacheStatus status,
                    origin::Fetched fetched, const Copy& former);

// What a leader shares of its reading.
FlightResult flight_result_of(const Query& query, const Reading& reading);
// The fields of a request that the origin sees, in one text.
std::string sender_of(const Query& query);
// Whether a leader's answer is one for this request. An error that a field may have provoked is for those who
// sent the same; a gateway's is for all.
bool may_be_shared(const FlightResult& result, const Query& query);

// What a tier or a lock had, as far as the newest view of the control log lets it be. `where` is for
// counters.
host::Task<tiers::EntryPtr> screen(host::Context here, Parts& parts, const tiers::Key& key,
                                   std::string_view where, tiers::EntryPtr entry);

// The name of a key's lock. A purge makes a new lock of it: the answer to one who asked before the purge is
// no answer to one who came after it.
std::string lock_name(const Parts& parts, const Query& query, std::string_view purpose);

}  // namespace larder::engine
