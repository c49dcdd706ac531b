// Who holds a lock. All state is in memory: when the object is put aside or reset its waiters' calls fail,
// and they go on without the lock.
#pragma once

#include "records/machine.h"

namespace larder::records {

// What somebody who asks is told. `retry`, `value` and `alone` are also a holder's verdicts. host/ops.def and
// shim/objects/lock.js number them so too.
enum class LockOutcome : std::uint8_t {
  retry = 0,    // the holder ended without an answer, or the wait is over
  granted = 1,  // until the release, or for the time asked for
  value = 2,    // the holder's answer is handed over
  alone = 3,    // the holder's answer is nobody else's business
  wait = 4,     // for the time given; then retry
  nothing = 5,  // those who wait are told nothing
};

class Lock : public Machine {
 public:
  using Machine::Machine;

  // The holder's own token renews its time. How long the holder may take at most is `keep_millis`: a dead one
  // blocks nobody for longer.
  Result<lock::acquire_results> acquire(const lock::acquire_arguments& asked);
  // Only the holder's token releases, and only within its time: who comes later may speak of an answer that
  // is older than what others have begun meanwhile. A value is for those who wait, and for those who come
  // within `value_millis`.
  Result<lock::release_results> release(const lock::release_arguments& asked);

 private:
  LockState state();
  std::uint64_t now() const { return static_cast<std::uint64_t>(millis_since_epoch(now_)); }
};

}  // namespace larder::records
