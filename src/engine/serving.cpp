#include "engine/serving.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "engine/make_entry.h"
#include "http/cache_control.h"

namespace larder::engine {

using observe::Counter;
using policy::Held;
using policy::Reason;

namespace {

// RFC 9111 §4.1: an entry made under Vary fits only requests with the same selecting fields.
bool fits_request(const Query& query, const entry::Header& header) {
  if (header.vary.empty() || LARDER_MUTATED(variant_unchecked)) {
    return true;
  }
  std::vector<std::string> names;
  for (const std::string_view part : split(header.vary, '&')) {
    names.emplace_back(part.substr(0, part.find('=')));
  }
  return query.read_header && http::secondary_key(names, query.read_header) == header.vary;
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
  if (parts.duty == Duty::stands_in) {
    return policy::Admission(policy::Participation::pass_through, Reason::recovery);
  }
  const policy::Admission admission = policy::admit(parts.settings, query.overrides(), query.key.pattern);
  if (admission.participation == policy::Participation::full && query.authorized) {
    return policy::Admission(policy::Participation::pass_through, Reason::unshared);
  }
  return admission;
}

Held held_of(const Parts& parts, const Query& query, const tiers::Entry* entry, Wanted wanted, Instant now) {
  if (entry == nullptr) {
    return Held::nothing;
  }
  const entry::Header& header = entry->header;
  const bool is_negative = header.kind == entry::Kind::negative;
  if (!fits_request(query, header)) {
    return Held::variant;
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
  return policy::may_stand_in(header, now) ? Held::stands_in : Held::confirms;
}

http::CacheStatus forward_of(const Parts& parts, const Query& query, Held held) {
  switch (held) {
    case Held::stands_in:
    case Held::confirms:
      return forwarded(http::ForwardReason::stale, Reason::expired);
    case Held::variant:
      return forwarded(http::ForwardReason::vary_miss, Reason::other_variant);
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

Reading standing_in(Parts& parts, tiers::EntryPtr entry, http::CacheStatus status, Reason reason,
                    Instant now) {
  parts.counters.add(Counter::stale_rescues_total, policy::to_text(reason));
  const policy::Standing standing = policy::standing(entry->header, now);
  Hit hit(std::move(entry));
  hit.age = standing.age;
  hit.role = Role::stands_in;
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
  if (fetched.not_modified) {
    const tiers::EntryPtr& confirmed = former.as_asked();
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
  }
#ifdef LARDER_MUTATIONS
  if (LARDER_MUTATED(body_leaked)) {
    fetched.content.forget();
  }
#endif
  if (made == nullptr) {
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

Landing landing_of(const Reading& reading) {
  Landing landing;
  landing.status = reading.status;
  const origin::Fetched* const passed = reading.passed();
  if (passed == nullptr || is_failure_of_all(*passed)) {
    landing.outcome.emplace(reading.outcome);
  }
  return landing;
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
