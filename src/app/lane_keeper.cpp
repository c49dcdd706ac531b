#include "app/lane_keeper.h"

#include <functional>

namespace larder::app {

namespace {

// Lane ids carry their slot, so that a lane's key is found without a search.
constexpr std::uint32_t slot_bits = 10;

}  // namespace

std::optional<std::uint32_t> LaneKeeper::hit(const std::string& storage_name, Instant now) {
  const std::size_t slot = std::hash<std::string>()(storage_name) % slots;
  Recent& recent = recent_[slot];
  const bool hot = recent.storage_name == storage_name && now - recent.last_hit < hot_within;
  if (!hot) {
    recent.storage_name = storage_name;
    recent.last_hit = now;
    recent.lane = 0;
    return std::nullopt;
  }
  recent.last_hit = now;
  recent.lane = (next_lane_ << slot_bits) | static_cast<std::uint32_t>(slot);
  next_lane_ = next_lane_ == (UINT32_MAX >> slot_bits) ? 1 : next_lane_ + 1;
  return recent.lane;
}

std::optional<std::string_view> LaneKeeper::key_of(std::uint32_t lane) const {
  const Recent& recent = recent_[lane % slots];
  // A key keeps its slot while it is hot, whatever its newest lane is.
  return recent.lane == 0 ? std::nullopt : std::optional<std::string_view>(recent.storage_name);
}

}  // namespace larder::app
