#include "app/lane_keeper.h"

#include <utility>

namespace larder::app {

std::optional<std::uint32_t> LaneKeeper::hit(const std::string& storage_name,
                                             const config::Resource* resource, Instant& hit_at, Instant now,
                                             std::shared_ptr<const experiments::View> view) {
  const Instant before = std::exchange(hit_at, now);
  if (now < before || now - before >= config::limit::lane_hit_again) {
    return std::nullopt;
  }
  const std::size_t place = next_lane_ % config::limit::lanes_remembered_max;
  if (place >= given_.size()) {
    given_.resize(place + 1);
  }
  Given& given = given_[place];
  given.lane = next_lane_;
  given.storage_name = storage_name;
  given.resource = resource;
  given.view = std::move(view);
  next_lane_ = next_lane_ == UINT32_MAX ? 1 : next_lane_ + 1;
  ++untold_;
  return given.lane;
}

const LaneKeeper::Given* LaneKeeper::find(std::uint32_t lane) const {
  const std::size_t place = lane % config::limit::lanes_remembered_max;
  if (place >= given_.size()) {
    return nullptr;
  }
  const Given& given = given_[place];
  return given.resource != nullptr && given.lane == lane ? &given : nullptr;
}

}  // namespace larder::app
