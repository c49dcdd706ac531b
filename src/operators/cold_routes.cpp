// /api/cold: runs of the archiver, what they have moved, and what that saves.
#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "cold/archive_plan.h"
#include "config/limits.h"
#include "host/operations.h"
#include "http/date.h"
#include "json/json_text.h"
#include "metrics/costs.h"
#include "monitor/meter.h"
#include "monitor/reading.h"
#include "operators/cold_report.h"
#include "operators/handlers.h"
#include "operators/request.h"

namespace larder::operators {

namespace {

namespace limit = config::limit;

std::string_view state_of(const records::ArchiveRun& run) {
  switch (static_cast<records::RunState>(run.state)) {
    case records::RunState::running:
      return "running";
    case records::RunState::complete:
      return "complete";
    case records::RunState::failed:
      return "failed";
  }
  return "unknown";
}

// A JSON number.
void write_dollars(JsonWriter& json, std::string_view name, std::uint64_t nanodollars) {
  const std::uint64_t microdollars = (nanodollars + 500) / 1000;
  json.key(name).value(static_cast<double>(microdollars) / 1e6);
}

std::string time_of(std::uint64_t millis) {
  return http::format_timestamp(instant_from_millis(static_cast<std::int64_t>(millis)));
}

void write_time(JsonWriter& json, std::string_view name, std::uint64_t millis) {
  json.key(name);
  if (millis == 0) {
    json.null();
  } else {
    json.value(time_of(millis));
  }
}

void write_run(JsonWriter& json, const records::ArchiveRun& run) {
  const records::ArchiveSums& sums = run.sums;
  json.begin_object().key("run").value(run.number).key("state").value(state_of(run));
  json.key("dryRun").value(run.dry_run == 1);
  write_time(json, "beganAt", run.began);
  write_time(json, "endedAt", run.ended);
  json.key("steps").value(run.steps).key("fault").value(run.fault);
  json.key("seen").value(sums.hot_entries + sums.cold_entries);
  json.key("planned");
  write_plan(json, sums);
  json.key("moved").value(sums.moved).key("movedBytes").value(sums.moved_bytes);
  json.key("skipped").value(sums.skipped).key("failed").value(sums.failed);
  json.key("readCounts").begin_object().key("byAnalytics").value(sums.counted_by_analytics);
  json.key("byLedger").value(sums.counted_by_ledger);
  json.key("analyticsFault").value(run.analytics_fault).end_object();
  json.key("orphanObjects").value(sums.orphans).key("repairedStubs").value(sums.dangling);
  json.key("operations").value(sums.operations).key("workMillis").value(sums.work_millis);
  json.end_object();
}

// Who counts reads of keys for the plan: as it is configured, and as the last run that looked at any found
// it.
void write_read_counts(JsonWriter& json, const config::Settings& settings,
                       const std::vector<records::ArchiveRun>& runs) {
  const bool is_wanted = config::counts_reads_by_analytics(settings);
  const auto has_asked = [](const records::ArchiveRun& run) {
    return run.sums.counted_by_analytics + run.sums.counted_by_ledger > 0;
  };
  const auto last = std::find_if(runs.begin(), runs.end(), has_asked);
  const bool is_replaced = is_wanted && last != runs.end() && !last->analytics_fault.empty();
  json.begin_object().key("source").value(is_wanted ? "analytics" : "ledger");
  json.key("inUse").value(is_wanted && !is_replaced ? "analytics" : "ledger");
  json.key("why").value(is_replaced ? std::string_view(last->analytics_fault) : std::string_view());
  json.end_object();
}

void write_tiers(JsonWriter& json, const records::ArchiveRun& run) {
  const Holdings held(run.sums);
  json.begin_object().key("asOf").value(time_of(run.touched));
  json.key("kv").begin_object().key("entries").value(held.hot_entries);
  json.key("bytes").value(held.hot_bytes).end_object();
  json.key("cold").begin_object().key("entries").value(held.cold_entries);
  json.key("bytes").value(held.cold_bytes).end_object().end_object();
}

host::Outgoing cold_failure(host::Context here, const Error& error) {
  if (error.kind == ErrorKind::unsupported) {
    return host::problem_answer(here.host(), http::Problem(409, error.message));
  }
  host::Outgoing outgoing = host::problem_answer(
      here.host(), http::Problem(503, "The archiver's state cannot be reached at the moment; try again."));
  outgoing.answer.headers.emplace_back("retry-after", "5");
  return outgoing;
}

// {"dryRun": true}; no body at all is a run that moves.
Asked<cold::RunKind> run_kind(std::string_view text) {
  if (trim(text).empty()) {
    return cold::RunKind::moves;
  }
  const auto json = json::JsonText::parse(text);
  if (!json || !json->is_object()) {
    return tl::make_unexpected(invalid_request("Send a JSON object: {\"dryRun\": true} only plans."));
  }
  if (const Faults faults = json->faults_of_members("", {"dryRun"}, {"dryRun"}); !faults.empty()) {
    return tl::make_unexpected(invalid_request(faults));
  }
  return json->flag("dryRun") ? cold::RunKind::plans : cold::RunKind::moves;
}

}  // namespace

ColdReport::ColdReport(const std::vector<records::ArchiveRun>& runs) : complete(monitor::complete_run(runs)) {
  for (const records::ArchiveRun& run : runs) {
    const bool is_over = run.state == static_cast<std::uint8_t>(records::RunState::complete);
    planned = planned == nullptr && is_over && run.dry_run == 1 ? &run : planned;
  }
}

void write_saving(JsonWriter& json, const records::ArchiveRun& complete) {
  const cold::ArchivePrices prices = cold::archive_prices();
  const Holdings held(complete.sums);
  const std::uint64_t before = cold::month_of(held.hot_bytes + held.cold_bytes, 0, prices);
  const std::uint64_t after = cold::month_of(held.hot_bytes, held.cold_bytes, prices);
  const std::uint64_t saved = before - std::min(before, after);
  json.begin_object();
  write_dollars(json, "monthlyStorageBefore", before);
  write_dollars(json, "monthlyStorageAfter", after);
  json.key("savedPercent").value(before == 0 ? std::uint64_t{0} : saved * 100 / before);
  json.key("moveNanodollars").value(prices.move).key("comebackNanodollars").value(prices.comeback);
  json.end_object();
}

void write_returns(JsonWriter& json, const metrics::Tally& counted) {
  const std::uint64_t returns = counted.sum("cold_rehydrations_total", 0, "stored");
  json.begin_object().key("entries").value(returns);
  write_dollars(json, "costDollars", returns * cold::archive_prices().comeback);
  json.end_object();
}

void write_plan(JsonWriter& json, const records::ArchiveSums& sums) {
  json.begin_object().key("entries").value(sums.planned).key("bytes").value(sums.planned_bytes);
  write_dollars(json, "savingDollars", sums.planned_saving);
  write_dollars(json, "costDollars", sums.planned_cost);
  json.end_object();
}

host::Task<host::Outgoing> show_cold_storage(host::Context here, const OperatorContext& context, Call&) {
  const auto runs = co_await context.archiver.runs(here, static_cast<std::uint32_t>(limit::cold_runs_kept));
  if (!runs) {
    co_return cold_failure(here, runs.error());
  }
  const ColdReport report(*runs);
  std::optional<metrics::Tally> counted;
  if (context.settings.ledger_shards > 0) {
    co_await context.meter.flush(here);
    auto totals = co_await monitor::read_totals(here, context.settings);
    if (totals) {
      counted.emplace(std::move(totals->counted));
    }
  }
  JsonWriter json;
  json.begin_object();
  const std::string_view objection = context.archiver.objection();
  json.key("archives").value(objection.empty()).key("why").value(objection);
  json.key("readCounts");
  write_read_counts(json, context.settings, *runs);
  json.key("tiers");
  if (report.complete == nullptr) {
    json.null();
  } else {
    write_tiers(json, *report.complete);
  }
  json.key("costs");
  if (report.complete == nullptr) {
    json.null();
  } else {
    write_saving(json, *report.complete);
  }
  json.key("returns");
  if (counted) {
    write_returns(json, *counted);
  } else {
    json.null();
  }
  // What a run would move now, as the last one that only planned has seen it.
  json.key("nextRun");
  if (report.planned == nullptr) {
    json.null();
  } else {
    write_run(json, *report.planned);
  }
  json.key("runs").begin_array();
  for (const records::ArchiveRun& run : *runs) {
    write_run(json, run);
  }
  json.end_array().end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<host::Outgoing> start_archiving(host::Context here, const OperatorContext& context, Call& call) {
  const auto body = co_await host::request_body(here, limit::operator_body_bytes_max,
                                                config::millis_of(limit::request_body_wait));
  if (!body) {
    const http::Problem problem = unreadable_body(body.error(), Bytes(limit::operator_body_bytes_max));
    co_return host::problem_answer(here.host(), problem);
  }
  const auto kind = run_kind(here.host().read_body(body->content.handle(), body->content.size(), 0));
  if (!kind) {
    co_return host::problem_answer(here.host(), kind.error());
  }
  const auto begun = co_await context.archiver.begin(here, *kind);
  if (!begun) {
    co_return cold_failure(here, begun.error());
  }
  call.note = concat({*kind == cold::RunKind::plans ? "plan " : "run ", to_text(begun->run.number)});
  JsonWriter json;
  json.begin_object().key("began").value(!begun->was_at_work).key("run");
  write_run(json, begun->run);
  json.end_object();
  co_return host::json_answer(here.host(), begun->was_at_work ? 409 : 202, json.text());
}

}  // namespace larder::operators
