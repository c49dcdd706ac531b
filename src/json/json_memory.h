// Telling a text that is no JSON from one that there was no memory to read.
#pragma once

#include <string_view>

#include "simdjson.h"

namespace larder::json {

// `padded` is the copy of `json` that the parser read, and `error` what it said. Where memory is short, the
// copy is empty, or the parser says so; nothing is known of the text then.
inline bool lacks_memory(std::string_view json, const simdjson::padded_string& padded,
                         simdjson::error_code error) {
  return padded.size() != json.size() || error == simdjson::MEMALLOC;
}

}  // namespace larder::json
