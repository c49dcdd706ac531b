#include "engine/spending.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/log_line.h"
#include "records/calls.h"
#include "records/spending.h"

namespace larder::engine {

using observe::Counter;

namespace {

constexpr std::int64_t day_millis = 86'400'000;
constexpr std::int64_t billionths_of_microdollar = 1'000;

// Days since 1970-01-01 (UTC).
std::uint32_t day_of(Instant at) {
  return static_cast<std::uint32_t>(std::max<std::int64_t>(millis_since_epoch(at), 0) / day_millis);
}

origin::Refusal spent(std::string message, std::int64_t retry_seconds) {
  origin::Refusal refusal(Error(ErrorKind::unavailable, "spending", Retry::later, std::move(message)));
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
                                                           observe::Counters& counters, std::string client) {
  const Instant now = here.host().now();
  std::optional<origin::Refusal> refusal;
  records::spending::take_arguments asked;
  asked.day = day_of(now);
  asked.calls = settings.llm_daily_calls_max;
  asked.microdollars = static_cast<std::uint64_t>(settings.llm_daily_cost_max / billionths_of_microdollar);
  asked.client = std::move(client);
  asked.client_calls = settings.llm_client_daily_calls_max;
  const auto taken = co_await records::spending::take(here, records::spending::names.only(), asked,
                                                      config::limit::object_wait);
  if (!taken) {
    constexpr std::int64_t retry_seconds = 60;
    counters.add(Counter::spending_refused_total, "unavailable");
    refusal.emplace(spent("What models have cost today cannot be read, so none is asked.", retry_seconds));
  } else if (taken->client_over == 1) {
    counters.add(Counter::spending_refused_total, "client");
    refusal.emplace(
        Error(ErrorKind::rejected, "larder", Retry::later, "You have had your share of the day's answers."));
    refusal->limited = true;
    refusal->retry_after_seconds = static_cast<std::uint64_t>(seconds_until_midnight(now));
  } else if (taken->allowed == 0) {
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
  host::LogLine line(here.host(), LogLevel::info, "model_call");
  line.add("resource", resource).add("outcome", outcome);
  line.add("promptTokens", usage.prompt).add("outputTokens", usage.output);
  line.add("microdollars", microdollars);
  line.add("durationMillis", (here.host().now() - began).count()).write();
  if (usage.prompt + usage.output == 0) {
    co_return;
  }
  records::spending::record_arguments amounts;
  amounts.day = day_of(began);
  amounts.prompt_tokens = usage.prompt;
  amounts.output_tokens = usage.output;
  amounts.microdollars = microdollars;
  const auto recorded = co_await records::spending::record(here, records::spending::names.only(), amounts,
                                                           config::limit::object_wait);
  if (!recorded) {
    counters.add(Counter::cache_errors_total, "spending", to_text(recorded.error().kind));
  }
}

host::Task<Result<std::string>> read_spending(host::Context here, Instant since) {
  records::spending::total_arguments asked;
  asked.since = day_of(since);
  const auto told = co_await records::spending::total(here, records::spending::names.only(), asked,
                                                      config::limit::object_wait);
  if (!told) {
    co_return tl::make_unexpected(told.error());
  }
  const records::SpentDay& sum = told->spent;
  JsonWriter json;
  json.begin_object().key("calls").value(sum.calls).key("promptTokens").value(sum.prompt_tokens);
  json.key("outputTokens").value(sum.output_tokens);
  json.key("estimatedUsd").value(static_cast<double>(sum.microdollars) / 1e6).end_object();
  co_return std::move(json).take();
}

host::Task<std::optional<double>> spent_today(host::Context here, const config::Settings& settings) {
  records::spending::total_arguments asked;
  asked.since = day_of(here.host().now());
  const auto told = co_await records::spending::total(here, records::spending::names.only(), asked,
                                                      config::limit::object_wait);
  if (!told || settings.llm_daily_calls_max == 0) {
    co_return std::nullopt;
  }
  double share = static_cast<double>(told->spent.calls) / static_cast<double>(settings.llm_daily_calls_max);
  // Its unit is a billionth of a dollar.
  const double cost_max = static_cast<double>(settings.llm_daily_cost_max) / 1000;
  if (cost_max > 0) {
    share = std::max(share, static_cast<double>(told->spent.microdollars) / cost_max);
  }
  co_return share;
}

}  // namespace larder::engine
