// What a caller may see of a key.
#pragma once

#include <string>
#include <string_view>

#include "operators/call.h"

namespace larder::operators {

// Every key in an answer goes through here. Some keys carry what is for admins only: a narrative's engine version and
// prompt hash. For a viewer those parts are to become "*", which makes the key a pattern of POST /api/cache/purge rather
// than a key.
std::string visible_key(std::string_view key, Role role);

}  // namespace larder::operators
