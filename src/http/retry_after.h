// Retry-After (RFC 9110 §10.2.3): after what time a client may ask again.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"

namespace larder::http {

// A longer wait is no promise that anybody keeps.
inline constexpr std::uint64_t retry_after_seconds_max = 86'400;

// Whole seconds from `now` on, at most retry_after_seconds_max: delay-seconds as they are, a date of any of
// the three forms rounded up, 0 for one that is past. nullopt for what is neither.
std::optional<std::uint64_t> parse_retry_after(std::string_view value, Instant now);

}  // namespace larder::http
