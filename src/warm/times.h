// Times as JSON carries them.
#pragma once

#include <string>

#include "base/units.h"

namespace larder::warm {

// RFC 3339, in UTC, with milliseconds: 2026-11-21T16:04:05.678Z. Years from 1970 to 9999.
std::string to_timestamp(Instant instant);

// ISO 8601, rounded up to whole seconds, without days: PT1H2M3S, PT0S.
std::string to_interval(Millis duration);

}  // namespace larder::warm
