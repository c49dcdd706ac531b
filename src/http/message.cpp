#include "http/message.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"

namespace larder::http {

Method parse_method(std::string_view token) {
  for (const Method method : {Method::get, Method::head, Method::options, Method::post, Method::put,
                              Method::patch, Method::delete_}) {
    if (token == to_text(method)) {
      return method;
    }
  }
  return Method::other;
}

std::string_view to_text(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::options:
      return "OPTIONS";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      return "DELETE";
    case Method::other:
      return "OTHER";
  }
  LARDER_UNREACHABLE();
}

bool is_unsafe(Method method) {
  return method != Method::get && method != Method::head && method != Method::options;
}

Fields& Fields::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
  return *this;
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (equals_ignoring_case(field, name)) {
      return std::string_view(value);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Fields::combined(std::string_view name) const {
  std::optional<std::string> whole;
  for (const auto& [field, value] : fields_) {
    if (equals_ignoring_case(field, name)) {
      if (whole) {
        whole->append(", ").append(value);
      } else {
        whole = value;
      }
    }
  }
  return whole;
}

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  for (const auto& [field, value] : query) {
    if (field == name) {
      return std::string_view(value);
    }
  }
  return std::nullopt;
}

namespace {

constexpr std::string_view source = "http";

// RFC 3986 §3.1. Without it "?next=http://host/path" would pass for an absolute URL.
bool is_scheme(std::string_view text) {
  const auto continues = [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  return !text.empty() && is_alpha(text.front()) && std::all_of(text.begin(), text.end(), continues);
}

}  // namespace

std::string_view without_origin(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || !is_scheme(url.substr(0, scheme))) {
    return url;
  }
  const std::size_t path = url.find_first_of("/?#", scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : url.substr(path);
}

Result<std::string> decode_segment(std::string_view raw) {
  auto segment = percent_decode(raw, PlusSign::itself);
  if (!segment || !is_utf8(*segment)) {
    return fail(ErrorKind::invalid, source, "The path has a broken percent escape or is not UTF-8.");
  }
  for (const char c : *segment) {
    if (c == '/' || c == '\\' || is_control(c)) {
      return fail(ErrorKind::invalid, source,
                  "The path has an encoded slash, a backslash or a control character; remove it.");
    }
  }
  return std::move(*segment);
}

namespace {

Result<std::string> normalise_path(std::string_view raw) {
  if (raw.empty()) {
    return std::string("/");
  }
  if (raw.front() != '/') {
    return fail(ErrorKind::invalid, source, "The path must start with a slash.");
  }
  std::vector<std::string> segments;
  bool ends_open = false;
  for (const std::string_view piece : split(raw.substr(1), '/')) {
    auto segment = decode_segment(piece);
    if (!segment) {
      return tl::make_unexpected(segment.error());
    }
    ends_open = segment->empty() || *segment == "." || *segment == "..";
    if (*segment == "..") {
      if (!segments.empty()) {
        segments.pop_back();
      }
    } else if (!ends_open) {
      segments.push_back(std::move(*segment));
    }
  }
  std::string path = "/" + join(segments, "/");
  if (ends_open && !segments.empty()) {
    path.push_back('/');
  }
  return path;
}

Result<TextPairs> parse_query(std::string_view raw) {
  TextPairs query;
  if (raw.empty()) {
    return query;
  }
  for (const std::string_view piece : split(raw, '&')) {
    if (piece.empty()) {
      continue;
    }
    const std::size_t equals = piece.find('=');
    auto name = percent_decode(piece.substr(0, equals), PlusSign::space);
    auto value = equals == std::string_view::npos ? std::optional<std::string>(std::string())
                                                  : percent_decode(piece.substr(equals + 1), PlusSign::space);
    if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) {
      return fail(ErrorKind::invalid, source,
                  "The query has a broken percent escape or is not UTF-8; encode it as UTF-8 and escape it.");
    }
    query.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

}  // namespace

Result<Target> parse_target(std::string_view url) {
  std::string_view rest = without_origin(url);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t question = rest.find('?');
  auto path = normalise_path(rest.substr(0, question));
  if (!path) {
    return tl::make_unexpected(path.error());
  }
  auto query =
      parse_query(question == std::string_view::npos ? std::string_view() : rest.substr(question + 1));
  if (!query) {
    return tl::make_unexpected(query.error());
  }
  Target target;
  target.path = std::move(*path);
  target.query = std::move(*query);
  return target;
}

}  // namespace larder::http
