// The address of a Redis server, as REDIS_URL gives it.
//   redis://[[user]:password@]host[:port][/database]    RESP over TCP
//   rediss://…                                          the same over TLS
//   https://host[:port]                                 commands by HTTP, in Upstash's shape, with a token
// http:// is as https://, for a server on one's own machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace larder::config {

enum class RedisTransport : std::uint8_t { tcp, tls, rest };
std::string_view to_text(RedisTransport transport);

// Both texts are secrets: never log, store or print them.
struct RedisAddress {
  RedisTransport transport = RedisTransport::tcp;
  // As given, which parse_redis_address() has found to be well formed.
  std::string url;
  // With `rest`.
  std::string token;

  RedisAddress() {}
  RedisAddress(RedisTransport transport_, std::string url_, std::string token_)
      : transport(transport_), url(std::move(url_)), token(std::move(token_)) {}
};

// Without its token. Errors: invalid, with what to change; the message never repeats the URL, which may hold
// a password. Refused: other schemes, an empty or odd host, an invalid port, a database that is no number,
// queries, fragments, a password in the URL of a REST server.
Result<RedisAddress> parse_redis_address(std::string_view text);

}  // namespace larder::config
