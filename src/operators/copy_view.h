// How operators see a copy that a tier has.
#pragma once

#include <string_view>

#include "base/json_writer.h"
#include "base/units.h"
#include "entry/header.h"
#include "policy/purge.h"

namespace larder::operators {

// Writes members of an object: its state and times, and what the purges do to it. `storage_name` is the
// key's.
void write_copy(JsonWriter& json, const policy::PurgeBook& purges, std::string_view storage_name,
                entry::Header header, Instant now);

}  // namespace larder::operators
