#include "http/path.h"

#include "base/text.h"

namespace larder::http {

namespace {

// Bytes of the slash, in any spelling, that `text` starts with; 0 if it starts with none.
std::size_t slash_length(std::string_view text) {
  if (text.starts_with('/') || text.starts_with('\\')) {
    return 1;
  }
  const std::string_view escape = text.substr(0, 3);
  return equals_ignoring_case(escape, "%2f") || equals_ignoring_case(escape, "%5c") ? 3 : 0;
}

bool starts_parameter(std::string_view text) {
  return text.starts_with(';') || equals_ignoring_case(text.substr(0, 3), "%3b");
}

bool is_dot_segment(std::string_view segment) {
  std::size_t dots = 0;
  while (!segment.empty() && !starts_parameter(segment)) {
    if (segment.front() == '.') {
      segment.remove_prefix(1);
    } else if (equals_ignoring_case(segment.substr(0, 3), "%2e")) {
      segment.remove_prefix(3);
    } else {
      return false;
    }
    ++dots;
  }
  return dots == 1 || dots == 2;
}

Failure refuse_path(std::string_view message) {
  return fail(ErrorKind::invalid, "http", std::string(message));
}

}  // namespace

bool has_dot_segment(std::string_view path) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t slash = slash_length(path.substr(at));
    if (slash > 0 && is_dot_segment(path.substr(begin, at - begin))) {
      return true;
    }
    at += slash > 0 ? slash : 1;
    begin = slash > 0 ? at : begin;
  }
  return is_dot_segment(path.substr(begin));
}

Result<std::string> path_segment(std::string_view value) {
  if (value.find_first_not_of("/\\") == std::string_view::npos) {
    return refuse_path("A part of the path is empty; write a name.");
  }
  std::string segment = percent_encode(value);
  if (has_dot_segment(segment)) {
    return refuse_path("A part of the path is \".\" or \"..\"; write a name.");
  }
  return segment;
}

}  // namespace larder::http
