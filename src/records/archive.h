// Runs of the archiver: one at a time, each walked in steps, and a step at a time has it.
//
// Rows: run (by number). A run that is at work stays so until a step says that it has ended; what a step was
// at when its isolate was lost is done again by the next one, from where the last stretch was settled.
#pragma once

#include "records/machine.h"

namespace larder::records {

enum class RunState : std::uint8_t { running, complete, failed };

// What comes after a stretch.
enum class StepOutcome : std::uint8_t {
  goes_on,    // the step keeps the run
  step_over,  // the next message goes on
  run_over,   // everything was seen
  run_failed,
};

class Archive : public Machine {
 public:
  using Machine::Machine;

  Result<archive::begin_results> begin(const archive::begin_arguments& asked);
  Result<archive::take_results> take(const archive::take_arguments& asked);
  Result<archive::settle_results> settle(const archive::settle_arguments& done);
  Result<archive::show_results> show(const archive::show_arguments& asked);

 private:
  std::vector<ArchiveRun> newest(std::size_t count_max);
};

}  // namespace larder::records
