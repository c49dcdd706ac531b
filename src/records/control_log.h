// The control log's object, and its document as isolates read it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/wire.h"
#include "config/control_log.h"
#include "records/machine.h"

namespace larder::records {

class ControlLog : public Machine {
 public:
  using Machine::Machine;

  Result<control::read_results> read(const control::read_arguments& asked);
  Result<control::append_results> append(const control::append_arguments& changes);

 private:
  std::uint64_t sequence();
  ControlSettings settings();
  ControlPurges purges();
  void set(const ControlSetting& change);
};

// What the object replied to read or append. Errors: what it refuses; corrupt.
Result<config::ControlLog> read_control_log(std::string_view reply);

// Changes as control_append takes them: the record of append's arguments.
std::string control_changes(const std::vector<config::Purge>& purges);
// A value of "" takes the setting back to what was deployed.
std::string control_changes(const TextPairs& settings);

}  // namespace larder::records
