// Which memory hits get a fast lane: those of keys that are asked for again within a second. A lane lasts
// until the Age field has to change, so the shim never has to compute one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/units.h"
#include "config/declaration.h"
#include "experiments/plan.h"

namespace larder::app {

class LaneKeeper {
 public:
  // A lane that was given out.
  struct Given {
    std::uint32_t lane = 0;
    std::string storage_name;
    // The declaration's, which lives as long as the app.
    const config::Resource* resource = nullptr;
    // What experiments say of it, which `resource` may be a part of; nullptr: nothing.
    std::shared_ptr<const experiments::View> view;

    Given() {}
  };

  // Called for every memory hit that came to the core. A new lane's id if the key is hot.
  std::optional<std::uint32_t> hit(const std::string& storage_name, const config::Resource* resource,
                                   Instant now, std::shared_ptr<const experiments::View> view = nullptr);
  // What a lane is about; nullptr when it has been forgotten: more lanes have been given out since than the
  // shim keeps open (LANES_MAX in shim/lanes.js).
  const Given* find(std::uint32_t lane) const;

 private:
  static constexpr std::size_t slots = 1024;
  static constexpr Millis hot_within{1000};
  struct Recent {
    std::string storage_name;
    Instant last_hit;

    Recent() {}
  };

  // The last key of each slot that was hit.
  std::array<Recent, slots> recent_;
  // The last lanes, by their ids.
  std::array<Given, slots> given_;
  std::uint32_t next_lane_ = 1;
};

}  // namespace larder::app
