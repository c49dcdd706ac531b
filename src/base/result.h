// Errors are values. Every operation that can fail returns Result<T>; a miss is a value, not an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace larder {

// What went wrong, as far as the caller's next step depends on it.
enum class ErrorKind : std::uint8_t {
  invalid,      // the input breaks a rule; the message names it
  not_found,    // an authoritative "there is none" where one was required
  timeout,      // no answer within the bound
  unavailable,  // the other side could not be reached or broke off
  rejected,     // the other side answered that it will not (4xx, quota, rate limit)
  too_large,    // a bound on size was passed
  corrupt,      // bytes that do not decode
  unsupported,  // this implementation does not offer the operation
  internal,     // indicative of a bug on our side
};

std::string_view to_text(ErrorKind kind);

// Whether the same call may succeed when it is made again.
enum class Retry : std::uint8_t { never, later };

// `source` is a string literal that names the room or peer ("kv", "openlibrary"). `message` is for people: it
// says what to do and never carries a secret. `retryable`: the same call may succeed later.
struct Error {
  ErrorKind kind;
  std::string_view source;
  bool retryable;
  std::string message;

  Error(ErrorKind kind_, std::string_view source_, Retry retry, std::string message_)
      : kind(kind_), source(source_), retryable(retry == Retry::later), message(std::move(message_)) {}
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

using Failure = tl::unexpected<Error>;

// `return fail(ErrorKind::invalid, "config", "…");`
[[nodiscard]] Failure fail(ErrorKind kind, std::string_view source, std::string message);
// The same with `retryable` set: the call may succeed when it is made again.
[[nodiscard]] Failure fail_for_now(ErrorKind kind, std::string_view source, std::string message);

}  // namespace larder
