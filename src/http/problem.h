// Error bodies (RFC 9457).
#pragma once

#include <string>
#include <string_view>

#include "base/wire.h"

namespace larder::http {

inline constexpr std::string_view problem_content_type = "application/problem+json";

struct Problem {
  int status = 500;
  // A path of ours, or "about:blank": no more than the status says.
  std::string type = "about:blank";
  // "" stands for the status's reason phrase.
  std::string title;
  // What went wrong and what to do, for people; "" leaves it out.
  std::string detail;
  // Further members (RFC 9457 §3.2), name and text, in order. None is called like a standard member.
  TextPairs extensions;

  Problem() {}
  Problem(int status_, std::string detail_) : status(status_), detail(std::move(detail_)) {}
};

std::string problem_body(const Problem& problem);

}  // namespace larder::http
