// One text for every way to write the same JSON value, so that equal questions have equal keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/wire.h"
#include "config/key_field.h"

namespace larder::entry {

// Members sorted by name, those that are null left out, no white space, numbers without needless digits (10.0
// is 10, -0 is 0, 1e2 is 100) and never rounded, texts with one escape for what has to have one. Elements of
// arrays keep their places. Numbers at the paths of `quantise` become the nearest multiple of its step; a
// text is no number, whatever it looks like. Never two values in one text, but for what is quantised. Errors:
// invalid; the message says what to change (no JSON, a member given twice, deeper than 32, a number of more
// than 40 digits before or after the point).
Result<std::string> canonical_json(std::string_view json, const config::JsonQuantise& quantise = {});

// The members of a JSON object that are called one of `names`, each as the JSON text it came as; those that
// are null are left out, others are passed over. Errors: invalid, when it is no JSON object or a member of
// these is given twice.
Result<TextPairs> json_members(std::string_view json, const std::vector<std::string_view>& names);

// The text of a JSON string. Errors: invalid, when it is none.
Result<std::string> json_text(std::string_view json);

}  // namespace larder::entry
