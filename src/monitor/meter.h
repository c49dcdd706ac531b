// Hands what this isolate has counted to the ledger (records/ledger.h): idempotent batches behind responses,
// at most limit::flush_interval or limit::flush_events_max requests late, and at once at the end of queue and
// cron work.
//
// One request at a time gathers: it stays behind its response until the batch is due. Fast lanes end with its
// time, so that what they answer is in a batch too. A batch that gets no answer is sent again as it is, under
// the same number, so that it counts once; what is counted meanwhile waits in the counters, which take no
// more room for it. What the ledger refuses, and samples beyond the bound, are given up and counted as
// undelivered, and so is a batch that has got no answer for limit::flush_batch_kept: the ledger may or may
// not have it. Without the LEDGER binding nothing is sent.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "metrics/ghost_cache.h"
#include "observe/counters.h"
#include "records/fields.h"

namespace larder::monitor {

// The object of a shard, below LEDGER_SHARDS.
std::string ledger_name(const config::Settings& settings, std::uint32_t shard);

class Meter {
 public:
  // All of it outlives the meter. `complete` is called before each batch: gauges are set, and what the host
  // has counted is taken.
  Meter(const config::Settings& settings, observe::Counters& counters, std::function<void()> complete)
      : settings_(settings), counters_(counters), complete_(std::move(complete)) {}

  // Something was asked for that is, or could be, cached: for the ghost cache. `size`: of the answer, 0 where
  // it is not known. `times`: so many accesses at once.
  void accessed(std::string_view pattern, std::string_view storage_name, Bytes size, Instant now,
                std::uint32_t times = 1);

  // Whether nobody gathers: the caller should then co_await gather() behind its response.
  bool needs_gatherer(Instant now) const { return is_on() && now >= gathering_until_; }
  host::Task<void> gather(host::Context here);
  // Enough has come together: whoever gathers goes on at once.
  void hurry(host::Host& host);
  // Now.
  host::Task<void> flush(host::Context here);

  // Of the ghost cache's sample, as the ledger said last.
  std::uint32_t threshold() const { return threshold_; }

 private:
  bool is_on() const { return has_ledger_ && settings_.ledger_shards > 0; }
  records::ledger::flush_arguments make_batch(host::Context here);
  void count_billed(host::Context here);
  // False: it is not over, and is sent again.
  bool settle(const Result<records::ledger::flush_results>& flushed);

  const config::Settings& settings_;
  observe::Counters& counters_;
  std::function<void()> complete_;
  // When this isolate began, and random digits.
  std::string isolate_;
  std::uint32_t shard_ = 0;
  std::uint64_t sequence_ = 0;
  // Sent, and not acknowledged.
  std::optional<records::ledger::flush_arguments> batch_;
  std::uint64_t batch_events_ = 0;
  Instant batch_made_;
  Instant flushing_until_;
  Instant gathering_until_;
  std::optional<host::RequestId> gatherer_;
  bool has_ledger_ = true;
  std::uint32_t threshold_ = metrics::GhostCache::positions;
  std::unordered_map<std::uint64_t, records::GhostSample> samples_;
  std::map<std::string, std::uint64_t, std::less<>> accesses_;
  // Since the last batch was made, of all patterns.
  std::uint64_t accessed_ = 0;
  // By the hash of its name: how often a key was read.
  std::unordered_map<std::uint64_t, std::uint32_t> reads_;
  // How many operations of each kind the host was given when they were last counted, and texts in their
  // lists.
  std::vector<std::uint64_t> operations_counted_;
  std::vector<std::uint64_t> texts_counted_;
};

}  // namespace larder::monitor
