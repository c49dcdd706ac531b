// What calls of models come to, by day.
#pragma once

#include "records/machine.h"

namespace larder::records {

class Spending : public Machine {
 public:
  using Machine::Machine;

  Result<spending::take_results> take(const spending::take_arguments& asked);
  Result<spending::record_results> record(const spending::record_arguments& spent);
  Result<spending::total_results> total(const spending::total_arguments& asked);

 private:
  void add(std::uint32_t day, const SpentDay& more);
  // Counts the call for its client. False: it has had all that it may have that day.
  bool take_of_client(const spending::take_arguments& asked);
};

}  // namespace larder::records
