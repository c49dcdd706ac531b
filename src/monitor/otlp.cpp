#include "monitor/otlp.h"

#include <algorithm>
#include <utility>

#include "base/version.h"
#include "config/limits.h"
#include "host/log_line.h"
#include "host/pause.h"
#include "http/retry_after.h"
#include "json/json_text.h"
#include "metrics/exposition.h"
#include "monitor/holdings.h"
#include "monitor/post.h"
#include "monitor/reading.h"

namespace larder::monitor {

namespace {

namespace limit = config::limit;
using Kind = PushVerdict::Kind;

constexpr std::string_view authorization_secret = "OTLP_AUTHORIZATION";

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::taken:
      return "taken";
    case Kind::partly:
      return "partly";
    case Kind::again:
      return "put_off";
    case Kind::refused:
      return "refused";
  }
  return "refused";
}

PushVerdict unanswered(const Error& error) {
  PushVerdict verdict;
  verdict.kind = Kind::again;
  verdict.fault = concat({"There was no answer (", to_text(error.kind), ")."});
  return verdict;
}

}  // namespace

PushVerdict verdict_of(std::uint32_t status, std::string_view retry_after, std::string_view body,
                       Instant now) {
  PushVerdict verdict;
  if (status >= 200 && status < 300) {
    verdict.kind = Kind::taken;
    const auto reply = json::JsonText::parse(body);
    const auto partial = reply ? reply->find("partialSuccess") : std::nullopt;
    if (partial) {
      // A 64-bit integer of protobuf's JSON is a string; some write a number.
      const std::string text = partial->text("rejectedDataPoints");
      const std::uint64_t rejected =
          text.empty() ? partial->number("rejectedDataPoints") : parse_unsigned(text).value_or(0);
      if (rejected > 0) {
        verdict.kind = Kind::partly;
        verdict.fault = concat({to_text(rejected), " points were rejected. ", partial->text("errorMessage")});
      }
    }
    return verdict;
  }
  verdict.fault = concat({"The receiver answered ", to_text(std::uint64_t{status}), "."});
  if (status == 429 || status == 502 || status == 503 || status == 504) {
    verdict.kind = Kind::again;
    const std::uint64_t seconds = http::parse_retry_after(retry_after, now).value_or(0);
    verdict.after = Millis(static_cast<std::int64_t>(seconds) * 1000);
  }
  return verdict;
}

// Not in the unnamed namespace: the older clang makes tail calls of coroutines that it can see through.
namespace pushes {

host::Task<PushVerdict> push_once(host::Context here, const config::Settings& settings, std::string json) {
  TextPairs headers;
  if (const auto authorization = settings.secret(authorization_secret)) {
    headers.emplace_back("authorization", std::string(*authorization));
  }
  auto reply =
      co_await post_json(here, settings.otlp_url, std::move(headers), std::move(json), limit::otlp_timeout);
  if (!reply) {
    co_return unanswered(reply.error());
  }
  co_return verdict_of(reply->status, reply->retry_after, reply->body, here.host().now());
}

}  // namespace pushes

host::Task<void> push_metrics(host::Context here, const config::Settings& settings,
                              observe::Counters& counters) {
  if (settings.otlp_url.empty()) {
    co_return;
  }
  auto totals = co_await read_totals(here, settings);
  if (!totals) {
    host::LogLine(here.host(), LogLevel::warn, "metrics_not_pushed")
        .add("reason", to_text(totals.error().kind))
        .write();
    co_return;
  }
  co_await ask_for_holdings(here, settings, totals->gauges);
  metrics::ExpositionContext context;
  context.now = here.host().now();
  context.since = totals->since;
  context.version = version;
  context.deployment = settings.cache_prefix;
  const std::string json =
      metrics::to_otlp_json(observe::families_of(totals->counted, totals->gauges), context);
  Millis pause = limit::otlp_retry_first;
  for (std::size_t attempt = 1;; ++attempt) {
    const PushVerdict verdict = co_await pushes::push_once(here, settings, json);
    const Millis wait = std::max(pause, verdict.after);
    if (verdict.kind != Kind::again || attempt == limit::otlp_tries_max || wait > limit::otlp_retry_max) {
      counters.add(observe::Counter::otlp_pushes_total, word_of(verdict.kind));
      if (verdict.kind != Kind::taken) {
        host::LogLine(here.host(), LogLevel::warn, "metrics_not_pushed")
            .add("outcome", word_of(verdict.kind))
            .add("reason", verdict.fault)
            .write();
      }
      co_return;
    }
    co_await host::pause_for(here, wait);
    pause = std::min(pause * 2, limit::otlp_retry_max);
  }
}

}  // namespace larder::monitor
