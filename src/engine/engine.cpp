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

// Outcomes of lock_acquire and verdicts of lock_release (host/ops.def).
constexpr std::uint8_t lock_retry = 0;
constexpr std::uint8_t lock_granted = 1;
constexpr std::uint8_t lock_value = 2;
constexpr std::uint8_t lock_alone = 3;

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
  while (auto flight = flights_.find(key, here.host().now())) {
    const FlightState state = co_await wait_for(here, flight, give_up);
    if (state == FlightState::landed) {
      co_return co_await from_landing(here, query, std::move(flight));
    }
    if (state == FlightState::under_way) {
      counters_.add(Counter::single_flight_expired_total);
      co_return co_await read_alone(here, query);
    }
    // Lost: all its followers come round again, and the first of them leads. All of a request's waiting is
    // one wait.
  }
  const Millis patience =
      query.resource->origin.timeout_hard + config::limit::lock_wait + config::limit::lock_margin;
  Flights::Lead lead(flights_, here.host(), key, flights_.begin(key, here.host().now() + patience));
  Reading reading = co_await look_and_fetch(here, query);
  lead.land(landing_of(reading));
  co_return reading;
}

host::Task<Reading> Engine::read_alone(host::Context here, const Query& query) {
  const std::string key = concat({query.key.storage_name, " alone"});
  if (auto flight = flights_.find(key, here.host().now())) {
    // Its leader waits for nobody but the origin, so the flight's deadline is near.
    const FlightState state = co_await wait_for(here, flight, flight->deadline());
    if (state == FlightState::landed) {
      co_return co_await from_landing(here, query, std::move(flight));
    }
    co_return co_await fetch(here, query, forwarded(http::ForwardReason::miss, Reason::absent));
  }
  const Instant deadline =
      here.host().now() + query.resource->origin.timeout_hard + config::limit::lock_margin;
  Flights::Lead lead(flights_, here.host(), key, flights_.begin(key, deadline));
  Reading reading = co_await fetch(here, query, forwarded(http::ForwardReason::miss, Reason::absent));
  lead.land(landing_of(reading));
  co_return reading;
}

host::Task<FlightState> Engine::wait_for(host::Context here, std::shared_ptr<Flight> flight,
                                         Instant give_up) {
  counters_.add(Counter::single_flight_joined_total);
  flight->follow(here.request());
  while (flight->state() == FlightState::under_way) {
    const Millis left = give_up - here.host().now();
    if (left <= Millis(0)) {
      break;
    }
    const auto waited = co_await host::park(here, static_cast<std::uint64_t>(left.count()));
    if (!waited) {
      break;
    }
  }
  co_return flight->state();
}

host::Task<Reading> Engine::from_landing(host::Context here, const Query& query,
                                         std::shared_ptr<Flight> flight) {
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
    co_return co_await fetch(here, query, std::move(forward));
  }
  if (landing.from_origin) {
    used->status = forwarded(http::ForwardReason::miss, Reason::shared);
    used->status.collapsed = true;
  }
  co_return std::move(*used);
}

Landing Engine::landing_of(const Reading& reading) const {
  Landing landing;
  landing.refusal = reading.refusal;
  landing.found =
      tiers::Found(reading.entry, reading.found_in.empty() ? tiered_.memory().name() : reading.found_in);
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
  co_return co_await fetch_locked(here, query, std::move(forward));
}

host::Task<Reading> Engine::fetch_locked(host::Context here, const Query& query, http::CacheStatus status) {
  if (!settings_.stampede_protection_enabled) {
    co_return co_await fetch(here, query, std::move(status));
  }
  const std::string token = to_hex(here.host().random_bytes(16));
  // A holder that is still within its own time limit keeps the lock.
  const Millis keep = query.resource->origin.timeout_hard + config::limit::lock_margin;
  const Instant give_up = here.host().now() + config::limit::lock_wait;
  for (Instant now = here.host().now(); now < give_up; now = here.host().now()) {
    auto acquired = co_await host::lock_acquire(here, query.key.storage_name, token,
                                                static_cast<std::uint64_t>(keep.count()),
                                                static_cast<std::uint64_t>((give_up - now).count()));
    if (!acquired) {
      counters_.add(Counter::cache_errors_total, "lock", to_text(acquired.error().kind));
      break;
    }
    if (acquired->outcome == lock_granted) {
      counters_.add(Counter::lock_acquired_total);
      Reading reading = co_await fetch(here, query, std::move(status));
      reading.lock_token = token;
      co_return reading;
    }
    counters_.add(Counter::lock_contended_total);
    if (acquired->outcome == lock_alone) {
      break;
    }
    if (acquired->outcome == lock_value) {
      const tiers::EntryPtr entry =
          tiers::readable_entry(acquired->header, std::move(acquired->content), query.key);
      http::CacheStatus why_not;
      auto used = usable(here.host().now(), query, tiers::Found(entry, tiered_.memory().name()), why_not);
      if (!used) {
        break;
      }
      tiered_.put_nearest(query.key, entry);
      used->status = std::move(status);
      used->status.collapsed = true;
      used->status.detail = policy::to_text(Reason::shared);
      // The holder writes KV; this data centre's own cache may not have it yet.
      used->found_in = policy::to_text(Reason::kv);
      used->remaining = Remaining::promote;
      co_return std::move(*used);
    }
  }
  co_return co_await fetch(here, query, std::move(status));
}

host::Task<void> Engine::release_lock(host::Context here, const Query& query, const Reading& reading) {
  const bool small = reading.entry != nullptr && reading.entry->body.size() <= settings_.value_bytes_max;
  std::string header;
  if (small) {
    header = entry::encode(reading.entry->header, Bytes(config::limit::header_value_bytes_max)).value_or("");
  }
  const host::Body nothing;
  const host::Body& content = header.empty() ? nothing : reading.entry->body;
  std::uint8_t verdict = header.empty() ? lock_alone : lock_value;
  if (reading.refusal != nullptr) {
    verdict = lock_retry;
  }
  const Millis good_for =
      small ? std::min(config::limit::lock_value_kept, reading.entry->header.fresh_for - reading.age)
            : Millis(0);
  const auto value_millis = static_cast<std::uint64_t>(std::max(good_for, Millis(0)).count());
  const auto released = co_await host::lock_release(here, query.key.storage_name, reading.lock_token, verdict,
                                                    header, content, value_millis);
  if (!released) {
    // The lock's own time limit ends it.
    counters_.add(Counter::cache_errors_total, "lock", to_text(released.error().kind));
  }
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
  // First of all: others wait for it.
  if (!reading.lock_token.empty()) {
    co_await release_lock(here, query, reading);
  }
  switch (reading.remaining) {
    case Remaining::nothing:
      break;
    case Remaining::promote:
      co_await tiered_.promote(here, query.key, tiers::Found(reading.entry, reading.found_in));
      break;
    case Remaining::store:
      co_await tiered_.put_farther(here, query.key, reading.entry);
      break;
  }
}

void Engine::count_read(const Query& query, const Reading& reading) {
  counters_.add(Counter::cache_candidate_requests_total, query.resource->match.path,
                http::to_text(query.method));
  counters_.add(reading.status.forward ? Counter::cache_miss_reads_total : Counter::cache_hit_fresh_total);
}

}  // namespace larder::engine
