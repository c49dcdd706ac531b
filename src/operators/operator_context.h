// What the handlers of operators' routes work on. All of it outlives them.
#pragma once

#include "base/wire.h"
#include "cold/archiver.h"
#include "config/declaration.h"
#include "config/settings.h"
#include "engine/control.h"
#include "engine/engine.h"
#include "host/admission.h"
#include "monitor/meter.h"
#include "observe/counters.h"
#include "observe/narrative_log.h"
#include "tiers/registry.h"
#include "tiers/tiered_cache.h"
#include "trials/conductor.h"
#include "trials/tally.h"
#include "warm/warming.h"

namespace larder::operators {

struct OperatorContext {
  // As they are now, with what was changed at run time.
  const config::Settings& settings;
  // The text bindings as deployed.
  const TextPairs& bindings;
  const config::Declarations& declarations;
  // The file that they were read from.
  const std::string& declarations_file;
  tiers::CacheRegistry& registry;
  tiers::TieredCache& tiered;
  engine::Engine& engine;
  engine::Control& control;
  observe::Counters& counters;
  observe::NarrativeLog& narrative_log;
  const warm::Warming& warming;
  cold::Archiver& archiver;
  trials::Conductor& conductor;
  trials::Tally& tally;
  // Room for the bodies of uploaded lists.
  host::Admission& uploads;
  monitor::Meter& meter;
};

}  // namespace larder::operators
