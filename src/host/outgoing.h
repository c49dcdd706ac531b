// Answers of Larder's own making: JSON, problems, and what a path allows. All of them are no-store.
#pragma once

#include <string_view>

#include "host/host.h"
#include "http/problem.h"

namespace larder::host {

// An answer and the body it lends, where the body is the answer's own.
struct Outgoing {
  Answer answer;
  Body body;

  Outgoing() {}
};

Outgoing json_answer(Host& host, std::uint32_t status, std::string_view body);
// Text of another type.
Outgoing text_answer(Host& host, std::string_view media_type, std::string_view body);
Outgoing problem_answer(Host& host, const http::Problem& problem);
// 204 with Allow; and 405 with Allow. `allow` as the field's value.
Outgoing options_answer(std::string_view allow);
Outgoing method_not_allowed(Host& host, std::string_view allow);

}  // namespace larder::host
