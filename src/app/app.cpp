#include "app/app.h"

#include <algorithm>

#include "app/cors.h"
#include "base/assert.h"
#include "base/json_writer.h"
#include "base/mutation.h"
#include "base/text.h"
#include "base/version.h"
#include "config/limits.h"
#include "engine/spending.h"
#include "engine/sweep.h"
#include "entry/exact_fields.h"
#include "entry/normalise.h"
#include "entry/pattern.h"
#include "host/client.h"
#include "host/log_line.h"
#include "host/operations.h"
#include "host/random.h"
#include "http/path.h"
#include "operators/advice.h"
#include "operators/router.h"
#include "origin/llm.h"
#include "origin/narrative_prompt.h"
#include "records/calls.h"
#include "tiers/null_cache.h"

namespace larder::app {

namespace {

constexpr std::string_view cache_path = "/internal/cache";
constexpr std::string_view front_path = "/";

std::string allow_of(const std::vector<http::Method>& methods) {
  std::vector<std::string> names;
  for (const http::Method method : methods) {
    names.emplace_back(http::to_text(method));
  }
  names.emplace_back("OPTIONS");
  return join(names, ", ");
}

// The fields that send a request past a lane of this resource.
std::vector<std::string> lane_guards(const config::Resource& resource) {
  std::vector<std::string> guards = {"if-none-match", "if-modified-since"};
  if (differs_by_origin(resource)) {
    guards.emplace_back("origin");
  }
  return guards;
}

std::uint64_t bytes_of(const config::FieldValues& values) {
  std::uint64_t bytes = 0;
  for (const auto& value : values) {
    bytes += value ? value->size() : 0;
  }
  return bytes;
}

}  // namespace

App::App(host::Host& host)
    : host_(host),
      waiting_(host::AdmissionBounds(
          config::limit::waiting_requests_max, Bytes(config::limit::waiting_bytes_max),
          config::limit::client_waiting_requests_max, Bytes(config::limit::client_waiting_bytes_max))),
      receiving_(host::AdmissionBounds(
          config::limit::receiving_requests_max, Bytes(config::limit::receiving_bytes_max),
          config::limit::client_receiving_requests_max, Bytes(config::limit::client_receiving_bytes_max))),
      operating_(host::AdmissionBounds(config::limit::operator_requests_max,
                                       Bytes(config::limit::operator_requests_bytes_max),
                                       config::limit::client_operator_requests_max,
                                       Bytes(config::limit::client_operator_requests_bytes_max))),
      uploads_(host::AdmissionBounds(config::limit::uploads_max, Bytes(config::limit::uploads_bytes_max),
                                     config::limit::uploads_max, Bytes(config::limit::uploads_bytes_max))),
      requests_(host) {}

std::uint32_t App::start(std::string_view record, std::string_view toolchain) {
  RecordReader reader(record);
  toolchain_ = toolchain;
  bypass_ = reader.u8() == 1;
  bindings_ = reader.pairs();
  declarations_file_ = reader.text();
  LARDER_ASSERT(reader.complete());

  auto settings = config::parse_settings(bindings_);
  if (settings) {
    adopt(std::move(*settings));
  } else {
    faults_ = settings.error();
  }
  auto parsed = config::parse_declarations(
      declarations_file_, {operators::reserved_paths.begin(), operators::reserved_paths.end()});
  if (parsed) {
    declarations_ = std::move(*parsed);
    counters_.name_resources(declarations_.resources);
    if (settings) {
      faults_ = config::missing_secrets(declarations_, settings_);
      config::apply_settings(declarations_, settings_);
    }
  } else {
    faults_.insert(faults_.end(), parsed.error().begin(), parsed.error().end());
  }
  host_.log_from(settings_.log_level);
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
  tiers::TierSetup setup(host_, settings_.value_bytes_max, Bytes(budget), host::random_number(host_, 8));
  setup.redis = redis::Client(config::redis_address(settings_));
  setup.eviction_policy = settings_.eviction_policy;
  // A chain is there even where CACHE_IMPL says to observe alone: a run-time setting may switch it on.
  auto tiered = tiers::make_tiered_cache(config::CacheImplementation::kv, setup, counters_);
  tiered_ = tiered.get();
  known_urls_.seed(host::random_number(host_, 8));
  registry_.add(std::move(tiered));
  registry_.add(std::make_unique<tiers::NullCache>(counters_));
  activate_cache();
  control_ = std::make_unique<engine::Control>(host_, counters_, [this] { take_up_changes(); });
  engine_ = std::make_unique<engine::Engine>(
      settings_, registry_, *tiered_, counters_, *control_,
      bypass_ ? engine::InstanceRole::recovery : engine::InstanceRole::normal, setup.redis);
  warming_ = std::make_unique<warm::Warming>(settings_, declarations_, *engine_, counters_, analytics_);
  archiver_ =
      std::make_unique<cold::Archiver>(settings_, declarations_, *tiered_, *control_, counters_, setup.redis);
  conductor_ = std::make_unique<trials::Conductor>(settings_, *control_);
  adopt_plan();
  const operators::OperatorContext context{settings_,   bindings_,      declarations_, declarations_file_,
                                           registry_,   *tiered_,       *engine_,      *control_,
                                           counters_,   narrative_log_, *warming_,     *archiver_,
                                           *conductor_, tally_,         uploads_,      meter_};
  operators_ = std::make_unique<operators::Operators>(
      context, bypass_ ? engine::InstanceRole::recovery : engine::InstanceRole::normal);
}

void App::activate_cache() {
  const bool observes = config::chain_of(settings_.cache_implementation).empty() || !settings_.feature_cache;
  const auto former = config::former_tier(settings_);
  // With a fault in the settings no request is served.
  if (!config::chain_of(settings_.cache_implementation).empty() &&
      tiered_->can_follow(settings_.cache_implementation, former)) {
    tiered_->follow(settings_.cache_implementation, former);
  }
  const auto activated =
      registry_.activate(observes ? config::to_text(config::CacheImplementation::null) : tiered_->name());
  LARDER_ASSERT(activated.has_value());
}

void App::adopt_plan() {
  auto plan = std::make_shared<const experiments::Plan>(control_->settings(), settings_.policy_overrides);
  if (plan->unreadable() > 0) {
    host::LogLine(host_, LogLevel::warn, "experiments_not_readable").add("count", plan->unreadable()).write();
  }
  engine_->take_up(std::move(plan));
}

void App::take_up_changes() {
  if (!LARDER_MUTATED(settings_ignored)) {
    auto settings = config::parse_settings(config::with_changes(bindings_, control_->settings()));
    if (settings) {
      adopt(std::move(*settings));
      activate_cache();
    } else {
      host::LogLine line(host_, LogLevel::error, "settings_refused");
      line.add("faults", to_text(settings.error())).write();
    }
  }
  adopt_plan();
  engine_->purge_memory();
  known_urls_.clear();
  host_.revoke_lanes();
}

// One line an instance, whatever the level: the first thing to look for when a deployment behaves strangely.
void App::log_start() const {
  const bool enabled = settings_.feature_cache && registry_.active().name() != "null";
  std::vector<std::string> chain;
  for (const tiers::CacheTier* tier : tiered_->tiers()) {
    chain.emplace_back(tier->name());
  }
  std::string state = enabled ? concat({"Cache: enabled (impl: TieredCache: ", join(chain, ", "), ")"})
                              : std::string("Cache: disabled (impl: NullCache)");
  if (!faults_.empty()) {
    state = "Cache: not serving (invalid configuration)";
  }
  const LogLevel level = faults_.empty() ? LogLevel::info : LogLevel::error;
  host::LogLine line(host_, level, "start", host::Written::always);
  line.add("message", state).add("version", version).add("toolchain", toolchain_);
  if (!faults_.empty()) {
    line.add("faults", to_text(faults_));
  }
  std::vector<std::string> advice;
  for (const operators::Advice& one : operators::advise(operators::AdviceFacts(settings_, declarations_))) {
    if (one.level != operators::AdviceLevel::note) {
      advice.emplace_back(one.name);
    }
  }
  if (!advice.empty()) {
    // GET /api/advice says what each means.
    line.add("advice", join(advice, ", "));
  }
  line.write();
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
  bill(metrics::BilledItem::worker_requests);
  const host::Context here = requests_.context(request);
  if (inbound.method == http::Method::get) {
    if (engine::Query* const known = known_urls_.find(inbound.url)) {
      return fetch_known(here, std::move(inbound), *known);
    }
  }
  take_lane_hits(inbound.began);
  return requests_.start(request, serve(here, std::move(inbound)));
}

bool App::call(host::RequestId request, std::string_view record) {
  RecordReader reader(record);
  const std::string name = reader.text();
  Inbound inbound;
  inbound.method = http::parse_method(reader.text());
  inbound.url = reader.text();
  inbound.began = host_.now();
  LARDER_ASSERT(reader.complete());
  bill(metrics::BilledItem::worker_requests);
  take_lane_hits(inbound.began);
  const host::Context here = requests_.context(request);
  const CallRow* const row = find_call(name);
  LARDER_ASSERT(row != nullptr || name == "fetch");
  counters_.add(observe::Counter::service_calls_total, host::service_of(here).value_or(""), name);
  return requests_.start(
      request, row == nullptr ? serve(here, std::move(inbound)) : serve_call(here, std::move(inbound), *row));
}

bool App::fetch_known(host::Context here, Inbound inbound, engine::Query& known) {
  // As declared: the query's own may be what an experiment makes of it.
  inbound.resource = &declarations_.resources[known.resource->number - 1U];
  known.ask_for(engine::asker_of(here, *known.resource));
  tiers::Look near;
  std::optional<engine::Reading> reading = engine_->read_now(inbound.began, known, near);
  if (reading && engine_->is_settled(inbound.began, *reading) && !needs_gatherer(inbound.began)) {
    if (lanes_.has_to_be_told(inbound.began)) {
      take_lane_hits(inbound.began);
    }
    inbound.at_once = true;
    Outgoing outgoing = answer_and_count(here, inbound, known, *reading);
    answer(here, inbound, std::move(outgoing), known.resource->name);
    return true;
  }
  take_lane_hits(inbound.began);
  Question question(known);
  question.sent = Bytes(inbound.url.size() + bytes_of(known.values));
  return requests_.start(here.request(), serve_question(here, std::move(inbound), std::move(question),
                                                        std::move(near), std::move(reading)));
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
    co_await meter(here);
    co_return;
  }
  auto matched = config::match(declarations_, inbound.method, target->path);
  if (!matched) {
    if (target->path == cache_path && settings_.environment != config::Environment::production) {
      co_await survey_stores(here);
    }
    Outgoing outgoing = unmatched(here, *target, inbound);
    if (outgoing.answer.status == 404) {
      note_unmatched(*target, inbound.began);
    }
    answer(here, inbound, std::move(outgoing), "");
    co_await meter(here);
    co_return;
  }
  if (matched->resource->mode == config::Mode::http) {
    co_await serve_as_sent(here, std::move(inbound), std::move(*target));
    co_return;
  }
  inbound.resource = matched->resource;
  co_await serve_resource(here, std::move(inbound), std::move(*matched), std::move(*target), std::nullopt);
}

