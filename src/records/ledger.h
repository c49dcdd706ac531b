// The metrics' ledger: what isolates have counted, exactly once each, and what follows from it.
//
// Rows: totals (one, with what has been rolled up), minute, hour and day (tallies of what arrived in them),
// isolate (the last batch of each) and isolates-seen (where forgetting them goes on), ghost and pending
// (metrics/ghost_cache.h, and what waits to be put into it), reads (metrics/read_sketch.h), reads-waiting and
// reads-since, alerts (states), announced (the last number of each topic), message and undelivered. A batch
// is counted in the minute in which it arrives, so that what is rolled up never changes: the sum of all days,
// hours and minutes that are no part of one another is the total.
#pragma once

#include "metrics/alerts.h"
#include "metrics/ghost_cache.h"
#include "metrics/notices.h"
#include "metrics/read_sketch.h"
#include "metrics/tally.h"
#include "records/machine.h"

namespace larder::records {

enum class BucketWidth : std::uint8_t { minute, hour, day };

// What became of a message about alerts.
enum class Delivery : std::uint8_t { delivered, retry, refused };

class Ledger : public Machine {
 public:
  using Machine::Machine;

  // Refuses, as invalid, a batch without an isolate or number, and one beyond the bounds.
  Result<ledger::flush_results> flush(const ledger::flush_arguments& batch);
  Result<ledger::totals_results> totals(const ledger::totals_arguments& asked);
  Result<ledger::windows_results> windows(const ledger::windows_arguments& asked);
  // Buckets of one width that have anything in them, oldest first; `next` is where a further call goes on, 0:
  // there are no more. An hour or day that is not rolled up yet is added up from what is finer.
  Result<ledger::history_results> history(const ledger::history_arguments& asked);
  Result<ledger::ghost_results> ghost(const ledger::ghost_arguments& asked);
  Result<ledger::evaluate_results> evaluate(const ledger::evaluate_arguments& asked);
  Result<ledger::take_messages_results> take_messages(const ledger::take_messages_arguments& asked);
  Result<ledger::settle_message_results> settle_message(const ledger::settle_message_arguments& asked);
  Result<ledger::alerts_results> alerts(const ledger::alerts_arguments& asked);
  // Refuses, as invalid, more than limit::experiments_max at once, and those without a topic or a number.
  Result<ledger::announce_results> announce(const ledger::announce_arguments& asked);
  // Refuses, as not_found, an alert that is not there; as invalid, too long a silence.
  Result<ledger::silence_results> silence(const ledger::silence_arguments& asked);
  // Refuses, as invalid, more keys than a page of the archiver has.
  Result<ledger::reads_results> reads(const ledger::reads_arguments& asked);
  // Rolls up what is over, and forgets what is old.
  void alarm();

 private:
  LedgerTotals read_totals();
  metrics::Tally bucket(BucketWidth width, std::uint64_t number);
  // What arrived in minutes from `from` on, below `until`; whole hours and days are read as such.
  metrics::Tally counted_in(std::uint64_t from, std::uint64_t until, const LedgerTotals& sums);
  // The same of a whole bucket.
  metrics::Tally counted_in_bucket(BucketWidth width, std::uint64_t number, const LedgerTotals& sums);
  metrics::Tally counted_in_hours(std::uint64_t from, std::uint64_t until, const LedgerTotals& sums);
  metrics::Tally sum_of(BucketWidth width, std::uint64_t from, std::uint64_t until);
  metrics::Tally read_gauges();
  metrics::GhostCache read_ghost();
  void gather_ghost(const ledger::flush_arguments& batch);
  metrics::ReadSketch read_sketch();
  static void add_waiting_reads(metrics::ReadSketch& sketch, const std::vector<Row>& waiting);
  void gather_reads(const ledger::flush_arguments& batch);
  metrics::AlertStates read_alerts();
  void put_message(std::string_view transport, const std::vector<metrics::Notice>& notices);
  // Puts a message where those that were given up are shown.
  void give_up(const AlertMessage& message);
  bool roll_up(LedgerTotals& sums);
  bool prune(const LedgerTotals& sums);
  // False: there are more to look at.
  bool forget_isolates();
};

}  // namespace larder::records
