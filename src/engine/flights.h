// Single flight within the isolate: the first request for a key leads, those that come while it is under way
// follow and get its answer. A leader that vanishes strands no follower: its followers are woken when its
// frame ends, and every flight has a deadline past which newcomers take the lead themselves.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/units.h"
#include "engine/reading.h"
#include "host/requests.h"
#include "http/cache_status.h"

namespace larder::engine {

// What a leader shares with its followers.
struct FlightResult {
  // An entry, a refusal, or a server's error; none where the answer may not be shared.
  std::optional<Outcome> outcome;
  // With an answer that is not kept: what of the leader's request the origin saw.
  std::string sender;
  // The leader's: why an entry stands in for the origin, and whether it came from there.
  http::CacheStatus status;

  FlightResult() {}
};

enum class FlightEnd : std::uint8_t {
  none,      // the leader is at work
  finished,  // result() is the answer
  lost,      // the leader ended without one: one of the followers leads next
};

class Flight {
 public:
  explicit Flight(Instant deadline) : deadline_(deadline) {}
  FlightEnd end() const { return end_; }
  const FlightResult& result() const { return result_; }
  Instant deadline() const { return deadline_; }
  void follow(host::RequestId request) { followers_.push_back(request); }

 private:
  friend class Flights;

  FlightEnd end_ = FlightEnd::none;
  FlightResult result_;
  Instant deadline_;
  std::vector<host::RequestId> followers_;
};

class Flights {
 public:
  // The right and duty to finish a flight. Destroyed before finish(): the flight is lost.
  class Lead {
   public:
    Lead(Flights& flights, host::Host& host, std::string key, std::shared_ptr<Flight> flight)
        : flights_(flights), host_(host), key_(std::move(key)), flight_(std::move(flight)) {}
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;
    ~Lead() { end(FlightEnd::lost); }

    void finish(FlightResult result) {
      flight_->result_ = std::move(result);
      end(FlightEnd::finished);
    }

   private:
    void end(FlightEnd end);

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