host::Task<void> App::serve_call(host::Context here, Inbound inbound, const CallRow& row) {
  inbound.method = row.method;
  if (!faults_.empty()) {
    answer(here, inbound, misconfigured(), "");
    co_return;
  }
  http::Target target;
  target.path = row.path;
  if (!row.path.empty() && row.question == CallQuestion::body) {
    co_await serve_operators(here, std::move(inbound), std::move(target));
    co_await meter(here);
    co_return;
  }
  auto argument = co_await read_posted(here);
  if (!argument) {
    answer(here, inbound, std::move(argument.error()), "");
    co_await meter(here);
    co_return;
  }
  if (row.path.empty()) {
    co_await serve_read(here, std::move(inbound), std::move(*argument));
    co_return;
  }
  auto parameters = parameters_of(*argument);
  if (!parameters) {
    answer(here, inbound, problem_answer(host_, http::Problem(400, parameters.error().message)), "");
    co_await meter(here);
    co_return;
  }
  target.query = std::move(*parameters);
  co_await serve_operators(here, std::move(inbound), std::move(target));
  co_await meter(here);
}

host::Task<void> App::serve_read(host::Context here, Inbound inbound, std::string argument) {
  auto read = read_request_of(declarations_, argument);
  argument = std::string();
  if (!read) {
    const int status = read.error().kind == ErrorKind::not_found ? 404 : 400;
    answer(here, inbound, problem_answer(host_, http::Problem(status, read.error().message)), "");
    co_await meter(here);
    co_return;
  }
  const auto target = http::parse_target(read->url);
  const auto matched =
      target ? config::match(declarations_, read->method, target->path) : std::optional<config::Matched>();
  // Requests at this path are another one's: so no request can ask for this.
  if (!matched || matched->resource != read->resource || operators_->has(target->path)) {
    const std::string reason =
        target ? std::string("no request with these fields reaches this resource.") : target.error().message;
    answer(here, inbound, problem_answer(host_, http::Problem(400, concat({"fields: ", reason}))),
           read->resource->name);
    co_await meter(here);
    co_return;
  }
  inbound.method = read->method;
  inbound.url = read->url;
  inbound.read = std::make_unique<const ReadRequest>(std::move(*read));
  co_await serve(here, std::move(inbound));
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
  auto matched = config::match(declarations_, inbound.method, exact->path);
  if (!matched || matched->resource->mode != config::Mode::http) {
    answer(here, inbound,
           problem_answer(host_, http::Problem(404, "There is nothing at this path, as it is written.")), "");
    co_return;
  }
  inbound.resource = matched->resource;
  if (inbound.method != http::Method::get && inbound.method != http::Method::head) {
    co_await serve_through(here, std::move(inbound), std::move(*matched), std::move(target),
                           std::move(*exact));
    co_return;
  }
  co_await serve_resource(here, std::move(inbound), std::move(*matched), std::move(target),
                          std::move(*exact));
}

