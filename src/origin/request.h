// A request to an origin that is ready to be sent.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "base/wire.h"
#include "host/host.h"

namespace larder::origin {

// What becomes of a redirect.
enum class Redirects : std::uint8_t {
  are_answers,   // it is the answer, or a failure, as any other status
  are_followed,  // as redirect.h has it
};

// What becomes of an answer above `body_bytes_max`.
enum class Oversize : std::uint8_t {
  fails,     // too_large
  streamed,  // it is a stream, which can be passed on and not be kept
};

// What becomes of an answer whose content coding cannot be undone here.
enum class Codings : std::uint8_t {
  are_undone,  // corrupt: nobody can read it. A stream passes on, with its Content-Encoding
  may_stay,    // it passes on, with its Content-Encoding
};

// It holds secrets.
struct Request {
  // What its errors say they come from; lives for ever.
  std::string_view source = "origin";
  std::string_view method = "GET";
  std::string url;
  TextPairs headers;
  // "": it has no body.
  std::string content;
  // The client's body, which goes on as it comes, once; nullptr: none.
  std::shared_ptr<const host::Body> stream;
  Bytes body_bytes_max;
  Redirects redirects = Redirects::are_followed;
  Oversize oversize = Oversize::fails;
  Codings codings = Codings::are_undone;
  // Names of the header fields that carry secrets of the deployment, in lower case.
  std::vector<std::string> secret_headers;
  // Other origins that a redirect may lead to ("https://files.example.com").
  std::vector<std::string> redirect_origins;
  // Where it has been before, each as method and URL.
  std::vector<std::string> trail;

  Request() {}
};

// What a ticket stands for.
struct Late {
  // The one that is under way, be it the first or a redirect's.
  Request request;
  // For whatever has to follow.
  Instant deadline;

  Late(Request request_, Instant deadline_) : request(std::move(request_)), deadline(deadline_) {}
};

// The value of the first header field of that name; nullopt if there is none.
std::optional<std::string_view> header_of(const Request& request, std::string_view name);

// It asks whether a copy still holds, so that 304 is an answer to it (RFC 9110 §13.1).
bool is_conditional(const Request& request);

}  // namespace larder::origin
