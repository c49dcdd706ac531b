// A request target that is sent on as it came (RFC 9110 §7.7). What could be read in two ways is refused,
// since it cannot be mended without changing it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace larder::http {

// Paths have all their segments, empty ones too. Queries are without the question mark; "" for none.
struct ExactTarget {
  // Decoded segment by segment, to be matched.
  std::string path;
  // As they were sent; only bytes that may not stand in a URL are escaped (RFC 3986 §2).
  std::string sent_path;
  std::string sent_query;
  // In one form: what RFC 3986 §6.2.2 calls equal is equal. A path has only reserved characters and "%"
  // escaped, where they were escaped; a query has everything but reserved and unreserved characters escaped.
  std::string plain_path;
  std::string plain_query;

  ExactTarget() {}
};

// The path of a URL as it was sent; "/" for none.
std::string_view raw_path_of(std::string_view url);

// `url` is absolute or a path. Errors: invalid, with what to change: a dot segment (http/path.h), an encoded
// slash or a backslash in the path, control characters, a broken escape, what is not UTF-8.
Result<ExactTarget> parse_exact_target(std::string_view url);

}  // namespace larder::http
