// GET /api/alerts, POST /api/alerts/test, POST /api/alerts/{name}/silence.
#include "base/json_writer.h"
#include "base/text.h"
#include "config/duration.h"
#include "config/limits.h"
#include "http/date.h"
#include "json/json_text.h"
#include "metrics/alerts.h"
#include "monitor/meter.h"
#include "monitor/transports.h"
#include "operators/handlers.h"
#include "operators/request.h"
#include "records/calls.h"

namespace larder::operators {

namespace {

void write_time(JsonWriter& json, std::string_view name, Instant at) {
  json.key(name);
  if (at == Instant()) {
    json.null();
  } else {
    json.value(http::format_timestamp(at));
  }
}

void write_alert(JsonWriter& json, const metrics::AlertRow& row, const metrics::AlertState& state,
                 const metrics::NoticeContext& context, Instant now) {
  json.begin_object().key("name").value(row.name).key("severity").value(metrics::to_text(row.severity));
  json.key("state").value(metrics::to_text(state.phase));
  write_time(json, "since", state.since);
  write_time(json, "firedAt", state.fired_at);
  write_time(json, "resolvedAt", state.resolved_at);
  json.key("value");
  if (state.value) {
    json.value(metrics::value_text(row, *state.value));
  } else {
    json.null();
  }
  json.key("threshold").value(metrics::value_text(row, row.threshold));
  json.key("holdMinutes").value(std::chrono::duration_cast<std::chrono::minutes>(row.hold).count());
  write_time(json, "silencedUntil", state.silenced_until > now ? state.silenced_until : Instant());
  json.key("what").value(row.what).key("help").value(row.help);
  json.key("guide").value(metrics::guide_of(row, context)).end_object();
}

void write_message(JsonWriter& json, const records::AlertMessage& message) {
  json.begin_object().key("id").value(message.id).key("transport").value(message.transport);
  json.key("created").value(
      http::format_timestamp(instant_from_millis(static_cast<std::int64_t>(message.created))));
  json.key("tries").value(message.tries).key("fault").value(message.fault).end_object();
}

host::Outgoing ledger_unavailable(host::Context here) {
  return host::problem_answer(
      here.host(),
      http::Problem(503, concat({"The ledger gives no answer; try again in a moment. If it stays so, see the "
                                 "Durable Object binding ",
                                 records::ledger::binding_name, " and LEDGER_SHARDS."})));
}

}  // namespace

host::Task<host::Outgoing> show_alerts(host::Context here, const OperatorContext& context, Call&) {
  const std::string name = monitor::ledger_name(context.settings, 0);
  const records::ledger::alerts_arguments asked;
  const auto read = co_await records::ledger::alerts(here, name, asked, config::limit::object_wait);
  if (!read) {
    co_return ledger_unavailable(here);
  }
  const auto states = metrics::decode_alert_states(read->states);
  if (!states) {
    co_return ledger_unavailable(here);
  }
  const metrics::NoticeContext notice_context = monitor::context_of(context.settings);
  JsonWriter json;
  json.begin_object().key("alerts").begin_array();
  for (const metrics::AlertRow& row : metrics::alert_rows()) {
    write_alert(json, row, (*states)[static_cast<std::size_t>(row.alert)], notice_context, here.host().now());
  }
  json.end_array().key("transports").texts(monitor::transports_of(context.settings));
  json.key("waiting").begin_array();
  for (const records::AlertMessage& message : read->waiting) {
    write_message(json, message);
  }
  json.end_array().key("undelivered").begin_array();
  for (const records::AlertMessage& message : read->undelivered) {
    write_message(json, message);
  }
  json.end_array().end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<host::Outgoing> test_alerts(host::Context here, const OperatorContext& context, Call&) {
  const std::vector<std::string> transports = monitor::transports_of(context.settings);
  if (transports.empty()) {
    co_return host::problem_answer(
        here.host(), http::Problem(409,
                                   "No transport is configured: set the secret ALERT_WEBHOOK_URL, or "
                                   "ALERT_EMAIL_TO and ALERT_EMAIL_FROM with the secret "
                                   "MAILCHANNELS_API_KEY or ALERT_EMAIL_BY=send_email."));
  }
  metrics::Notice notice;
  notice.alert = metrics::Alert::dead_letters_high;
  notice.fired_at = here.host().now();
  notice.value = 11;
  notice.worst = 11;
  metrics::NoticeContext notice_context = monitor::context_of(context.settings);
  notice_context.is_test = true;
  JsonWriter json;
  json.begin_object().key("sent").begin_array();
  for (const std::string& transport : transports) {
    std::vector<metrics::Notice> notices = {notice};
    const auto outcome =
        co_await monitor::send(here, context.settings, transport, std::move(notices), notice_context, {});
    const bool is_delivered = outcome.delivery == records::Delivery::delivered;
    json.begin_object().key("transport").value(transport).key("delivered").value(is_delivered);
    json.key("fault").value(outcome.fault).end_object();
  }
  json.end_array().end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<host::Outgoing> silence_alert(host::Context here, const OperatorContext& context, Call& call) {
  const auto text = co_await read_json_text(here, Bytes(config::limit::operator_body_bytes_max));
  if (!text) {
    co_return host::problem_answer(here.host(), text.error());
  }
  const auto body = json::JsonText::parse(*text);
  if (!body || !body->is_object()) {
    co_return host::problem_answer(here.host(), invalid_request("Write a JSON object: {\"for\": \"2h\"}."));
  }
  for (const auto& [member, value] : body->as_pairs()) {
    if (member != "for") {
      co_return host::problem_answer(
          here.host(),
          invalid_request(concat({member, ": There is no such member here; there is \"for\"."})));
    }
  }
  const auto duration = config::parse_duration(body->text("for"));
  if (!duration || *duration > config::limit::alert_silence_max) {
    co_return host::problem_answer(
        here.host(),
        invalid_request("for: Write a time up to 30 days, like 30m, 2h or 7d; 0s ends a silence."));
  }
  const Instant until = here.host().now() + *duration;
  records::ledger::silence_arguments asked;
  asked.alert = std::string(call.parameter("name"));
  asked.until = static_cast<std::uint64_t>(millis_since_epoch(until));
  call.note = concat({asked.alert, " until ", http::format_timestamp(until)});
  const std::string name = monitor::ledger_name(context.settings, 0);
  const auto silenced = co_await records::ledger::silence(here, name, asked, config::limit::object_wait);
  if (!silenced && silenced.error().kind == ErrorKind::not_found) {
    co_return host::problem_answer(
        here.host(), http::Problem(404, "There is no such alert; GET /api/alerts names them all."));
  }
  if (!silenced) {
    co_return ledger_unavailable(here);
  }
  JsonWriter json;
  json.begin_object().key("alert").value(asked.alert);
  json.key("silencedUntil").value(http::format_timestamp(until)).end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

}  // namespace larder::operators