void App::count_answer(const engine::Query& query, const engine::Reading& reading, std::uint32_t status,
                       Instant began) {
  using observe::AnswerOutcome;
  const engine::Hit* const hit = reading.hit();
  AnswerOutcome outcome = AnswerOutcome::miss;
  if (status >= 500) {
    outcome = AnswerOutcome::error;
  } else if (status == 404) {
    outcome = AnswerOutcome::negative;
  } else if (status >= 400) {
    outcome = AnswerOutcome::refused;
  } else if (reading.status.forward && *reading.status.forward == http::ForwardReason::bypass) {
    outcome = AnswerOutcome::bypass;
  } else if (hit != nullptr && (!reading.status.forward || reading.is_served_stale())) {
    const bool is_fresh = reading.status.ttl && reading.status.ttl->count() >= 0;
    outcome = is_fresh ? AnswerOutcome::hit : AnswerOutcome::stale;
  }
  const Millis duration = host_.now() - began;
  counters_.add(observe::Counter::answers_total, observe::Label(outcome));
  if (measures_requests()) {
    analytics_.answered(*query.resource, outcome, query.method, duration);
    analytics_.accessed(*query.resource, query.key.storage_name, began);
  }
  counters_.observe(observe::Histogram::answer_duration_seconds, observe::Label(outcome), duration);
  const Bytes size = hit == nullptr ? Bytes(0) : hit->entry->header.stored_size;
  meter_.accessed(query.resource->name, query.key.storage_name, size, began);
  meter_.hurry(host_);
}

void App::bill(metrics::BilledItem item, std::uint64_t units) {
  counters_.add(observe::Counter::billed_operations_total, observe::Label(item), {}, units);
}

