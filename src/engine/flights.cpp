#include "engine/flights.h"

namespace larder::engine {

std::shared_ptr<Flight> Flights::find(const std::string& key, Instant now) const {
  const auto found = flights_.find(key);
  return found != flights_.end() && now < found->second->deadline() ? found->second : nullptr;
}

std::shared_ptr<Flight> Flights::begin(const std::string& key, Instant deadline) {
  auto flight = std::make_shared<Flight>(deadline);
  flights_[key] = flight;
  return flight;
}

void Flights::Lead::end(FlightEnd end) {
  if (ended_) {
    return;
  }
  ended_ = true;
  flight_->end_ = end;
  // A newer flight may have taken the key over.
  const auto found = flights_.flights_.find(key_);
  if (found != flights_.flights_.end() && found->second == flight_) {
    flights_.flights_.erase(found);
  }
  for (const host::RequestId follower : flight_->followers_) {
    host_.wake(follower);
  }
  flight_->followers_.clear();
}

}  // namespace larder::engine
