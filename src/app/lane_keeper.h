// Which memory hits get a fast lane: those of keys that are asked for again within a second. A lane lasts
// until the Age field has to change, so the shim never has to compute one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"
#include "config/declaration.h"

namespace larder::app {

class LaneKeeper {
 public:
  struct Recent {
    std::string storage_name;
    // The declaration's, which lives as long as the app.
    const config::Resource* resource = nullptr;
    Instant last_hit;
    std::uint32_t lane = 0;
  };

  // Called for every memory hit that came to the core. A new lane's id if the key is hot.
  std::optional<std::uint32_t> hit(const std::string& storage_name, const config::Resource* resource,
                                   Instant now);
  // What a lane is about; nullptr when it has been forgotten.
  const Recent* find(std::uint32_t lane) const;

 private:
  static constexpr std::size_t slots = 1024;
  static constexpr Millis hot_within{1000};

  std::array<Recent, slots> recent_;
  std::uint32_t next_lane_ = 1;
};

}  // namespace larder::app
