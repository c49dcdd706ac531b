// Paths of URLs that are made of values (RFC 3986 §3.3): the one rule for what may become a part of them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace larder::http {

// Whether a path, as it stands in a URL, has a segment "." or "..". Escaped dots count, as URL parsers
// resolve them too (WHATWG URL, "single-dot URL path segment"), and so do segments between backslashes and
// escaped slashes, which some servers take for slashes, and those with parameters ("..;x"), which some leave
// out.
bool has_dot_segment(std::string_view path);

// `value` escaped as one segment, or as a part of one. Errors: invalid, when it would lead to another path
// than the one it stands in: it is empty, nothing but slashes, or has a dot segment. The message does not
// repeat the value.
Result<std::string> path_segment(std::string_view value);

}  // namespace larder::http
