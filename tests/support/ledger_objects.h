// The ledger (shim/objects/ledger.js), natively: the same rules over plain memory.
#pragma once

#include <map>
#include <string>

#include "support/world.h"

namespace larder::sim {

class SimulatedLedger final : public SimulatedObjects {
 public:
  ObjectReply call(Instant now, const std::string& name, const std::string& method,
                   const std::string& argument) override;

  struct Row {
    std::int64_t at = 0;
    std::string user;
    std::string outcome;
    std::int64_t duration_millis = 0;
    std::string system;
  };
  // By batch and place in it.
  std::map<std::pair<std::string, std::size_t>, Row> rows;

 private:
  std::map<std::string, Instant> forgotten_;
};

// Puts one into a world that has none.
SimulatedLedger& add_ledger(World& world);

}  // namespace larder::sim
