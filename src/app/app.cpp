#include "app/app.h"

#include <algorithm>

#include "app/cors.h"
#include "app/narrative_row.h"
#include "base/assert.h"
#include "base/json_writer.h"
#include "base/mutation.h"
#include "base/text.h"
#include "base/version.h"
#include "config/limits.h"
#include "engine/sweep.h"
#include "entry/exact_fields.h"
#include "entry/normalise.h"
#include "host/operations.h"
#include "http/accept.h"
#include "http/client.h"
#include "http/path.h"
#include "operators/router.h"
#include "origin/llm.h"
#include "origin/narrative_prompt.h"
#include "tiers/null_cache.h"

namespace larder::app {

namespace {

std::string allow_of(const std::vector<http::Method>& methods) {
  std::vector<std::string> names;
  for (const http::Method method : methods) {
    names.emplace_back(http::to_text(method));
  }
  names.emplace_back("OPTIONS");
  return join(names, ", ");
}

std::uint64_t seed_of(host::Host& host) {
  std::uint64_t seed = 0;
  for (const char byte : host.random_bytes(8)) {
    seed = (seed << 8) | static_cast<unsigned char>(byte);
  }
  return seed;
}

}  // namespace

std::uint32_t App::start(std::string_view record, std::string_view toolchain) {
  RecordReader reader(record);
  toolchain_ = toolchain;
  bypass_ = reader.u8() == 1;
  bindings_ = reader.pairs();
  const std::string declarations = reader.text();
  LARDER_ASSERT(reader.complete());

  auto settings = config::parse_settings(bindings_);
  if (settings) {
    adopt(std::move(*settings));
  } else {
    faults_ = settings.error();
  }
  auto parsed = config::parse_declarations(
      declarations, {operators::reserved_paths.begin(), operators::reserved_paths.end()});
  if (parsed) {
    declarations_ = std::move(*parsed);
    if (settings) {
      faults_ = config::missing_secrets(declarations_, settings_);
      config::apply_settings(declarations_, settings_);
    }
  } else {
    faults_.insert(faults_.end(), parsed.error().begin(), parsed.error().end());
  }
  build_caches();
  if (!bypass_) {
    log_start();
  }
  return static_cast<std::uint32_t>(faults_.size());
}

void App::adopt(config::Settings settings) {
  settings_ = std::move(settings);
  if (settings_.prompt_hash.empty()) {
    settings_.prompt_hash = origin::prompt_hash_of(host_.sha256(origin::narrative_prompt));
  }
}

void App::build_caches() {
  const std::uint64_t budget = bypass_ ? 0 : settings_.memory_bytes.count;
  std::vector<std::unique_ptr<tiers::Cache>> farther;
  farther.push_back(tiers::make_edge_tier());
  farther.push_back(tiers::make_kv_tier(settings_.value_bytes_max));
  auto tiered = std::make_unique<tiers::TieredCache>(
      "kv", counters_, tiers::make_memory_tier(host_, Bytes(budget), seed_of(host_)), std::move(farther));
  tiered_ = tiered.get();
  registry_.add(std::move(tiered));
  registry_.add(std::make_unique<tiers::NullCache>(counters_));
  activate_cache();
  control_ = std::make_unique<engine::Control>(host_, counters_, [this] { take_up_changes(); });
  engine_ = std::make_unique<engine::Engine>(settings_, registry_, *tiered_, counters_, *control_, bypass_);
  warming_ = std::make_unique<warm::Warming>(settings_, declarations_, *engine_, counters_);
  const operators::Desk desk{settings_, bindings_, declarations_, registry_, *tiered_,
                             *engine_,  *control_, counters_,     ledger_,   *warming_};
  operators_ = std::make_unique<operators::Operators>(
      desk, bypass_ ? operators::Duty::stands_in : operators::Duty::serves);
}

void App::activate_cache() {
  const bool observes = settings_.cache_implementation == config::CacheImplementation::null;
  const auto activated = registry_.activate(observes || !settings_.feature_cache ? "null" : "kv");
  LARDER_ASSERT(activated.has_value());
}

void App::take_up_changes() {
  if (!LARDER_MUTATED(settings_ignored)) {
    auto settings = config::parse_settings(config::with_changes(bindings_, control_->settings()));
    if (settings) {
      adopt(std::move(*settings));
      activate_cache();
    } else if (logs(host::LogLevel::error)) {
      JsonWriter line;
      line.begin_object().key("level").value("error").key("event").value("settings_refused");
      line.key("faults").value(config::to_text(settings.error())).end_object();
      host_.log(host::LogLevel::error, line.text());
    }
  }
  engine_->purge_memory();
  host_.revoke_lanes();
}

// One line an instance, whatever the level: the first thing to look for when a deployment behaves strangely.
void App::log_start() const {
  const bool enabled = settings_.feature_cache && registry_.active().name() != "null";
  JsonWriter line;
  line.begin_object().key("level").value(faults_.empty() ? "info" : "error").key("event").value("start");
  const std::string_view state =
      enabled ? "Cache: enabled (impl: TieredCache: memory, edge, kv)" : "Cache: disabled (impl: NullCache)";
  line.key("message").value(faults_.empty() ? state : "Cache: not serving (invalid configuration)");
  line.key("version").value(version).key("toolchain").value(toolchain_);
  if (!faults_.empty()) {
    line.key("faults").value(config::to_text(faults_));
  }
  line.end_object();
  host_.log(faults_.empty() ? host::LogLevel::info : host::LogLevel::error, line.text());
}

bool App::logs(host::LogLevel level) const {
  return static_cast<unsigned>(level) >= static_cast<unsigned>(settings_.log_level);
}

// Requests
// -----------------------------------------------------------------------------------------------------------

bool App::fetch(host::RequestId request, std::string_view record) {
  RecordReader reader(record);
  Inbound inbound;
  inbound.method = http::parse_method(reader.text());
  inbound.url = reader.text();
  inbound.began = host_.now();
  LARDER_ASSERT(reader.complete());
  return requests_.start(request, serve(requests_.context(request), std::move(inbound)));
}

host::Task<void> App::serve(host::Context here, Inbound inbound) {
  if (inbound.url.size() > config::limit::url_bytes_max) {
    answer(
        here, inbound,
        problem_answer(host_, http::Problem(414, concat({"The URL is longer than ",
                                                         to_text(std::uint64_t{config::limit::url_bytes_max}),
                                                         " bytes; shorten the query."}))),
        "");
    co_return;
  }
  auto target = http::parse_target(inbound.url);
  if (!target) {
    answer(here, inbound, problem_answer(host_, http::Problem(400, target.error().message)), "");
    co_return;
  }
  if (!faults_.empty() && target->path != "/health") {
    answer(here, inbound, misconfigured(), "");
    co_return;
  }
  if (leaves_its_resource(inbound)) {
    answer(here, inbound,
           problem_answer(
               host_, http::Problem(400, "The path has a \".\" or \"..\" segment; write where it leads.")),
           "");
    co_return;
  }
  if (operators_->has(target->path)) {
    co_await serve_operators(here, std::move(inbound), std::move(*target));
    co_return;
  }
  const auto matched = config::match(declarations_, inbound.method, target->path);
  if (!matched) {
    answer(here, inbound, unmatched(here, *target, inbound), "");
    co_return;
  }
  if (matched->resource->mode == config::Mode::http) {
    co_await serve_as_sent(here, std::move(inbound), std::move(*target));
    co_return;
  }
  inbound.resource = matched->resource;
  co_await serve_resource(here, std::move(inbound), *matched, std::move(*target), std::nullopt);
}

// Whether the path as it came is one of a resource whose origin would get it so, dot segments and all.
bool App::leaves_its_resource(const Inbound& inbound) const {
  const std::string_view path = http::raw_path_of(inbound.url);
  if (!http::has_dot_segment(path)) {
    return false;
  }
  const auto matched = config::match(declarations_, inbound.method, path);
  return matched && matched->resource->mode == config::Mode::http;
}

// In mode http the origin gets the target as it came, so that is what has to match.
host::Task<void> App::serve_as_sent(host::Context here, Inbound inbound, http::Target target) {
  auto exact = http::parse_exact_target(inbound.url);
  if (!exact) {
    answer(here, inbound, problem_answer(host_, http::Problem(400, exact.error().message)), "");
    co_return;
  }
  const auto matched = config::match(declarations_, inbound.method, exact->path);
  if (!matched || matched->resource->mode != config::Mode::http) {
    answer(here, inbound,
           problem_answer(host_, http::Problem(404, "There is nothing at this path, as it is written.")), "");
    co_return;
  }
  inbound.resource = matched->resource;
  co_await serve_resource(here, std::move(inbound), *matched, std::move(target), std::move(*exact));
}

host::Task<void> App::serve_operators(host::Context here, Inbound inbound, http::Target target) {
  operators::Call call;
  call.method = inbound.method;
  call.target = std::move(target);
  call.began = inbound.began;
  inbound.request_id = request_id(here);
  call.request_id = inbound.request_id;
  operators::Served served = co_await operators_->serve(here, std::move(call));
  answer(here, inbound, std::move(served.outgoing), "");
  co_await operators_->settle(here, std::move(served.row));
  if (served.afterwards) {
    co_await served.afterwards(here);
  }
}

host::Task<void> App::serve_resource(host::Context here, Inbound inbound, config::Matched matched,
                                     http::Target target, std::optional<http::ExactTarget> exact) {
  std::string body;
  if (matched.resource->match.method == http::Method::post) {
    auto posted = co_await read_posted(here);
    if (!posted) {
      answer(here, inbound, problem_answer(host_, posted.error()), matched.resource->name);
      co_return;
    }
    body = std::move(*posted);
  }
  auto query = make_query(here, matched, target, exact, inbound.method, body);
  if (!query) {
    answer(here, inbound, problem_answer(host_, http::Problem(400, query.error().message)),
           matched.resource->name);
    co_return;
  }
  engine::Reading reading;
  if (auto near = engine_->read_now(inbound.began, *query)) {
    reading = std::move(*near);
  } else {
    reading = co_await engine_->read(here, *query);
  }
  Outgoing outgoing = answer_of(here, inbound, *query, reading);
  std::optional<observe::NarrativeRow> row;
  if (config::asks_model(*matched.resource) && !bypass_) {
    row = narrative_row(inbound, *query, reading, outgoing.answer.status, body);
  }
  answer(here, inbound, std::move(outgoing), matched.resource->name);
  co_await engine_->settle(here, *query, std::move(reading));
  if (row) {
    co_await ledger_.write(here, std::move(*row));
  }
}

observe::NarrativeRow App::narrative_row(const Inbound& inbound, const engine::Query& query,
                                         const engine::Reading& reading, std::uint32_t status,
                                         std::string_view body) const {
  observe::NarrativeRow row;
  row.at = inbound.began;
  row.user = observe::user_digest(host_, settings_.cache_prefix, user_id_of(body));
  row.outcome = outcome_of(reading, status);
  row.duration = host_.now() - inbound.began;
  row.system = origin::leading_system_of(*query.resource, query.values);
  return row;
}

Outgoing App::answer_of(host::Context here, Inbound& inbound, const engine::Query& query,
                        const engine::Reading& reading) {
  if (reading.refusal != nullptr && config::asks_model(*query.resource)) {
    const origin::Refusal& refusal = *reading.refusal;
    const bool refuses = refusal.spent && settings_.spending_over == config::SpendingOver::refuse;
    if (!refusal.limited && !refuses) {
      counters_.add(observe::Counter::narrative_templates_total,
                    refusal.spent ? std::string_view("spending") : to_text(refusal.error.kind));
      return narrative_answer(host_, reading,
                              origin::narrative_stand_in(*query.resource, query.values, host_.now()));
    }
  }
  const auto if_none_match =
      host_.request_header(here.request(), "if-none-match", config::limit::header_value_bytes_max);
  const auto if_modified_since = host_.request_header(here.request(), "if-modified-since", 64);
  http::Conditions conditions;
  conditions.if_none_match = if_none_match;
  conditions.if_modified_since = if_modified_since;
  if (reading.refusal != nullptr) {
    inbound.request_id = request_id(here);
  }
  Outgoing outgoing = reading_answer(host_, reading, inbound.method, conditions, inbound.request_id);
  const bool one_for_all = !differs_by_origin(*query.resource) ||
                           !host_.request_header(here.request(), "origin", config::limit::url_bytes_max);
  if (inbound.method == http::Method::get && !if_none_match && !if_modified_since && one_for_all) {
    offer_lane(query, reading, outgoing.answer);
  }
  return outgoing;
}

host::Task<tl::expected<std::string, http::Problem>> App::read_posted(host::Context here) {
  const std::string given = host_.request_header(here.request(), "content-type", 256).value_or("");
  const std::string type = to_lower(trim(std::string_view(given).substr(0, given.find(';'))));
  if (type != "application/json" && !(type.starts_with("application/") && type.ends_with("+json"))) {
    co_return tl::make_unexpected(
        http::Problem(415, "The question is asked in JSON: send it with content-type: application/json."));
  }
  auto sent = co_await host::request_body(here, config::limit::request_body_bytes_max);
  if (!sent && sent.error().kind == ErrorKind::too_large) {
    co_return tl::make_unexpected(http::Problem(
        413, concat({"The body is longer than ",
                     to_text(std::uint64_t{config::limit::request_body_bytes_max}), " bytes."})));
  }
  if (!sent) {
    co_return tl::make_unexpected(http::Problem(400, "The body broke off; send it again."));
  }
  co_return host_.read_body(sent->content.handle(), sent->content.size(), 0);
}

Result<config::FieldValues> App::read_values(host::Context here, const config::Matched& matched,
                                             const http::Target& target, std::string_view body) const {
  const config::Resource& resource = *matched.resource;
  http::Fields headers;
  for (const std::string_view name : entry::header_names(resource)) {
    auto value = host_.request_header(here.request(), name, config::limit::header_value_bytes_max);
    if (value) {
      headers.add(std::string(name), std::move(*value));
    }
  }
  TextPairs parts;
  if (resource.match.method == http::Method::post) {
    auto posted = entry::body_parts(resource, body);
    if (!posted) {
      return tl::make_unexpected(posted.error());
    }
    parts = std::move(*posted);
  }
  const TextPairs settings = config::key_settings(settings_);
  return entry::normalise_fields(
      resource, entry::Parameters{matched.path_parameters, target.query, headers, parts, settings});
}

Result<engine::Query> App::make_query(host::Context here, const config::Matched& matched,
                                      const http::Target& target,
                                      const std::optional<http::ExactTarget>& exact, http::Method method,
                                      std::string_view body) const {
  const config::Resource& resource = *matched.resource;
  auto values = read_values(here, matched, target, body);
  if (!values) {
    return tl::make_unexpected(values.error());
  }
  entry::ExactFields as_sent;
  if (exact) {
    as_sent = entry::exact_fields(resource, *exact);
  }
  engine::Query query =
      engine::make_query(host_, settings_, resource, std::move(*values), std::move(as_sent));
  query.method = method;
  query.accepts_gzip = [here] {
    const auto accepted = here.host().request_header(here.request(), "accept-encoding", 1024);
    return accepted && http::accepts_gzip(*accepted);
  };
  query.client = [here] {
    const auto address = here.host().request_header(here.request(), "cf-connecting-ip", 64);
    return address ? http::client_of(*address) : std::string();
  };
  if (resource.mode == config::Mode::http) {
    constexpr std::size_t any_length = 65536;
    query.authorized = host_.request_header(here.request(), "authorization", any_length).has_value();
    const auto control = host_.request_header(here.request(), "cache-control", any_length);
    query.directives = http::parse_request_directives(control.value_or(""));
    query.read_header = [here](std::string_view name) {
      return here.host().request_header(here.request(), name, config::limit::header_value_bytes_max);
    };
  }
  return query;
}

void App::offer_lane(const engine::Query& query, const engine::Reading& reading, host::Answer& answer) {
  const bool repeatable =
      reading.entry != nullptr && reading.found_in == tiered_->memory().name() && !reading.status.forward &&
      answer.status == 200 && reading.entry->header.vary.empty() && reading.repeatable &&
      !reading.stands_in && !reading.entry->header.partial &&
      reading.entry->header.encoding == entry::Encoding::identity &&
      query.resource->mode == config::Mode::keyed && entry::header_names(*query.resource).empty();
  if (!repeatable) {
    return;
  }
  const Instant now = host_.now();
  const auto lane = lanes_.hit(query.key.storage_name, query.resource, now);
  if (!lane) {
    return;
  }
  const entry::Header& header = reading.entry->header;
  const Instant next_age =
      header.created + std::chrono::floor<std::chrono::seconds>(reading.age) + Millis(1000);
  const Instant fresh_end = header.created + header.fresh_for;
  // A read from then on refreshes the entry.
  const Instant eager = header.created + policy::eager_age(header);
  const Instant until =
      std::min({next_age, fresh_end, settings_.stale_while_revalidate_enabled ? eager : fresh_end,
                control_->current_until()});
  if (until <= now) {
    return;
  }
  std::vector<std::string> guards = {"if-none-match", "if-modified-since"};
  if (differs_by_origin(*query.resource)) {
    guards.emplace_back("origin");
  }
  answer.lane = host::Lane(*lane, until, std::move(guards));
}

// What the engine counts for a memory hit, for hits that never reached it.
void App::lane_hits(std::uint32_t lane, std::uint32_t count) {
  using observe::Counter;
  counters_.add(Counter::lane_hits_total, {}, {}, count);
  counters_.add(Counter::cache_hit_fresh_total, {}, {}, count);
  if (const LaneKeeper::Recent* recent = lanes_.find(lane)) {
    tiered_->memory().record_accesses(recent->storage_name, count);
    counters_.add(Counter::cache_hits_total, tiered_->memory().name(), recent->resource->name, count);
    counters_.add(Counter::cache_candidate_requests_total, recent->resource->match.path, "GET", count);
  }
}

std::uint32_t App::bodies_held() const { return static_cast<std::uint32_t>(tiered_->memory().count()); }

void App::answer(host::Context here, Inbound& inbound, Outgoing outgoing, std::string_view resource) {
  const std::uint32_t status = outgoing.answer.status;
  if (inbound.resource != nullptr && inbound.resource->cors && inbound.method != http::Method::options) {
    const auto origin = host_.request_header(here.request(), "origin", config::limit::url_bytes_max);
    add_cors(*inbound.resource, origin, outgoing.answer.headers);
  }
  const host::LogLevel level = status >= 500 ? host::LogLevel::warn : host::LogLevel::info;
  if (logs(level)) {
    if (inbound.request_id.empty()) {
      inbound.request_id = request_id(here);
    }
    JsonWriter line;
    line.begin_object().key("level").value(host::to_text(level)).key("event").value("request");
    line.key("request").value(inbound.request_id).key("method").value(http::to_text(inbound.method));
    line.key("resource").value(resource).key("status").value(status);
    line.key("durationMillis").value((host_.now() - inbound.began).count());
    for (const auto& [name, value] : outgoing.answer.headers) {
      if (name == "cache-status") {
        line.key("cacheStatus").value(value);
      }
    }
    line.end_object();
    host_.log(level, line.text());
  }
  host_.respond(here.request(), outgoing.answer);
}

std::string App::request_id(host::Context here) const {
  const auto ray = host_.request_header(here.request(), "cf-ray", 64);
  return ray ? *ray : to_hex(host_.random_bytes(8));
}

// What needs no waiting
// ---------------------------------------------------------------------------------------

Outgoing App::unmatched(host::Context here, const http::Target& target, Inbound& inbound) const {
  const bool health_path = target.path == "/health";
  const bool cache_path =
      target.path == "/internal/cache" && settings_.environment != config::Environment::production;
  std::vector<http::Method> methods = config::methods_of(declarations_, target.path);
  if (health_path || cache_path) {
    methods = {http::Method::get, http::Method::head};
    if (inbound.method == http::Method::get || inbound.method == http::Method::head) {
      return health_path ? health() : internal_cache();
    }
  }
  if (methods.empty()) {
    return problem_answer(host_,
                          http::Problem(404, "There is nothing at this path; see larder.json for what is."));
  }
  const std::string allow = allow_of(methods);
  if (inbound.method == http::Method::options) {
    return preflight(here, target, allow);
  }
  // A page that may read the path's answers may read this one too.
  if (const auto matched = config::match(declarations_, methods.front(), target.path)) {
    inbound.resource = matched->resource;
  }
  return method_not_allowed(host_, allow);
}

// OPTIONS, from a page (a preflight) or from anybody else.
Outgoing App::preflight(host::Context here, const http::Target& target, std::string_view allow) const {
  Outgoing outgoing = options_answer(allow);
  const auto wanted = host_.request_header(here.request(), "access-control-request-method", 64);
  if (!wanted) {
    return outgoing;
  }
  const auto matched = config::match(declarations_, http::parse_method(*wanted), target.path);
  if (!matched) {
    return outgoing;
  }
  const auto origin = host_.request_header(here.request(), "origin", config::limit::url_bytes_max);
  for (auto& field : preflight_fields(*matched->resource, origin, allow)) {
    outgoing.answer.headers.push_back(std::move(field));
  }
  return outgoing;
}

Outgoing App::misconfigured() const {
  http::Problem problem(
      500, concat({"The configuration has faults; mend them and deploy again. ", config::to_text(faults_)}));
  problem.title = "Invalid configuration";
  return problem_answer(host_, problem);
}

Outgoing App::health() const {
  const bool enabled = settings_.feature_cache;
  JsonWriter json;
  json.begin_object().key("status").value(faults_.empty() ? "ok" : "misconfigured");
  json.key("version").value(version);
  json.key("cache").value(enabled ? registry_.active().name() : std::string_view("disabled"));
  json.key("toolchain").value(toolchain_).end_object();
  return json_answer(host_, faults_.empty() ? 200 : 503, json.text());
}

Outgoing App::internal_cache() const {
  JsonWriter json;
  json.begin_object();
  json.key("enabled").value(settings_.feature_cache && registry_.active().name() != "null");
  json.key("implementation").value(registry_.active().name());
  json.key("patterns").value(settings_.cached_patterns.text());
  json.key("implementations");
  registry_.write_status(json);
  json.key("flightsUnderWay").value(engine_->flights_under_way());
  json.key("requestsInFlight").value(requests_.in_flight());
  json.key("resources").begin_array();
  for (const config::Resource& resource : declarations_.resources) {
    json.value(resource.name);
  }
  json.end_array().key("counters");
  counters_.write(json);
  json.end_object();
  return json_answer(host_, 200, json.text());
}

// Queues and schedules
// -----------------------------------------------------------------------------------------------

bool App::queue(host::RequestId request, std::string_view record) {
  RecordReader reader(record);
  std::string name = reader.text();
  std::vector<std::string> messages;
  std::vector<warm::Delivery> deliveries;
  const std::uint32_t count = reader.u32();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    warm::Delivery delivery;
    delivery.id = reader.text();
    delivery.attempts = reader.u32();
    delivery.body = reader.text();
    messages.push_back(delivery.id);
    deliveries.push_back(std::move(delivery));
  }
  LARDER_ASSERT(reader.complete());
  const QueueHandler handler = queue_handler(name);
  if (faults_.empty() && handler != nullptr) {
    return requests_.start(
        request, (this->*handler)(requests_.context(request), std::move(name), std::move(deliveries)));
  }
  return requests_.start(request,
                         refuse_batch(requests_.context(request), std::move(name), std::move(messages)));
}

