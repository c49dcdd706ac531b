// GET /api/audit.
#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/operations.h"
#include "http/date.h"
#include "operators/handlers.h"
#include "operators/request.h"
#include "simdjson.h"

namespace larder::operators {

namespace {

namespace dom = simdjson::dom;

std::string_view text_of(dom::element row, std::string_view name) {
  std::string_view text;
  return row[name].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::int64_t number_of(dom::element row, std::string_view name) {
  std::int64_t number = 0;
  return row[name].get(number) == simdjson::SUCCESS ? number : 0;
}

void write_listed_row(JsonWriter& json, dom::element row) {
  json.begin_object().key("at").value(http::format_timestamp(instant_from_millis(number_of(row, "at"))));
  json.key("outcome").value(text_of(row, "kind") == "call" ? "called" : "refused");
  json.key("status").value(number_of(row, "status")).key("count").value(number_of(row, "count"));
  json.key("who").value(text_of(row, "subject")).key("role").value(text_of(row, "role"));
  json.key("from").value(text_of(row, "address")).key("method").value(text_of(row, "method"));
  json.key("path").value(text_of(row, "path")).key("what").value(text_of(row, "note"));
  json.key("requestId").value(text_of(row, "request_id")).end_object();
}

// The object's page as the answer; nullopt where it is not readable.
std::optional<std::string> page_text(std::string_view result) {
  dom::parser parser;
  const simdjson::padded_string padded(result);
  dom::element root;
  dom::array rows;
  if (parser.parse(padded).get(root) != simdjson::SUCCESS || root["rows"].get(rows) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  JsonWriter json;
  json.begin_object().key("entries").begin_array();
  for (const dom::element row : rows) {
    write_listed_row(json, row);
  }
  json.end_array().key("cursor");
  const std::int64_t next = number_of(root, "next");
  if (next == 0) {
    json.null();
  } else {
    json.value(to_text(next));
  }
  return std::move(json.end_object()).take();
}

host::Outgoing log_unreadable(host::Context here) {
  host::Outgoing outgoing = host::problem_answer(
      here.host(), http::Problem(503, "The audit log cannot be read at the moment; try again. If it stays so, see the "
                                      "Durable Object binding AUDIT."));
  outgoing.answer.headers.emplace_back("retry-after", "5");
  return outgoing;
}

}  // namespace

host::Task<host::Outgoing> list_audit(host::Context here, const Desk&, Call& call) {
  constexpr std::uint64_t rows_max = 200;
  constexpr std::uint64_t rows_default = 100;
  constexpr std::uint64_t id_max = 9'007'199'254'740'991;
  call.note = "read the audit log";
  const auto since = time_parameter(call, "since", Instant());
  if (!since) {
    co_return host::problem_answer(here.host(), since.error());
  }
  const auto before = number_parameter(call, "cursor", 1, id_max, 0);
  if (!before) {
    co_return host::problem_answer(here.host(), before.error());
  }
  const auto count = number_parameter(call, "limit", 1, rows_max, rows_default);
  if (!count) {
    co_return host::problem_answer(here.host(), count.error());
  }
  JsonWriter wanted;
  wanted.begin_object().key("since").value(millis_since_epoch(*since)).key("before").value(*before);
  wanted.key("count_max").value(*count).end_object();
  const auto wait_millis = static_cast<std::uint64_t>(config::limit::object_wait.count());
  const auto listed = co_await host::object_call(here, "AUDIT", "audit", "list", wanted.text(), wait_millis);
  const auto text = listed ? page_text(listed->result) : std::nullopt;
  if (!text) {
    co_return log_unreadable(here);
  }
  co_return host::json_answer(here.host(), 200, *text);
}

}  // namespace larder::operators
