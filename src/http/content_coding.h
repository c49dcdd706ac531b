// Content codings of a message's body (RFC 9110 §8.4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace larder::http {

// The codings that Content-Encoding names, in the order in which they were applied, so that the last is the
// first to be undone. In lower case; x-gzip is gzip (§8.4.1.3), and identity is none. `value` is the combined
// field value; what is no token stays as it stands, since nobody knows what was done to the body.
std::vector<std::string> content_codings(std::string_view value);

}  // namespace larder::http
