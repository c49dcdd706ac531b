// What narratives were asked for.
#pragma once

#include "records/machine.h"

namespace larder::records {

class Narratives : public Machine {
 public:
  using Machine::Machine;

  Result<narratives::add_results> add(const narratives::add_arguments& asked);
  Result<narratives::forget_results> forget(const narratives::forget_arguments& asked);
  Result<narratives::list_results> list(const narratives::list_arguments& asked);
  // Once a day: what is older than narratives::kept goes, some of it at a time.
  void alarm();

 private:
  bool is_forgotten(const NarrativeEntry& entry);
};

}  // namespace larder::records
