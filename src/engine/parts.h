// What the engine works with: the isolate's one set of tiers, flights, locks and gates.
#pragma once

#include "config/settings.h"
#include "engine/control.h"
#include "engine/flights.h"
#include "engine/key_lock.h"
#include "engine/origin_gate.h"
#include "engine/refresh_book.h"
#include "observe/counters.h"
#include "tiers/registry.h"
#include "tiers/tiered_cache.h"

namespace larder::engine {

// What the instance is there for.
enum class InstanceRole : std::uint8_t {
  normal,
  recovery,  // for one that was lost: it keeps nothing
};

struct Parts {
  // These outlive it.
  const config::Settings& settings;
  tiers::CacheRegistry& registry;
  tiers::TieredCache& tiered;
  observe::Counters& counters;
  Control& control;

  const InstanceRole role;
  OriginGate gate;
  Locks locks;
  Flights flights;
  RefreshBook refreshes;

  Parts(const config::Settings& settings_, tiers::CacheRegistry& registry_, tiers::TieredCache& tiered_,
        observe::Counters& counters_, Control& control_, InstanceRole role_, redis::Client redis)
      : settings(settings_),
        registry(registry_),
        tiered(tiered_),
        counters(counters_),
        control(control_),
        role(role_),
        gate(settings_, counters_),
        locks(settings_, counters_, make_key_lock(settings_, std::move(redis))) {}
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
};

}  // namespace larder::engine
