#include "host/outgoing.h"

#include "base/text.h"

namespace larder::host {

namespace {

void add_field(Outgoing& outgoing, std::string_view name, std::string_view value) {
  outgoing.answer.headers.emplace_back(name, value);
}

}  // namespace

Outgoing json_answer(Host& host, std::uint32_t status, std::string_view body) {
  Outgoing outgoing;
  outgoing.body = Body::from_bytes(host, body);
  outgoing.answer.status = status;
  outgoing.answer.body = outgoing.body.handle();
  add_field(outgoing, "content-type", "application/json");
  add_field(outgoing, "cache-control", "no-store");
  return outgoing;
}

Outgoing text_answer(Host& host, std::string_view media_type, std::string_view body) {
  Outgoing outgoing = json_answer(host, 200, body);
  outgoing.answer.headers.front().second = media_type;
  return outgoing;
}

Outgoing problem_answer(Host& host, const http::Problem& problem) {
  Outgoing outgoing =
      json_answer(host, static_cast<std::uint32_t>(problem.status), http::problem_body(problem));
  outgoing.answer.headers.front().second = http::problem_content_type;
  return outgoing;
}

Outgoing options_answer(std::string_view allow) {
  Outgoing outgoing;
  outgoing.answer.status = 204;
  add_field(outgoing, "allow", allow);
  add_field(outgoing, "cache-control", "no-store");
  return outgoing;
}

Outgoing method_not_allowed(Host& host, std::string_view allow) {
  Outgoing outgoing = problem_answer(host, http::Problem(405, concat({"This path answers to ", allow, "."})));
  add_field(outgoing, "allow", allow);
  return outgoing;
}

}  // namespace larder::host
