// Which memory hits get a fast lane: those of entries that are read again within some seconds. Also, when the
// shim has to be asked how often lanes were hit: before whatever is no hit in memory, and seldom between such
// hits, each of which would cost what the lane has spared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "config/declaration.h"
#include "config/limits.h"
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

  // Called for every memory hit that came to the core and may have a lane; `hit_at`: when that was the case
  // for the entry before. A new lane's id if that is not long ago.
  std::optional<std::uint32_t> hit(const std::string& storage_name, const config::Resource* resource,
                                   Instant& hit_at, Instant now,
                                   std::shared_ptr<const experiments::View> view = nullptr);
  // What a lane is about; nullptr when it has been forgotten: twice as many lanes have been given out since
  // as the shim keeps open (LANES_MAX in shim/lanes.js).
  const Given* find(std::uint32_t lane) const;

  // Whether the shim has to be asked for lanes' hits although nothing but hits in memory is asked for.
  bool has_to_be_told(Instant now) const {
    return untold_ >= config::limit::lanes_untold_max || now - told_at_ >= config::limit::lane_hits_untold ||
           now < told_at_;
  }
  // It was asked.
  void told(Instant now) {
    untold_ = 0;
    told_at_ = now;
  }

 private:
  // The last lanes, by their ids; it grows with the first of them.
  std::vector<Given> given_;
  std::uint32_t next_lane_ = 1;
  // Lanes given since the shim was asked for the last time, and when that was.
  std::size_t untold_ = 0;
  Instant told_at_;
};

}  // namespace larder::app
