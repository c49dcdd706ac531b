#include "records/lock.h"

#include <algorithm>

#include "base/mutation.h"

namespace larder::records {

namespace {

constexpr std::uint8_t number_of(LockOutcome outcome) { return static_cast<std::uint8_t>(outcome); }

// Longer than anybody means, and far from an overflow.
constexpr std::uint64_t millis_max = 86'400'000;

}  // namespace

LockState Lock::state() {
  const auto memory = store_.recall();
  return (memory ? decode<LockState>(*memory) : std::nullopt).value_or(LockState());
}

Result<lock::acquire_results> Lock::acquire(const lock::acquire_arguments& asked) {
  if (asked.token.empty()) {
    return fail(ErrorKind::invalid, "lock", "Who asks for a lock has a token.");
  }
  LockState holder = state();
  lock::acquire_results results;
  results.told = number_of(LockOutcome::nothing);
  if (now() < holder.kept_until) {
    results.outcome = number_of(LockOutcome::value);
    return results;
  }
  const bool is_free = now() >= holder.until;
  if (is_free || asked.token == holder.token) {
    if (is_free) {
      results.told = number_of(LockOutcome::retry);
    }
    holder.token = asked.token;
    holder.until = now() + std::min(asked.keep_millis, millis_max);
    holder.kept_until = 0;
    store_.remember(encode(holder));
    results.outcome = number_of(LockOutcome::granted);
    return results;
  }
  if (asked.wait_millis == 0) {
    results.outcome = number_of(LockOutcome::retry);
    return results;
  }
  results.outcome = number_of(LockOutcome::wait);
  results.wait_millis = std::min(asked.wait_millis, holder.until - now());
  return results;
}

Result<lock::release_results> Lock::release(const lock::release_arguments& asked) {
  const bool is_verdict = asked.verdict == number_of(LockOutcome::retry) ||
                          asked.verdict == number_of(LockOutcome::value) ||
                          asked.verdict == number_of(LockOutcome::alone);
  if (!is_verdict) {
    return fail(ErrorKind::invalid, "lock", "A lock is released with a verdict.");
  }
  LockState holder = state();
  lock::release_results results;
  results.told = number_of(LockOutcome::nothing);
  const bool is_holder = asked.token == holder.token || LARDER_MUTATED(lock_ignores_token);
  if (!is_holder || now() >= holder.until) {
    return results;
  }
  holder.until = 0;
  holder.token.clear();
  if (asked.verdict == number_of(LockOutcome::value)) {
    holder.kept_until = now() + std::min(asked.value_millis, millis_max);
  }
  store_.remember(encode(holder));
  results.held = 1;
  results.told = asked.verdict;
  return results;
}

}  // namespace larder::records
