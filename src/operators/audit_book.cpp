#include "operators/audit_book.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/log_line.h"
#include "host/operations.h"
#include "http/client.h"

namespace larder::operators {

namespace {

constexpr std::string_view other_clients = "others";

Instant minute_of(Instant at) {
  return Instant(std::chrono::floor<std::chrono::minutes>(at.time_since_epoch()));
}

bool counts_with(const AuditRow& a, const AuditRow& b) {
  return a.at == b.at && a.status == b.status && a.address == b.address && a.subject == b.subject;
}

void write_row(JsonWriter& json, const AuditRow& row) {
  json.begin_object();
  json.key("kind").value(row.kind == AuditKind::call ? "call" : "refusal");
  json.key("at").value(millis_since_epoch(row.at)).key("subject").value(row.subject);
  json.key("role").value(row.role).key("address").value(row.address).key("method").value(row.method);
  json.key("path").value(row.path).key("note").value(row.note).key("status").value(row.status);
  json.key("request_id").value(row.request_id).key("count").value(row.count).end_object();
}

}  // namespace

std::string audit_rows_text(const std::vector<AuditRow>& rows) {
  JsonWriter json;
  json.begin_array();
  for (const AuditRow& row : rows) {
    write_row(json, row);
  }
  return std::move(json.end_array()).take();
}

void AuditBook::count_refusal(AuditRow row) {
  row.at = minute_of(row.at);
  row.address = http::client_of(row.address);
  row.method.clear();
  row.path.clear();
  row.note.clear();
  row.request_id.clear();
  if (refusals_.size() + 1 >= config::limit::audit_refusals_max) {
    row.address = other_clients;
    row.subject.clear();
    row.role.clear();
  }
  const auto same = std::find_if(refusals_.begin(), refusals_.end(),
                                 [&](const AuditRow& one) { return counts_with(one, row); });
  if (same != refusals_.end()) {
    same->count += row.count;
  } else {
    refusals_.push_back(std::move(row));
  }
}

host::Task<void> AuditBook::write(host::Context here, AuditRow row) {
  if (row.kind == AuditKind::none) {
    co_return;
  }
  if (row.kind == AuditKind::call) {
    std::vector<AuditRow> rows;
    rows.push_back(std::move(row));
    co_await append(here, std::move(rows));
    co_return;
  }
  const Instant now = here.host().now();
  count_refusal(std::move(row));
  // A gatherer whose request was lost is replaced by the next one.
  constexpr Millis late{1000};
  if (now < gathering_until_ + late) {
    co_return;
  }
  gathering_until_ = now + config::limit::audit_refusals_gathered;
  const auto waited =
      co_await host::park(here, static_cast<std::uint64_t>(config::limit::audit_refusals_gathered.count()));
  static_cast<void>(waited);
  gathering_until_ = Instant();
  co_await append(here, std::exchange(refusals_, {}));
}

host::Task<void> AuditBook::append(host::Context here, std::vector<AuditRow> rows) {
  const std::string text = audit_rows_text(rows);
  const auto wait_millis = static_cast<std::uint64_t>(config::limit::object_wait.count());
  const auto added = co_await host::object_call(here, "AUDIT", "audit", "add", text, wait_millis);
  if (added) {
    co_return;
  }
  host::LogLine line(here.host(), LogLevel::error, "audit_not_written");
  line.add("reason", to_text(added.error().kind)).add_json("rows", text).write();
}

}  // namespace larder::operators
