// What operators send as JSON: things to purge, and settings to change.
#pragma once

#include <string_view>
#include <vector>

#include "base/faults.h"
#include "config/control_log.h"

namespace larder::operators {

// {"keys": ["…"], "tags": ["…"], "prefixes": ["…"], "patterns": ["…"], "mode": "soft" or "hard"}: at least
// one thing, at most config::limit::operator_keys_max together, texts as they were sent. Keys may be longer
// than config::limit::key_bytes_max, since that is how they are read.
Checked<std::vector<config::Purge>> parse_purge_request(std::string_view text);

// {"ENABLE_SWR": false, "CACHE_IMPL": "null", "CACHE_PATTERN_WHITELIST": null}: settings that may be changed
// while Larder runs, at least one. A value is a text, a whole number, true or false; null, here "", goes back
// to what was deployed. Whether the values make sense together is parse_settings' to say.
Checked<TextPairs> parse_settings_request(std::string_view text);

}  // namespace larder::operators
