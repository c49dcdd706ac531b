#include "app/lane_keeper.h"

#include <functional>

namespace larder::app {

std::optional<std::uint32_t> LaneKeeper::hit(const std::string& storage_name,
                                             const config::Resource* resource, Instant now,
                                             std::shared_ptr<const experiments::View> view) {
  Recent& recent = recent_[std::hash<std::string>()(storage_name) % recent_max];
  const bool hot = recent.storage_name == storage_name && now - recent.last_hit < hot_within;
  recent.last_hit = now;
  if (!hot) {
    recent.storage_name = storage_name;
    return std::nullopt;
  }
  Given& given = given_[next_lane_ % given_.size()];
  given.lane = next_lane_;
  given.storage_name = storage_name;
  given.resource = resource;
  given.view = std::move(view);
  next_lane_ = next_lane_ == UINT32_MAX ? 1 : next_lane_ + 1;
  ++untold_;
  return given.lane;
}

const LaneKeeper::Given* LaneKeeper::find(std::uint32_t lane) const {
  const Given& given = given_[lane % given_.size()];
  return given.resource != nullptr && given.lane == lane ? &given : nullptr;
}

}  // namespace larder::app
