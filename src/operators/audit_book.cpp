#include "operators/audit_book.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/log_line.h"
#include "http/client.h"
#include "records/audit.h"
#include "records/calls.h"

namespace larder::operators {

namespace {

namespace limit = config::limit;
using records::AuditEntry;
using records::AuditEntryKind;

constexpr std::string_view other_clients = "others";

std::string fitted(std::string_view text, std::size_t bytes_max) {
  return std::string(utf8_prefix(text, bytes_max));
}

AuditEntry entry_of(const AuditRow& row) {
  AuditEntry entry;
  entry.kind =
      static_cast<std::uint8_t>(row.kind == AuditKind::call ? AuditEntryKind::call : AuditEntryKind::refusal);
  entry.at = static_cast<std::uint64_t>(std::max<std::int64_t>(millis_since_epoch(row.at), 0));
  entry.subject = fitted(row.subject, limit::subject_bytes_max);
  entry.role = row.role;
  entry.address = fitted(row.address, limit::audit_address_bytes_max);
  entry.method = row.method;
  entry.path = fitted(row.path, limit::audit_text_bytes_max);
  entry.note = fitted(row.note, limit::audit_text_bytes_max);
  entry.status = row.status;
  entry.request_id = fitted(row.request_id, limit::audit_text_bytes_max);
  entry.count = 1;
  return entry;
}

bool counts_with(const AuditEntry& a, const AuditEntry& b) {
  return a.at == b.at && a.status == b.status && a.address == b.address && a.subject == b.subject;
}

void log_unwritten(host::Host& host, ErrorKind reason, const std::vector<AuditEntry>& entries) {
  JsonWriter rows;
  rows.begin_array();
  for (const AuditEntry& entry : entries) {
    const bool is_call = entry.kind == static_cast<std::uint8_t>(AuditEntryKind::call);
    rows.begin_object().key("kind").value(is_call ? "call" : "refusal").key("at").value(entry.at);
    rows.key("subject").value(entry.subject).key("role").value(entry.role);
    rows.key("address").value(entry.address).key("method").value(entry.method);
    rows.key("path").value(entry.path).key("note").value(entry.note).key("status").value(entry.status);
    rows.key("request_id").value(entry.request_id).key("count").value(entry.count).end_object();
  }
  rows.end_array();
  host::LogLine line(host, LogLevel::error, "audit_not_written");
  line.add("reason", to_text(reason)).add_json("rows", rows.text()).write();
}

}  // namespace

AuditBook::AuditBook(observe::Counters& counters)
    : counters_(counters),
      outbox_(records::OutboxTerms(limit::audit_refusals_gathered, limit::audit_refusals_gathered,
                                   limit::audit_rows_max, limit::audit_batch_entries_max),
              [this](host::Context here, std::string batch, std::vector<AuditEntry> entries) {
                return send(here, std::move(batch), std::move(entries));
              }) {}

void AuditBook::count_refusal(AuditEntry entry) {
  constexpr std::uint64_t minute_millis = 60'000;
  entry.at -= entry.at % minute_millis;
  entry.address = http::client_of(entry.address);
  entry.method.clear();
  entry.path.clear();
  entry.note.clear();
  entry.request_id.clear();
  if (refusals_.size() + 1 >= limit::audit_refusals_max) {
    entry.address = other_clients;
    entry.subject.clear();
    entry.role.clear();
  }
  const auto same = std::find_if(refusals_.begin(), refusals_.end(),
                                 [&](const AuditEntry& one) { return counts_with(one, entry); });
  if (same != refusals_.end()) {
    same->count += entry.count;
  } else {
    refusals_.push_back(std::move(entry));
  }
}

void AuditBook::add(host::Host& host, AuditEntry entry) {
  auto dropped = outbox_.add(std::move(entry));
  if (dropped) {
    std::vector<AuditEntry> entries;
    entries.push_back(std::move(*dropped));
    log_unwritten(host, ErrorKind::too_large, entries);
  }
}

host::Task<void> AuditBook::write(host::Context here, AuditRow row) {
  switch (row.kind) {
    case AuditKind::none:
      co_return;
    case AuditKind::call:
      add(here.host(), entry_of(row));
      break;
    case AuditKind::refusal: {
      count_refusal(entry_of(row));
      const bool is_mine = co_await outbox_.gather(here);
      if (!is_mine) {
        co_return;
      }
      for (AuditEntry& refusal : std::exchange(refusals_, {})) {
        add(here.host(), std::move(refusal));
      }
      break;
    }
  }
  const auto failed = co_await outbox_.flush(here);
  static_cast<void>(failed);
  const std::uint64_t dropped = outbox_.take_dropped();
  if (dropped > 0) {
    counters_.add(observe::Counter::outbox_dropped_total, "audit", {}, dropped);
  }
}

host::Task<std::optional<Error>> AuditBook::send(host::Context here, std::string batch,
                                                 std::vector<AuditEntry> entries) {
  records::audit::add_arguments asked;
  asked.batch = std::move(batch);
  asked.entries = std::move(entries);
  const auto added =
      co_await records::audit::add(here, records::audit::names.only(), asked, limit::object_wait);
  std::optional<Error> failed;
  if (!added) {
    failed.emplace(added.error());
    if (asked.batch != logged_batch_) {
      logged_batch_ = asked.batch;
      log_unwritten(here.host(), failed->kind, asked.entries);
    }
  }
  co_return failed;
}

}  // namespace larder::operators
