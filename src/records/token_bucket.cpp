#include "records/token_bucket.h"

#include <algorithm>

#include "config/limits.h"
#include "host/pause.h"
#include "records/calls.h"

namespace larder::records {

namespace {

// No bucket answers with a longer wait that is meant.
constexpr std::uint64_t retry_after_millis_max = 86'400'000;

}  // namespace

host::Task<Result<BucketVerdict>> take_from_bucket(host::Context here, std::string name, BucketTerms terms,
                                                   Millis wait) {
  buckets::take_arguments asked;
  asked.rate_per_second = terms.rate_per_second;
  asked.burst = terms.burst;
  asked.count = terms.count;
  const auto taken = co_await buckets::take(here, name, asked, wait);
  if (!taken) {
    co_return tl::make_unexpected(taken.error());
  }
  BucketVerdict verdict;
  verdict.allowed = taken->allowed == 1;
  verdict.retry_after =
      Millis(static_cast<std::int64_t>(std::min(taken->retry_after_millis, retry_after_millis_max)));
  co_return verdict;
}

host::Task<Result<BucketVerdict>> wait_for_bucket(host::Context here, std::string name, BucketTerms terms,
                                                  Millis patience) {
  const Instant end = here.host().now() + patience;
  BucketVerdict failures;
  for (;;) {
    const auto taken = co_await take_from_bucket(here, name, terms, config::limit::object_patience);
    if (!taken &&
        (taken.error().kind == ErrorKind::unsupported || taken.error().kind == ErrorKind::invalid)) {
      co_return tl::make_unexpected(taken.error());
    }
    BucketVerdict verdict = taken ? *taken : BucketVerdict();
    if (!taken) {
      ++failures.failures;
      failures.failed_with = taken.error().kind;
      verdict.retry_after = config::limit::turn_pause;
    }
    verdict.failures = failures.failures;
    verdict.failed_with = failures.failed_with;
    if (verdict.allowed) {
      co_return verdict;
    }
    const Millis least = std::max(verdict.retry_after, Millis(1));
    verdict.retry_after =
        least + Millis(host::random_of(here.host()) % static_cast<std::uint32_t>(least.count() + 1));
    if (here.host().now() + verdict.retry_after > end) {
      co_return verdict;
    }
    co_await host::pause_for(here, verdict.retry_after);
  }
}

}  // namespace larder::records
