// Single flight within the isolate: the first request for a key leads, those that come while it is under way
// follow and get its answer. A leader that vanishes strands nobody: its followers are woken when its frame
// ends, and every flight has a deadline past which newcomers take the lead themselves.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/units.h"
#include "host/requests.h"
#include "http/cache_status.h"
#include "origin/fetch.h"
#include "tiers/cache.h"

namespace larder::engine {

// What a leader shares: an entry, a refusal, a server's error, or nothing where its answer is nobody else's
// business.
struct Landing {
  tiers::Found found;
  std::shared_ptr<const origin::Refusal> refusal;
  // An answer that is not kept, and yet nobody's own: a server error, or any where nothing is kept.
  std::shared_ptr<const origin::Fetched> failure;
  // The entry came from the origin (and not from a tier).
  bool from_origin = false;
  // The entry is past its time and stands in for the origin; `status` says why.
  bool stands_in = false;
  http::CacheStatus status;

  Landing() {}
};

enum class FlightState : std::uint8_t {
  under_way,  // the leader is at work
  landed,     // landing() is the answer
  lost,       // the leader ended without one: one of the followers leads next
};

class Flight {
 public:
  Flight(Instant deadline) : deadline_(deadline) {}
  FlightState state() const { return state_; }
  const Landing& landing() const { return landing_; }
  Instant deadline() const { return deadline_; }
  void follow(host::RequestId request) { followers_.push_back(request); }

 private:
  friend class Flights;

  FlightState state_ = FlightState::under_way;
  Landing landing_;
  Instant deadline_;
  std::vector<host::RequestId> followers_;
};

class Flights {
 public:
  // The right and duty to land a flight. Destroyed before land(): the flight is lost.
  class Lead {
   public:
    Lead(Flights& flights, host::Host& host, std::string key, std::shared_ptr<Flight> flight)
        : flights_(flights), host_(host), key_(std::move(key)), flight_(std::move(flight)) {}
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;
    ~Lead() { end(FlightState::lost); }

    void land(Landing landing) {
      flight_->landing_ = std::move(landing);
      end(FlightState::landed);
    }

   private:
    void end(FlightState state);

    Flights& flights_;
    host::Host& host_;
    std::string key_;
    std::shared_ptr<Flight> flight_;
    bool ended_ = false;
  };

  // The flight under way for the key, unless it is past its deadline.
  std::shared_ptr<Flight> find(const std::string& key, Instant now) const;
  // Registers a new flight in place of any former one.
  std::shared_ptr<Flight> begin(const std::string& key, Instant deadline);

  std::size_t under_way() const { return flights_.size(); }

 private:
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace larder::engine
