#include "engine/engine.h"

#include "base/assert.h"
#include "base/mutation.h"
#include "engine/invalidation.h"
#include "engine/make_entry.h"
#include "engine/reader.h"
#include "engine/refresher.h"
#include "engine/storing.h"
#include "records/control_log.h"

namespace larder::engine {

using observe::Counter;
using observe::Label;
using policy::Participation;

namespace {

bool is_packed(const Reading& reading) {
  return reading.hit() != nullptr && reading.hit()->entry->header.encoding == entry::Encoding::gzip;
}

}  // namespace

Engine::Engine(const config::Settings& settings, tiers::CacheRegistry& registry, tiers::TieredCache& tiered,
               observe::Counters& counters, Control& control, InstanceRole role, redis::Client redis)
    : parts_(settings, registry, tiered, counters, control, role, std::move(redis)) {}

void Engine::purge_memory() {
  // What is in memory was judged when it came, so only what is new can reach it.
  if (LARDER_MUTATED(memory_ignores_purges) || parts_.control.news().size() == 0) {
    return;
  }
  parts_.tiered.memory().revise([this](std::string_view storage_name, const tiers::EntryPtr& entry) {
    return judged_by(parts_.control.news(), storage_name, entry);
  });
}

// Readers ---------------------------------------------------------------------------------------------------

std::optional<Reading> Engine::read_now(Instant now, const Query& query, tiers::Look& near) {
  if (!parts_.control.is_current(now) || admission_of(parts_, query).participation != Participation::full) {
    return std::nullopt;
  }
  near = parts_.tiered.look_near(query.key);
  const tiers::EntryPtr& entry = near.entry();
  if (held_of(parts_, query, entry.get(), Wanted::servable, now) != policy::Held::answers ||
      objection_of(query, *entry, now) != policy::Reason::absent ||
      (entry->header.encoding != entry::Encoding::identity && !query.accepts_gzip())) {
    return std::nullopt;
  }
  near.answers();
  Reading reading = reading_of_entry(parts_, query, entry, near.tier(), Wanted::servable, now);
  count_read(query, reading);
  return reading;
}

bool Engine::is_settled(Instant now, const Reading& reading) const {
  const Afterwards& afterwards = reading.afterwards;
  const bool is_due_ahead = parts_.role == InstanceRole::normal && parts_.control.is_due_ahead(now);
  return afterwards.remaining == Remaining::nothing && afterwards.refresh == Refresh::no &&
         !afterwards.unfinished && parts_.locks.dropped() == 0 && !is_due_ahead;
}

host::Task<Reading> Engine::read(host::Context here, const Query& query, tiers::Look near) {
  Reader reader(parts_, here, query, Wanted::servable);
  const bool is_for_one = query.authorized || query.personal || query.wants_part ||
                          query.is_for_origin_to_judge || query.wants_no_body();
  if (parts_.role == InstanceRole::recovery && !is_for_one) {
    Reading shared = co_await reader.run_in_recovery();
    count_read(query, shared);
    co_return shared;
  }
  Reading reading = co_await reader.run(std::move(near));
  if (is_packed(reading) && !query.accepts_gzip()) {
    reading = co_await with_plain_body(here, query, std::move(reading));
  }
  count_read(query, reading);
  co_return reading;
}

host::Task<Reading> Engine::pass(host::Context here, const Query& query) {
  Asking asking;
  asking.timeout = query.resource->origin.timeout_hard;
  asking.attempt_timeout = asking.timeout;
  asking.log_seen = parts_.control.sequence();
  asking.forwarding.with_body = true;
  asking.forwarding.with_conditions = true;
  asking.forwarding.with_range = true;
  if (query.client) {
    asking.client = query.client();
  }
  const host::BodyHandle stream = here.host().request_stream(here.request());
  if (stream != host::BodyHandle::none) {
    asking.stream = std::make_shared<const host::Body>(here.host(), stream, Bytes(0));
  }
  auto fetched = co_await parts_.gate.ask(here, query, std::move(asking));
  http::CacheStatus status = forwarded(http::ForwardReason::method, policy::Reason::method);
  if (!fetched) {
    if (fetched.error().origin_status != 0) {
      status.forward_status = static_cast<int>(fetched.error().origin_status);
    }
    const policy::Reason reason = reason_of(fetched.error());
    if (reason != policy::Reason::stale_if_error) {
      status.detail = policy::to_text(reason);
    }
    Reading refused(Refused(std::move(fetched.error())));
    refused.status = std::move(status);
    co_return refused;
  }
  status.forward_status = static_cast<int>(fetched->origin_status);
  status.unkept = http::to_text(storability_of(query, *fetched));
  if (http::is_unsafe(query.method) && fetched->origin_status < 400) {
    co_await invalidate(here, query, *fetched);
  }
  Reading passed(Passed(std::make_shared<const origin::Fetched>(std::move(*fetched))));
  passed.status = std::move(status);
  co_return passed;
}

host::Task<void> Engine::invalidate(host::Context here, const Query& query, const origin::Fetched& fetched) {
  host::Host& host = here.host();
  const entry::Sha256 sha256 = [&host](std::string_view bytes) { return host.sha256(bytes); };
  const auto url = config::expand_url(query.resource->origin.url, query.values, query.sent);
  LARDER_ASSERT(url.has_value());
  std::string changes =
      records::control_changes(invalidated(*query.resource, *url, fetched.origin_fields, sha256));
  const auto appended = co_await parts_.control.append(here, std::move(changes));
  if (!appended) {
    // Without the log this isolate and the tiers it reaches are all that can be told.
    parts_.counters.add(Counter::cache_errors_total, "control", Label(appended.error().kind));
    const auto removed = co_await parts_.tiered.remove(here, query.key);
    if (!removed) {
      parts_.counters.add(Counter::cache_errors_total, "remove", Label(removed.error().kind));
    }
  }
}

host::Task<Reading> Engine::with_plain_body(host::Context here, const Query& query, Reading reading) {
  Hit* const hit = reading.hit();
  auto plain = co_await unpacked(here, parts_, hit->entry);
  const bool is_forwarded = reading.status.forward && !reading.is_served_stale();
  if (plain && (is_forwarded || admission_of(parts_, query).participation == Participation::full)) {
    hit->entry = std::move(*plain);
    hit->form = Form::unpacked;
    co_return reading;
  }
  // The origin is asked; where the cache has been switched off meanwhile, too. An entry with a damaged body
  // goes. One that the host could not unpack this time stays: others can read it.
  parts_.refreshes.done(query.key.storage_name);
  const bool is_damaged =
      !plain && (plain.error().kind == ErrorKind::corrupt || plain.error().kind == ErrorKind::too_large);
  if (is_damaged) {
    const auto removed = co_await parts_.tiered.remove(here, query.key);
    if (!removed) {
      parts_.counters.add(Counter::cache_errors_total, "remove", Label(removed.error().kind));
    }
  }
  Reader reader(parts_, here, query, Wanted::servable);
  Reading fetched = co_await reader.run_alone();
  // The lock goes with what the origin says now.
  fetched.afterwards.permit = std::move(reading.afterwards.permit);
  co_return fetched;
}

host::Task<void> Engine::settle(host::Context here, const Query& query, Reading reading) {
  co_await engine::settle(here, parts_, query, std::move(reading));
}

void Engine::count_read(const Query& query, const Reading& reading) {
  parts_.counters.add(Counter::cache_candidate_requests_total, parts_.counters.route(*query.resource),
                      Label(query.method));
  if (reading.is_stale()) {
    parts_.counters.add(Counter::cache_hit_stale_total);
  } else {
    parts_.counters.add(reading.status.forward ? Counter::cache_miss_reads_total
                                               : Counter::cache_hit_fresh_total);
  }
}

host::Task<Explanation> Engine::explain(host::Context here, const Query& query) {
  auto told = co_await engine::explain(here, parts_, query);
  co_return told;
}

// What fills the cache before anybody asks ------------------------------------------------------------------

host::Task<Reading> Engine::read_fresh(host::Context here, const Query& query, Millis patience) {
  Reader reader(parts_, here, query, Wanted::fresh, patience);
  Reading reading = co_await reader.run(tiers::Look());
  if (is_packed(reading)) {
    reading = co_await with_plain_body(here, query, std::move(reading));
  }
  co_return reading;
}

host::Task<Result<tiers::Stored>> Engine::settle_for_all(host::Context here, const Query& query,
                                                         Reading reading) {
  const Hit* const hit = reading.hit();
  const tiers::GuardedTier* const farthest = parts_.tiered.farthest_tier(query.key);
  const bool is_there =
      hit != nullptr && farthest != nullptr && hit->found_in && *hit->found_in == farthest->tier();
  if (!is_there) {
    // What a lock handed over its holder may have failed to store.
    reading.afterwards.remaining = Remaining::nothing;
  }
  const Copy copy(reading.entry());
  co_await engine::settle(here, parts_, query, std::move(reading));
  if (is_there) {
    co_return tiers::Stored::stored;
  }
  // A purge may have come meanwhile: what it reached is for the one who asked before it.
  tiers::EntryPtr entry = copy.open(parts_.control, query.key);
  if (entry == nullptr) {
    co_return tiers::Stored::declined;
  }
  auto stored = co_await keep(here, query, std::move(entry));
  co_return stored;
}

host::Task<Result<std::vector<tiers::EntryPtr>>> Engine::find_many(host::Context here,
                                                                   const std::vector<Query>& queries) {
  co_await parts_.control.make_current(here);
  tiers::GuardedTier* const shared = parts_.tiered.shared_tier();
  if (shared == nullptr) {
    co_return std::vector<tiers::EntryPtr>(queries.size());
  }
  std::vector<tiers::Key> keys;
  for (const Query& query : queries) {
    keys.push_back(query.key);
  }
  auto entries = co_await shared->get_many(here, keys);
  if (tiers::GuardedTier* const former = parts_.tiered.former_tier(); entries && former != nullptr) {
    const auto kept = co_await former->get_many(here, std::move(keys));
    for (std::size_t i = 0; kept && i < queries.size(); ++i) {
      if ((*entries)[i] == nullptr) {
        (*entries)[i] = (*kept)[i];
      }
    }
  }
  if (entries) {
    for (std::size_t i = 0; i < queries.size(); ++i) {
      (*entries)[i] = Copy((*entries)[i]).open(parts_.control, queries[i].key);
    }
  }
  co_return entries;
}

host::Task<tiers::EntryPtr> Engine::find_whole(host::Context here, const Query& query) {
  tiers::Look look = parts_.tiered.look_near(query.key);
  tiers::EntryPtr entry = look.entry();
  if (entry != nullptr) {
    entry = co_await screen(here, parts_, query.key, config::to_text(config::Tier::memory), std::move(entry));
  }
  if (entry == nullptr) {
    tiers::Look farther = co_await find_newer(here, parts_, query, Instant::min());
    look = std::move(farther);
    entry = look.entry();
  }
  if (entry != nullptr) {
    look.answers();
  }
  if (entry != nullptr && entry->header.encoding == entry::Encoding::gzip) {
    auto plain = co_await unpacked(here, parts_, std::move(entry));
    entry = plain ? std::move(*plain) : nullptr;
  }
  co_return entry;
}

host::Task<Result<tiers::Stored>> Engine::keep(host::Context here, const Query& query,
                                               tiers::EntryPtr entry) {
  // A reader of this isolate must not go on seeing what this replaces.
  if (parts_.tiered.memory().peek(query.key) != nullptr) {
    parts_.tiered.put_nearest(query.key, entry);
  }
  const tiers::EntryPtr as_stored = co_await packed(here, parts_, query, std::move(entry));
  auto stored = co_await parts_.tiered.put_farthest(here, query.key, as_stored);
  co_return stored;
}

host::Task<origin::OriginResult<origin::ModelAnswer>> Engine::ask_model(host::Context here,
                                                                        std::string purpose,
                                                                        origin::ModelPrompt prompt,
                                                                        Millis timeout) {
  auto answer = co_await parts_.gate.ask_model(here, std::move(purpose), std::move(prompt), timeout);
  co_return answer;
}

}  // namespace larder::engine