bool App::needs_metering(Instant now) const {
  return !bypass_ && faults_.empty() && meter_.needs_gatherer(now);
}

host::Task<void> App::meter(host::Context here) {
  if (needs_metering(host_.now())) {
    co_await meter_.gather(here);
    co_await analytics_.write(here);
  }
}

host::Task<void> App::hand_over(host::Context here) {
  co_await meter_.flush(here);
  if (settings_.ledger_shards > 0) {
    co_await analytics_.write(here);
  }
}

// By the first segment of its path that tells anything: what might be declared.
void App::note_unmatched(const http::Target& target, Instant now) {
  constexpr std::size_t segments_max = 3;
  // It begins with a slash, as no resource's name does.
  std::string pattern;
  const std::vector<std::string_view> segments = split(std::string_view(target.path).substr(1), '/');
  for (std::size_t i = 0; i < segments.size() && i < segments_max; ++i) {
    // "api" and versions are passed over where a pattern is looked for.
    const bool tells_nothing = entry::pattern_of(concat({segments[i], "/next"})) == "next";
    pattern += concat({"/", tells_nothing ? std::string(segments[i]) : entry::pattern_of(segments[i])});
    if (!tells_nothing) {
      break;
    }
  }
  if (pattern.size() > config::limit::pattern_bytes_max) {
    pattern = concat({"/", entry::other_pattern});
  }
  meter_.accessed(pattern, target.path, Bytes(0), now);
}

void App::complete_counts() {
  using observe::Gauge;
  take_lane_hits(host_.now());
  const bool is_on = settings_.feature_cache && registry_.active().name() != "null";
  counters_.set(Gauge::cache_enabled, observe::Label(settings_.cache_implementation), is_on ? 1 : 0);
  counters_.set(Gauge::memory_bytes, tiered_->memory().used().count);
  counters_.set(Gauge::memory_entries, tiered_->memory().count());
  counters_.set(Gauge::locks_in_flight, engine_->locks_held());
}

host::Task<void> App::serve_through(host::Context here, Inbound inbound, config::Matched matched,
                                    http::Target target, http::ExactTarget exact) {
  const std::string_view resource = matched.resource->name;
  // The API may have acted on it already.
  if (bypass_ && http::is_unsafe(inbound.method)) {
    answer(here, inbound,
           unavailable("What worked on this request was lost, and it may have had its effect."), resource);
    co_return;
  }
  auto understood = understand(here, inbound, matched, target, exact, "");
  if (!understood) {
    answer(here, inbound, std::move(understood.error()), resource);
    co_return;
  }
  const engine::Query& query = understood->query;
  if (auto refused = refuse_fields(here, query)) {
    answer(here, inbound, std::move(*refused), resource);
    co_return;
  }
  auto place = waiting_.enter(host::client_of(here), understood->sent);
  if (!place) {
    answer(here, inbound, crowded_out(place.error()), resource);
    co_return;
  }
  const engine::Reading reading = co_await engine_->pass(here, query);
  answer(here, inbound, answer_of(here, inbound, query, reading), resource);
}

host::Task<void> App::serve_operators(host::Context here, Inbound inbound, http::Target target) {
  const Bytes held(inbound.url.size());
  inbound.url = std::string();
  auto place = operating_.enter(host::client_of(here), held);
  if (!place) {
    answer(here, inbound, crowded_out(place.error()), "");
    co_return;
  }
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
  const config::Resource& resource = *matched.resource;
  std::optional<Question> question;
  if (resource.match.method == http::Method::post) {
    auto received = co_await receive(here, inbound, matched, target, exact);
    if (!received) {
      answer(here, inbound, std::move(received.error()), resource.name);
      co_await meter(here);
      co_return;
    }
    question.emplace(std::move(*received));
  } else {
    auto understood = understand(here, inbound, matched, target, exact, "");
    if (!understood) {
      answer(here, inbound, std::move(understood.error()), resource.name);
      co_await meter(here);
      co_return;
    }
    question.emplace(std::move(*understood));
  }
  tiers::Look near;
  std::optional<engine::Reading> reading = engine_->read_now(inbound.began, question->query, near);
  if (reading && inbound.method == http::Method::get && entry::header_names(resource).empty()) {
    known_urls_.keep(inbound.url, question->query);
  }
  // While it waits it holds what is needed yet, and nothing twice.
  target = http::Target();
  exact.reset();
  matched = config::Matched();
  co_await serve_question(here, std::move(inbound), std::move(*question), std::move(near),
                          std::move(reading));
}

