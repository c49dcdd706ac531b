// The host's pauses, under this room's name.
#pragma once

#include "host/pause.h"

namespace larder::engine {

using host::pause_for;
using host::random_of;

}  // namespace larder::engine
