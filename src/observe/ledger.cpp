#include "observe/ledger.h"

#include <algorithm>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/log_line.h"
#include "host/operations.h"

namespace larder::observe {

namespace {

constexpr std::string_view binding = "LEDGER";
constexpr std::size_t digest_bytes = 16;
constexpr std::size_t batch_name_bytes = 12;

void write_row(JsonWriter& json, const NarrativeRow& row) {
  json.begin_object().key("at").value(millis_since_epoch(row.at)).key("user").value(row.user);
  json.key("outcome").value(to_text(row.outcome));
  json.key("duration_millis").value(std::max<std::int64_t>(row.duration.count(), 0));
  json.key("system").value(row.system).end_object();
}

std::size_t drop_rows_of(std::vector<NarrativeRow>& rows, std::string_view user) {
  const auto gone =
      std::remove_if(rows.begin(), rows.end(), [&](const auto& row) { return row.user == user; });
  const auto count = static_cast<std::size_t>(rows.end() - gone);
  rows.erase(gone, rows.end());
  return count;
}

}  // namespace

std::string_view to_text(NarrativeOutcome outcome) {
  switch (outcome) {
    case NarrativeOutcome::hit:
      return "hit";
    case NarrativeOutcome::stale:
      return "stale";
    case NarrativeOutcome::miss:
      return "miss";
    case NarrativeOutcome::template_:
      return "template";
    case NarrativeOutcome::refused:
      return "refused";
  }
  LARDER_UNREACHABLE();
}

std::string user_digest(host::Host& host, std::string_view cache_prefix, std::string_view user_id) {
  if (user_id.empty()) {
    return "";
  }
  return to_hex(host.sha256(concat({"user\n", cache_prefix, "\n", user_id})).substr(0, digest_bytes));
}

std::string Ledger::batch_text() const {
  JsonWriter json;
  json.begin_object().key("batch").value(batch_name_).key("rows").begin_array();
  for (const NarrativeRow& row : batch_) {
    write_row(json, row);
  }
  return std::move(json.end_array().end_object()).take();
}

// The newest rows stay: an outage of the ledger costs figures, never memory.
void Ledger::keep_room(host::Context here) {
  if (rows_.size() < config::limit::ledger_rows_max) {
    return;
  }
  host::LogLine(here.host(), LogLevel::error, "ledger_rows_dropped").add("count", rows_.size()).write();
  rows_.clear();
}

host::Task<void> Ledger::write(host::Context here, NarrativeRow row) {
  keep_room(here);
  row.system = std::string(utf8_prefix(row.system, config::limit::ledger_text_bytes_max));
  rows_.push_back(std::move(row));
  const Instant now = here.host().now();
  // A gatherer whose request was lost is replaced by the next one.
  constexpr Millis late{5'000};
  if (now < gathering_until_ + late) {
    co_return;
  }
  gathering_until_ = now + config::limit::ledger_gathered;
  const auto waited = co_await host::park(here, config::millis_of(config::limit::ledger_gathered));
  static_cast<void>(waited);
  co_await flush(here);
}

host::Task<void> Ledger::flush(host::Context here) {
  while (!rows_.empty() || !batch_.empty()) {
    const bool written = co_await write_batch(here);
    if (!written) {
      break;
    }
  }
  gathering_until_ = Instant();
}

host::Task<bool> Ledger::write_batch(host::Context here) {
  if (batch_.empty()) {
    const std::size_t count = std::min<std::size_t>(rows_.size(), config::limit::ledger_batch_rows_max);
    batch_.assign(std::make_move_iterator(rows_.begin()),
                  std::make_move_iterator(rows_.begin() + static_cast<std::ptrdiff_t>(count)));
    rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(count));
    batch_name_ = to_hex(here.host().random_bytes(batch_name_bytes));
  }
  const std::string text = batch_text();
  const std::string name = batch_name_;
  const auto added = co_await host::object_call(here, std::string(binding), settings_.cache_prefix, "add",
                                                text, config::millis_of(config::limit::object_wait));
  if (added) {
    // Another request may have sent the same batch meanwhile, and begun the next.
    if (name == batch_name_) {
      batch_.clear();
    }
    co_return true;
  }
  host::LogLine line(here.host(), LogLevel::error, "ledger_not_written");
  line.add("reason", larder::to_text(added.error().kind)).write();
  co_return false;
}

host::Task<Result<std::string>> Ledger::narratives(host::Context here, Instant since) {
  JsonWriter argument;
  argument.begin_object().key("since").value(millis_since_epoch(since)).end_object();
  auto told = co_await host::object_call(here, std::string(binding), settings_.cache_prefix, "narratives",
                                         argument.text(), config::millis_of(config::limit::object_wait));
  if (!told) {
    co_return tl::make_unexpected(told.error());
  }
  co_return std::move(told->result);
}

host::Task<Result<std::uint64_t>> Ledger::forget(host::Context here, std::string user) {
  // The object first: what it does not confirm is not deleted, and may be asked for again.
  JsonWriter argument;
  argument.begin_object().key("user").value(user).end_object();
  const auto told =
      co_await host::object_call(here, std::string(binding), settings_.cache_prefix, "forget",
                                 argument.text(), config::millis_of(config::limit::object_wait));
  if (!told) {
    co_return tl::make_unexpected(told.error());
  }
  constexpr std::string_view before = "{\"count\":";
  const std::string_view result = told->result;
  const auto count = result.starts_with(before) && result.ends_with('}')
                         ? parse_unsigned(result.substr(before.size(), result.size() - before.size() - 1))
                         : std::nullopt;
  if (!count) {
    co_return fail(ErrorKind::corrupt, "ledger", "The ledger's answer makes no sense.");
  }
  // A batch under way keeps its rows under its name; the object leaves out what was forgotten.
  const std::uint64_t waiting = drop_rows_of(rows_, user);
  co_return *count + waiting;
}

}  // namespace larder::observe
