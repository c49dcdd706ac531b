// Redis as the shared tier and the store of locks: guests, isolates of two tenants, work with the shipped
// tier and the shipped lock over a server where everything may go wrong. It has a world and a source of
// chance of its own, so that the rest of a run is the same with it and without.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "engine/key_lock.h"
#include "sim/journal.h"
#include "sim/random.h"
#include "support/world.h"
#include "tiers/tier.h"

namespace larder::sim {

class RedisSide {
 public:
  enum class Weather : std::uint8_t { fair, foul };

  RedisSide(Random random, Journal& journal, Weather weather);
  ~RedisSide();
  RedisSide(const RedisSide&) = delete;
  RedisSide& operator=(const RedisSide&) = delete;

  // A stretch of work, then no faults any more, and the judgement.
  void run();

 private:
  class GuestHost;
  struct Guest;
  // What one entry's body says: "tenant|key|serial".
  struct Written {
    std::string name;
    // When its put was acknowledged; none: not yet, or never.
    std::optional<Instant> acknowledged;
  };
  // A lock as its holder knows it: surely its own from `granted` until `until`, unless it has begun to hand
  // it back.
  struct Hold {
    std::uint64_t guest = 0;
    Instant granted;
    Instant until;
    std::uint64_t forgettings = 0;
  };

  std::optional<Fault> draw_fault(GuestHost& host, host::RequestId request, std::string_view arguments);
  void work();
  void strike();
  void hire(std::size_t place);
  host::Task<void> put(host::Context here, Guest& guest, std::string name);
  host::Task<void> get(host::Context here, Guest& guest, std::string name);
  host::Task<void> hold(host::Context here, Guest& guest, std::string name);
  host::Task<void> sweep(host::Context here, Guest& guest, tiers::NameSet names);
  void judge_value(const Guest& guest, const std::string& name, const std::string& body, Instant began);
  void judge_time(std::string_view what, Instant began, Millis allowed);
  host::Task<void> take_at_the_end(host::Context here, Guest& guest, std::string name);

  World world_;
  Random random_;
  Journal& journal_;
  Weather weather_;
  bool healed_ = false;
  std::vector<std::unique_ptr<Guest>> guests_;
  std::vector<std::unique_ptr<Guest>> lost_;
  std::uint64_t guests_hired_ = 0;
  std::uint64_t next_serial_ = 1;
  std::map<std::uint64_t, Written> written_;
  // Restarts, failovers and the like: what was there before may be gone.
  std::uint64_t forgettings_ = 0;
  std::map<std::string, Hold> holds_;
  // The guest that removes by name; 0: none does.
  std::uint64_t sweeper_ = 0;
  std::size_t puts_under_way_ = 0;
};

}  // namespace larder::sim
