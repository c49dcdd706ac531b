// Answers to memory hits whose heads the host keeps: all that a hit has to hand out are numbers.
#pragma once

#include "app/answers.h"
#include "host/heads.h"

namespace larder::app {

// Whether the reading is a memory hit whose head depends on nothing but its entry, its times, the variant of
// experiments that it tells of, the method, and whether a condition holds. A copy of a part (206) is cut to
// what is asked for.
bool has_lasting_head(const engine::Reading& reading);

// The place of the head in the hit's entry. `variant`: what Cache-Status says of experiments. `method` is GET
// or HEAD.
host::Head& head_of(const engine::Hit& hit, std::string_view variant, http::Method method,
                    http::Precondition precondition);

// What of such an answer lasts. `answer` as reading_answer() makes it; `guards` are those of its lanes.
host::HeadParts lasting_parts(const host::Answer& answer, std::vector<std::string> guards);

// The answer with a head that is kept.
host::Answer kept_answer(host::HeadHandle head, std::uint32_t status, const engine::Reading& reading);

}  // namespace larder::app
