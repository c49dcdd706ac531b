// GET /api/narrative/stats, GET /api/narrative/analytics, DELETE /api/narrative/user/{userId}.
#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/operations.h"
#include "operators/handlers.h"
#include "operators/request.h"

namespace larder::operators {

namespace {

constexpr Millis retention = std::chrono::hours(90 * 24);
// Pages of KV keys that one call counts: 10,000 keys.
constexpr std::uint32_t pages_max = 10;
constexpr std::uint32_t page_keys = 1000;

constexpr std::string_view forgotten_because =
    "Rows about this user were deleted from the ledger, and what isolates have yet to write about them is dropped. "
    "Narratives are kept by profile, not by user, and hold no user's id: they stay.";

struct KeyCount {
  std::uint64_t count = 0;
  // Every key was seen.
  bool complete = false;

  KeyCount() {}
};

host::Task<KeyCount> count_keys(host::Context here, std::string prefix) {
  KeyCount counted;
  std::string cursor;
  for (std::uint32_t page = 0; page < pages_max; ++page) {
    auto listed = co_await host::kv_list(here, prefix, cursor, page_keys);
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

host::Outgoing ledger_unavailable(host::Context here, const Error& error) {
  http::Problem problem(503, "The ledger gave no answer; nothing was read or changed. Try again in a moment.");
  problem.title = "Ledger unavailable";
  static_cast<void>(error);
  return host::problem_answer(here.host(), problem);
}

}  // namespace

host::Task<host::Outgoing> show_narrative_stats(host::Context here, const Desk& desk, Call& call) {
  call.note = "looked at the narratives' figures";
  const auto told = co_await desk.ledger.narratives(here, call.began - Millis(std::chrono::hours(24)));
  if (!told) {
    co_return ledger_unavailable(here, told.error());
  }
  std::string prefix = concat({desk.settings.cache_prefix, ":", narrative_resource, ":"});
  const KeyCount keys = co_await count_keys(here, std::move(prefix));
  JsonWriter json;
  json.begin_object().key("keys").begin_object().key("count").value(keys.count);
  json.key("complete").value(keys.complete).end_object();
  json.key("memory");
  desk.tiered.memory().write_status(json);
  json.key("last24Hours").raw(*told);
  if (call.role == Role::admin) {
    json.key("engineVersion").value(desk.settings.engine_version);
    json.key("promptHash").value(desk.settings.prompt_hash);
  }
  co_return host::json_answer(here.host(), 200, json.end_object().text());
}

host::Task<host::Outgoing> show_narrative_analytics(host::Context here, const Desk& desk, Call& call) {
  call.note = "looked at the narratives' analytics";
  const auto since = time_parameter(call, "since", call.began - retention);
  if (!since) {
    co_return host::problem_answer(here.host(), since.error());
  }
  const auto told = co_await desk.ledger.narratives(here, *since);
  if (!told) {
    co_return ledger_unavailable(here, told.error());
  }
  JsonWriter json;
  json.begin_object().key("since").value(http::format_timestamp(*since)).key("retentionDays").value(90);
  json.key("narratives").raw(*told).end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<host::Outgoing> forget_user(host::Context here, const Desk& desk, Call& call) {
  // Not the id: the log of the call must not be what is left of the user.
  call.note = "deleted a user's rows";
  std::string user = observe::user_digest(here.host(), desk.settings.cache_prefix, call.parameter("userId"));
  const auto count = co_await desk.ledger.forget(here, std::move(user));
  if (!count) {
    co_return ledger_unavailable(here, count.error());
  }
  JsonWriter json;
  json.begin_object().key("deleted").value(*count).key("rationale").value(forgotten_because).end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

}  // namespace larder::operators
