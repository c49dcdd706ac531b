// GET /metrics, /metrics/prom and /metrics/otel, /api/metrics/history, /api/cache/candidates, /api/costs,
// /api/slo.
#include <algorithm>
#include <cmath>
#include <map>

#include "base/json_writer.h"
#include "base/text.h"
#include "base/version.h"
#include "config/duration.h"
#include "config/limits.h"
#include "http/date.h"
#include "json/json_text.h"
#include "metrics/candidates.h"
#include "metrics/costs.h"
#include "metrics/exposition.h"
#include "metrics/history.h"
#include "metrics/measure.h"
#include "monitor/meter.h"
#include "monitor/reading.h"
#include "operators/cold_report.h"
#include "operators/handlers.h"
#include "operators/request.h"
#include "records/calls.h"

namespace larder::operators {

// Not in the unnamed namespace: the older clang makes tail calls of coroutines that name what is there.
namespace metrics_answers {

struct KeptByObject {
  std::string_view binding;
  std::string name;
  std::uint64_t bytes = 0;

  KeptByObject(std::string_view binding_, std::string name_, std::uint64_t bytes_)
      : binding(binding_), name(std::move(name_)), bytes(bytes_) {}
};

}  // namespace metrics_answers

namespace {

using metrics_answers::KeptByObject;

using metrics::BilledItem;
using metrics::Tally;

// Five minutes: what the platform lets a request have at most (Workers limits, read 2026-11).
constexpr double cpu_millis_per_request_max = 300'000;

// Whose costs are told one by one: today's and those of the 29 before it.
constexpr Millis cost_days = std::chrono::hours(29 * 24);

constexpr std::uint32_t budget_minutes = 30 * 24 * 60;

host::Outgoing ledger_unreadable(host::Context here, const Error& error) {
  if (error.kind == ErrorKind::unsupported) {
    return host::problem_answer(
        here.host(),
        http::Problem(503,
                      concat({"There are no metrics over all isolates: declare the Durable Object binding ",
                              records::ledger::binding_name,
                              " in "
                              "wrangler.toml, and set LEDGER_SHARDS to 1 or more."})));
  }
  host::Outgoing outgoing = host::problem_answer(
      here.host(), http::Problem(503, "The ledger of metrics gives no answer; try again in a moment."));
  outgoing.answer.headers.emplace_back("retry-after", "5");
  return outgoing;
}

host::Outgoing history_unreadable(host::Context here, const Error& error) {
  if (error.kind == ErrorKind::too_large) {
    return host::problem_answer(
        here.host(), invalid_request("span: So much was counted in it that one request cannot read it; write "
                                     "a shorter one."));
  }
  return ledger_unreadable(here, error);
}

Error no_ledger() { return Error(ErrorKind::unsupported, "ledger", Retry::never, "LEDGER_SHARDS is 0."); }

metrics::ExpositionContext context_of(host::Context here, const OperatorContext& context, Instant since) {
  metrics::ExpositionContext exposition;
  exposition.now = here.host().now();
  exposition.since = since;
  exposition.version = version;
  exposition.deployment = context.settings.cache_prefix;
  return exposition;
}

enum class Format : std::uint8_t { json, prometheus, openmetrics };

std::string parameter_of(const Call& call, std::string_view name) {
  for (const auto& [key, value] : call.target.query) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

// A scraper names the text format (Prometheus sends OpenMetrics and text/plain with a version); browsers and
// curl get JSON.
bool wants_text(host::Context here) {
  const std::string accept = here.host().request_header(here.request(), "accept", 1024).value_or("");
  return contains(accept, "application/openmetrics-text") || contains(accept, "text/plain;version=0.0.4") ||
         contains(accept, "text/plain; version=0.0.4");
}

double dollars(std::uint64_t microdollars) { return static_cast<double>(microdollars) / 1e6; }

// What one may say of CPU time, which the platform tells nobody but its dashboard.
struct CpuTime {
  // Of a request, as the operator has read it there; nullopt: not said.
  std::optional<double> millis_per_request;

  CpuTime() {}
};

metrics::Usage usage_of(const Tally& counted, const CpuTime& cpu) {
  metrics::Usage usage = metrics::usage_of(counted);
  const auto requests = static_cast<double>(usage[static_cast<std::size_t>(BilledItem::worker_requests)]);
  const double cpu_millis = std::round(requests * cpu.millis_per_request.value_or(0));
  usage[static_cast<std::size_t>(BilledItem::worker_cpu_millis)] = static_cast<std::uint64_t>(cpu_millis);
  return usage;
}

// What is included, for each request of the month, and what a further millisecond of all of them costs.
void write_cpu(JsonWriter& json, const metrics::Usage& month, const CpuTime& cpu) {
  const auto& price = metrics::price_rows()[static_cast<std::size_t>(BilledItem::worker_cpu_millis)];
  const std::uint64_t requests = month[static_cast<std::size_t>(BilledItem::worker_requests)];
  json.key("cpu").begin_object().key("millisPerRequest");
  if (cpu.millis_per_request) {
    json.value(*cpu.millis_per_request);
  } else {
    json.null();
  }
  json.key("includedMillisPerRequest");
  if (requests > 0) {
    json.value(static_cast<double>(price.included) / static_cast<double>(requests));
  } else {
    json.null();
  }
  json.key("furtherMillisUsd").value(dollars(metrics::marginal_cost(price, requests)));
  json.key("note").value(
      "The platform tells a Worker nothing of its CPU time. Read the mean in Cloudflare's dashboard "
      "(Metrics, CPU "
      "time), and ask again with ?cpuMillisPerRequest=: then it is among the items.");
  json.end_object();
}

// What stores keep, as far as it is known: KV from what it was given, R2 as the archiver's last run has left
// it, objects as they say it themselves.
void write_storage(JsonWriter& json, const metrics::Usage& month, const std::vector<KeptByObject>& objects,
                   const ColdReport& cold) {
  json.key("storage").begin_object();
  json.key("kvBytesAtMost").value(month[static_cast<std::size_t>(BilledItem::kv_bytes)]);
  json.key("r2Bytes");
  if (cold.complete == nullptr) {
    json.null();
  } else {
    json.value(Holdings(cold.complete->sums).cold_bytes);
  }
  json.key("objects").begin_array();
  for (const KeptByObject& object : objects) {
    json.begin_object().key("binding").value(object.binding).key("name").value(object.name);
    json.key("bytes").value(object.bytes).end_object();
  }
  json.end_array().end_object();
}

// What moving entries to R2 saves and costs.
void write_cold_storage(JsonWriter& json, const ColdReport& cold, const Tally& counted) {
  json.key("coldStorage").begin_object().key("saving");
  if (cold.complete == nullptr) {
    json.null();
  } else {
    write_saving(json, *cold.complete);
  }
  json.key("returns");
  write_returns(json, counted);
  json.key("nextRun");
  if (cold.planned == nullptr) {
    json.null();
  } else {
    write_plan(json, cold.planned->sums);
  }
  json.end_object();
}

void write_items(JsonWriter& json, const metrics::Usage& usage, const metrics::Usage& month) {
  json.key("items").begin_array();
  for (const metrics::PriceRow& price : metrics::price_rows()) {
    const auto item = static_cast<std::size_t>(price.item);
    if (usage[item] == 0) {
      continue;
    }
    json.begin_object().key("item").value(price.name).key("what").value(price.what);
    json.key("counted").value(usage[item]).key("unit").value(price.unit);
    json.key("listUsd").value(dollars(metrics::marginal_cost(price, usage[item])));
    json.key("monthForecast").value(month[item]);
    json.key("monthIncluded").value(price.included);
    json.key("monthUsd").value(dollars(metrics::monthly_cost(price, month[item])));
    json.key("priceRead").value(price.read).end_object();
  }
  json.end_array();
}

std::uint64_t list_price(BilledItem item, std::uint64_t units) {
  return metrics::marginal_cost(metrics::price_rows()[static_cast<std::size_t>(item)], units);
}

// What its entries take in the stores behind the edge, by the tiers' own counts.
void write_resources(JsonWriter& json, const OperatorContext& context, const Tally& counted) {
  const auto redis = config::redis_address(context.settings);
  // REST is asked without the platform's help.
  const bool is_billed = redis && redis->transport != config::RedisTransport::rest;
  json.key("resources").begin_array();
  for (const config::Resource& resource : context.declarations.resources) {
    const auto of = [&](std::string_view metric, std::string_view tier) {
      const auto found = counted.series().find(metrics::series_name(metric, {tier, resource.name}));
      return found == counted.series().end() ? std::uint64_t{0} : found->second.front();
    };
    const auto looked = [&](std::string_view tier) {
      return of("cache_hits_total", tier) + of("cache_miss_total", tier);
    };
    const std::uint64_t kv_reads = looked("kv");
    const std::uint64_t kv_writes = of("cache_set_total", "kv");
    const std::uint64_t redis_calls = looked("redis") + of("cache_set_total", "redis");
    const std::uint64_t r2_reads = looked("cold");
    json.begin_object().key("resource").value(resource.name).key("kvReads").value(kv_reads);
    json.key("kvWrites").value(kv_writes).key("redisCalls").value(redis_calls);
    json.key("r2Reads").value(r2_reads).key("listUsd");
    json.value(dollars(list_price(BilledItem::kv_reads, kv_reads) +
                       list_price(BilledItem::kv_writes, kv_writes) +
                       list_price(BilledItem::object_requests, is_billed ? redis_calls : 0) +
                       list_price(BilledItem::r2_class_b, r2_reads)));
    json.end_object();
  }
  json.end_array();
}

// At list prices, since what is included is a month's.
void write_days(JsonWriter& json, const std::map<std::uint64_t, metrics::Usage>& days) {
  json.key("days").begin_array();
  for (const auto& [at, usage] : days) {
    json.begin_object().key("day").value(
        http::format_day(instant_from_millis(static_cast<std::int64_t>(at))));
    std::uint64_t sum = 0;
    json.key("listUsdByItem").begin_object();
    for (const metrics::PriceRow& price : metrics::price_rows()) {
      const std::uint64_t units = usage[static_cast<std::size_t>(price.item)];
      const std::uint64_t cost = metrics::marginal_cost(price, units);
      if (units > 0) {
        json.key(price.name).value(dollars(cost));
      }
      sum += cost;
    }
    json.end_object().key("listUsd").value(dollars(sum)).end_object();
  }
  json.end_array();
}

metrics::Declared declared_as(const OperatorContext& context, std::string_view pattern) {
  for (const config::Resource& resource : context.declarations.resources) {
    if (resource.name == pattern) {
      const bool caches = context.settings.feature_cache && context.registry.active().name() != "null" &&
                          context.settings.cached_patterns.allows(pattern);
      return caches ? metrics::Declared::cached : metrics::Declared::observed;
    }
  }
  return metrics::Declared::no;
}

// A resource as the file declares it, but for its time to live; "": there is none of that name.
std::string member_with_ttl(const json::JsonText& file, std::string_view name, std::string_view ttl) {
  for (const json::JsonText& resource : file.items("resources")) {
    if (resource.text("name") != name) {
      continue;
    }
    JsonWriter member;
    member.begin_object();
    bool has_ttl = false;
    for (const auto& [key, value] : resource.as_members()) {
      const bool is_ttl = key == "ttl";
      has_ttl = has_ttl || is_ttl;
      member.key(key);
      if (is_ttl) {
        member.value(ttl);
      } else {
        member.raw(value.json());
      }
    }
    if (!has_ttl) {
      member.key("ttl").value(ttl);
    }
    member.end_object();
    return member.text();
  }
  return "";
}

// "5m", "6h", "3d".
std::string window_name(std::uint32_t minutes) {
  constexpr std::uint32_t hour = 60;
  constexpr std::uint32_t day = 24 * hour;
  const bool is_days = minutes % day == 0;
  const bool is_hours = minutes % hour == 0;
  const std::uint32_t unit = is_days ? day : is_hours ? hour : 1;
  return concat({to_text(std::uint64_t{minutes / unit}), is_days ? "d" : is_hours ? "h" : "m"});
}

void write_number(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
  json.key(name);
  if (value) {
    json.value(*value);
  } else {
    json.null();
  }
}

}  // namespace

// Not in the unnamed namespace: the older clang makes tail calls of coroutines that it can see through.
namespace metrics_answers {

// None where there is no archiver, or its object gives no answer.
host::Task<std::vector<records::ArchiveRun>> archive_runs(host::Context here,
                                                          const OperatorContext& context) {
  auto runs = co_await context.archiver.runs(here, static_cast<std::uint32_t>(config::limit::cold_runs_kept));
  if (!runs) {
    co_return std::vector<records::ArchiveRun>();
  }
  co_return std::move(*runs);
}

host::Task<host::Outgoing> expose(host::Context here, const OperatorContext& context, Format format) {
  if (context.settings.ledger_shards == 0) {
    co_return ledger_unreadable(here, no_ledger());
  }
  // What this isolate knows belongs to it.
  co_await context.meter.flush(here);
  auto totals = co_await monitor::read_totals(here, context.settings);
  if (!totals) {
    co_return ledger_unreadable(here, totals.error());
  }
  const std::vector<records::ArchiveRun> runs = co_await archive_runs(here, context);
  if (const ColdReport cold(runs); cold.complete != nullptr) {
    monitor::set_holdings(totals->gauges, *cold.complete);
  }
  const auto families = observe::families_of(totals->counted, totals->gauges);
  const metrics::ExpositionContext exposition = context_of(here, context, totals->since);
  switch (format) {
    case Format::json:
      co_return host::json_answer(here.host(), 200, metrics::to_json(families, exposition));
    case Format::prometheus:
      co_return host::text_answer(here.host(), metrics::prometheus_media_type,
                                  metrics::to_prometheus(families));
    case Format::openmetrics:
      co_return host::text_answer(here.host(), metrics::openmetrics_media_type,
                                  metrics::to_openmetrics(families, exposition));
  }
  LARDER_UNREACHABLE();
}

}  // namespace metrics_answers

host::Task<host::Outgoing> show_metrics(host::Context here, const OperatorContext& context, Call& call) {
  const std::string format = parameter_of(call, "format");
  if (!format.empty() && format != "prometheus" && format != "json") {
    co_return host::problem_answer(here.host(), invalid_request("format: write json or prometheus."));
  }
  const bool is_text = format == "prometheus" || (format.empty() && wants_text(here));
  auto answer = co_await metrics_answers::expose(here, context, is_text ? Format::prometheus : Format::json);
  co_return answer;
}

host::Task<host::Outgoing> show_prometheus_metrics(host::Context here, const OperatorContext& context,
                                                   Call&) {
  auto answer = co_await metrics_answers::expose(here, context, Format::prometheus);
  co_return answer;
}

host::Task<host::Outgoing> show_openmetrics(host::Context here, const OperatorContext& context, Call&) {
  if (!context.settings.feature_otel) {
    co_return host::problem_answer(
        here.host(),
        http::Problem(404, "OpenMetrics is off: set FEATURE_OTEL to true, or read /metrics/prom."));
  }
  auto answer = co_await metrics_answers::expose(here, context, Format::openmetrics);
  co_return answer;
}

namespace {

// A point a minute, an hour or a day, so that there are some hundreds at most; nullopt: the span is too
// short, too long or no duration.
std::optional<monitor::HistoryQuestion> history_of(std::string_view span, Instant now) {
  namespace limit = config::limit;
  const auto duration = config::parse_duration(span);
  if (!duration || *duration < limit::history_span_min || *duration > limit::ledger_hours_kept) {
    return std::nullopt;
  }
  monitor::HistoryQuestion question;
  question.width = *duration <= limit::history_minutes_span ? records::BucketWidth::minute
                   : *duration <= limit::history_hours_span ? records::BucketWidth::hour
                                                            : records::BucketWidth::day;
  question.from = now - *duration;
  question.until = now;
  return question;
}

Millis length_of(records::BucketWidth width) {
  switch (width) {
    case records::BucketWidth::minute:
      return std::chrono::minutes(1);
    case records::BucketWidth::hour:
      return std::chrono::hours(1);
    case records::BucketWidth::day:
      return std::chrono::hours(24);
  }
  LARDER_UNREACHABLE();
}

}  // namespace

host::Task<host::Outgoing> show_metrics_history(host::Context here, const OperatorContext& context,
                                                Call& call) {
  const std::string_view span = call.target.parameter("span").value_or("6h");
  const auto question = history_of(span, here.host().now());
  if (!question) {
    co_return host::problem_answer(
        here.host(), invalid_request("span: Write a time from 10m to 90d, like 30m, 6h or 7d; 6h is read "
                                     "where it is left out."));
  }
  if (context.settings.ledger_shards == 0) {
    co_return ledger_unreadable(here, no_ledger());
  }
  co_await context.meter.flush(here);
  const auto buckets = co_await monitor::read_history(here, context.settings, *question);
  if (!buckets) {
    co_return history_unreadable(here, buckets.error());
  }
  metrics::HistorySpan covered;
  covered.bucket = length_of(question->width);
  covered.from = question->from - (question->from - Instant()) % covered.bucket;
  covered.until = question->until;
  JsonWriter json;
  metrics::write(json, covered, *buckets,
                 observe::row_of(observe::Histogram::answer_duration_seconds).bounds);
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<host::Outgoing> show_candidates(host::Context here, const OperatorContext& context, Call&) {
  if (context.settings.ledger_shards == 0) {
    co_return ledger_unreadable(here, no_ledger());
  }
  co_await context.meter.flush(here);
  const auto ghosts = co_await monitor::read_ghosts(here, context.settings);
  if (!ghosts) {
    co_return ledger_unreadable(here, ghosts.error());
  }
  const auto totals = co_await monitor::read_totals(here, context.settings);
  if (!totals) {
    co_return ledger_unreadable(here, totals.error());
  }
  const Instant now = here.host().now();
  metrics::CandidateWindow window;
  window.since = ghosts->since;
  window.until = now;
  window.hours_covered = ghosts->hours;
  window.hours = static_cast<std::uint64_t>((now - ghosts->since) / std::chrono::hours(1)) + 1;
  const auto file = json::JsonText::parse(context.declarations_file);
  std::vector<metrics::Candidate> candidates;
  for (const metrics::GhostEstimate& estimate : ghosts->estimates) {
    metrics::CandidateFacts facts;
    facts.estimate = estimate;
    // Of a pattern that came later, since it came: its rate is not that of the time before.
    facts.window =
        std::min(now - ghosts->since, std::max<Millis>(now - estimate.first, metrics::rate_window_min));
    facts.declared = declared_as(context, estimate.pattern);
    const metrics::Cells cells = totals->counted.cells("origin_duration_seconds", 0, estimate.pattern);
    std::uint64_t count = 0;
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
      count += cells[i];
    }
    if (count > 0) {
      facts.origin_millis_mean = static_cast<double>(cells.back()) / static_cast<double>(count);
    }
    metrics::Candidate candidate = metrics::recommend(facts);
    if (facts.declared != metrics::Declared::no && file) {
      candidate.member =
          member_with_ttl(*file, estimate.pattern, metrics::ttl_text(metrics::ghost_ttls()[candidate.ttl]));
    }
    candidates.push_back(std::move(candidate));
  }
  JsonWriter json;
  metrics::write(json, window, std::move(candidates));
  co_return host::json_answer(here.host(), 200, json.text());
}

namespace {

// What are named by whoever calls them keep next to nothing: those of keys and of origins' buckets.
void add_objects(std::vector<KeptByObject>& objects, std::string_view binding,
                 const records::ObjectNames& names, const config::Settings& settings) {
  switch (names.rule()) {
    case records::ObjectNames::Rule::one:
      objects.emplace_back(binding, std::string(names.only()), 0);
      break;
    case records::ObjectNames::Rule::by_prefix:
      objects.emplace_back(binding, settings.cache_prefix, 0);
      break;
    case records::ObjectNames::Rule::by_shard:
      for (std::uint32_t shard = 0; shard < settings.ledger_shards; ++shard) {
        objects.emplace_back(binding, monitor::ledger_name(settings, shard), 0);
      }
      break;
    case records::ObjectNames::Rule::by_key:
      break;
  }
}

// All objects that hold the deployment's rows, in the order of their table.
std::vector<KeptByObject> objects_with_rows(const config::Settings& settings) {
  std::vector<KeptByObject> objects;
#define LARDER_OBJECT(object, number, Class, binding, kept, names_, migration) \
  add_objects(objects, records::object::binding_name, records::object::names, settings);
#include "records/objects.def"
  return objects;
}

}  // namespace

namespace metrics_answers {

// What these objects keep. One that gives no answer is left out.
host::Task<std::vector<KeptByObject>> kept_by_objects(host::Context here, const OperatorContext& context) {
  std::vector<KeptByObject> asked = objects_with_rows(context.settings);
  std::vector<KeptByObject> kept;
  for (KeptByObject& object : asked) {
    std::string name = object.name;
    const auto size =
        co_await records::size_of(here, object.binding, std::move(name), config::limit::object_wait);
    if (size) {
      object.bytes = size->count;
      kept.push_back(std::move(object));
    }
  }
  co_return kept;
}

}  // namespace metrics_answers

host::Task<host::Outgoing> show_costs(host::Context here, const OperatorContext& context, Call& call) {
  CpuTime cpu;
  const std::string said = parameter_of(call, "cpuMillisPerRequest");
  if (!said.empty()) {
    cpu.millis_per_request = parse_decimal(said);
    if (!cpu.millis_per_request || *cpu.millis_per_request < 0 ||
        *cpu.millis_per_request > cpu_millis_per_request_max) {
      co_return host::problem_answer(here.host(),
                                     invalid_request("cpuMillisPerRequest: write a number, 0 to 300000."));
    }
  }
  if (context.settings.ledger_shards == 0) {
    co_return ledger_unreadable(here, no_ledger());
  }
  co_await context.meter.flush(here);
  const auto totals = co_await monitor::read_totals(here, context.settings);
  if (!totals) {
    co_return ledger_unreadable(here, totals.error());
  }
  const Instant now = here.host().now();
  monitor::HistoryQuestion last_days;
  last_days.width = records::BucketWidth::day;
  last_days.from = now - cost_days;
  last_days.until = now;
  const auto days = co_await monitor::read_usage(here, context.settings, last_days);
  if (!days) {
    co_return ledger_unreadable(here, days.error());
  }
  const std::vector<KeptByObject> objects = co_await metrics_answers::kept_by_objects(here, context);
  const std::vector<records::ArchiveRun> runs = co_await metrics_answers::archive_runs(here, context);
  const ColdReport cold(runs);
  metrics::Usage usage = usage_of(totals->counted, cpu);
  metrics::Usage month = metrics::forecast_month(usage, totals->since, now);
  constexpr auto kv_bytes = static_cast<std::size_t>(BilledItem::kv_bytes);
  const std::string_view kv_name = metrics::price_rows()[kv_bytes].name;
  month[kv_bytes] =
      metrics::mean_bytes(totals->counted.sum("kept_byte_seconds_total", 0, kv_name), totals->since, now);
  if (cold.complete != nullptr) {
    constexpr auto r2_bytes = static_cast<std::size_t>(BilledItem::r2_bytes);
    usage[r2_bytes] = Holdings(cold.complete->sums).cold_bytes;
    month[r2_bytes] = usage[r2_bytes];
  }
  // What is kept now, rather than what came together.
  for (const KeptByObject& object : objects) {
    usage[static_cast<std::size_t>(BilledItem::object_bytes)] += object.bytes;
  }
  month[static_cast<std::size_t>(BilledItem::object_bytes)] =
      usage[static_cast<std::size_t>(BilledItem::object_bytes)];
  const std::uint64_t models = totals->counted.sum("model_cost_microdollars_total");
  JsonWriter json;
  json.begin_object().key("since").value(http::format_timestamp(totals->since));
  json.key("at").value(http::format_timestamp(now));
  write_items(json, usage, month);
  json.key("modelsUsd").value(dollars(models));
  write_cpu(json, month, cpu);
  write_storage(json, month, objects, cold);
  write_cold_storage(json, cold, totals->counted);
  write_resources(json, context, totals->counted);
  write_days(json, *days);
  json.key("month").begin_object();
  json.key("planUsd").value(dollars(metrics::plan_microdollars));
  json.key("usageUsd").value(dollars(metrics::monthly_cost(month)));
  json.key("basis").value(
      "The counts since the beginning, at the same rate for 30 days, less what the plan includes.");
  json.end_object();
  json.key("source").begin_object();
  json.key("monthUsd").value(dollars(metrics::source_estimate_microdollars));
  json.key("difference")
      .value(
          "The source's estimate leaves out the plan itself, Worker requests and Durable Objects, and prices "
          "a KV write "
          "at a tenth of today's $5.00 a million.");
  json.end_object();
  json.key("unknown").value(
      "Logs, the time for which Durable Objects are in memory, and the rows that they read and write are "
      "billed too; the "
      "platform does not tell them to the Worker. CPU time is known where you say it.");
  json.end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<host::Outgoing> show_objectives(host::Context here, const OperatorContext& context, Call&) {
  if (context.settings.ledger_shards == 0) {
    co_return ledger_unreadable(here, no_ledger());
  }
  co_await context.meter.flush(here);
  std::vector<std::uint32_t> wanted = metrics::windows_wanted();
  wanted.push_back(budget_minutes);
  const auto observed = co_await monitor::read_windows(here, context.settings, std::move(wanted));
  if (!observed) {
    co_return ledger_unreadable(here, observed.error());
  }
  const Instant now = here.host().now();
  const metrics::Shares of_month =
      metrics::shares_of(observed->windows.at(budget_minutes), observed->latency_bounds);
  const metrics::Shares recent = metrics::shares_of(observed->windows.at(60), observed->latency_bounds);
  JsonWriter json;
  json.begin_object().key("since").value(http::format_timestamp(observed->since));
  json.key("at").value(http::format_timestamp(now)).key("objectives").begin_array();
  for (const metrics::ObjectiveRow& row : metrics::objective_rows()) {
    json.begin_object().key("name").value(row.name).key("what").value(row.what).key("target").value(
        row.target);
    std::optional<double> value = recent.failed ? std::optional(1 - *recent.failed) : std::nullopt;
    if (row.name == "hit_latency") {
      value = recent.hit_latency_p95_seconds;
    } else if (row.name == "hit_rate") {
      value = recent.hit_ratio;
    }
    write_number(json, "lastHour", value);
    json.key("met");
    // A cache that is still filling has not missed its hit rate.
    const bool counts = row.name != "hit_rate" || metrics::is_warm(observed->since, now);
    if (value && counts) {
      json.value(row.bound == metrics::Bound::at_least ? *value >= row.target : *value <= row.target);
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array().key("errorBudget").begin_object();
  json.key("answers").value(of_month.answers).key("failed").value(of_month.failed_answers);
  json.key("left").value(metrics::budget_left(of_month.failed_answers, of_month.answers));
  json.key("burnRates").begin_object();
  // As they are: what alerts look at is 0 where trouble is over (signals.def).
  for (const std::uint32_t minutes : metrics::burn_minutes()) {
    write_number(json, window_name(minutes), metrics::burn_rate(observed->windows.at(minutes)));
  }
  json.end_object().end_object().end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

}  // namespace larder::operators
