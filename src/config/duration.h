// Durations as configuration writes them: a whole number and one unit, "250ms", "30s", "15m", "24h", "7d".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace larder::config {

// Errors: invalid, with what to write instead. "0s" is a duration; a sign, a fraction, a space or several
// units are not. What is longer than limit::duration_declared_max is refused.
Result<Millis> parse_duration(std::string_view text);

// In the largest unit that holds it exactly; parse_duration reads it back. `duration` is not negative.
std::string format_duration(Millis duration);

}  // namespace larder::config
