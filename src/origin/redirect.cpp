#include "origin/redirect.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "config/limits.h"
#include "config/url.h"

namespace larder::origin {

namespace {

using config::HttpUrl;

Failure refuse_redirect(std::string_view message) {
  return fail(ErrorKind::rejected, "origin", std::string(message));
}

bool is_redirect(std::uint32_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_https(std::string_view origin) { return origin.starts_with("https:"); }

// Without the scheme's own port, so that equal origins are equal texts (RFC 3986 §6.2.3).
std::string plain_origin(std::string origin) {
  const std::string_view own_port = is_https(origin) ? ":443" : ":80";
  if (origin.ends_with(own_port)) {
    origin.resize(origin.size() - own_port.size());
  }
  return origin;
}

bool is_upgrade(std::string_view from, std::string_view to) {
  constexpr std::string_view http = "http://";
  constexpr std::string_view https = "https://";
  return from.starts_with(http) && to.starts_with(https) &&
         from.substr(http.size()) == to.substr(https.size());
}

bool is_declared(const Request& asked, std::string_view origin) {
  return std::any_of(asked.redirect_origins.begin(), asked.redirect_origins.end(),
                     [&](const std::string& declared) { return plain_origin(declared) == origin; });
}

// RFC 3986 §5.2.4. `path` starts with a slash.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> segments;
  bool ends_open = false;
  for (const std::string_view segment : split(path.substr(1), '/')) {
    ends_open = segment == "." || segment == "..";
    if (segment == ".." && !segments.empty()) {
      segments.pop_back();
    } else if (!ends_open) {
      segments.push_back(segment);
    }
  }
  std::string plain;
  for (const std::string_view segment : segments) {
    plain.append("/").append(segment);
  }
  return ends_open || plain.empty() ? plain + "/" : plain;
}

// "" and "?…" have the path "/".
std::string_view path_of(std::string_view rest) {
  const std::string_view path = rest.substr(0, rest.find('?'));
  return path.empty() ? std::string_view("/") : path;
}

std::string_view query_of(std::string_view rest) {
  const std::size_t question = rest.find('?');
  return question == std::string_view::npos ? std::string_view() : rest.substr(question);
}

// RFC 3986 §3.1: what stands before the first colon, if no slash or query comes earlier.
bool has_scheme(std::string_view reference) {
  const std::size_t colon = reference.find(':');
  return colon != std::string_view::npos && reference.find_first_of("/?") > colon;
}

// The text of the target; what it means is for parse_http_url() to say.
std::string target_text(const HttpUrl& base, std::string_view reference) {
  if (has_scheme(reference)) {
    return std::string(reference);
  }
  if (reference.starts_with("//")) {
    return concat({base.origin.substr(0, base.origin.find(':') + 1), reference});
  }
  if (reference.starts_with("/")) {
    return concat({base.origin, reference});
  }
  const std::string_view path = path_of(base.rest);
  if (reference.empty()) {
    return concat({base.origin, path, query_of(base.rest)});
  }
  if (reference.starts_with("?")) {
    return concat({base.origin, path, reference});
  }
  return concat({base.origin, path.substr(0, path.rfind('/') + 1), reference});
}

std::string step_of(const Request& request) { return concat({request.method, " ", request.url}); }

void remove_headers(Request& request, const std::vector<std::string>& names) {
  TextPairs kept;
  for (auto& field : request.headers) {
    if (std::find(names.begin(), names.end(), to_lower(field.first)) == names.end()) {
      kept.push_back(std::move(field));
    }
  }
  request.headers = std::move(kept);
}

}  // namespace

std::optional<std::string_view> header_of(const Request& request, std::string_view name) {
  for (const auto& [field, value] : request.headers) {
    if (equals_ignoring_case(field, name)) {
      return std::string_view(value);
    }
  }
  return std::nullopt;
}

bool is_conditional(const Request& request) {
  return header_of(request, "if-none-match") || header_of(request, "if-modified-since");
}

Result<std::string> resolve_reference(std::string_view base, std::string_view reference) {
  const auto from = config::parse_http_url(base);
  if (!from) {
    return tl::make_unexpected(from.error());
  }
  const std::string_view trimmed = trim(reference);
  const auto to = config::parse_http_url(target_text(*from, trimmed.substr(0, trimmed.find('#'))));
  if (!to) {
    return tl::make_unexpected(to.error());
  }
  return concat({plain_origin(to->origin), without_dot_segments(path_of(to->rest)), query_of(to->rest)});
}

Result<std::optional<Request>> follow_redirect(const Request& asked, std::uint32_t status,
                                               std::string_view location) {
  if (asked.redirects == Redirects::are_answers || !is_redirect(status) || trim(location).empty()) {
    return std::optional<Request>();
  }
  auto target = resolve_reference(asked.url, location);
  if (!target) {
    return refuse_redirect("The origin redirects to what is no URL of http or https.");
  }
  const std::string from = plain_origin(config::parse_http_url(asked.url)->origin);
  const std::string to = config::parse_http_url(*target)->origin;
  if (is_https(from) && !is_https(to)) {
    return refuse_redirect("The origin redirects from https to http, which is never followed.");
  }
  if (from != to && !is_upgrade(from, to) && !is_declared(asked, to)) {
    return refuse_redirect(
        "The origin redirects to another one. If that is meant, name it in origin.redirects.");
  }
  Request next = asked;
  next.trail.push_back(step_of(asked));
  if (next.trail.size() > config::limit::redirects_max) {
    return refuse_redirect("The origin redirects too often.");
  }
  next.url = std::move(*target);
  std::vector<std::string> left_behind = {"if-none-match", "if-modified-since"};
  if (from != to) {
    left_behind.insert(left_behind.end(), {"authorization", "proxy-authorization", "cookie"});
    left_behind.insert(left_behind.end(), asked.secret_headers.begin(), asked.secret_headers.end());
  }
  if (status == 303 || (status <= 302 && asked.method == "POST")) {
    next.method = "GET";
    next.content.clear();
    left_behind.emplace_back("content-type");
  }
  remove_headers(next, left_behind);
  if (std::find(next.trail.begin(), next.trail.end(), step_of(next)) != next.trail.end()) {
    return refuse_redirect("The origin redirects in a circle.");
  }
  return std::optional<Request>(std::move(next));
}

}  // namespace larder::origin
