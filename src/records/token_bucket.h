// The client of token buckets (Buckets of objects.def): counted for the whole deployment, one Durable Object
// each.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "host/requests.h"
#include "host/task.h"

namespace larder::records {

struct BucketTerms {
  std::uint64_t rate_per_second;
  std::uint64_t burst;
  std::uint64_t count;

  BucketTerms(std::uint64_t rate, std::uint64_t burst_, std::uint64_t count_)
      : rate_per_second(rate), burst(burst_), count(count_) {}
};

struct BucketVerdict {
  bool allowed = false;
  // Until that much is there again; 0 where it was allowed.
  Millis retry_after{0};
  // Calls that the bucket did not answer, and the kind of the last one.
  std::uint32_t failures = 0;
  ErrorKind failed_with = ErrorKind::unavailable;

  BucketVerdict() {}
};

// Takes `terms.count` out of the bucket of that name, if it has as much; else nothing. Errors: as
// records/calls.h.
host::Task<Result<BucketVerdict>> take_from_bucket(host::Context here, std::string name, BucketTerms terms,
                                                   Millis wait);

// The same, and waits for what is missing, together no longer than `patience`: those who wait come at times
// of their own, so that not all of them come for one token. Where the tokens do not come so soon the verdict
// is at once that it is not allowed, and when to come again. A bucket that does not answer is asked again.
// Errors: unsupported, where there are no buckets; invalid.
host::Task<Result<BucketVerdict>> wait_for_bucket(host::Context here, std::string name, BucketTerms terms,
                                                  Millis patience);

}  // namespace larder::records
