// GET /api/explain: what would happen to a request, and why.
#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "entry/exact_fields.h"
#include "entry/normalise.h"
#include "http/date.h"
#include "operators/copy_view.h"
#include "operators/handlers.h"
#include "operators/request.h"
#include "operators/visible_key.h"

namespace larder::operators {

namespace {

using host::Outgoing;

// A request that is explained: of somebody who sends no header fields.
struct Described {
  http::Method method = http::Method::get;
  std::string url;
  const config::Resource* resource = nullptr;
  // nullopt: its answer is not kept, so there is no key.
  std::optional<engine::Query> query;

  Described() {}
};

bool is_for_the_cache(const config::Resource& resource, http::Method method) {
  return resource.mode == config::Mode::keyed || method == http::Method::get || method == http::Method::head;
}

Result<engine::Query> query_of(host::Context here, const OperatorContext& context, const Call& call,
                               const config::Matched& matched, const http::Target& target,
                               const std::optional<http::ExactTarget>& exact) {
  const config::Resource& resource = *matched.resource;
  engine::RequestParts parts;
  parts.path = matched.path_parameters;
  parts.query = target.query;
  if (resource.match.method == http::Method::post) {
    auto posted = entry::body_parts(resource, call.target.parameter("body").value_or("{}"));
    if (!posted) {
      return tl::make_unexpected(
          Error(ErrorKind::invalid, "body", Retry::never, concat({"body: ", posted.error().message})));
    }
    parts.body = std::move(*posted);
  }
  if (exact) {
    parts.exact = entry::exact_fields(resource, *exact);
  }
  engine::Asker asker = engine::larder_itself();
  asker.pace = engine::Pace::reader;
  return engine::make_query(here.host(), context.settings, context.engine.plan(), resource, parts,
                            std::move(asker));
}

// The resource stays nullptr where nothing matches.
Asked<Described> described(host::Context here, const OperatorContext& context, const Call& call) {
  const auto url = call.target.parameter("url");
  if (!url || url->empty()) {
    return tl::make_unexpected(
        invalid_request("url: this parameter is missing. Write a path or a whole URL: "
                        "/api/explain?url=/search/title%3Fq%3Ddune."));
  }
  Described asked;
  asked.url = std::string(*url);
  const std::string method(call.target.parameter("method").value_or("GET"));
  asked.method = http::parse_method(method);
  if (asked.method == http::Method::other) {
    return tl::make_unexpected(
        invalid_request(concat({"method: ", in_quotes(method), " is no method that a resource may have."})));
  }
  const auto target = http::parse_target(*url);
  if (!target) {
    return tl::make_unexpected(invalid_request(concat({"url: ", target.error().message})));
  }
  auto matched = config::match(context.declarations, asked.method, target->path);
  std::optional<http::ExactTarget> exact;
  if (matched && matched->resource->mode == config::Mode::http) {
    auto parsed = http::parse_exact_target(*url);
    if (!parsed) {
      return tl::make_unexpected(invalid_request(concat({"url: ", parsed.error().message})));
    }
    matched = config::match(context.declarations, asked.method, parsed->path);
    exact.emplace(std::move(*parsed));
  }
  if (!matched) {
    return asked;
  }
  asked.resource = matched->resource;
  if (is_for_the_cache(*asked.resource, asked.method)) {
    auto query = query_of(here, context, call, *matched, *target, exact);
    if (!query) {
      return tl::make_unexpected(invalid_request(query.error().message));
    }
    query->method = asked.method;
    asked.query.emplace(std::move(*query));
  }
  return asked;
}

void write_step(JsonWriter& json, const policy::Step& step) {
  json.key("rule").value(step.rule).key("step").value(policy::to_text(step.move));
  json.key("reason").value(policy::to_text(step.reason)).key("why").value(policy::why_of_rule(step.rule));
}

std::string_view words_of_answer(policy::Answer answer) {
  switch (answer) {
    case policy::Answer::unasked:
      return "unasked";
    case policy::Answer::late:
      return "late";
    case policy::Answer::refused:
      return "failed";
    case policy::Answer::server_error:
      return "server-error";
    case policy::Answer::came:
      return "came";
  }
  LARDER_UNREACHABLE();
}

void write_purges(JsonWriter& json, const OperatorContext& context, const engine::Query& query,
                  const engine::Explanation& told, Role role) {
  json.key("purges").begin_array();
  for (const config::Purge& purge : told.purges) {
    const policy::PurgeBook alone({purge});
    const bool is_key = purge.kind == config::PurgeKind::key;
    json.begin_object().key("kind").value(config::to_text(purge.kind));
    json.key("text").value(is_key ? visible_key(context.declarations, purge.text, role) : purge.text);
    json.key("mode").value(purge.is_soft() ? "soft" : "hard");
    json.key("at").value(http::format_timestamp(purge.at)).key("reaches").begin_array();
    for (const engine::TierCopy& copy : told.copies) {
      if (copy.entry != nullptr) {
        entry::Header header = copy.entry->header;
        if (alone.judge(query.key.storage_name, header) != policy::PurgeVerdict::kept) {
          json.value(config::to_text(copy.tier));
        }
      }
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void write_explanation(JsonWriter& json, const OperatorContext& context, const engine::Query& query,
                       const engine::Explanation& told, Role role, Instant now) {
  json.key("key").value(visible_key(context.declarations, query.key.storage_name, role));
  json.key("pattern").value(query.key.pattern).key("tags").texts(query.tags);
  json.key("tiers").begin_array();
  for (const engine::TierCopy& copy : told.copies) {
    json.begin_object().key("tier").value(config::to_text(copy.tier));
    json.key("used").value(query.key.tiers.has(copy.tier)).key("found").value(copy.entry != nullptr);
    if (copy.entry != nullptr && tiers::is_stub(*copy.entry)) {
      json.key("valueIn").value(config::to_text(config::Tier::cold));
    }
    if (copy.failure) {
      json.key("error").value(to_text(copy.failure->kind));
    }
    if (copy.entry != nullptr) {
      write_copy(json, context.control.purges(), query.key.storage_name, copy.entry->header, now);
    }
    json.end_object();
  }
  json.end_array();
  write_purges(json, context, query, told, role);
  json.key("steps").begin_array();
  for (const engine::PlannedStep& planned : told.steps) {
    json.begin_object();
    write_step(json, planned.step);
    if (planned.tier) {
      json.key("tier").value(config::to_text(*planned.tier));
    }
    json.end_object();
  }
  json.end_array().key("then").begin_array();
  for (const engine::Outlook& outlook : told.outlooks) {
    json.begin_object().key("answer").value(words_of_answer(outlook.answer));
    write_step(json, outlook.step);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

host::Task<Outgoing> explain_request(host::Context here, const OperatorContext& context, Call& call) {
  co_await context.control.make_current(here);
  const auto asked = described(here, context, call);
  if (!asked) {
    co_return host::problem_answer(here.host(), asked.error());
  }
  JsonWriter json;
  json.begin_object().key("method").value(http::to_text(asked->method)).key("url").value(asked->url);
  json.key("resource");
  if (asked->resource == nullptr) {
    call.note = "explained a request that no resource is for";
    json.null().key("why").value(
        "No resource of larder.json is for this method and path: it is answered with 404, or 405 where "
        "another method is declared.");
    json.end_object();
    co_return host::json_answer(here.host(), 200, json.text());
  }
  const config::Resource& resource = *asked->resource;
  json.begin_object().key("name").value(resource.name).key("path").value(resource.match.path);
  json.key("mode").value(resource.mode == config::Mode::http ? "http" : "keyed").end_object();
  if (!asked->query) {
    call.note = concat({"explained ", http::to_text(asked->method), " of ", resource.name});
    const http::CacheStatus status = engine::forwarded(http::ForwardReason::method, policy::Reason::method);
    json.key("why").value("Answers to this method are not kept: it goes to the origin.");
    json.key("cacheStatus").value(http::format_cache_status(status)).end_object();
    co_return host::json_answer(here.host(), 200, json.text());
  }
  const engine::Query& query = *asked->query;
  call.note = concat({"explained ", query.key.storage_name});
  const engine::Explanation told = co_await context.engine.explain(here, query);
  write_explanation(json, context, query, told, call.role, here.host().now());
  json.key("cacheStatus").value(http::format_cache_status(told.status)).end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

}  // namespace larder::operators
