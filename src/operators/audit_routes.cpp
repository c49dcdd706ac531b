// GET /api/audit.
#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "http/date.h"
#include "operators/handlers.h"
#include "operators/request.h"
#include "records/audit.h"
#include "records/calls.h"

namespace larder::operators {

namespace {

void write_listed_entry(JsonWriter& json, const records::AuditEntry& entry) {
  const bool is_call = entry.kind == static_cast<std::uint8_t>(records::AuditEntryKind::call);
  const Instant at = instant_from_millis(static_cast<std::int64_t>(entry.at));
  json.begin_object().key("at").value(http::format_timestamp(at));
  json.key("outcome").value(is_call ? "called" : "refused");
  json.key("status").value(entry.status).key("count").value(entry.count);
  json.key("who").value(entry.subject).key("role").value(entry.role);
  json.key("from").value(entry.address).key("method").value(entry.method);
  json.key("path").value(entry.path).key("what").value(entry.note);
  json.key("requestId").value(entry.request_id).end_object();
}

std::string page_text(const records::audit::list_results& page) {
  JsonWriter json;
  json.begin_object().key("entries").begin_array();
  for (const records::AuditEntry& entry : page.entries) {
    write_listed_entry(json, entry);
  }
  json.end_array().key("cursor");
  if (page.next == 0) {
    json.null();
  } else {
    json.value(to_text(page.next));
  }
  return std::move(json.end_object()).take();
}

host::Outgoing log_unreadable(host::Context here) {
  host::Outgoing outgoing = host::problem_answer(
      here.host(),
      http::Problem(503,
                    concat({"The audit log cannot be read at the moment; try again. If it stays so, see the "
                            "Durable Object binding ",
                            records::audit::binding_name, "."})));
  outgoing.answer.headers.emplace_back("retry-after", "5");
  return outgoing;
}

}  // namespace

host::Task<host::Outgoing> list_audit(host::Context here, const OperatorContext&, Call& call) {
  constexpr std::uint64_t rows_max = config::limit::audit_page_entries_max;
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
  records::audit::list_arguments asked;
  asked.since = static_cast<std::uint64_t>(std::max<std::int64_t>(millis_since_epoch(*since), 0));
  asked.before = *before;
  asked.count_max = static_cast<std::uint32_t>(*count);
  const auto page =
      co_await records::audit::list(here, records::audit::names.only(), asked, config::limit::object_wait);
  if (!page) {
    co_return log_unreadable(here);
  }
  co_return host::json_answer(here.host(), 200, page_text(*page));
}

}  // namespace larder::operators
