#include "records/buckets.h"

#include <algorithm>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"

namespace larder::records {

namespace {

constexpr std::uint64_t thousand = 1000;
constexpr std::uint64_t terms_max = 1'000'000'000;

bool is_reasonable(std::uint64_t number) { return number > 0 && number <= terms_max; }

}  // namespace

Result<buckets::take_results> Buckets::take(const buckets::take_arguments& terms) {
  if (!is_reasonable(terms.rate_per_second) || !is_reasonable(terms.burst) || !is_reasonable(terms.count)) {
    return fail(ErrorKind::invalid, "buckets",
                "A bucket needs rate_per_second, burst and count, all from 1 to 1,000,000,000.");
  }
  if (terms.count > terms.burst) {
    return fail(ErrorKind::invalid, "buckets",
                concat({"A bucket of ", to_text(terms.burst), " never holds ", to_text(terms.count), "."}));
  }
  const std::uint64_t full = terms.burst * thousand;
  const std::uint64_t wanted = terms.count * thousand;
  const auto now = static_cast<std::uint64_t>(millis_since_epoch(now_));
  BucketLevel bucket;
  bucket.thousandths = full;
  bucket.at = now;
  const auto memory = store_.recall();
  const auto known = memory ? decode<BucketLevel>(*memory) : row<BucketLevel>(Key("level"));
  if (known) {
    // In thousandths: what comes in a millisecond is a whole number of them. A clock that was set back takes
    // nothing away.
    const std::uint64_t elapsed = now > known->at ? now - known->at : 0;
    const std::uint64_t missing = full - std::min(full, known->thousandths);
    bucket.thousandths =
        elapsed > missing / terms.rate_per_second ? full : full - missing + elapsed * terms.rate_per_second;
  }
  buckets::take_results results;
  results.allowed = bucket.thousandths >= wanted || LARDER_MUTATED(bucket_gives_what_it_lacks) ? 1 : 0;
  if (results.allowed == 1) {
    bucket.thousandths -= std::min(wanted, bucket.thousandths);
  } else {
    results.retry_after_millis =
        (wanted - bucket.thousandths + terms.rate_per_second - 1) / terms.rate_per_second;
  }
  const std::uint64_t until_full =
      (full - bucket.thousandths + terms.rate_per_second - 1) / terms.rate_per_second;
  bucket.full_at = now + until_full;
  store_.remember(encode(bucket));
  if (until_full > static_cast<std::uint64_t>(buckets::memory_kept.count())) {
    put_row(Key("level"), bucket);
    wake_by(now_ + Millis(static_cast<std::int64_t>(until_full)));
  }
  return results;
}

void Buckets::alarm() {
  const auto kept = row<BucketLevel>(Key("level"));
  const Instant full_at = instant_from_millis(
      kept ? static_cast<std::int64_t>(std::min<std::uint64_t>(kept->full_at, INT64_MAX)) : 0);
  if (now_ < full_at) {
    wake_by(full_at);
    return;
  }
  // What memory has is newer.
  give_back();
}

}  // namespace larder::records
