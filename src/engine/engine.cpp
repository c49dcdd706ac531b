#include "engine/engine.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/make_entry.h"
#include "host/operations.h"

namespace larder::engine {

using observe::Counter;
using policy::Reason;

namespace {

http::CacheStatus forwarded(http::ForwardReason why, Reason detail) {
  http::CacheStatus status;
  status.forward = why;
  status.detail = policy::to_text(detail);
  return status;
}

Reason reason_of_tier(std::string_view tier) {
  if (tier == "memory") {
    return Reason::memory;
  }
  return tier == "edge" ? Reason::edge : Reason::kv;
}

std::string_view outcome_of(const Reading& reading) {
  return reading.refusal == nullptr ? "answered" : to_text(reading.refusal->error.kind);
}

// RFC 9111 §4.1: an entry made under Vary fits only requests with the same selecting fields.
bool fits_request(const Query& query, const entry::Header& header) {
  if (header.vary.empty()) {
    return true;
  }
  std::vector<std::string> names;
  for (const std::string_view part : split(header.vary, '&')) {
    names.emplace_back(part.substr(0, part.find('=')));
  }
  return query.read_header && http::secondary_key(names, query.read_header) == header.vary;
}

}  // namespace

Reading Engine::hit(const policy::Decision& decision, tiers::Found found) const {
  Reading reading;
  reading.status.detail = policy::to_text(decision.reason);
  reading.status.ttl = std::chrono::floor<http::Seconds>(decision.standing.ttl);
  reading.age = decision.standing.age;
  reading.found_in = found.tier;
  reading.entry = std::move(found.entry);
  return reading;
}

// The reading that a found entry makes, or nothing; then `forward` says why not.
std::optional<Reading> Engine::usable(Instant now, const Query& query, const tiers::Found& found,
                                      http::CacheStatus& forward) const {
  if (found.entry == nullptr) {
    forward = forwarded(http::ForwardReason::miss, Reason::absent);
    return std::nullopt;
  }
  const entry::Header& header = found.entry->header;
  if (!fits_request(query, header)) {
    forward = forwarded(http::ForwardReason::vary_miss, Reason::other_variant);
    return std::nullopt;
  }
  if (header.kind == entry::Kind::negative && !settings_.negative_cache_enabled) {
    forward = forwarded(http::ForwardReason::miss, Reason::absent);
    return std::nullopt;
  }
  const policy::Decision decision = policy::decide(header, reason_of_tier(found.tier), now);
  if (decision.action == policy::Action::fetch) {
    forward = forwarded(http::ForwardReason::stale, decision.reason);
    return std::nullopt;
  }
  return hit(decision, found);
}

std::optional<Reading> Engine::read_now(Instant now, const Query& query) {
  if (bypass_ || query.authorized ||
      policy::admit(settings_, query.key.pattern).participation != policy::Participation::full) {
    return std::nullopt;
  }
  tiers::EntryPtr near = tiered_.find(query.key);
  if (near == nullptr) {
    return std::nullopt;
  }
  http::CacheStatus forward;
  auto reading = usable(now, query, tiers::Found(std::move(near), tiered_.memory().name()), forward);
  if (reading) {
    count_read(query, *reading);
  }
  return reading;
}

host::Task<Reading> Engine::read(host::Context here, const Query& query) {
  const policy::Admission admission = policy::admit(settings_, query.key.pattern);
  Reading reading;
  if (bypass_) {
    reading = co_await fetch(here, query, forwarded(http::ForwardReason::bypass, Reason::recovery));
  } else if (admission.participation == policy::Participation::pass_through) {
    reading = co_await fetch(here, query, forwarded(http::ForwardReason::bypass, admission.reason));
  } else if (admission.participation == policy::Participation::observe_only) {
    // The null implementation counts what would have been.
    tiers::Cache* const observer = registry_.find("null");
    LARDER_ASSERT(observer != nullptr);
    const auto looked = co_await observer->get(here, query.key);
    reading = co_await fetch(here, query, forwarded(http::ForwardReason::bypass, admission.reason));
    if (looked && reading.refusal == nullptr) {
      const auto put = co_await observer->put(here, query.key, nullptr);
      LARDER_ASSERT(put.has_value());
    }
  } else if (query.authorized) {
    reading = co_await fetch(here, query, forwarded(http::ForwardReason::bypass, Reason::unshared));
  } else {
    reading = co_await read_through(here, query);
  }
  count_read(query, reading);
  co_return reading;
}

host::Task<Reading> Engine::read_through(host::Context here, const Query& query) {
  if (!settings_.stampede_protection_enabled) {
    co_return co_await look_and_fetch(here, query);
  }
  const std::string key = query.key.storage_name;
  const Instant give_up = here.host().now() + config::limit::single_flight_wait;
  // Followers of a lost flight come round again; the first of them leads. All of a request's waiting is one wait.
  while (auto flight = flights_.find(key, here.host().now())) {
    auto shared = co_await follow(here, query, std::move(flight), give_up);
    if (shared) {
      co_return std::move(*shared);
    }
  }
  const Instant deadline = here.host().now() + query.resource->origin.timeout_hard + config::limit::single_flight_wait;
  co_return co_await lead(here, query, flights_.begin(key, deadline));
}

// What the flight gave, or nothing where the caller has to look for itself.
host::Task<std::optional<Reading>> Engine::follow(host::Context here, const Query& query,
                                                  std::shared_ptr<Flight> flight, Instant give_up) {
  counters_.add(Counter::single_flight_joined_total);
  flight->follow(here.request());
  while (flight->state() == FlightState::under_way) {
    const Millis left = give_up - here.host().now();
    if (left <= Millis(0)) {
      counters_.add(Counter::single_flight_expired_total);
      co_return co_await look_and_fetch(here, query);
    }
    const auto waited = co_await host::park(here, static_cast<std::uint64_t>(left.count()));
    if (!waited) {
      // The host cannot wait (it never happens on the platform): look for oneself.
      co_return co_await look_and_fetch(here, query);
    }
  }
  if (flight->state() == FlightState::lost) {
    co_return std::nullopt;
  }
  const Landing& landing = flight->landing();
  Reading reading;
  if (landing.refusal != nullptr) {
    reading.refusal = landing.refusal;
    reading.status = forwarded(http::ForwardReason::miss, Reason::shared);
    reading.status.collapsed = true;
    if (landing.refusal->origin_status != 0) {
      reading.status.forward_status = static_cast<int>(landing.refusal->origin_status);
    }
    co_return reading;
  }
  http::CacheStatus forward;
  auto used = usable(here.host().now(), query, landing.found, forward);
  if (!used) {
    // Nothing to share: each fetches its own, without a queue behind a key that cannot be cached.
    co_return co_await fetch(here, query, forwarded(http::ForwardReason::miss, Reason::absent));
  }
  if (landing.from_origin) {
    used->status = forwarded(http::ForwardReason::miss, Reason::shared);
    used->status.collapsed = true;
  }
  co_return used;
}

host::Task<Reading> Engine::lead(host::Context here, const Query& query, std::shared_ptr<Flight> flight) {
  Flights::Lead lead(flights_, here.host(), query.key.storage_name, std::move(flight));
  Reading reading = co_await look_and_fetch(here, query);
  lead.land(landing_of(reading));
  co_return reading;
}

Landing Engine::landing_of(const Reading& reading) const {
  Landing landing;
  landing.refusal = reading.refusal;
  landing.found = tiers::Found(reading.entry, reading.found_in.empty() ? tiered_.memory().name() : reading.found_in);
  landing.from_origin = reading.remaining == Remaining::store;
  return landing;
}

host::Task<Reading> Engine::look_and_fetch(host::Context here, const Query& query) {
  auto found = co_await tiered_.get(here, query.key);
  // A tier that fails is counted and passed over, so there is always a value.
  LARDER_ASSERT(found.has_value());
  http::CacheStatus forward;
  auto used = usable(here.host().now(), query, *found, forward);
  if (used) {
    used->remaining = found->tier == tiered_.memory().name() ? Remaining::nothing : Remaining::promote;
    co_return std::move(*used);
  }
  co_return co_await fetch(here, query, std::move(forward));
}

host::Task<Reading> Engine::fetch(host::Context here, const Query& query, http::CacheStatus status) {
  origin::Wanted wanted;
  wanted.method = query.method;
  wanted.values = query.values;
  auto fetched = co_await origin::fetch(here, *query.resource, settings_, std::move(wanted));
  Reading reading;
  reading.status = std::move(status);
  if (!fetched) {
    reading.refusal = std::make_shared<const origin::Refusal>(std::move(fetched.error()));
    if (reading.refusal->origin_status != 0) {
      reading.status.forward_status = static_cast<int>(reading.refusal->origin_status);
    }
  } else {
    reading.status.forward_status = static_cast<int>(fetched->origin_status);
    const bool keeps = reading.status.forward != http::ForwardReason::bypass;
    reading.entry = keeps ? make_entry(here.host(), settings_, query, *fetched) : nullptr;
    if (reading.entry != nullptr) {
      reading.status.stored = true;
      reading.remaining = Remaining::store;
      reading.age = policy::standing(reading.entry->header, here.host().now()).age;
      tiered_.put_nearest(query.key, reading.entry);
    } else {
      reading.fetched = std::move(*fetched);
    }
  }
  counters_.add(Counter::origin_requests_total, query.resource->name, outcome_of(reading));
  co_return reading;
}

host::Task<void> Engine::settle(host::Context here, const Query& query, const Reading& reading) {
  switch (reading.remaining) {
    case Remaining::nothing: break;
    case Remaining::promote:
      co_await tiered_.promote(here, query.key, tiers::Found(reading.entry, reading.found_in));
      break;
    case Remaining::store: co_await tiered_.put_farther(here, query.key, reading.entry); break;
  }
}

void Engine::count_read(const Query& query, const Reading& reading) {
  counters_.add(Counter::cache_candidate_requests_total, query.resource->match.path, "GET");
  counters_.add(reading.status.forward ? Counter::cache_miss_reads_total : Counter::cache_hit_fresh_total);
}

}  // namespace larder::engine