host::Task<void> App::serve_question(host::Context here, Inbound inbound, Question question, tiers::Look near,
                                     std::optional<engine::Reading> reading) {
  // A lane keeps the URL.
  inbound.at_once = reading.has_value() && inbound.url.size() <= config::limit::known_url_bytes_max;
  inbound.url = std::string();
  inbound.read.reset();
  const engine::Query& query = question.query;
  const config::Resource& resource = *inbound.resource;
  std::optional<host::Admission::Place> place;
  if (!reading) {
    if (auto refused = refuse_fields(here, query)) {
      answer(here, inbound, std::move(*refused), resource.name);
      co_await meter(here);
      co_return;
    }
    auto entered = waiting_.enter(host::client_of(here), question.sent);
    if (!entered) {
      answer(here, inbound, crowded_out(entered.error()), resource.name);
      co_await meter(here);
      co_return;
    }
    place.emplace(std::move(*entered));
    // Whether an experiment goes on is decided before it is asked for; where none is known of, nobody waits
    // for that, so what a cold isolate is asked first takes no part.
    if (!bypass_ && !engine_->plan().empty() && !control_->is_current(host_.now())) {
      co_await control_->make_current(here);
      engine::put_under(question.query, engine_->plan(), resource);
    }
    engine::Reading waited_for = co_await engine_->read(here, query, std::move(near));
    reading.emplace(std::move(waited_for));
  }
  Outgoing outgoing = answer_and_count(here, inbound, query, *reading);
  std::optional<observe::NarrativeRow> row;
  if (narrative::is_narrative(resource) && !bypass_) {
    row =
        narratives_.row_of(query, *reading, inbound.began, outgoing.answer.status, std::move(question.user));
  }
  answer(here, inbound, std::move(outgoing), resource.name);
  co_await engine_->settle(here, query, std::move(*reading));
  if (row) {
    co_await narrative_log_.write(here, std::move(*row));
  }
  if (tally_.needs_gatherer(host_.now())) {
    co_await tally_.gather(here);
  }
  co_await meter(here);
}

std::optional<Outgoing> App::refuse_fields(host::Context here, const engine::Query& query) const {
  if (!query.fields) {
    return std::nullopt;
  }
  const auto expect = host_.request_header(here.request(), "expect", 256);
  if (expect && !equals_ignoring_case(trim(*expect), "100-continue")) {
    return problem_answer(host_, http::Problem(417, "Nothing but 100-continue can be expected here."));
  }
  const auto upgrade = host_.request_header(here.request(), "upgrade", 256);
  if (upgrade && equals_ignoring_case(trim(*upgrade), "websocket")) {
    return problem_answer(host_, http::Problem(501, "No WebSocket goes through Larder; ask the API itself."));
  }
  // What tells answers apart (Vary) is read up to this length; a longer field is not sent on half.
  for (const auto& [name, value] : query.fields()) {
    if (value.size() > config::limit::header_value_bytes_max) {
      return problem_answer(
          host_, http::Problem(431, concat({"The field ", name, " is longer than ",
                                            to_text(std::uint64_t{config::limit::header_value_bytes_max}),
                                            " bytes."})));
    }
  }
  return std::nullopt;
}

Outgoing App::answer_and_count(host::Context here, Inbound& inbound, const engine::Query& query,
                               engine::Reading& reading) {
  if (query.view != nullptr) {
    reading.status.variant = query.view->label;
  }
  Outgoing outgoing = answer_of(here, inbound, query, reading);
  if (query.view != nullptr && !query.view->parts.empty() && !bypass_) {
    const Millis took = host_.now() - inbound.began;
    tally_.add(engine_->plan(), *query.view, query.key.storage_name,
               trials::answered_of(query, reading, outgoing.answer.status, took));
  }
  count_answer(query, reading, outgoing.answer.status, inbound.began);
  return outgoing;
}

bool App::needs_gatherer(Instant now) const { return needs_metering(now) || tally_.needs_gatherer(now); }

tl::expected<App::Question, Outgoing> App::understand(host::Context here, const Inbound& inbound,
                                                      const config::Matched& matched,
                                                      const http::Target& target,
                                                      const std::optional<http::ExactTarget>& exact,
                                                      std::string_view body) const {
  auto query = make_query(here, matched, target, exact, inbound, body);
  if (!query) {
    // Nothing is known of what could not be read for want of memory.
    if (query.error().kind == ErrorKind::unavailable) {
      return tl::make_unexpected(unavailable(query.error().message));
    }
    return tl::make_unexpected(problem_answer(host_, http::Problem(400, query.error().message)));
  }
  Question question(std::move(*query));
  question.sent = Bytes(inbound.url.size() + body.size() + bytes_of(question.query.values));
  if (narrative::is_narrative(*matched.resource)) {
    question.user = narratives_.user_of(body);
  }
  return question;
}

host::Task<tl::expected<App::Question, Outgoing>> App::receive(
    host::Context here, const Inbound& inbound, const config::Matched& matched, const http::Target& target,
    const std::optional<http::ExactTarget>& exact) {
  if (inbound.read) {
    co_return understand(here, inbound, matched, target, exact, inbound.read->body);
  }
  auto body = co_await read_posted(here);
  if (!body) {
    co_return tl::make_unexpected(std::move(body.error()));
  }
  co_return understand(here, inbound, matched, target, exact, *body);
}

Outgoing App::crowded_out(host::Crowd crowd) {
  counters_.add(observe::Counter::requests_crowded_out_total, to_text(crowd));
  return unavailable(crowd == host::Crowd::client
                         ? "As many of your requests as one client may have are waiting already."
                         : "As many requests as there is room for are waiting already.");
}

Outgoing App::unavailable(std::string_view reason) const {
  const http::Problem problem(503, concat({reason, " Try again after the time in Retry-After."}));
  Outgoing outgoing = problem_answer(host_, problem);
  outgoing.answer.headers.emplace_back("retry-after",
                                       to_text(std::uint64_t(whole_seconds(config::limit::crowd_retry))));
  return outgoing;
}

