#include "app/lane_keeper.h"

#include <functional>

namespace larder::app {

namespace {

// Lane ids carry their slot, so that a lane's key is found without a search.
constexpr std::uint32_t slot_bits = 10;

}  // namespace

std::optional<std::uint32_t> LaneKeeper::hit(const std::string& storage_name,
                                             const config::Resource* resource, Instant now) {
  const std::size_t slot = std::hash<std::string>()(storage_name) % slots;
  Recent& recent = recent_[slot];
  const bool hot = recent.storage_name == storage_name && now - recent.last_hit < hot_within;
  if (!hot) {
    recent.storage_name = storage_name;
    recent.resource = resource;
    recent.last_hit = now;
    recent.lane = 0;
    return std::nullopt;
  }
  recent.last_hit = now;
  recent.lane = (next_lane_ << slot_bits) | static_cast<std::uint32_t>(slot);
  next_lane_ = next_lane_ == (UINT32_MAX >> slot_bits) ? 1 : next_lane_ + 1;
  return recent.lane;
}

const LaneKeeper::Recent* LaneKeeper::find(std::uint32_t lane) const {
  // A key keeps its slot while it is hot, whatever its newest lane is.
  const Recent& recent = recent_[lane % slots];
  return recent.lane == 0 ? nullptr : &recent;
}

}  // namespace larder::app
