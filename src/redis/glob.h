// Patterns of SCAN MATCH (redis.io, KEYS, read 2026-11): `*`, `?`, `[…]` and `\` are not themselves.
#pragma once

#include <string>
#include <string_view>

namespace larder::redis {

// Matches exactly this text.
std::string glob_of_text(std::string_view text);
// Matches what begins with this text.
std::string glob_of_prefix(std::string_view prefix);
// Matches what policy::fits_pattern() does: `*` is any run of characters, everything else is itself.
std::string glob_of_pattern(std::string_view pattern);

}  // namespace larder::redis
