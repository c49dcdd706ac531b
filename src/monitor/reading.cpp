#include "monitor/reading.h"

#include <algorithm>
#include <functional>
#include <map>

#include "config/limits.h"
#include "monitor/meter.h"
#include "observe/counters.h"
#include "records/calls.h"

namespace larder::monitor {

namespace {

namespace limit = config::limit;
using metrics::Tally;

Instant instant_of(std::uint64_t millis) { return instant_from_millis(static_cast<std::int64_t>(millis)); }

void add_encoded(Tally& sum, const std::string& bytes) {
  const auto tally = Tally::decode(bytes);
  if (tally) {
    sum.add(*tally);
  }
}

// Of a shard that has counted nothing yet, "since" is now.
void since_first(Instant& since, Instant shard, std::uint32_t index) {
  since = index == 0 ? shard : std::min(since, shard);
}

}  // namespace

host::Task<Result<Totals>> read_totals(host::Context here, const config::Settings& settings) {
  Totals totals;
  for (std::uint32_t shard = 0; shard < settings.ledger_shards; ++shard) {
    const std::string name = ledger_name(settings, shard);
    const records::ledger::totals_arguments asked;
    auto read = co_await records::ledger::totals(here, name, asked, limit::object_wait);
    if (!read) {
      co_return tl::make_unexpected(std::move(read.error()));
    }
    since_first(totals.since, instant_of(read->since), shard);
    add_encoded(totals.counted, read->counted);
    add_encoded(totals.gauges, read->gauges);
  }
  co_return totals;
}

host::Task<Result<metrics::Observed>> read_windows(host::Context here, const config::Settings& settings,
                                                   std::vector<std::uint32_t> minutes) {
  metrics::Observed observed;
  observed.now = here.host().now();
  observed.latency_bounds = observe::row_of(observe::Histogram::answer_duration_seconds).bounds;
  records::ledger::windows_arguments asked;
  for (const std::uint32_t one : minutes) {
    records::LedgerWindow window;
    window.minutes = one;
    asked.windows.push_back(std::move(window));
    observed.windows[one];
  }
  for (std::uint32_t shard = 0; shard < settings.ledger_shards; ++shard) {
    const std::string name = ledger_name(settings, shard);
    auto read = co_await records::ledger::windows(here, name, asked, limit::object_wait);
    if (!read) {
      co_return tl::make_unexpected(std::move(read.error()));
    }
    since_first(observed.since, instant_of(read->since), shard);
    for (const records::LedgerWindow& window : read->windows) {
      add_encoded(observed.windows[window.minutes], window.counted);
    }
  }
  co_return observed;
}

// Not in the unnamed namespace: the older clang makes tail calls of coroutines that it can see through.
namespace bucket_reading {

using Visitor = std::function<void(std::uint64_t at, const Tally& counted)>;

// Shard after shard, so a bucket is told of once for each.
host::Task<Result<void>> read_buckets(host::Context here, const config::Settings& settings,
                                      HistoryQuestion question, Visitor visit) {
  std::uint32_t calls = 0;
  records::ledger::history_arguments asked;
  asked.width = static_cast<std::uint8_t>(question.width);
  asked.until = config::millis_of(question.until - Instant());
  asked.count_max = limit::ledger_page_buckets_max;
  for (std::uint32_t shard = 0; shard < settings.ledger_shards; ++shard) {
    const std::string name = ledger_name(settings, shard);
    asked.from = config::millis_of(question.from - Instant());
    for (bool has_more = true; has_more;) {
      if (++calls > question.calls_max) {
        co_return fail(ErrorKind::too_large, "ledger",
                       "The history of so long a span is too large for one request.");
      }
      auto read = co_await records::ledger::history(here, name, asked, limit::object_wait);
      if (!read) {
        co_return tl::make_unexpected(std::move(read.error()));
      }
      for (const records::LedgerBucket& bucket : read->buckets) {
        const auto counted = Tally::decode(bucket.counted);
        if (counted) {
          visit(bucket.at, *counted);
        }
      }
      has_more = read->next > asked.from;
      asked.from = read->next;
    }
  }
  co_return Result<void>();
}

}  // namespace bucket_reading

host::Task<Result<std::vector<metrics::HistoryBucket>>> read_history(host::Context here,
                                                                     const config::Settings& settings,
                                                                     HistoryQuestion question) {
  const std::size_t latency_buckets =
      observe::row_of(observe::Histogram::answer_duration_seconds).bounds.size() + 1;
  std::map<std::uint64_t, metrics::HistoryBucket> sums;
  bucket_reading::Visitor visit = [&sums, latency_buckets](std::uint64_t at, const Tally& counted) {
    metrics::HistoryBucket& sum = sums[at];
    sum.at = instant_of(at);
    sum.add(counted, latency_buckets);
  };
  auto read = co_await bucket_reading::read_buckets(here, settings, question, std::move(visit));
  if (!read) {
    co_return tl::make_unexpected(std::move(read.error()));
  }
  std::vector<metrics::HistoryBucket> buckets;
  for (auto& [at, sum] : sums) {
    buckets.push_back(std::move(sum));
  }
  co_return buckets;
}

host::Task<Result<std::map<std::uint64_t, metrics::Usage>>> read_usage(host::Context here,
                                                                       const config::Settings& settings,
                                                                       HistoryQuestion question) {
  std::map<std::uint64_t, metrics::Usage> sums;
  bucket_reading::Visitor visit = [&sums](std::uint64_t at, const Tally& counted) {
    const metrics::Usage usage = metrics::usage_of(counted);
    metrics::Usage& sum = sums[at];
    for (std::size_t i = 0; i < usage.size(); ++i) {
      sum[i] += usage[i];
    }
  };
  auto read = co_await bucket_reading::read_buckets(here, settings, question, std::move(visit));
  if (!read) {
    co_return tl::make_unexpected(std::move(read.error()));
  }
  co_return sums;
}

host::Task<Result<Ghosts>> read_ghosts(host::Context here, const config::Settings& settings) {
  Ghosts ghosts;
  std::map<std::string, metrics::GhostEstimate> by_pattern;
  for (std::uint32_t shard = 0; shard < settings.ledger_shards; ++shard) {
    const std::string name = ledger_name(settings, shard);
    const records::ledger::ghost_arguments asked;
    auto read = co_await records::ledger::ghost(here, name, asked, limit::object_wait);
    if (!read) {
      co_return tl::make_unexpected(std::move(read.error()));
    }
    since_first(ghosts.since, instant_of(read->since), shard);
    ghosts.hours = std::max(ghosts.hours, read->hours);
    const auto cache = metrics::GhostCache::decode(read->state);
    if (!cache) {
      continue;
    }
    for (metrics::GhostEstimate& estimate : cache->estimates(here.host().now())) {
      const auto [found, is_new] = by_pattern.try_emplace(estimate.pattern, estimate);
      if (!is_new) {
        metrics::add(found->second, estimate);
      }
    }
  }
  for (auto& [pattern, estimate] : by_pattern) {
    ghosts.estimates.push_back(std::move(estimate));
  }
  co_return ghosts;
}

}  // namespace larder::monitor
