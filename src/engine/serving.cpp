#include "engine/serving.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "engine/make_entry.h"
#include "http/cache_control.h"
#include "http/date.h"
#include "http/freshness.h"
#include "http/range.h"
#include "http/request_fields.h"

namespace larder::engine {

using observe::Counter;
using policy::Held;
using policy::Reason;

namespace {

// RFC 9111 §4.1: an entry made under Vary fits only requests with the same selecting fields.
bool fits_request(const Query& query, const tiers::Entry& entry) {
  return LARDER_MUTATED(variant_unchecked) || entry.fits(query.read_header);
}

// Whether a part that is kept (206) has the one that the request wants.
bool has_part(const Query& query, const tiers::Entry& entry, Instant now) {
  const http::Fields fields(entry.header.fields);
  const auto given = http::parse_content_range(fields.find("content-range").value_or(""));
  if (!given || query.range.empty() || !query.wants_part) {
    return false;
  }
  http::Representation representation;
  representation.etag = http::parse_entity_tag(entry.header.etag);
  representation.last_modified = http::parse_date(entry.header.last_modified, now);
  if (!query.if_range.empty() && !http::holds_if_range(query.if_range, representation, now)) {
    return false;
  }
  const http::RequestedRange wanted = http::parse_range(query.range, given->whole);
  return wanted.part && http::is_within(*wanted.part, given->part);
}

// A server's error that says nothing about who asked. Asking once more for each who waits would only add to
// what ails it.
bool is_failure_of_all(const origin::Fetched& fetched) {
  if (fetched.origin_status < 500 || fetched.streamed || fetched.origin_fields.find("set-cookie")) {
    return false;
  }
  const http::ResponseDirectives directives = http::select_directives(fetched.origin_fields).directives;
  return !directives.private_ && !directives.no_store;
}

http::ResponseDirectives directives_of(const entry::Header& header) {
  return http::select_directives(http::Fields(header.fields)).directives;
}

// The request's own answer is nobody else's business: it is not stored, not asked for, a part, a head without
// a body, or most likely for one person.
bool asks_for_itself(const Query& query) {
  return query.directives.no_store || query.directives.only_if_cached || query.personal || query.wants_part ||
         query.wants_no_body();
}

Reading reading_of_answer(tiers::EntryPtr entry, http::CacheStatus status, Instant now) {
  Hit hit(std::move(entry));
  hit.age = policy::standing(hit.entry->header, now).age;
  Reading reading(std::move(hit));
  reading.status = std::move(status);
  return reading;
}

}  // namespace

http::CacheStatus forwarded(http::ForwardReason why, Reason detail) {
  http::CacheStatus status;
  status.forward = why;
  status.detail = policy::to_text(detail);
  return status;
}

policy::Admission admission_of(const Parts& parts, const Query& query) {
  if (parts.role == InstanceRole::recovery) {
    return policy::Admission(policy::Participation::pass_through, Reason::recovery);
  }
  const policy::Admission admission = policy::admit(parts.settings, query.overrides(), query.key.pattern);
  if (admission.participation == policy::Participation::full && query.authorized) {
    return policy::Admission(policy::Participation::pass_through, Reason::unshared);
  }
  if (admission.participation == policy::Participation::full && query.is_for_origin_to_judge) {
    return policy::Admission(policy::Participation::pass_through, Reason::precondition);
  }
  return admission;
}

Held held_of(const Parts& parts, const Query& query, const tiers::Entry* entry, Wanted wanted, Instant now) {
  if (entry == nullptr) {
    return Held::nothing;
  }
  const entry::Header& header = entry->header;
  const bool is_negative = header.kind == entry::Kind::negative;
  if (!fits_request(query, *entry)) {
    return Held::variant;
  }
  if (header.status == 206 && !has_part(query, *entry, now)) {
    return Held::part;
  }
  if (is_negative && !policy::keeps_negatives(parts.settings, query.overrides())) {
    return Held::unfit;
  }
  const policy::Decision decision =
      policy::decide(header, Reason::shared, now, policy::when_stale(parts.settings, query.overrides()),
                     policy::eager_percent(query.overrides()));
  if (wanted == Wanted::fresh) {
    const bool is_fresh = decision.standing.freshness == policy::Freshness::fresh;
    return is_fresh && !LARDER_MUTATED(fresh_asked_again) ? Held::answers : Held::nothing;
  }
  if (decision.action != policy::Action::fetch) {
    return Held::answers;
  }
  if (is_negative) {
    return Held::unfit;
  }
  const bool is_for_it = !query.personal || http::may_be_shared_when_authorised(directives_of(header));
  return is_for_it && policy::may_serve_stale(header, now) ? Held::stale : Held::confirms;
}

policy::ReadFacts first_facts(const Parts& parts, const Query& query, Wanted wanted) {
  policy::ReadFacts facts;
  const bool is_protected =
      policy::protects_from_stampedes(parts.settings, query.overrides()) && !asks_for_itself(query);
  if (is_protected && wanted == Wanted::servable && !LARDER_MUTATED(flights_unshared)) {
    facts.flight = policy::FlightState::to_join;
  }
  if (is_protected) {
    facts.lock = policy::LockState::to_take;
  }
  if (wanted == Wanted::fresh) {
    facts.turn = policy::Turn::to_take;
  }
  return facts;
}

void learn(policy::ReadFacts& facts, Parts& parts, const Query& query, const Copy& copy, Wanted wanted,
           Instant now) {
  const policy::Admission admission = admission_of(parts, query);
  facts.participation = admission.participation;
  facts.admission = admission.reason;
  tiers::EntryPtr entry;
  if (admission.participation == policy::Participation::full) {
    entry = copy.open(parts.control, query.key);
  }
  facts.held = held_of(parts, query, entry.get(), wanted, now);
  facts.objection = Reason::absent;
  facts.staleness = policy::Staleness::is_not_taken;
  if (facts.held == Held::answers && wanted == Wanted::servable) {
    facts.objection = objection_of(query, *entry, now);
  } else if (facts.held == Held::stale || facts.held == Held::confirms) {
    facts.staleness = staleness_of(query, *entry, now);
  }
  facts.origin = policy::OriginState::ready;
  if (facts.held == Held::stale && facts.answer == policy::Answer::unasked) {
    if (parts.gate.is_down(query, now)) {
      facts.origin = policy::OriginState::down;
    } else if (parts.refreshes.has_failed(query.key.storage_name, now)) {
      facts.origin = policy::OriginState::failed_lately;
    }
  }
}

bool is_newer(const tiers::Entry& found, const tiers::Entry* newest, Held held) {
  // Another variant, or part, says nothing about how old this request's may be.
  const bool has_its_own = newest != nullptr && held != Held::variant && held != Held::part;
  return !has_its_own || found.header.asked > newest->header.asked;
}

bool fits(Held held) { return held != Held::unfit && held != Held::variant && held != Held::part; }

Reason objection_of(const Query& query, const tiers::Entry& entry, Instant now) {
  const http::RequestDirectives& wanted = query.directives;
  const policy::Standing standing = policy::standing(entry.header, now);
  if (query.personal && !http::may_be_shared_when_authorised(directives_of(entry.header))) {
    return Reason::unshared;
  }
  if (wanted.no_cache) {
    return Reason::request_no_cache;
  }
  if (wanted.max_age && standing.age > *wanted.max_age) {
    return Reason::request_max_age;
  }
  if (wanted.min_fresh && standing.ttl < *wanted.min_fresh) {
    return Reason::request_min_fresh;
  }
  return Reason::absent;
}

policy::Staleness staleness_of(const Query& query, const tiers::Entry& entry, Instant now) {
  const http::RequestDirectives& wanted = query.directives;
  const policy::Standing standing = policy::standing(entry.header, now);
  const bool is_within = wanted.max_stale && standing.ttl <= Millis(0) && -standing.ttl <= *wanted.max_stale;
  const bool is_too_old = wanted.max_age && standing.age > *wanted.max_age;
  if (!is_within || is_too_old || wanted.no_cache || wanted.min_fresh || query.personal ||
      entry.header.kind == entry::Kind::negative) {
    return policy::Staleness::is_not_taken;
  }
  const http::ResponseDirectives directives = directives_of(entry.header);
  const bool is_forbidden =
      directives.must_revalidate || directives.proxy_revalidate || directives.no_cache || directives.s_maxage;
  return is_forbidden ? policy::Staleness::is_not_taken : policy::Staleness::is_taken;
}

http::CacheStatus forward_of(const Parts& parts, const Query& query, Held held, Reason objection) {
  if (held == Held::answers && objection != Reason::absent) {
    return forwarded(http::ForwardReason::request, objection);
  }
  switch (held) {
    case Held::stale:
    case Held::confirms:
      return forwarded(http::ForwardReason::stale, Reason::expired);
    case Held::variant:
      return forwarded(http::ForwardReason::vary_miss, Reason::other_variant);
    case Held::part:
      return forwarded(http::ForwardReason::partial, Reason::partial);
    case Held::unfit:
      return policy::keeps_negatives(parts.settings, query.overrides())
                 ? forwarded(http::ForwardReason::stale, Reason::expired)
                 : forwarded(http::ForwardReason::miss, Reason::absent);
    case Held::nothing:
    case Held::answers:
      return forwarded(http::ForwardReason::miss, Reason::absent);
  }
  LARDER_UNREACHABLE();
}

Reading reading_of_entry(Parts& parts, const Query& query, tiers::EntryPtr entry,
                         std::optional<config::Tier> found_in, Wanted wanted, Instant now) {
  // What no tier had is in memory by now.
  const Reason reason = policy::reason_of(found_in.value_or(config::Tier::memory));
  const policy::Decision decision =
      policy::decide(entry->header, reason, now, policy::when_stale(parts.settings, query.overrides()),
                     policy::eager_percent(query.overrides()));
  Hit hit(std::move(entry));
  hit.age = decision.standing.age;
  hit.found_in = found_in;
  Reading reading(std::move(hit));
  reading.status.detail = policy::to_text(decision.reason);
  reading.status.ttl = std::chrono::floor<http::Seconds>(decision.standing.ttl);
  if (decision.action == policy::Action::serve_and_refresh && wanted == Wanted::servable) {
    const Instant deadline = now + config::limit::refresh_lock_kept;
    const bool begins = parts.refreshes.begin(query.key.storage_name, now, deadline);
    reading.afterwards.refresh = begins ? Refresh::due : Refresh::no;
  }
  return reading;
}

Reading reading_of_stale(Parts& parts, tiers::EntryPtr entry, http::CacheStatus status, Reason reason,
                         Instant now) {
  parts.counters.add(Counter::stale_rescues_total, policy::to_text(reason));
  const policy::Standing standing = policy::standing(entry->header, now);
  Hit hit(std::move(entry));
  hit.age = standing.age;
  hit.role = Role::stale;
  Reading reading(std::move(hit));
  reading.status = std::move(status);
  reading.status.detail = policy::to_text(reason);
  reading.status.ttl = std::chrono::floor<http::Seconds>(standing.ttl);
  return reading;
}

Reading keep_answer(Parts& parts, host::Context here, const Query& query, http::CacheStatus status,
                    origin::Fetched fetched, const Copy& former) {
  const Instant now = here.host().now();
  // 0: the answer was known without asking.
  if (fetched.origin_status != 0) {
    status.forward_status = static_cast<int>(fetched.origin_status);
  }
  tiers::EntryPtr made;
  const tiers::EntryPtr& asked_about = former.as_asked();
  const bool is_about_copy = fetched.without_body && asked_about != nullptr && fetched.status == 200;
  const bool is_confirmed = fetched.not_modified || (is_about_copy && confirms_copy(*asked_about, fetched));
  if (is_confirmed) {
    const tiers::EntryPtr& confirmed = asked_about;
    LARDER_ASSERT(confirmed != nullptr);
    parts.counters.add(Counter::revalidated_total,
                       parts.counters.pattern(query.key.resource_number, query.key.pattern));
    made = renew_entry(here.host(), parts.settings, query, *confirmed, fetched);
    if (made == nullptr) {
      // Confirmed, and not to be kept any longer: it answers this request.
      return reading_of_answer(confirmed, std::move(status), now);
    }
  } else if (status.forward != http::ForwardReason::bypass) {
    made = make_entry(here.host(), parts.settings, query, fetched);
    if (made != nullptr && made->header.status == 206) {
      const tiers::EntryPtr kept = Copy(parts.tiered.memory().peek(query.key)).open(parts.control, query.key);
      made = put_together(here.host(), *query.resource, std::move(made), kept.get());
    }
    if (const tiers::EntryPtr left = former.open(parts.control, query.key);
        is_about_copy && left != nullptr) {
      // RFC 9111 §4.3.5: the origin has another answer by now, which the next GET brings.
      parts.tiered.put_nearest(query.key, outdated(*left, now));
    }
  }
#ifdef LARDER_MUTATIONS
  if (LARDER_MUTATED(body_leaked)) {
    fetched.content.forget();
  }
#endif
  if (made == nullptr) {
    if (query.resource->mode == config::Mode::http) {
      status.unkept = http::to_text(storability_of(query, fetched));
    }
    Reading passed(Passed(std::make_shared<const origin::Fetched>(std::move(fetched))));
    passed.status = std::move(status);
    return passed;
  }
  const tiers::EntryPtr left = Copy(made).open(parts.control, query.key);
  if (left == nullptr) {
    // Purged while it was under way: it answers the request that asked before, and nobody else.
    return reading_of_answer(std::move(made), std::move(status), now);
  }
  status.stored = true;
  parts.tiered.put_nearest(query.key, left);
  parts.refreshes.done(query.key.storage_name);
  Reading reading = reading_of_answer(left, std::move(status), now);
  reading.afterwards.remaining = Remaining::store;
  return reading;
}

std::string sender_of(const Query& query) {
  std::string sender;
  if (query.fields) {
    http::Forwarding forwarding;
    forwarding.declared = query.resource->forward;
    for (const auto& [name, value] : http::forwarded_fields(query.fields(), forwarding)) {
      sender.append(name).append(": ").append(value).append("\n");
    }
  }
  return sender;
}

bool may_be_shared(const FlightResult& result, const Query& query) {
  const auto* const passed = result.outcome ? std::get_if<Passed>(&*result.outcome) : nullptr;
  if (passed == nullptr || passed->fetched->origin_status < 400) {
    return true;
  }
  const std::uint32_t status = passed->fetched->origin_status;
  const bool is_of_gateway = status == 502 || status == 503 || status == 504;
  return is_of_gateway || result.sender == sender_of(query);
}

FlightResult flight_result_of(const Query& query, const Reading& reading) {
  FlightResult result;
  result.status = reading.status;
  const origin::Fetched* const passed = reading.passed();
  if (passed == nullptr || is_failure_of_all(*passed)) {
    result.outcome.emplace(reading.outcome);
    result.sender = passed == nullptr ? "" : sender_of(query);
  }
  return result;
}

host::Task<tiers::EntryPtr> screen(host::Context here, Parts& parts, const tiers::Key& key,
                                   std::string_view where, tiers::EntryPtr entry) {
  if (!parts.control.is_current(here.host().now())) {
    co_await parts.control.make_current(here);
  }
  tiers::EntryPtr left = Copy(entry).open(parts.control, key);
  if (left != entry) {
    parts.counters.add(Counter::purged_entries_total, where, left == nullptr ? "dropped" : "softened");
  }
  co_return left;
}

std::string lock_name(const Parts& parts, const Query& query, std::string_view purpose) {
  const std::uint64_t generation = parts.control.purges().generation(query.key.storage_name, query.tags);
  const std::string suffix = generation == 0 ? "" : concat({"@", to_text(generation)});
  return concat({purpose, query.key.storage_name, suffix});
}

}  // namespace larder::engine