// No message of a kind that this version knows: retried, so that it ends in the dead-letter queue rather than
// nowhere, and a newer version that is being rolled out may take it.
host::Task<void> App::refuse_batch(host::Context here, std::string queue, std::vector<std::string> messages) {
  constexpr std::uint64_t delay_seconds = 30;
  JsonWriter line;
  line.begin_object().key("level").value("warn").key("event").value("unknown_messages");
  line.key("queue").value(queue).key("count").value(messages.size()).end_object();
  if (logs(host::LogLevel::warn)) {
    host_.log(host::LogLevel::warn, line.text());
  }
  const std::vector<std::string> acknowledged;
  const auto settled = co_await host::batch_settle(here, acknowledged, messages, delay_seconds);
  if (!settled && logs(host::LogLevel::error)) {
    host_.log(host::LogLevel::error, R"({"level":"error","event":"batch_not_settled"})");
  }
}

bool App::scheduled(host::RequestId request, std::string_view record) {
  RecordReader reader(record);
  const std::string cron = reader.text();
  reader.u64();
  LARDER_ASSERT(reader.complete());
  if (logs(host::LogLevel::info)) {
    JsonWriter line;
    line.begin_object().key("level").value("info").key("event").value("scheduled").key("cron").value(cron);
    host_.log(host::LogLevel::info, line.end_object().text());
  }
  const CronHandler handler = cron_handler(cron);
  if (handler == nullptr || !faults_.empty()) {
    return true;
  }
  return requests_.start(request, (this->*handler)(requests_.context(request)));
}

App::QueueHandler App::queue_handler(std::string_view queue) {
#define LARDER_QUEUE(name, handler, purpose) \
  if (queue == (name)) {                     \
    return &App::handler;                    \
  }
#include "app/events.def"
  return nullptr;
}

App::CronHandler App::cron_handler(std::string_view expression) {
#define LARDER_CRON(cron, handler, purpose) \
  if (expression == (cron)) {               \
    return &App::handler;                   \
  }
#include "app/events.def"
  return nullptr;
}

host::Task<void> App::consume_authors(host::Context here, std::string queue,
                                      std::vector<warm::Delivery> deliveries) {
  // Run-time settings may have switched the cache off.
  co_await control_->make_current(here);
  co_await warming_->consume(here, std::move(queue), std::move(deliveries));
}

host::Task<void> App::consume_dead_letters(host::Context here, std::string,
                                           std::vector<warm::Delivery> deliveries) {
  co_await control_->make_current(here);
  co_await warming_->keep_dead_letters(here, std::move(deliveries));
}

host::Task<void> App::maintain(host::Context here) {
  co_await engine::sweep(here, settings_, *control_, counters_);
  co_await warming_->tend(here);
}

host::Task<void> App::log_only(host::Context) { co_return; }

}  // namespace larder::app
