// An origin that failed, as it is told to the client.
#pragma once

#include <cstdint>
#include <utility>

#include "base/result.h"
#include "origin/llm.h"

namespace larder::origin {

struct Refusal {
  Error error;
  // What it answered; 0 if it did not.
  std::uint32_t origin_status = 0;
  // Seconds after which it may be asked again (Retry-After); 0 if unknown.
  std::uint64_t retry_after_seconds = 0;
  // It was not asked at all: its circuit breaker is open.
  bool not_asked = false;
  // The request could not be made: a matter of this request or of the deployment, and none of the origin.
  bool unsent = false;
  // The client has asked too often (X1): a matter of this client alone.
  bool limited = false;
  // The day's bound of spending is reached, or cannot be known.
  bool spent = false;
  // The request wants a stored answer and no other (only-if-cached, RFC 9111 §5.2.1.7), and there is none.
  bool not_stored = false;
  // What a model counted, whose answer was none.
  TokenUsage usage;

  explicit Refusal(Error error_) : error(std::move(error_)) {}
};

template <typename T>
using OriginResult = tl::expected<T, Refusal>;

}  // namespace larder::origin
