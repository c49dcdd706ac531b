// The head of an origin's reply before anything is made of it: what no client, cache or later request to the
// origin may see is taken out here, once for all kinds of origins.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/units.h"
#include "base/wire.h"

namespace larder::origin {

// A status that no final response has (RFC 9110 §15: 101, and the 600 to 999 that some servers make up), as
// the failure that it is; nullopt: the status is one.
std::optional<Error> refuse_status(std::uint32_t status);

// The fields that may go on. A name that is no token goes with its value. Control characters in a value
// become spaces (RFC 9110 §5.5). An ETag that is no entity-tag and a Last-Modified that is no date go: sent
// back to the origin they would mean something else (`If-None-Match: *`). `now` is for two-digit years.
TextPairs safe_fields(TextPairs fields, Instant now);

}  // namespace larder::origin
