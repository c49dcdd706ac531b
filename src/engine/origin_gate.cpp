#include "engine/origin_gate.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/pause.h"
#include "engine/spending.h"
#include "host/operations.h"
#include "http/retry_after.h"
#include "origin/kind.h"
#include "records/token_bucket.h"

namespace larder::engine {

using observe::Counter;
using origin::Fetched;
using origin::OriginResult;
using origin::Refusal;

namespace {

// In mode http the breaker counts faults of one path, whatever its query, in one group.
std::string group_of(const Query& query) {
  std::string group;
  if (query.resource->mode != config::Mode::http) {
    return group;
  }
  for (std::size_t i = 0; i < query.values.size(); ++i) {
    const config::FieldSource source = query.resource->key[i].source;
    if (source == config::FieldSource::path || source == config::FieldSource::rest) {
      group += concat({":", query.values[i].value_or("")});
    }
  }
  return group;
}

// An answer that takes nearly the whole time limit counts as none.
bool is_slow(const Query& query, Millis took) {
  return took * 100 >= query.resource->origin.timeout_hard * config::limit::breaker_slow_share_percent;
}

// Another attempt may help at once: the connection broke, or a server in between failed briefly.
bool may_be_retried(const Refusal& refusal) {
  const std::uint32_t status = refusal.origin_status;
  const bool passing = status == 0 ? refusal.error.kind == ErrorKind::unavailable
                                   : status == 502 || status == 503 || status == 504;
  return passing && refusal.retry_after_seconds == 0;
}

// In mode http the origin's 5xx and 429 are answers, passed on as they are; they count all the same.
bool is_failure(const Fetched& fetched) {
  return fetched.origin_status >= 500 || fetched.origin_status == 429;
}

// No other provider has to be asked: a book is known, or the request itself or its client is at fault.
bool is_final(const OriginResult<Fetched>& said) {
  if (said) {
    return said->kind == entry::Kind::positive;
  }
  return said.error().unsent || said.error().limited || said.error().spent;
}

// A book is better than none, and an authoritative "not found" than a doubtful one. A failure stays a failure
// if the others know no book: another provider's "not found" proves nothing.
bool is_better(const OriginResult<Fetched>& said, const OriginResult<Fetched>& so_far) {
  if (!said) {
    return false;
  }
  return said->kind == entry::Kind::positive || (so_far && so_far->doubtful && !said->doubtful);
}

bool claims_some(const OriginResult<Fetched>& said) { return said && said->claims_some; }

// The better of two providers' answers. Where either says that it has works, "not found" is not
// authoritative.
OriginResult<Fetched> better_of(OriginResult<Fetched> so_far, OriginResult<Fetched> said) {
  const bool has_claims = claims_some(so_far) || claims_some(said);
  OriginResult<Fetched> better = is_better(said, so_far) ? std::move(said) : std::move(so_far);
  if (has_claims && better && better->kind == entry::Kind::negative) {
    better->claims_some = true;
    better->doubtful = true;
  }
  return better;
}

template <typename T>
origin::TokenUsage usage_of(const OriginResult<T>& said) {
  return said ? said->usage : said.error().usage;
}

template <typename T>
std::string outcome_of(const OriginResult<T>& said) {
  return std::string(said ? std::string_view("answered") : to_text(said.error().error.kind));
}

Millis seconds_of(std::uint64_t seconds) { return Millis(static_cast<std::int64_t>(seconds) * 1000); }

std::uint64_t retry_after_of(const Fetched& fetched) {
  const auto value = fetched.origin_fields.find("retry-after");
  return value ? http::parse_retry_after(*value, fetched.received_at).value_or(0) : 0;
}

}  // namespace

OriginGate::Origin::Origin()
    : breaker(policy::OriginBreakerRules(policy::breaker_rules(config::limit::origin_timeout_max))) {}

OriginGate::Origin& OriginGate::origin_of(const Query& query, std::size_t provider) {
  return origins_[origin::origin_name(*query.resource, provider)];
}

bool OriginGate::is_down(const Query& query, Instant now) {
  const auto providers = origin::providers_asked(*query.resource, settings_);
  const std::string group = group_of(query);
  const policy::OriginCall call(query.resource->name, query.key.storage_name, group);
  return std::none_of(providers.begin(), providers.end(), [&](std::size_t provider) {
    return origin_of(query, provider).breaker.may_ask(now, call);
  });
}

origin::Wanted OriginGate::wanted(const Query& query, const Asking& asking) const {
  origin::Wanted wanted;
  wanted.method = query.method == http::Method::head ? asking.read_by : query.method;
  wanted.values = query.values;
  wanted.sent = query.sent;
  wanted.provider = asking.provider;
  if (asking.former != nullptr) {
    const entry::Header& header = asking.former->header;
    wanted.etag = header.own_etag ? "" : header.etag;
    wanted.last_modified = header.last_modified;
  }
  return wanted;
}

origin::Wanted OriginGate::question(const Query& query, const Asking& asking) const {
  origin::Wanted question = wanted(query, asking);
  if (query.fields) {
    http::Forwarding forwarding = asking.forwarding;
    forwarding.declared = query.resource->forward;
    question.fields = http::forwarded_fields(query.fields(), forwarding);
  }
  question.stream = asking.stream;
  return question;
}

Refusal OriginGate::resting(const Origin& origin, const policy::OriginCall& call, Instant now) {
  counters_.add(Counter::breaker_refused_total, "origin");
  const Millis left = std::max(origin.breaker.open_until(now, call) - now, Millis(1));
  Refusal refusal(Error(ErrorKind::unavailable, "origin", Retry::later,
                        "The origin has failed repeatedly and is given time to recover."));
  refusal.not_asked = true;
  refusal.retry_after_seconds = static_cast<std::uint64_t>(whole_seconds(left + Millis(999)));
  return refusal;
}

void OriginGate::report(const Query& query, std::size_t provider, const OriginResult<Fetched>& fetched,
                        Instant began, Instant now) {
  Origin& origin = origin_of(query, provider);
  const std::string group = group_of(query);
  const policy::OriginCall call(query.resource->name, query.key.storage_name, group);
  if (!fetched && fetched.error().unsent) {
    origin.breaker.withdraw(call);
    return;
  }
  const bool failed =
      fetched ? is_failure(*fetched) : origin::kind_of(*query.resource).is_unwell(fetched.error());
  const policy::CallOutcome well =
      is_slow(query, now - began) ? policy::CallOutcome::slow : policy::CallOutcome::good;
  origin.breaker.report(now, call, failed ? policy::CallOutcome::failed : well,
                        seconds_of(fetched ? retry_after_of(*fetched) : fetched.error().retry_after_seconds));
  counters_.add(Counter::origin_requests_total, query.resource->name,
                fetched ? "answered" : to_text(fetched.error().error.kind));
  counters_.observe(observe::Histogram::origin_duration_seconds, query.resource->name, now - began);
}

host::Task<std::optional<Refusal>> OriginGate::held_back(host::Context here, const Query& query,
                                                         std::string client) {
  std::optional<Refusal> refusal;
  if (!client.empty() && settings_.public_limit_enabled && query.resource->limits_clients) {
    const std::string key = concat({query.resource->name, ":", client});
    const auto limit = co_await host::rate_limit(here, "PUBLIC_LIMIT", key);
    if (!limit) {
      // A limit that fails refuses no request.
      counters_.add(Counter::cache_errors_total, "public_limit", to_text(limit.error().kind));
    } else if (limit->allowed == 0) {
      counters_.add(Counter::public_limit_refused_total, query.resource->name);
      refusal.emplace(
          Error(ErrorKind::rejected, "larder", Retry::later, "You have asked for new answers too often."));
      refusal->limited = true;
      refusal->retry_after_seconds =
          static_cast<std::uint64_t>(whole_seconds(config::limit::public_limit_period));
      co_return refusal;
    }
  }
  if (origin::kind_of(*query.resource).price() == origin::Price::counted) {
    co_return co_await take_model_call(here, settings_, counters_, std::move(client));
  }
  co_return refusal;
}

host::Task<void> OriginGate::settle_call(host::Context here, const Query& query, Instant began,
                                         const OriginResult<Fetched>& fetched) {
  if (origin::kind_of(*query.resource).price() == origin::Price::none) {
    co_return;
  }
  co_await settle_model_call(here, settings_, counters_, query.resource->name, began, usage_of(fetched),
                             outcome_of(fetched));
}

host::Task<OriginResult<origin::ModelAnswer>> OriginGate::ask_model(host::Context here, std::string purpose,
                                                                    origin::ModelPrompt prompt,
                                                                    Millis timeout) {
  Origin& origin = origins_[std::string(config::model_word)];
  const policy::OriginCall call(purpose, purpose, "");
  if (!origin.breaker.admit(here.host().now(), call)) {
    co_return tl::make_unexpected(resting(origin, call, here.host().now()));
  }
  std::string nobody;
  auto held = co_await take_model_call(here, settings_, counters_, std::move(nobody));
  if (held) {
    origin.breaker.withdraw(call);
    co_return tl::make_unexpected(std::move(*held));
  }
  const Instant began = here.host().now();
  auto answer = co_await origin::ask_model(here, settings_, std::move(prompt), timeout);
  if (!answer && answer.error().unsent) {
    origin.breaker.withdraw(call);
    co_return answer;
  }
  const bool failed = !answer && origin::is_model_unwell(answer.error());
  origin.breaker.report(here.host().now(), call,
                        failed ? policy::CallOutcome::failed : policy::CallOutcome::good,
                        seconds_of(answer ? 0 : answer.error().retry_after_seconds));
  co_await settle_model_call(here, settings_, counters_, std::move(purpose), began, usage_of(answer),
                             outcome_of(answer));
  co_return answer;
}

host::Task<OriginResult<Fetched>> OriginGate::ask(host::Context here, const Query& query, Asking asking) {
  asking.provider = origin::providers_asked(*query.resource, settings_).front();
  const Instant end = here.host().now() + asking.timeout;
  auto fetched = co_await ask_one(here, query, asking);
  if (fetched && fetched->ticket != 0) {
    co_return fetched;
  }
  // All providers together count as one request against the client's rate limit.
  asking.client.clear();
  co_return co_await ask_others(here, query, std::move(asking), end, std::move(fetched));
}

host::Task<OriginResult<Fetched>> OriginGate::ask_others(host::Context here, const Query& query,
                                                         Asking asking, Instant end,
                                                         OriginResult<Fetched> so_far) {
  const std::vector<std::size_t> providers = origin::providers_asked(*query.resource, settings_);
  std::size_t left = 0;
  while (left < providers.size() && providers[left] <= asking.provider) {
    ++left;
  }
  if (left == providers.size() || is_final(so_far)) {
    co_return so_far;
  }
  asking.provider = providers[left];
  asking.timeout = end - here.host().now();
  // The soft time limit and the validators are for the first provider alone.
  asking.soft = Millis(0);
  asking.former = nullptr;
  if (asking.timeout <= Millis(0)) {
    co_return so_far;
  }
  auto fetched = co_await ask_one(here, query, asking);
  // A result cannot be assigned, so the better one is passed on as an argument.
  auto better = better_of(std::move(so_far), std::move(fetched));
  co_return co_await ask_others(here, query, std::move(asking), end, std::move(better));
}

host::Task<OriginResult<std::string>> OriginGate::take_turn(host::Context here, const Query& query,
                                                            Millis patience) {
  if (LARDER_MUTATED(turns_ignored)) {
    co_return origin::origin_name(*query.resource, 0);
  }
  const Instant now = here.host().now();
  const std::string group = group_of(query);
  const policy::OriginCall call(query.resource->name, query.key.storage_name, group);
  const std::vector<std::size_t> providers = origin::providers_asked(*query.resource, settings_);
  std::size_t provider = providers.front();
  for (const std::size_t candidate : providers) {
    if (origin_of(query, candidate).breaker.may_ask(now, call)) {
      provider = candidate;
      break;
    }
  }
  auto refused = co_await wait_for_turn(here, query, provider, patience);
  if (refused) {
    co_return tl::make_unexpected(std::move(*refused));
  }
  co_return origin::origin_name(*query.resource, provider);
}

host::Task<std::optional<Refusal>> OriginGate::wait_for_turn(host::Context here, const Query& query,
                                                             std::size_t provider, Millis patience) {
  const std::uint32_t rate = origin::polite_rate(*query.resource, provider, settings_);
  const std::string name =
      concat({settings_.cache_prefix, ":origin:", origin::origin_name(*query.resource, provider)});
  // A bucket that holds a second's worth.
  const records::BucketTerms terms(rate, rate, 1);
  const auto verdict = co_await records::wait_for_bucket(here, name, terms, patience);
  if (!verdict) {
    // A deployment without the buckets' binding has no rate; `larder check --deployment` says that it is
    // missing.
    counters_.add(Counter::cache_errors_total, "buckets", to_text(verdict.error().kind));
    co_return std::nullopt;
  }
  if (verdict->failures > 0) {
    counters_.add(Counter::cache_errors_total, "buckets", to_text(verdict->failed_with), verdict->failures);
  }
  if (verdict->allowed) {
    co_return std::nullopt;
  }
  Refusal refusal(
      Error(ErrorKind::unavailable, "origin", Retry::later, "The origin's polite rate is used up."));
  refusal.not_asked = true;
  refusal.retry_after_seconds = static_cast<std::uint64_t>(whole_seconds(verdict->retry_after + Millis(999)));
  co_return refusal;
}

host::Task<OriginResult<Fetched>> OriginGate::ask_one(host::Context here, const Query& query, Asking asking) {
  Origin& origin = origin_of(query, asking.provider);
  const Instant end = here.host().now() + asking.timeout;
  auto prepared = origin::prepare(here.host(), *query.resource, settings_, question(query, asking));
  if (!prepared) {
    co_return tl::make_unexpected(std::move(prepared.error()));
  }
  if (prepared->answer) {
    prepared->answer->log_seen = asking.log_seen;
    co_return std::move(*prepared->answer);
  }
  const std::string group = group_of(query);
  const policy::OriginCall call(query.resource->name, query.key.storage_name, group);
  origin.retries.request();
  for (std::size_t attempt = 1;; ++attempt) {
    Instant now = here.host().now();
    if (!origin.breaker.admit(now, call)) {
      co_return tl::make_unexpected(resting(origin, call, now));
    }
    // A second attempt is the same request of the client's.
    const std::string client = std::exchange(asking.client, std::string());
    auto held = co_await held_back(here, query, client);
    if (held) {
      origin.breaker.withdraw(call);
      co_return tl::make_unexpected(std::move(*held));
    }
    const bool has_turn =
        query.pace == Pace::reader ||
        (attempt == 1 && asking.turn == origin::origin_name(*query.resource, asking.provider));
    if (!has_turn) {
      auto refused = co_await wait_for_turn(here, query, asking.provider, end - now);
      if (refused) {
        origin.breaker.withdraw(call);
        co_return tl::make_unexpected(std::move(*refused));
      }
    }
    now = here.host().now();
    const Instant began = now;
    origin::Wanted request = wanted(query, asking);
    request.timeout = std::max(std::min(asking.attempt_timeout, end - now), Millis(1));
    request.soft = asking.soft < request.timeout ? asking.soft : Millis(0);
    auto fetched =
        co_await origin::fetch(here, *query.resource, settings_, std::move(request), prepared->request);
    if (fetched) {
      fetched->log_seen = asking.log_seen;
    }
    if (fetched && fetched->ticket != 0) {
      co_return fetched;
    }
    now = here.host().now();
    report(query, asking.provider, fetched, began, now);
    co_await settle_call(here, query, began, fetched);
    const Millis pause =
        policy::backoff(static_cast<std::uint32_t>(attempt) + 1, config::limit::backoff_first,
                        config::limit::backoff_max, random_of(here.host()));
    const bool again = !fetched && may_be_retried(fetched.error()) && attempt < asking.attempts_max &&
                       end - now > pause && origin.breaker.may_ask(now, call);
    if (!again || !origin.retries.take()) {
      co_return fetched;
    }
    counters_.add(Counter::origin_retries_total, query.resource->name);
    co_await pause_for(here, pause);
  }
}

host::Task<OriginResult<Fetched>> OriginGate::resume(host::Context here, const Query& query, Asking asking,
                                                     std::uint32_t ticket, Instant requested_at) {
  origin::Wanted request = wanted(query, asking);
  std::shared_ptr<const origin::Late> late = std::move(asking.late);
  auto fetched = co_await origin::resume(here, *query.resource, settings_, std::move(request), ticket,
                                         std::move(late), requested_at);
  if (fetched) {
    fetched->log_seen = asking.log_seen;
  }
  report(query, asking.provider, fetched, requested_at, here.host().now());
  co_await settle_call(here, query, requested_at, fetched);
  const Instant end = requested_at + query.resource->origin.timeout_hard;
  asking.attempt_timeout = query.resource->origin.timeout_hard;
  co_return co_await ask_others(here, query, std::move(asking), end, std::move(fetched));
}

}  // namespace larder::engine
