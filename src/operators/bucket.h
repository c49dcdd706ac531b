// Token buckets, counted for the whole deployment: one Durable Object each (shim/objects/buckets.js, binding BUCKETS).
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "host/requests.h"
#include "host/task.h"

namespace larder::operators {

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
  Millis retry_after{};

  BucketVerdict() {}
};

// Takes `terms.count` out of the bucket of that name, if it has as much; else nothing. Errors: unavailable, timeout,
// unsupported (no such binding), corrupt.
host::Task<Result<BucketVerdict>> take_from_bucket(host::Context here, std::string name, BucketTerms terms);

}  // namespace larder::operators