Outgoing App::answer_of(host::Context here, Inbound& inbound, const engine::Query& query,
                        const engine::Reading& reading) {
  if (narrative::is_narrative(*query.resource)) {
    if (auto made = narratives_.fallback(query, reading)) {
      return std::move(*made);
    }
  }
  const auto if_none_match =
      host_.request_header(here.request(), "if-none-match", config::limit::header_value_bytes_max);
  const auto if_modified_since = host_.request_header(here.request(), "if-modified-since", 64);
  http::Conditions conditions;
  conditions.if_none_match = if_none_match;
  conditions.if_modified_since = if_modified_since;
  if (query.wants_part) {
    conditions.range = query.range;
  }
  if (!query.if_range.empty()) {
    conditions.if_range = query.if_range;
  }
  if (auto kept = kept_answer_of(here, inbound, query, reading, conditions)) {
    return std::move(*kept);
  }
  if (reading.refusal() != nullptr) {
    inbound.request_id = request_id(here);
  }
  return reading_answer(host_, reading, query.resource->mode, inbound.method, conditions, inbound.request_id);
}

std::optional<Outgoing> App::kept_answer_of(host::Context here, const Inbound& inbound,
                                            const engine::Query& query, const engine::Reading& reading,
                                            const http::Conditions& conditions) {
  const bool is_read = inbound.method == http::Method::get || inbound.method == http::Method::head;
  // A log line is made of the whole answer.
  if (!is_read || host_.logs(LogLevel::info) || !has_lasting_head(reading) || query.wants_part) {
    return std::nullopt;
  }
  // Pages of different origins are told different things.
  if (differs_by_origin(*query.resource) &&
      host_.request_header(here.request(), "origin", config::limit::url_bytes_max)) {
    return std::nullopt;
  }
  const engine::Hit& hit = *reading.hit();
  const http::Precondition precondition = precondition_of(host_, hit, inbound.method, conditions);
  host::Head& place = head_of(hit, reading.status.variant, inbound.method, precondition);
  host::HeadHandle head = place.use();
  if (head == host::HeadHandle::none) {
    Outgoing whole =
        reading_answer(host_, reading, query.resource->mode, inbound.method, conditions, inbound.request_id);
    add_cors(*query.resource, std::nullopt, whole.answer.headers);
    head = heads_.keep(place, lasting_parts(whole.answer, lane_guards(*query.resource)));
  }
  if (head == host::HeadHandle::none) {
    return std::nullopt;
  }
  const bool is_whole = precondition == http::Precondition::proceed;
  Outgoing outgoing;
  outgoing.answer = kept_answer(head, is_whole ? hit.entry->header.status : 304, reading);
  const bool could_be_repeated =
      inbound.method == http::Method::get && !conditions.if_none_match && !conditions.if_modified_since;
  if (could_be_repeated && inbound.at_once) {
    outgoing.answer.kept->lane = lane_for(query, reading);
  } else if (could_be_repeated) {
    hit.entry->heads.hit_at = host_.now();
  }
  return outgoing;
}

host::Task<tl::expected<std::string, Outgoing>> App::read_posted(host::Context here) {
  constexpr std::uint64_t bytes_max = config::limit::request_body_bytes_max;
  const std::string given = host_.request_header(here.request(), "content-type", 256).value_or("");
  const std::string type = to_lower(trim(std::string_view(given).substr(0, given.find(';'))));
  if (type != "application/json" && !(type.starts_with("application/") && type.ends_with("+json"))) {
    const http::Problem problem(
        415, "The question is asked in JSON: send it with content-type: application/json.");
    co_return tl::make_unexpected(problem_answer(host_, problem));
  }
  const auto length = host_.request_header(here.request(), "content-length", 20);
  const auto announced = length ? parse_unsigned(*length) : std::nullopt;
  const Bytes expected(std::min(announced.value_or(bytes_max), bytes_max));
  auto place = receiving_.enter(host::client_of(here), expected);
  if (!place) {
    co_return tl::make_unexpected(crowded_out(place.error()));
  }
  auto sent =
      co_await host::request_body(here, bytes_max, config::millis_of(config::limit::request_body_wait));
  if (sent) {
    co_return host_.read_body(sent->content.handle(), sent->content.size(), 0);
  }
  if (sent.error().kind == ErrorKind::unavailable) {
    co_return tl::make_unexpected(unavailable("There is no room for the body at the moment."));
  }
  http::Problem problem(400, "The body broke off; send it again.");
  if (sent.error().kind == ErrorKind::too_large) {
    problem = http::Problem(413, concat({"The body is longer than ", to_text(bytes_max), " bytes."}));
  } else if (sent.error().kind == ErrorKind::timeout) {
    problem = http::Problem(408, "The body did not come in time; send it again.");
  }
  co_return tl::make_unexpected(problem_answer(host_, problem));
}

