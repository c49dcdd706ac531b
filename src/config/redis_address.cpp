#include "config/redis_address.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "config/url.h"

namespace larder::config {

namespace {

Failure refuse_address(std::string_view message) {
  return fail(ErrorKind::invalid, "config", std::string(message));
}

bool is_database(std::string_view path) {
  if (path.empty() || path == "/") {
    return true;
  }
  // A server has 16 databases unless configured otherwise; none has a million.
  return path.size() <= 7 && parse_unsigned(path.substr(1)).has_value();
}

}  // namespace

std::string_view to_text(RedisTransport transport) {
  switch (transport) {
    case RedisTransport::tcp:
      return "tcp";
    case RedisTransport::tls:
      return "tls";
    case RedisTransport::rest:
      return "rest";
  }
  LARDER_UNREACHABLE();
}

Result<RedisAddress> parse_redis_address(std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  const std::string scheme = to_lower(text.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end));
  const bool is_rest = scheme == "https" || scheme == "http";
  if (!is_rest && scheme != "redis" && scheme != "rediss") {
    return refuse_address(
        "The address must start with redis://, rediss:// (TLS) or https:// (Upstash's REST).");
  }
  const std::string_view after = text.substr(scheme_end + 3);
  const std::size_t at = is_rest ? std::string_view::npos : after.rfind('@');
  const std::string_view credentials = after.substr(0, at == std::string_view::npos ? 0 : at);
  const bool is_written_out = std::all_of(credentials.begin(), credentials.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '/' && c != '?' && c != '#';
  });
  if (!is_written_out || !percent_decode(credentials, PlusSign::itself)) {
    return refuse_address("The password has characters that must be percent-encoded, like / as %2F.");
  }
  // What is left is judged as any URL is: host, port, no fragment, no odd characters.
  const std::string_view place = at == std::string_view::npos ? after : after.substr(at + 1);
  const auto url = parse_http_url(concat({is_rest ? std::string_view(scheme) : "http", "://", place}));
  if (!url) {
    return tl::make_unexpected(url.error());
  }
  if (is_rest) {
    if (!url->rest.empty() && url->rest != "/") {
      return refuse_address("The address of a REST server ends with its host: no path, no query.");
    }
    return RedisAddress(RedisTransport::rest, url->origin, "");
  }
  if (!is_database(url->rest)) {
    return refuse_address("Behind the host only the number of a database may follow, like /0.");
  }
  return RedisAddress(scheme == "redis" ? RedisTransport::tcp : RedisTransport::tls,
                      concat({scheme, "://", after}), "");
}

}  // namespace larder::config
