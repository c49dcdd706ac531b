// The Durable Object class that counts calls of models (shim/objects/spending.js), natively.
#pragma once

#include <map>
#include <string>

#include "support/world.h"

namespace larder::sim {

class SpendingObjects : public SimulatedObjects {
 public:
  struct Day {
    std::uint64_t calls = 0;
    std::uint64_t prompt_tokens = 0;
    std::uint64_t output_tokens = 0;
    std::uint64_t microdollars = 0;
  };

  ObjectReply call(Instant now, const std::string& name, const std::string& method,
                   const std::string& argument) override;

  // By day, as in "2026-11-21".
  std::map<std::string, Day> days;
  // Every call is refused.
  bool fails = false;
};

}  // namespace larder::sim
