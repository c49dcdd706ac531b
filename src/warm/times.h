// Times as JSON carries them.
#pragma once

#include <string>

#include "base/units.h"

namespace larder::warm {

// ISO 8601, rounded up to whole seconds, without days: PT1H2M3S, PT0S.
std::string to_interval(Millis duration);

}  // namespace larder::warm
