// What handlers read from a call: its JSON body, its parameters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/faults.h"
#include "base/result.h"
#include "base/units.h"
#include "host/outgoing.h"
#include "host/requests.h"
#include "host/task.h"
#include "operators/call.h"

namespace larder::operators {

// A value, or the problem to answer with.
template <typename T>
class [[nodiscard]] Asked : public tl::expected<T, http::Problem> {
 public:
  using tl::expected<T, http::Problem>::expected;
};

// The request's body as text, which is not parsed yet. Problems: 415 where it is no application/json, 413
// where it has more than `bytes_max` bytes, 400 where it broke off, 503 where it cannot be read.
host::Task<Asked<std::string>> read_json_text(host::Context here, Bytes bytes_max);

// What is wrong with a body or a parameter, each fault with its place (400).
http::Problem invalid_request(const Faults& faults);
http::Problem invalid_request(std::string detail);

// A whole number from a query parameter; `otherwise` where it is not given.
Asked<std::uint64_t> number_parameter(const Call& call, std::string_view name, std::uint64_t least,
                                      std::uint64_t most, std::uint64_t otherwise);
// A time (RFC 3339, or milliseconds since the epoch); `otherwise` where it is not given.
Asked<Instant> time_parameter(const Call& call, std::string_view name, Instant otherwise);

// 503: a change did not get into the control log.
host::Outgoing control_log_unavailable(host::Context here, const Error& error);

}  // namespace larder::operators
