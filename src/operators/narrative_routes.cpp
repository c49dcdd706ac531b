// GET /api/narrative/stats, GET /api/narrative/analytics, DELETE /api/narrative/user.
#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/spending.h"
#include "http/date.h"
#include "json/json_text.h"
#include "narrative/narratives.h"
#include "operators/handlers.h"
#include "operators/request.h"

namespace larder::operators {

namespace {

constexpr std::uint64_t retention_days = 90;
constexpr Millis day = std::chrono::hours(24);
// Pages of keys that one call counts: 10,000 keys.
constexpr std::uint32_t count_pages_max = 10;
constexpr std::uint32_t count_page_keys = 1000;

constexpr std::string_view forgotten_because =
    "Rows about this user were deleted from the narratives' log, and what isolates have yet to write about "
    "the user "
    "up to now "
    "is dropped. Narratives are kept by profile, not by user, and hold no user's id: they stay.";

}  // namespace

// Not in the unnamed namespace: the older clang makes tail calls of coroutines that it can see through, which
// a module may not have.
namespace narrative_figures {

struct KeyCount {
  std::uint64_t count = 0;
  // Every key was seen.
  bool complete = false;

  KeyCount() {}
};

host::Task<KeyCount> count_keys(host::Context here, tiers::GuardedTier& shared, std::string prefix) {
  KeyCount counted;
  std::string cursor;
  for (std::uint32_t page = 0; page < count_pages_max; ++page) {
    auto listed = co_await shared.list(here, prefix, cursor, count_page_keys);
    if (!listed) {
      co_return counted;
    }
    counted.count += listed->keys.size();
    cursor = std::move(listed->next_cursor);
    if (cursor.empty()) {
      counted.complete = true;
      break;
    }
  }
  co_return counted;
}

// Of all resources that ask a model.
host::Task<KeyCount> count_narratives(host::Context here, const OperatorContext& context) {
  KeyCount all;
  tiers::GuardedTier* const shared = context.tiered.shared_tier();
  if (shared == nullptr) {
    co_return all;
  }
  all.complete = true;
  for (const config::Resource& resource : context.declarations.resources) {
    if (narrative::is_narrative(resource)) {
      std::string prefix = concat({context.settings.cache_prefix, ":", resource.name, ":"});
      const KeyCount counted = co_await count_keys(here, *shared, std::move(prefix));
      all.count += counted.count;
      all.complete = all.complete && counted.complete;
    }
  }
  co_return all;
}

}  // namespace narrative_figures

namespace {

host::Outgoing log_unavailable(host::Context here) {
  http::Problem problem(
      503, "The narratives' log gives no answer; nothing was read or changed. Try again in a moment.");
  problem.title = "Narratives' log unavailable";
  return host::problem_answer(here.host(), problem);
}

}  // namespace

host::Task<host::Outgoing> show_narrative_stats(host::Context here, const OperatorContext& context,
                                                Call& call) {
  call.note = "looked at the narratives' figures";
  const auto told = co_await context.narrative_log.figures(here, call.began - day);
  if (!told) {
    co_return log_unavailable(here);
  }
  const narrative_figures::KeyCount keys = co_await narrative_figures::count_narratives(here, context);
  JsonWriter json;
  json.begin_object().key("keys").begin_object().key("count").value(keys.count);
  json.key("complete").value(keys.complete).end_object();
  json.key("memory");
  context.tiered.memory().write_status(json);
  if (tiers::GuardedTier* const shared = context.tiered.shared_tier(); shared != nullptr) {
    const bool has_said = co_await shared->bare().survey(here);
    if (has_said) {
      json.key(shared->bare().name());
      shared->bare().write_status(json);
    }
  }
  json.key("last24Hours").raw(*told);
  if (call.role == Role::admin) {
    json.key("engineVersion").value(context.settings.engine_version);
    json.key("promptHash").value(context.settings.prompt_hash);
  }
  co_return host::json_answer(here.host(), 200, json.end_object().text());
}

host::Task<host::Outgoing> show_narrative_analytics(host::Context here, const OperatorContext& context,
                                                    Call& call) {
  call.note = "looked at the narratives' analytics";
  const auto since = time_parameter(call, "since", call.began - retention_days * day);
  if (!since) {
    co_return host::problem_answer(here.host(), since.error());
  }
  const auto told = co_await context.narrative_log.figures(here, *since);
  if (!told) {
    co_return log_unavailable(here);
  }
  const auto costs = co_await engine::read_spending(here, *since);
  JsonWriter json;
  json.begin_object()
      .key("since")
      .value(http::format_timestamp(*since))
      .key("retentionDays")
      .value(retention_days);
  json.key("narratives").raw(*told).key("costs");
  if (costs) {
    json.raw(*costs);
  } else {
    json.null();
  }
  json.end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

namespace narrative_figures {

host::Task<host::Outgoing> forget(host::Context here, const OperatorContext& context, Call& call,
                                  std::string id) {
  // Not the id: nothing of the user may remain, not even in the log of this call.
  call.note = "deleted a user's rows";
  std::string user = observe::user_digest(here.host(), context.settings.cache_prefix, id);
  const auto count = co_await context.narrative_log.forget(here, std::move(user));
  if (!count) {
    co_return log_unavailable(here);
  }
  JsonWriter json;
  json.begin_object().key("deleted").value(*count).key("rationale").value(forgotten_because).end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

// The id as it was when it was recorded: any text, `/` and `..` among them.
host::Task<Asked<std::string>> read_user_id(host::Context here, const Call& call) {
  if (const auto given = call.target.parameter("userId")) {
    co_return std::string(*given);
  }
  const auto text = co_await read_json_text(here, Bytes(config::limit::operator_body_bytes_max));
  if (!text) {
    co_return tl::make_unexpected(text.error());
  }
  const auto json = json::JsonText::parse(*text);
  const auto member = json ? json->find("userId") : std::nullopt;
  const auto id = member ? member->as_text() : std::nullopt;
  if (!id) {
    co_return tl::make_unexpected(
        invalid_request("userId: this is missing; give the id as ?userId= or as {\"userId\": \"…\"}."));
  }
  co_return *id;
}

}  // namespace narrative_figures

host::Task<host::Outgoing> forget_user(host::Context here, const OperatorContext& context, Call& call) {
  std::string id(call.parameter("userId"));
  co_return co_await narrative_figures::forget(here, context, call, std::move(id));
}

host::Task<host::Outgoing> forget_named_user(host::Context here, const OperatorContext& context, Call& call) {
  auto id = co_await narrative_figures::read_user_id(here, call);
  if (!id) {
    co_return host::problem_answer(here.host(), id.error());
  }
  if (id->empty() || id->size() > config::limit::user_id_bytes_max) {
    co_return host::problem_answer(
        here.host(), invalid_request(concat({"userId: an id has 1 to ",
                                             to_text(std::uint64_t{config::limit::user_id_bytes_max}),
                                             " bytes; others are recorded for nobody."})));
  }
  co_return co_await narrative_figures::forget(here, context, call, std::move(*id));
}

}  // namespace larder::operators
