#include "engine/spending.h"

#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/log_line.h"
#include "host/operations.h"
#include "http/date.h"
#include "simdjson.h"

namespace larder::engine {

using observe::Counter;

namespace {

constexpr std::string_view spending_binding = "SPENDING";
// One object for all models: a call takes seconds, so it never has much to do.
constexpr std::string_view spending_name = "models";
constexpr std::int64_t day_millis = 86'400'000;
constexpr std::int64_t billionths_of_microdollar = 1'000;

std::uint64_t wait_millis() { return static_cast<std::uint64_t>(config::limit::object_wait.count()); }

std::string take_argument(const config::Settings& settings, Instant now) {
  JsonWriter json;
  json.begin_object()
      .key("day")
      .value(http::format_day(now))
      .key("calls")
      .value(settings.llm_daily_calls_max);
  json.key("microdollars").value(settings.llm_daily_cost_max / billionths_of_microdollar).end_object();
  return std::move(json).take();
}

// nullopt for what is no answer of the object's.
std::optional<bool> read_allowed(const std::string& result) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  bool allowed = false;
  const simdjson::padded_string padded(result);
  if (parser.parse(padded).get(document) != simdjson::SUCCESS ||
      document["allowed"].get(allowed) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return allowed;
}

origin::Refusal spent(std::string message, std::int64_t retry_seconds) {
  origin::Refusal refusal(Error(ErrorKind::unavailable, "spending", true, std::move(message)));
  refusal.not_asked = true;
  refusal.spent = true;
  refusal.retry_after_seconds = static_cast<std::uint64_t>(retry_seconds);
  return refusal;
}

std::int64_t seconds_until_midnight(Instant now) {
  const std::int64_t left = day_millis - millis_since_epoch(now) % day_millis;
  return (left + 999) / 1000;
}

}  // namespace

host::Task<std::optional<origin::Refusal>> take_model_call(host::Context here,
                                                           const config::Settings& settings,
                                                           observe::Counters& counters) {
  const Instant now = here.host().now();
  std::optional<origin::Refusal> refusal;
  const std::string argument = take_argument(settings, now);
  auto taken =
      co_await host::object_call(here, spending_binding, spending_name, "take", argument, wait_millis());
  std::optional<bool> allowed;
  if (taken) {
    allowed = read_allowed(taken->result);
  }
  if (!allowed) {
    constexpr std::int64_t retry_seconds = 60;
    counters.add(Counter::spending_refused_total, "unavailable");
    refusal.emplace(spent("What models have cost today cannot be read, so none is asked.", retry_seconds));
  } else if (!*allowed) {
    counters.add(Counter::spending_refused_total, "over");
    refusal.emplace(spent("The day's bound for calls of models is reached.", seconds_until_midnight(now)));
  }
  co_return refusal;
}

host::Task<void> settle_model_call(host::Context here, const config::Settings& settings,
                                   observe::Counters& counters, std::string resource, Instant began,
                                   origin::TokenUsage usage, std::string outcome) {
  const std::uint64_t microdollars = origin::cost_microdollars(usage, settings);
  counters.add(Counter::model_calls_total, outcome);
  if (usage.prompt + usage.output > 0) {
    counters.add(Counter::model_tokens_total, "prompt", {}, usage.prompt);
    counters.add(Counter::model_tokens_total, "output", {}, usage.output);
    counters.add(Counter::model_cost_microdollars_total, {}, {}, microdollars);
  }
  JsonWriter json;
  json.begin_object().key("day").value(http::format_day(began)).key("promptTokens").value(usage.prompt);
  json.key("outputTokens").value(usage.output).key("microdollars").value(microdollars).end_object();
  host::LogLine line(here.host(), LogLevel::info, "model_call");
  line.add("resource", resource).add("outcome", outcome);
  line.add("promptTokens", usage.prompt).add("outputTokens", usage.output);
  line.add("microdollars", microdollars);
  line.add("durationMillis", (here.host().now() - began).count()).write();
  if (usage.prompt + usage.output == 0) {
    co_return;
  }
  const std::string argument = std::move(json).take();
  const auto recorded =
      co_await host::object_call(here, spending_binding, spending_name, "record", argument, wait_millis());
  if (!recorded) {
    counters.add(Counter::cache_errors_total, "spending", to_text(recorded.error().kind));
  }
}

host::Task<Result<std::string>> read_spending(host::Context here, Instant since) {
  JsonWriter json;
  json.begin_object().key("since").value(http::format_day(since)).end_object();
  const std::string argument = std::move(json).take();
  auto told =
      co_await host::object_call(here, spending_binding, spending_name, "total", argument, wait_millis());
  if (!told) {
    co_return tl::make_unexpected(told.error());
  }
  co_return std::move(told->result);
}

}  // namespace larder::engine
