#include "sim/ledger_judge.h"

#include <utility>

#include "base/text.h"
#include "records/fields.h"

namespace larder::sim {

namespace {

constexpr std::string_view ledger_binding = "LEDGER";

}  // namespace

LedgerJudge::LedgerJudge(World& world, Journal& journal, std::string name)
    : world_(world), journal_(journal), name_(std::move(name)) {
  world_.durable.at(std::string(ledger_binding))
      .called.push_back([this](const std::string& ledger, std::uint32_t method, std::string_view argument,
                               std::string_view reply) {
        if (ledger == name_ && method == records::ledger::flush_number) {
          took(argument, reply);
        }
      });
}

void LedgerJudge::took(std::string_view argument, std::string_view reply) {
  const auto batch = records::decode<records::ledger::flush_arguments>(argument);
  if (!batch || !results_of<records::ledger::flush_results>(reply)) {
    return;
  }
  std::uint64_t& last = taken_[batch->isolate];
  if (batch->sequence > last) {
    last = batch->sequence;
    sum_.add(metrics::Tally::decode(batch->counted).value());
  } else {
    journal_.reach(Probe::flush_again);
  }
  if (read_total().encode() != sum_.encode()) {
    journal_.violate(Invariant::ledger_differs, "",
                     concat({"batch ", to_text(batch->sequence), " of ", batch->isolate,
                             " leaves the ledger with other sums than those of all acknowledged batches"}));
  }
}

void LedgerJudge::differs(std::string_view isolate, std::uint64_t counted, std::uint64_t found) {
  journal_.violate(Invariant::ledger_differs, "",
                   concat({isolate, " has counted ", to_text(counted), ", and the ledger has ",
                           to_text(found), " of it"}));
}

metrics::Tally LedgerJudge::read_total() {
  const records::Key key("totals");
  const MapStore& store = world_.durable.at(std::string(ledger_binding)).store(name_);
  const auto found = store.rows.find(key.str());
  if (found == store.rows.end()) {
    return metrics::Tally();
  }
  const auto totals = records::decode<records::LedgerTotals>(found->second);
  return metrics::Tally::decode(totals.value().counted).value();
}

void LedgerJudge::judge_buckets() {
  MapStore& store = world_.durable.at(std::string(ledger_binding)).store(name_);
  const auto found = store.rows.find(records::Key("totals").str());
  if (found == store.rows.end()) {
    return;
  }
  const records::LedgerTotals totals = records::decode<records::LedgerTotals>(found->second).value();
  metrics::Tally sum;
  const auto add = [&](std::string_view table, std::uint64_t from) {
    records::Key first(table);
    const std::string end = records::Key(table).end();
    for (auto at = store.rows.lower_bound(first.number(from).str()); at != store.rows.lower_bound(end);
         ++at) {
      sum.add(metrics::Tally::decode(at->second).value());
    }
  };
  add("day", 0);
  add("hour", totals.days_rolled * 24);
  add("minute", totals.hours_rolled * 60);
  if (totals.hours_rolled > totals.since / 3'600'000) {
    journal_.reach(Probe::ledger_rolled_up);
  }
  if (sum.encode() != read_total().encode()) {
    journal_.violate(Invariant::ledger_differs, "",
                     "the minutes, hours and days of the ledger do not add up to its total");
  }
}

}  // namespace larder::sim
