// Absolute http and https URLs of configuration (RFC 3986 §3), taken apart far enough to keep requests where
// they belong.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace larder::config {

// `origin` is "https://host[:port]" in lower case; `rest` is what follows it as written: empty, or from "/"
// or "?" on.
struct HttpUrl {
  std::string origin;
  std::string rest;
};

// Errors: invalid, with what to change; the message never repeats the URL, which may hold a secret by
// mistake. Refused: other schemes, credentials, fragments, an empty or odd host, an invalid port, white
// space, control characters.
Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace larder::config
