#include "operators/request.h"

#include "base/text.h"
#include "host/operations.h"
#include "http/date.h"
#include "records/calls.h"

namespace larder::operators {

namespace {

// RFC 9110 §8.3.1: the media type without its parameters.
bool is_json(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  return equals_ignoring_case(type, "application/json");
}

}  // namespace

http::Problem unreadable_body(const Error& error, Bytes bytes_max) {
  if (error.kind == ErrorKind::too_large) {
    return http::Problem(413, concat({"The body has more than ", to_text(bytes_max.count),
                                      " bytes; send it in several requests."}));
  }
  if (error.kind == ErrorKind::corrupt) {
    return http::Problem(400, "The body broke off; send it again.");
  }
  if (error.kind == ErrorKind::timeout) {
    return http::Problem(408, "The body did not come in time; send it again.");
  }
  return http::Problem(503, "The body cannot be read at the moment; try again.");
}

host::Task<Asked<std::string>> read_json_text(host::Context here, Bytes bytes_max, Millis patience) {
  const auto content_type = here.host().request_header(here.request(), "content-type", 256);
  if (!content_type || !is_json(*content_type)) {
    co_return tl::make_unexpected(
        http::Problem(415, "Send JSON, and say so: Content-Type: application/json."));
  }
  const auto body = co_await host::request_body(here, bytes_max.count, config::millis_of(patience));
  if (!body) {
    co_return tl::make_unexpected(unreadable_body(body.error(), bytes_max));
  }
  co_return here.host().read_body(body->content.handle(), body->content.size(), 0);
}

http::Problem invalid_request(const Faults& faults) {
  return invalid_request(std::string(trim(to_text(faults))));
}

http::Problem invalid_request(std::string detail) {
  http::Problem problem(400, std::move(detail));
  problem.title = "Invalid request";
  return problem;
}

Asked<std::uint64_t> number_parameter(const Call& call, std::string_view name, std::uint64_t least,
                                      std::uint64_t most, std::uint64_t otherwise) {
  const auto given = call.target.parameter(name);
  if (!given) {
    return otherwise;
  }
  const auto number = parse_unsigned(*given);
  if (!number || *number < least || *number > most) {
    return tl::make_unexpected(invalid_request(
        concat({name, ": this must be a whole number from ", to_text(least), " to ", to_text(most), "."})));
  }
  return *number;
}

Asked<Instant> time_parameter(const Call& call, std::string_view name, Instant otherwise) {
  constexpr std::uint64_t millis_max = 253'402'300'799'999;
  const auto given = call.target.parameter(name);
  if (!given) {
    return otherwise;
  }
  if (const auto millis = parse_unsigned(*given); millis && *millis <= millis_max) {
    return instant_from_millis(static_cast<std::int64_t>(*millis));
  }
  if (const auto time = http::parse_timestamp(*given)) {
    return *time;
  }
  return tl::make_unexpected(invalid_request(
      concat({name, ": write a time as 2026-11-21T08:00:00Z or in milliseconds since 1970."})));
}

host::Outgoing control_log_unavailable(host::Context here, const Error& error) {
  const bool unbound = error.kind == ErrorKind::unsupported;
  host::Outgoing outgoing = host::problem_answer(
      here.host(),
      http::Problem(
          503, unbound ? concat({"There is no control log in this deployment: declare the Durable Object "
                                 "binding ",
                                 records::control::binding_name, " in wrangler.toml."})
                       : "The control log does not take the change at the moment; as far as is "
                         "known nothing has changed. Try again."));
  outgoing.answer.headers.emplace_back("retry-after", "5");
  return outgoing;
}

}  // namespace larder::operators
