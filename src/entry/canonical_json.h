// One text for every way to write the same JSON value, so that equal questions have equal keys.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace larder::entry {

// Members sorted by name, those that are null left out, no white space, numbers without needless digits (10.0
// is 10), texts with one escape for what has to have one. Elements of arrays keep their places. Never two
// values in one text. Errors: invalid; the message says what to change (no JSON, a member given twice, deeper
// than 32, a number of too many digits).
Result<std::string> canonical_json(std::string_view json);

}  // namespace larder::entry
