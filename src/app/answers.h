// From what was found to what the client gets: heads, conditions and problems. No effect but a body's handle.
#pragma once

#include <string>

#include "config/vocabulary.h"
#include "engine/reading.h"
#include "host/outgoing.h"
#include "http/validators.h"

namespace larder::app {

using host::json_answer;
using host::method_not_allowed;
using host::options_answer;
using host::Outgoing;
using host::problem_answer;

// Whether the conditions of a GET or HEAD leave a hit's answer whole, or make it a 304.
http::Precondition precondition_of(host::Host& host, const engine::Hit& hit, http::Method method,
                                   const http::Conditions& conditions);

// What a resource's reading is for the client: its entry, a body that is not kept, or the origin's failure as
// a problem (502, 503 or 504). `conditions` are the request's; a 304 is made of an entry only.
//
// The answer to a POST is kept by Larder alone, by what its body says; caches in front know bodies by nothing
// but the URL, so they are told no-store, and it has no validators.
//
// In mode http an answer that is not kept has all the fields that the origin gave it.
Outgoing reading_answer(host::Host& host, const engine::Reading& reading, config::Mode mode,
                        http::Method method, const http::Conditions& conditions,
                        const std::string& request_id);

}  // namespace larder::app