Result<engine::Query> App::make_query(host::Context here, const config::Matched& matched,
                                      const http::Target& target,
                                      const std::optional<http::ExactTarget>& exact, const Inbound& inbound,
                                      std::string_view body) const {
  const config::Resource& resource = *matched.resource;
  engine::RequestParts parts;
  parts.path = matched.path_parameters;
  parts.query = target.query;
  for (const std::string_view name : entry::header_names(resource)) {
    auto value = inbound.read
                     ? inbound.read->headers.combined(name)
                     : host_.request_header(here.request(), name, config::limit::header_value_bytes_max);
    if (value) {
      parts.headers.add(std::string(name), std::move(*value));
    }
  }
  if (resource.match.method == http::Method::post) {
    auto posted = entry::body_parts(resource, body);
    if (!posted) {
      return tl::make_unexpected(posted.error());
    }
    parts.body = std::move(*posted);
  }
  if (exact) {
    parts.exact = entry::exact_fields(resource, *exact);
  }
  engine::Asker asker = engine::asker_of(here, resource);
  auto query = engine::make_query(host_, settings_, engine_->plan(), resource, parts, std::move(asker));
  if (query) {
    query->method = inbound.method;
    query->wants_part = query->wants_part && inbound.method == http::Method::get;
  }
  return query;
}

std::optional<host::Lane> App::lane_for(const engine::Query& query, const engine::Reading& reading) {
  const engine::Hit* const hit = reading.hit();
  // The bytes have to be the memory tier's own, which says when it drops them.
  const bool repeatable =
      hit != nullptr && hit->found_in == config::Tier::memory && !reading.status.forward &&
      hit->entry->header.status == 200 && hit->entry->header.vary.empty() &&
      hit->form == engine::Form::as_kept && hit->role == engine::Role::itself &&
      !hit->entry->header.partial && hit->entry->header.encoding == entry::Encoding::identity &&
      query.resource->mode == config::Mode::keyed && entry::header_names(*query.resource).empty();
  if (!repeatable) {
    return std::nullopt;
  }
  const Instant now = host_.now();
  const auto lane =
      lanes_.hit(query.key.storage_name, query.resource, hit->entry->heads.hit_at, now, query.view);
  if (!lane) {
    return std::nullopt;
  }
  const entry::Header& header = hit->entry->header;
  const Instant fresh_end = header.created + header.fresh_for;
  // A read from then on refreshes the entry.
  const Instant eager = header.created + policy::eager_age(header, policy::eager_percent(query.overrides()));
  const bool refreshes =
      policy::when_stale(settings_, query.overrides()) == policy::WhenStale::serve_and_refresh;
  const Instant until = std::min(
      {now + config::limit::lane_kept, fresh_end, refreshes ? eager : fresh_end, control_->asked_until(now)});
  if (until <= now) {
    return std::nullopt;
  }
  return host::Lane(*lane, until, config::limit::lane_hits_max, header.created, fresh_end);
}

void App::take_lane_hits(Instant now) {
  for (const host::LaneHits& hits : host_.take_lane_hits()) {
    count_lane_hits(hits);
  }
  lanes_.told(now);
}

// What the engine counts for a memory hit, for hits that never reached it.
void App::count_lane_hits(const host::LaneHits& hits) {
  using observe::Counter;
  const std::uint32_t count = hits.count;
  counters_.add(Counter::lane_hits_total, {}, {}, count);
  counters_.add(Counter::cache_hit_fresh_total, {}, {}, count);
  bill(metrics::BilledItem::worker_requests, count);
  if (const LaneKeeper::Given* given = lanes_.find(hits.lane)) {
    tiered_->memory().record_accesses(given->storage_name, count);
    counters_.add(Counter::cache_hits_total, observe::Label(config::Tier::memory),
                  counters_.pattern(given->resource->number, given->resource->name), count);
    counters_.add(Counter::answers_total, observe::Label(observe::AnswerOutcome::hit), {}, count);
    counters_.observe(observe::Histogram::answer_duration_seconds,
                      observe::Label(observe::AnswerOutcome::hit), 0, count);
    meter_.accessed(given->resource->name, given->storage_name, Bytes(0), host_.now(), count);
    if (measures_requests()) {
      analytics_.answered(*given->resource, observe::AnswerOutcome::hit, http::Method::get, Millis(0), count);
      analytics_.accessed(*given->resource, given->storage_name, host_.now(), count);
    }
    counters_.add(Counter::cache_candidate_requests_total, counters_.route(*given->resource),
                  observe::Label(http::Method::get), count);
    if (given->view != nullptr) {
      tally_.add(engine_->plan(), *given->view, given->storage_name, trials::hits_of(count));
    }
  }
  meter_.hurry(host_);
}

std::uint32_t App::bodies_held() const { return static_cast<std::uint32_t>(tiered_->memory().count()); }

