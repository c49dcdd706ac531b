#include "config/url.h"

#include "base/text.h"
#include "config/limits.h"

namespace larder::config {

namespace {

Failure refuse_url(std::string_view message) {
  return fail(ErrorKind::invalid, "config", std::string(message));
}

bool is_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
           std::string_view::npos;
  }
  for (const char c : host) {
    if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '.' && c != '_') {
      return false;
    }
  }
  return !host.empty() && host.size() <= 253 && host.front() != '.';
}

bool is_port(std::string_view port) {
  const auto number = port.size() <= 5 ? parse_unsigned(port) : std::nullopt;
  return number && *number >= 1 && *number <= 65535;
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view text) {
  if (text.size() > limit::url_bytes_max) {
    return refuse_url(
        concat({"The URL is longer than ", larder::to_text(std::uint64_t{limit::url_bytes_max}), " bytes."}));
  }
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '\\' || c == '"' || c == '<' || c == '>') {
      return refuse_url(
          "The URL has a character that must be percent-encoded (white space, quotes, <, >, \\, non-ASCII).");
    }
  }
  const std::size_t scheme_end = text.find("://");
  const std::string scheme = to_lower(text.substr(0, scheme_end));
  if (scheme_end == std::string_view::npos || (scheme != "https" && scheme != "http")) {
    return refuse_url("The URL must start with https:// or http://.");
  }
  if (text.find('#') != std::string_view::npos) {
    return refuse_url("The URL has a fragment (#…), which no server sees; remove it.");
  }
  const std::string_view after = text.substr(scheme_end + 3);
  const std::string_view authority = after.substr(0, after.find_first_of("/?"));
  if (authority.find('@') != std::string_view::npos) {
    return refuse_url("The URL carries credentials; remove them and send a secret in a header.");
  }
  if (authority.find_first_of("{}") != std::string_view::npos) {
    return refuse_url("The URL's host must be written out: no part of a request may choose the server.");
  }
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (!is_host(authority.substr(0, colon))) {
    return refuse_url("The URL has no valid host name.");
  }
  if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) {
    return refuse_url("The URL's port must be a number from 1 to 65535.");
  }
  HttpUrl url;
  url.origin = concat({scheme, "://", to_lower(authority)});
  url.rest = std::string(after.substr(authority.size()));
  return url;
}

}  // namespace larder::config
