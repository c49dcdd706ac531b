#include "monitor/meter.h"

#include <algorithm>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "host/operations.h"
#include "metrics/costs.h"
#include "records/calls.h"

namespace larder::monitor {

namespace {

namespace limit = config::limit;
using metrics::BilledItem;
using observe::Counter;

enum class BilledBy : std::uint8_t { call, text };
struct BilledRow {
  host::OperationKind operation;
  BilledItem item;
  BilledBy by;
};
constexpr BilledRow billed_rows[] = {
#define LARDER_BILLED(operation, item, by) {host::OperationKind::operation, BilledItem::item, BilledBy::by},
#include "metrics/billed.def"
#undef LARDER_BILLED
};

// The ledger is there, and says that it will not: sending the same again would come to the same.
bool is_refusal(ErrorKind kind) {
  return kind == ErrorKind::invalid || kind == ErrorKind::too_large || kind == ErrorKind::corrupt;
}

}  // namespace

std::string ledger_name(const config::Settings& settings, std::uint32_t shard) {
  return shard == 0 ? settings.cache_prefix
                    : concat({settings.cache_prefix, "/", to_text(std::uint64_t{shard})});
}

void Meter::accessed(std::string_view pattern, std::string_view storage_name, Bytes size, Instant now,
                     std::uint32_t times) {
  if (!is_on()) {
    return;
  }
  accessed_ += times;
  const auto known = accesses_.find(pattern);
  if (known != accesses_.end()) {
    known->second += times;
  } else if (accesses_.size() < limit::ledger_patterns_max) {
    accesses_.emplace(pattern, times);
  }
  const std::uint64_t hash = metrics::ghost_hash(settings_.cache_prefix, storage_name);
  // A batch is due before there are more; what comes beyond that would look colder than it is.
  if (reads_.size() < limit::reads_batch_max || reads_.contains(hash)) {
    reads_[hash] += times;
  } else {
    counters_.add(Counter::ledger_undelivered_total);
  }
  if (!metrics::GhostCache::samples(hash, threshold_)) {
    return;
  }
  const auto found = samples_.find(hash);
  if (found != samples_.end()) {
    found->second.count += times;
    return;
  }
  if (samples_.size() >= limit::ledger_batch_samples_max) {
    counters_.add(Counter::ledger_undelivered_total);
    return;
  }
  records::GhostSample sample;
  sample.pattern = pattern;
  sample.hash = hash;
  sample.at = static_cast<std::uint64_t>(millis_since_epoch(now));
  sample.count = times;
  sample.size = size.count;
  samples_.emplace(hash, std::move(sample));
}

host::Task<void> Meter::gather(host::Context here) {
  // The deadline frees the place where this request ends before its time.
  gathering_until_ = here.host().now() + limit::flush_interval + limit::object_patience;
  gatherer_ = here.request();
  const auto waited = co_await host::park(here, config::millis_of(limit::flush_interval));
  static_cast<void>(waited);
  gatherer_.reset();
  co_await flush(here);
  gathering_until_ = Instant();
  // Nobody gathers from here on: the next hit has to come to the core, which begins again.
  here.host().revoke_lanes();
}

void Meter::hurry(host::Host& host) {
  if (gatherer_ &&
      (accessed_ >= limit::flush_events_max || samples_.size() >= limit::ledger_batch_samples_max / 2 ||
       reads_.size() >= limit::reads_batch_max / 2)) {
    host.wake(*gatherer_);
    gatherer_.reset();
  }
}

host::Task<void> Meter::flush(host::Context here) {
  const Instant now = here.host().now();
  if (!is_on() || now < flushing_until_) {
    co_return;
  }
  if (batch_ && now - batch_made_ >= limit::flush_batch_kept) {
    counters_.add(Counter::ledger_undelivered_total, {}, {}, batch_events_);
    batch_.reset();
  }
  if (!batch_) {
    auto batch = make_batch(here);
    if (batch.counted.empty() && batch.accesses.empty()) {
      co_return;
    }
    batch_ = std::move(batch);
    batch_made_ = now;
  }
  if (LARDER_MUTATED(flushes_renumbered)) {
    batch_->sequence = ++sequence_;
  }
  flushing_until_ = now + limit::object_patience;
  const std::string name = ledger_name(settings_, shard_);
  // A copy: the batch may be given up while the call is under way.
  const records::ledger::flush_arguments batch = *batch_;
  const auto flushed = co_await records::ledger::flush(here, name, batch, limit::object_wait);
  flushing_until_ = Instant();
  if (batch_ && batch_->sequence == batch.sequence && settle(flushed)) {
    batch_.reset();
  }
}

bool Meter::settle(const Result<records::ledger::flush_results>& flushed) {
  if (flushed) {
    threshold_ = flushed->threshold;
    counters_.add(Counter::ledger_flushes_total, "taken");
    return true;
  }
  const ErrorKind kind = flushed.error().kind;
  if (kind == ErrorKind::unsupported) {
    has_ledger_ = false;
    samples_.clear();
    accesses_.clear();
    reads_.clear();
    return true;
  }
  counters_.add(Counter::ledger_flushes_total, is_refusal(kind) ? "refused" : "unanswered");
  if (is_refusal(kind)) {
    counters_.add(Counter::ledger_undelivered_total, {}, {}, batch_events_);
    return true;
  }
  return false;
}

records::ledger::flush_arguments Meter::make_batch(host::Context here) {
  if (isolate_.empty()) {
    const std::string random = here.host().random_bytes(8);
    shard_ = static_cast<unsigned char>(random.front()) % settings_.ledger_shards;
    // In the order in which isolates begin, so that the ledger finds the oldest first.
    RecordWriter began;
    const auto millis = static_cast<std::uint64_t>(millis_since_epoch(here.host().now()));
    for (int shift = 40; shift >= 0; shift -= 8) {
      began.u8(static_cast<std::uint8_t>(millis >> shift));
    }
    isolate_ = concat({to_hex(began.bytes()), "-", to_hex(random)});
  }
  count_billed(here);
  complete_();
  batch_events_ = counters_.events();
  accessed_ = 0;
  records::ledger::flush_arguments batch;
  const metrics::Tally counted = counters_.take_counted();
  batch.isolate = isolate_;
  if (!counted.empty()) {
    batch.counted = counted.encode();
    batch.gauges = counters_.gauges().encode();
  }
  for (auto& [hash, sample] : samples_) {
    batch.samples.push_back(std::move(sample));
  }
  samples_.clear();
  for (const auto& [pattern, count] : accesses_) {
    records::PatternCount one;
    one.pattern = pattern;
    one.count = count;
    batch.accesses.push_back(std::move(one));
  }
  accesses_.clear();
  for (const auto& [hash, count] : reads_) {
    records::KeyRead one;
    one.hash = hash;
    one.count = count;
    batch.reads.push_back(one);
  }
  reads_.clear();
  if (!batch.counted.empty() || !batch.accesses.empty()) {
    batch.sequence = ++sequence_;
    if (batch.counted.empty()) {
      batch.counted = metrics::Tally().encode();
    }
  }
  return batch;
}

void Meter::count_billed(host::Context here) {
  const std::vector<std::uint64_t>& calls = here.requests().submitted();
  const std::vector<std::uint64_t>& texts = here.requests().texts_submitted();
  const auto redis = config::redis_address(settings_);
  const bool is_rest = redis && redis->transport == config::RedisTransport::rest;
  operations_counted_.resize(calls.size());
  texts_counted_.resize(texts.size());
  for (const BilledRow& row : billed_rows) {
    const auto kind = static_cast<std::size_t>(row.operation);
    if (kind >= calls.size() || (row.operation == host::OperationKind::redis_run && is_rest)) {
      continue;
    }
    const std::uint64_t units = row.by == BilledBy::text ? texts[kind] - texts_counted_[kind]
                                                         : calls[kind] - operations_counted_[kind];
    if (units > 0) {
      counters_.add(Counter::billed_operations_total, observe::Label(row.item), {}, units);
    }
  }
  operations_counted_ = calls;
  texts_counted_ = texts;
}

}  // namespace larder::monitor
