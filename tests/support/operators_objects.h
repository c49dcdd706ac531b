// The audit log (shim/objects/audit.js), natively.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/world.h"

namespace larder::sim {

class SimulatedAudit final : public SimulatedObjects {
 public:
  ObjectReply call(Instant now, const std::string& name, const std::string& method,
                   const std::string& argument) override;

  struct Row {
    std::string kind;
    std::int64_t at = 0;
    std::string subject;
    std::string role;
    std::string address;
    std::string method;
    std::string path;
    std::string note;
    std::uint64_t status = 0;
    std::string request_id;
    std::uint64_t count = 0;
  };
  // In the order in which they came.
  std::vector<Row> rows;

 private:
  void add(Row row);
};

// Puts one into a world that has none.
void add_operators_objects(World& world);
SimulatedAudit& audit_of(World& world);

}  // namespace larder::sim