void App::answer(host::Context here, Inbound& inbound, Outgoing outgoing, std::string_view resource) {
  const std::uint32_t status = outgoing.answer.status;
  const bool is_cors = inbound.resource != nullptr && inbound.resource->cors.has_value();
  // The head of a kept answer has its fields of CORS.
  if (is_cors && inbound.method != http::Method::options && !outgoing.answer.kept) {
    const auto origin = host_.request_header(here.request(), "origin", config::limit::url_bytes_max);
    add_cors(*inbound.resource, origin, outgoing.answer.headers);
  }
  const LogLevel level = status >= 500 ? LogLevel::warn : LogLevel::info;
  if (host_.logs(level)) {
    if (inbound.request_id.empty()) {
      inbound.request_id = request_id(here);
    }
    host::LogLine line(host_, level, "request");
    line.add("request", inbound.request_id).add("method", http::to_text(inbound.method));
    line.add("resource", resource).add("status", status);
    line.add("durationMillis", (host_.now() - inbound.began).count());
    for (const auto& [name, value] : outgoing.answer.headers) {
      if (name == "cache-status") {
        line.add("cacheStatus", value);
      }
    }
    line.write();
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
  const bool is_cache_path =
      target.path == cache_path && settings_.environment != config::Environment::production;
  std::vector<http::Method> methods = config::methods_of(declarations_, target.path);
  const bool is_front = target.path == front_path && methods.empty();
  if (health_path || is_cache_path || is_front) {
    methods = {http::Method::get, http::Method::head};
    if (inbound.method == http::Method::get || inbound.method == http::Method::head) {
      return is_front ? front() : health_path ? health() : internal_cache();
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
      500, concat({"The configuration has faults; mend them and deploy again. ", to_text(faults_)}));
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

// What is here, for whoever finds the Worker: nothing of the configuration.
Outgoing App::front() const {
  JsonWriter json;
  json.begin_object().key("name").value("Larder").key("version").value(version);
  json.key("links").begin_object().key("health").value("/health").key("dashboard").value("/dashboard");
  json.key("description").value("/openapi.json").end_object().end_object();
  return json_answer(host_, 200, json.text());
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
  take_lane_hits(host_.now());
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
    // A message is written, read and deleted once; each time more that it comes it is read.
    bill(metrics::BilledItem::queue_operations, delivery.attempts > 1 ? 1 : 3);
    deliveries.push_back(std::move(delivery));
  }
  LARDER_ASSERT(reader.complete());
  bill(metrics::BilledItem::worker_requests);
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
  host::LogLine line(host_, LogLevel::warn, "unknown_messages");
  line.add("queue", queue).add("count", messages.size()).write();
  const std::vector<std::string> acknowledged;
  const auto settled = co_await host::batch_settle(here, acknowledged, messages, delay_seconds);
  if (!settled) {
    host::LogLine(host_, LogLevel::error, "batch_not_settled").write();
  }
}

bool App::scheduled(host::RequestId request, std::string_view record) {
  take_lane_hits(host_.now());
  RecordReader reader(record);
  const std::string cron = reader.text();
  reader.u64();
  LARDER_ASSERT(reader.complete());
  bill(metrics::BilledItem::worker_requests);
  host::LogLine(host_, LogLevel::info, "scheduled").add("cron", cron).write();
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
  co_await hand_over(here);
}

host::Task<void> App::consume_archive(host::Context here, std::string,
                                      std::vector<warm::Delivery> deliveries) {
  co_await control_->make_current(here);
  co_await archiver_->consume(here, std::move(deliveries));
  co_await hand_over(here);
}

host::Task<void> App::consume_dead_letters(host::Context here, std::string,
                                           std::vector<warm::Delivery> deliveries) {
  co_await control_->make_current(here);
  co_await warming_->keep_dead_letters(here, std::move(deliveries));
  co_await hand_over(here);
}

// What alerts look at and the ledger does not know.
host::Task<monitor::Elsewhere> App::elsewhere(host::Context here) {
  monitor::Elsewhere elsewhere;
  records::jobs::list_arguments newest;
  newest.count_max = 1;
  const auto jobs =
      co_await records::jobs::list(here, settings_.cache_prefix, newest, config::limit::object_wait);
  if (jobs) {
    elsewhere.dead_letters = jobs->letters;
    elsewhere.queue_depth = jobs->pending;
  }
  const auto spent = co_await engine::spent_today(here, settings_);
  if (spent) {
    elsewhere.spending_ratio = spent;
  }
  co_return elsewhere;
}

host::Task<void> App::watch(host::Context here) {
  co_await maintain(here);
  co_await hand_over(here);
  if (settings_.ledger_shards > 0) {
    const monitor::Elsewhere known = co_await elsewhere(here);
    co_await monitor::watch(here, settings_, counters_, known);
    co_await monitor::push_metrics(here, settings_, counters_);
  }
}

host::Task<void> App::survey_stores(host::Context here) {
  for (tiers::CacheTier* tier : tiered_->tiers()) {
    const bool has_said = co_await tier->survey(here);
    static_cast<void>(has_said);
  }
}

host::Task<void> App::maintain(host::Context here) {
  co_await control_->make_current(here);
  co_await survey_stores(here);
  for (const tiers::CacheTier* tier : tiered_->tiers()) {
    if (const std::string advice = tier->advice(); !advice.empty()) {
      host::LogLine(host_, LogLevel::warn, "store_advice")
          .add("tier", tier->name())
          .add("advice", advice)
          .write();
    }
  }
  co_await engine::sweep(here, settings_, *tiered_, *control_, counters_);
  co_await warming_->maintain(here);
  co_await archiver_->tend(here);
  co_await tally_.flush(here);
  co_await conductor_->tend(here);
}

host::Task<void> App::analyse_experiments(host::Context here) {
  co_await tally_.flush(here);
  co_await conductor_->analyse(here);
}

host::Task<void> App::start_archive(host::Context here) {
  co_await control_->make_current(here);
  const auto begun = co_await archiver_->begin(here, cold::RunKind::moves);
  if (!begun && begun.error().kind != ErrorKind::unsupported) {
    host::LogLine(host_, LogLevel::warn, "archive_not_begun").add("message", begun.error().message).write();
  }
  co_await hand_over(here);
}

}  // namespace larder::app
