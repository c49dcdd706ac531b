// One token bucket.
#pragma once

#include "records/machine.h"

namespace larder::records {

// A bucket that is full again is the same as one that was never used. So those that fill quickly live in
// memory alone: an object that nobody asks is put aside after several seconds, when they are full. Slower
// ones are also kept in storage, which an alarm gives back once they are full.
class Buckets : public Machine {
 public:
  using Machine::Machine;

  // Refuses, as invalid, terms of 0 or beyond reason, and a count that the bucket never holds.
  Result<buckets::take_results> take(const buckets::take_arguments& terms);
  void alarm();
};

}  // namespace larder::records
