// Which memory hits get a fast lane: those of keys that are asked for again within a second. A lane lasts
// until the Age field has to change, so the shim never has to compute one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace larder::app {

class LaneKeeper {
 public:
  // Called for every memory hit that came to the core. A new lane's id if the key is hot.
  std::optional<std::uint32_t> hit(const std::string& storage_name, Instant now);
  // The key of a lane, if it has not been forgotten.
  std::optional<std::string_view> key_of(std::uint32_t lane) const;

 private:
  static constexpr std::size_t slots = 1024;
  static constexpr Millis hot_within{1000};

  struct Recent {
    std::string storage_name;
    Instant last_hit;
    std::uint32_t lane = 0;
  };

  std::array<Recent, slots> recent_;
  std::uint32_t next_lane_ = 1;
};

}  // namespace larder::app
