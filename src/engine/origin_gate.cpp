#include "engine/origin_gate.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/pause.h"
#include "engine/spending.h"
#include "host/operations.h"

namespace larder::engine {

using observe::Counter;
using origin::Fetched;
using origin::OriginResult;
using origin::Refusal;

namespace {

policy::BreakerRules origin_rules() {
  return policy::BreakerRules(config::limit::breaker_failures_max, config::limit::breaker_open_first,
                              config::limit::breaker_open_max, config::limit::origin_timeout_max);
}

// Another attempt may help at once: the connection broke, or a server in between had a bad moment.
bool may_be_retried(const Refusal& refusal) {
  const std::uint32_t status = refusal.origin_status;
  const bool passing = status == 0 ? refusal.error.kind == ErrorKind::unavailable
                                   : status == 502 || status == 503 || status == 504;
  return passing && refusal.retry_after_seconds == 0;
}

// It says that the origin is unwell. What it says about one request (a refused query, an unreadable reply)
// says nothing about the next.
bool is_failure(const Refusal& refusal) {
  return refusal.error.kind == ErrorKind::timeout || refusal.error.kind == ErrorKind::unavailable ||
         refusal.origin_status >= 500 || refusal.origin_status == 429;
}

// A model that answers nonsense costs as much as one that answers.
bool is_model_failure(const Query& query, const Refusal& refusal) {
  return config::asks_model(*query.resource) && refusal.error.kind == ErrorKind::corrupt;
}

// In mode http the origin's 5xx and 429 are answers, passed on as they are; they count all the same.
bool is_failure(const Fetched& fetched) {
  return fetched.origin_status >= 500 || fetched.origin_status == 429;
}

std::uint64_t retry_after_of(const Fetched& fetched) {
  const auto value = fetched.origin_fields.find("retry-after");
  return value ? parse_unsigned(trim(*value)).value_or(0) : 0;
}

}  // namespace

OriginGate::Origin::Origin() : breaker(origin_rules()) {}

OriginGate::Origin& OriginGate::origin_of(const Query& query) {
  return origins_[origin::origin_name(*query.resource)];
}

bool OriginGate::is_down(const Query& query, Instant now) {
  return origin_of(query).breaker.state(now) == policy::BreakerState::open;
}

origin::Wanted OriginGate::wanted(const Query& query, const Asking& asking) const {
  origin::Wanted wanted;
  wanted.method = query.method;
  wanted.values = query.values;
  if (asking.former != nullptr) {
    const entry::Header& header = asking.former->header;
    wanted.etag = header.own_etag ? "" : header.etag;
    wanted.last_modified = header.last_modified;
  }
  return wanted;
}

void OriginGate::report(const Query& query, const OriginResult<Fetched>& fetched, Instant now) {
  Origin& origin = origin_of(query);
  const bool failed = fetched ? is_failure(*fetched)
                              : is_failure(fetched.error()) || is_model_failure(query, fetched.error());
  const std::uint64_t retry_after = fetched ? retry_after_of(*fetched) : fetched.error().retry_after_seconds;
  if (!failed) {
    origin.breaker.succeeded();
  } else if (retry_after > 0) {
    const std::uint64_t seconds = std::min<std::uint64_t>(retry_after, 86'400);
    origin.breaker.hold(now, now + Millis(static_cast<std::int64_t>(seconds) * 1000));
  } else {
    origin.breaker.failed(now);
  }
  counters_.add(Counter::origin_requests_total, query.resource->name,
                fetched ? "answered" : to_text(fetched.error().error.kind));
}

host::Task<std::optional<Refusal>> OriginGate::held_back(host::Context here, const Query& query,
                                                         std::string client) {
  std::optional<Refusal> refusal;
  if (!client.empty()) {
    const std::string key = concat({query.resource->name, ":", client});
    const auto limit = co_await host::rate_limit(here, "PUBLIC_LIMIT", key);
    if (!limit) {
      // A limit that fails holds nobody back.
      counters_.add(Counter::cache_errors_total, "public_limit", to_text(limit.error().kind));
    } else if (limit->allowed == 0) {
      counters_.add(Counter::public_limit_refused_total, query.resource->name);
      refusal.emplace(
          Error(ErrorKind::rejected, "larder", true, "You have asked for new answers too often."));
      refusal->limited = true;
      refusal->retry_after_seconds =
          static_cast<std::uint64_t>(whole_seconds(config::limit::public_limit_period));
      co_return refusal;
    }
  }
  if (config::asks_model(*query.resource)) {
    co_return co_await take_model_call(here, settings_, counters_);
  }
  co_return refusal;
}

host::Task<void> OriginGate::settle_call(host::Context here, const Query& query, Instant began,
                                         const OriginResult<Fetched>& fetched) {
  if (!config::asks_model(*query.resource)) {
    co_return;
  }
  origin::TokenUsage usage;
  std::string outcome = "answered";
  if (fetched) {
    usage = fetched->usage;
  } else {
    usage = fetched.error().usage;
    outcome = std::string(to_text(fetched.error().error.kind));
  }
  co_await settle_model_call(here, settings_, counters_, query.resource->name, began, usage, outcome);
}

host::Task<OriginResult<Fetched>> OriginGate::ask(host::Context here, const Query& query, Asking asking) {
  Origin& origin = origin_of(query);
  const Instant end = here.host().now() + asking.timeout;
  auto prepared = origin::prepare(here.host(), *query.resource, settings_, wanted(query, asking));
  if (!prepared) {
    co_return tl::make_unexpected(std::move(prepared.error()));
  }
  if (prepared->answer) {
    prepared->answer->log_seen = asking.log_seen;
    co_return std::move(*prepared->answer);
  }
  origin.retries.request();
  for (std::size_t attempt = 1;; ++attempt) {
    Instant now = here.host().now();
    if (!origin.breaker.admit(now)) {
      counters_.add(Counter::breaker_refused_total, "origin");
      const Millis left = std::max(origin.breaker.open_until() - now, Millis(0));
      Refusal refusal(Error(ErrorKind::unavailable, "origin", true,
                            "The origin has failed repeatedly and is given time to recover."));
      refusal.not_asked = true;
      refusal.retry_after_seconds = static_cast<std::uint64_t>(whole_seconds(left + Millis(999)));
      co_return tl::make_unexpected(std::move(refusal));
    }
    // A second attempt is the same request of the client's.
    const std::string client = std::exchange(asking.client, std::string());
    auto refused = co_await held_back(here, query, client);
    if (refused) {
      origin.breaker.withdraw();
      co_return tl::make_unexpected(std::move(*refused));
    }
    now = here.host().now();
    const Instant began = now;
    origin::Wanted request = wanted(query, asking);
    request.timeout = std::max(std::min(asking.attempt_timeout, end - now), Millis(1));
    request.soft = asking.soft < request.timeout ? asking.soft : Millis(0);
    auto fetched = co_await origin::fetch(here, *query.resource, std::move(request), prepared->request);
    if (fetched) {
      fetched->log_seen = asking.log_seen;
    }
    if (fetched && fetched->ticket != 0) {
      co_return fetched;
    }
    now = here.host().now();
    report(query, fetched, now);
    co_await settle_call(here, query, began, fetched);
    const Millis pause =
        policy::backoff(static_cast<std::uint32_t>(attempt) + 1, config::limit::backoff_first,
                        config::limit::backoff_max, random_of(here.host()));
    const bool again = !fetched && may_be_retried(fetched.error()) && attempt < asking.attempts_max &&
                       end - now > pause && origin.breaker.state(now) == policy::BreakerState::closed;
    if (!again || !origin.retries.take()) {
      co_return fetched;
    }
    counters_.add(Counter::origin_retries_total, query.resource->name);
    co_await pause_for(here, pause);
  }
}

host::Task<OriginResult<Fetched>> OriginGate::resume(host::Context here, const Query& query, Asking asking,
                                                     std::uint32_t ticket, Instant requested_at) {
  std::optional<origin::ModelShape> shape;
  if (config::asks_model(*query.resource)) {
    const auto model = origin::model_of(settings_);
    LARDER_ASSERT(model.has_value());
    shape = model->shape;
  }
  auto fetched =
      co_await origin::resume(here, *query.resource, wanted(query, asking), shape, ticket, requested_at);
  if (fetched) {
    fetched->log_seen = asking.log_seen;
  }
  report(query, fetched, here.host().now());
  co_await settle_call(here, query, requested_at, fetched);
  co_return fetched;
}

}  // namespace larder::engine
