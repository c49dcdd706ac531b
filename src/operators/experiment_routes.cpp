// /api/experiments, and flags in the shape of OpenFeature's remote evaluation (OFREP 0.2, openfeature.dev,
// read 2026-11).
#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "experiments/templates.h"
#include "json/json_text.h"
#include "operators/handlers.h"
#include "operators/request.h"
#include "records/calls.h"

namespace larder::operators {

namespace {

namespace limit = config::limit;
using host::Outgoing;
using json::JsonText;

std::vector<std::string> resource_names(const OperatorContext& context) {
  std::vector<std::string> names;
  for (const config::Resource& resource : context.declarations.resources) {
    names.push_back(resource.name);
  }
  return names;
}

Outgoing experiment_problem(host::Context here, const Error& error) {
  switch (error.kind) {
    case ErrorKind::not_found:
      return host::problem_answer(here.host(), http::Problem(404, error.message));
    case ErrorKind::rejected:
      return host::problem_answer(here.host(), http::Problem(409, error.message));
    case ErrorKind::invalid:
    case ErrorKind::too_large:
      return host::problem_answer(here.host(), invalid_request(error.message));
    case ErrorKind::unsupported:
      return host::problem_answer(
          here.host(),
          http::Problem(503, concat({"There are no experiments in this deployment: declare the Durable "
                                     "Object binding ",
                                     records::experiments::binding_name, " in wrangler.toml."})));
    case ErrorKind::timeout:
    case ErrorKind::unavailable:
    case ErrorKind::corrupt:
    case ErrorKind::internal:
      break;
  }
  Outgoing outgoing = host::problem_answer(
      here.host(), http::Problem(503, "The experiments do not answer at the moment; try again."));
  outgoing.answer.headers.emplace_back("retry-after", "5");
  return outgoing;
}

// The declaration that is meant: the body itself, or the template that it names.
Asked<std::string> declaration_in(const std::string& body) {
  const auto json = JsonText::parse(body);
  if (!json || !json->is_object() || !json->has("template")) {
    return body;
  }
  const Faults faults = json->faults_of_members("", {"template", "resources"}, {"template"});
  if (!faults.empty()) {
    return tl::make_unexpected(invalid_request(faults));
  }
  std::vector<std::string> resources;
  for (const JsonText& item : json->items("resources")) {
    resources.push_back(item.as_text().value_or(""));
  }
  auto made = experiments::from_template(json->text("template"), resources);
  if (!made) {
    return tl::make_unexpected(invalid_request(made.error().message));
  }
  return std::move(*made);
}

}  // namespace

host::Task<Outgoing> list_experiments(host::Context here, const OperatorContext& context, Call& call) {
  call.note = "looked at the experiments";
  const auto listed = co_await context.conductor.list(here);
  if (!listed) {
    co_return experiment_problem(here, listed.error());
  }
  JsonWriter json;
  json.begin_object().key("experiments").begin_array();
  for (const records::ExperimentRow& row : *listed) {
    json.raw(trials::to_json(row));
  }
  json.end_array().key("templates").begin_array();
  for (const std::string_view name : experiments::template_names()) {
    json.value(name);
  }
  json.end_array().end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<Outgoing> declare_experiment(host::Context here, const OperatorContext& context, Call& call) {
  const auto body = co_await read_json_text(here, Bytes(limit::experiment_bytes_max));
  if (!body) {
    co_return host::problem_answer(here.host(), body.error());
  }
  const auto declaration = declaration_in(*body);
  if (!declaration) {
    co_return host::problem_answer(here.host(), declaration.error());
  }
  auto experiment = experiments::parse_experiment(*declaration, resource_names(context));
  if (!experiment) {
    co_return host::problem_answer(here.host(), invalid_request(experiment.error()));
  }
  call.note = concat({"declared the experiment ", experiment->name});
  co_await context.control.make_current(here);
  experiments::Experiment declared = std::move(*experiment);
  std::string actor = call.subject;
  const auto begun = co_await context.conductor.declare(here, std::move(declared), std::move(actor));
  if (!begun) {
    co_return experiment_problem(here, begun.error());
  }
  Outgoing outgoing = host::json_answer(here.host(), 201, trials::to_json(*begun));
  outgoing.answer.headers.emplace_back("location", concat({"/api/experiments/", begun->name}));
  co_return outgoing;
}

host::Task<Outgoing> show_experiment(host::Context here, const OperatorContext& context, Call& call) {
  std::string name(call.parameter("id"));
  call.note = concat({"looked at the experiment ", in_quotes(name)});
  const auto dossier = co_await context.conductor.show(here, std::move(name));
  if (!dossier) {
    co_return experiment_problem(here, dossier.error());
  }
  co_return host::json_answer(here.host(), 200, trials::to_json(*dossier));
}

host::Task<Outgoing> promote_experiment(host::Context here, const OperatorContext& context, Call& call) {
  std::string name(call.parameter("id"));
  std::string variant(call.target.parameter("variant").value_or(""));
  call.note = concat({"promoted ", in_quotes(variant), " of the experiment ", in_quotes(name)});
  std::string actor = call.subject;
  co_await context.control.make_current(here);
  const auto row =
      co_await context.conductor.promote(here, std::move(name), std::move(variant), std::move(actor));
  if (!row) {
    co_return experiment_problem(here, row.error());
  }
  co_return host::json_answer(here.host(), 200, trials::to_json(*row));
}

host::Task<Outgoing> roll_back_experiment(host::Context here, const OperatorContext& context, Call& call) {
  std::string name(call.parameter("id"));
  call.note = concat({"rolled the experiment ", in_quotes(name), " back"});
  std::string actor = call.subject;
  co_await context.control.make_current(here);
  const auto row = co_await context.conductor.roll_back(here, std::move(name), std::move(actor));
  if (!row) {
    co_return experiment_problem(here, row.error());
  }
  co_return host::json_answer(here.host(), 200, trials::to_json(*row));
}

namespace {

std::optional<trials::Answered> observed(const JsonText& item) {
  static const std::vector<std::string_view> words = {
      "unit",
#define LARDER_SUM(name, what) #name,
#define LARDER_WITHIN(name, millis)
#include "experiments/sums.def"
  };
  if (!item.is_object() || item.text("unit").empty() ||
      item.text("unit").size() > limit::experiment_text_bytes_max ||
      !item.faults_of_members("", words, words).empty()) {
    return std::nullopt;
  }
  trials::Answered answered;
  answered.sums.requests = 1;
#define LARDER_SUM(name, what) answered.sums.name = item.number(#name, answered.sums.name);
#define LARDER_WITHIN(name, millis)
#include "experiments/sums.def"
  answered.sums.count_within(answered.sums.millis, answered.sums.requests);
  return answered;
}

}  // namespace

host::Task<Outgoing> observe_experiment(host::Context here, const OperatorContext& context, Call& call) {
  const std::string name(call.parameter("id"));
  call.note = concat({"reported observations of the experiment ", in_quotes(name)});
  const auto body = co_await read_json_text(here, Bytes(limit::operator_body_bytes_max));
  if (!body) {
    co_return host::problem_answer(here.host(), body.error());
  }
  const auto json = JsonText::parse(*body);
  const std::vector<JsonText> items = json ? json->items("observations") : std::vector<JsonText>();
  if (items.empty() || items.size() > limit::operator_keys_max) {
    co_return host::problem_answer(
        here.host(),
        invalid_request("Send {\"observations\": [{\"unit\": \"…\", \"errors\": 0, \"millis\": 12}, …]}, "
                        "1 to 1000 of them; the other members are those of sums, and \"requests\" is 1."));
  }
  co_await context.control.make_current(here);
  const auto plan = context.engine.shared_plan();
  if (!plan->is_observed(name)) {
    co_return host::problem_answer(
        here.host(), http::Problem(404, "No experiment of this name with the unit \"client\" is running."));
  }
  std::uint64_t counted = 0;
  for (const JsonText& item : items) {
    const auto answered = observed(item);
    if (!answered) {
      co_return host::problem_answer(
          here.host(), invalid_request(concat({"observations[", to_text(counted),
                                               "]: this has no unit, or members that are no sums."})));
    }
    const std::string unit = item.text("unit");
    if (const auto view = plan->observed_view(name, unit)) {
      context.tally.add(*plan, *view, unit, *answered);
    }
    ++counted;
  }
  co_await context.tally.flush(here);
  JsonWriter answer;
  answer.begin_object().key("observations").value(counted).end_object();
  co_return host::json_answer(here.host(), 200, answer.text());
}

// OFREP -----------------------------------------------------------------------------------------------------

namespace {

Outgoing flag_failure(host::Context here, std::uint32_t status, std::string_view key, std::string_view code,
                      std::string_view details) {
  JsonWriter json;
  json.begin_object();
  if (!key.empty()) {
    json.key("key").value(key);
  }
  json.key("errorCode").value(code).key("errorDetails").value(details).end_object();
  return host::json_answer(here.host(), status, json.text());
}

// Who the flags are evaluated for, or what is wrong with the request.
tl::expected<std::string, Outgoing> targeting_key_of(host::Context here, std::string_view key,
                                                     const std::string& body) {
  const auto json = JsonText::parse(body);
  if (!json || !json->is_object()) {
    return tl::make_unexpected(flag_failure(here, 400, key, "PARSE_ERROR", "The body is no JSON object."));
  }
  const auto context = json->find("context");
  if (!context || !context->is_object()) {
    return tl::make_unexpected(
        flag_failure(here, 400, key, "INVALID_CONTEXT", "The body has no object \"context\"."));
  }
  std::string targeting_key = context->text("targetingKey");
  if (targeting_key.empty()) {
    return tl::make_unexpected(
        flag_failure(here, 400, key, "TARGETING_KEY_MISSING", "The context has no text \"targetingKey\"."));
  }
  return targeting_key;
}

void write_flag(JsonWriter& json, std::string_view key, const experiments::Flag& flag) {
  json.begin_object().key("key").value(key).key("reason").value(flag.reason);
  json.key("variant").value(flag.variant).key("value").raw(flag.value);
  json.key("metadata").begin_object().end_object().end_object();
}

}  // namespace

host::Task<Outgoing> evaluate_flag(host::Context here, const OperatorContext& context, Call& call) {
  const std::string key(call.parameter("key"));
  const auto body = co_await read_json_text(here, Bytes(limit::operator_body_bytes_max));
  if (!body) {
    co_return host::problem_answer(here.host(), body.error());
  }
  auto targeting_key = targeting_key_of(here, key, *body);
  if (!targeting_key) {
    co_return std::move(targeting_key.error());
  }
  co_await context.control.make_current(here);
  const auto flag = context.engine.plan().flag(key, *targeting_key);
  if (!flag) {
    co_return flag_failure(here, 404, key, "FLAG_NOT_FOUND", "There is no flag of this name.");
  }
  JsonWriter json;
  write_flag(json, key, *flag);
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<Outgoing> evaluate_flags(host::Context here, const OperatorContext& context, Call& call) {
  const auto body = co_await read_json_text(here, Bytes(limit::operator_body_bytes_max));
  if (!body) {
    co_return host::problem_answer(here.host(), body.error());
  }
  auto targeting_key = targeting_key_of(here, "", *body);
  if (!targeting_key) {
    co_return std::move(targeting_key.error());
  }
  co_await context.control.make_current(here);
  const experiments::Plan& plan = context.engine.plan();
  JsonWriter json;
  json.begin_object().key("flags").begin_array();
  for (const std::string& name : plan.flags()) {
    if (const auto flag = plan.flag(name, *targeting_key)) {
      write_flag(json, name, *flag);
    }
  }
  json.end_array().end_object();
  const std::string etag = concat({"\"", to_hex(here.host().sha256(json.text())).substr(0, 32), "\""});
  const auto known = here.host().request_header(here.request(), "if-none-match", 256);
  if (known && trim(*known) == etag) {
    Outgoing unchanged;
    unchanged.answer.status = 304;
    unchanged.answer.headers = {{"etag", etag}, {"cache-control", "no-store"}};
    co_return unchanged;
  }
  Outgoing outgoing = host::json_answer(here.host(), 200, json.text());
  outgoing.answer.headers.emplace_back("etag", etag);
  static_cast<void>(call);
  co_return outgoing;
}

}  // namespace larder::operators
