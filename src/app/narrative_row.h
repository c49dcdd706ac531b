// What the narratives' log is told of a request for a narrative.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/reading.h"
#include "observe/narrative_log.h"

namespace larder::app {

// The id of the user that a narrative is asked for: the body's member `userId`, where it is a text; ""
// otherwise. `body` is JSON that was read before.
std::string user_id_of(std::string_view body);

// What came of it, as far as the answer's status and the reading tell.
observe::NarrativeOutcome outcome_of(const engine::Reading& reading, std::uint32_t status);

}  // namespace larder::app
