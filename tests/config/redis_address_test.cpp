#include "config/redis_address.h"

#include <gtest/gtest.h>

namespace larder::config::redis_address_test {
namespace {

TEST(RedisAddress, TellsHowTheServerIsReached) {
  struct Row {
    const char* text;
    RedisTransport transport;
    const char* url;
  };
  for (const Row& row : {
           Row{"redis://localhost", RedisTransport::tcp, "redis://localhost"},
           Row{"redis://127.0.0.1:6379/0", RedisTransport::tcp, "redis://127.0.0.1:6379/0"},
           Row{"redis://:p%40ss@h:1/15", RedisTransport::tcp, "redis://:p%40ss@h:1/15"},
           Row{"REDISS://default:p@ss@h.example:6380", RedisTransport::tls,
               "rediss://default:p@ss@h.example:6380"},
           Row{"redis://[::1]:6379", RedisTransport::tcp, "redis://[::1]:6379"},
           Row{"https://eu1-x.upstash.io", RedisTransport::rest, "https://eu1-x.upstash.io"},
           Row{"http://127.0.0.1:8079/", RedisTransport::rest, "http://127.0.0.1:8079"},
       }) {
    const auto address = parse_redis_address(row.text);
    ASSERT_TRUE(address.has_value()) << row.text;
    EXPECT_EQ(address->transport, row.transport) << row.text;
    EXPECT_EQ(address->url, row.url) << row.text;
    EXPECT_EQ(address->token, "") << row.text;
  }
}

TEST(RedisAddress, SaysWhatIsWrongAndNeverThePassword) {
  struct Row {
    const char* text;
    const char* message;
  };
  for (const Row& row : {
           Row{"", "The address must start with redis://, rediss:// (TLS) or https:// (Upstash's REST)."},
           Row{"localhost:6379",
               "The address must start with redis://, rediss:// (TLS) or https:// (Upstash's REST)."},
           Row{"valkey://h",
               "The address must start with redis://, rediss:// (TLS) or https:// (Upstash's REST)."},
           Row{"redis://", "The URL has no valid host name."},
           Row{"redis://:hunter2@", "The URL has no valid host name."},
           Row{"redis://u:hunter2@h ost",
               "The URL has a character that must be percent-encoded (white space, quotes, <, >, \\, "
               "non-ASCII)."},
           Row{"redis://h:0", "The URL's port must be a number from 1 to 65535."},
           Row{"redis://u:hunter2@h:65536", "The URL's port must be a number from 1 to 65535."},
           Row{"redis://u:hun/ter2@h",
               "The password has characters that must be percent-encoded, like / as %2F."},
           Row{"redis://u:hunter%2@h",
               "The password has characters that must be percent-encoded, like / as %2F."},
           Row{"redis://u:hun\nter2@h",
               "The password has characters that must be percent-encoded, like / as %2F."},
           Row{"redis://h/cache", "Behind the host only the number of a database may follow, like /0."},
           Row{"redis://h/0?family=6", "Behind the host only the number of a database may follow, like /0."},
           Row{"redis://h#0", "The URL has a fragment (#…), which no server sees; remove it."},
           Row{"https://u:hunter2@h",
               "The URL carries credentials; remove them and send a secret in a header."},
           Row{"https://h/pipeline", "The address of a REST server ends with its host: no path, no query."},
       }) {
    const auto address = parse_redis_address(row.text);
    ASSERT_FALSE(address.has_value()) << row.text;
    EXPECT_EQ(address.error().message, row.message) << row.text;
    EXPECT_EQ(address.error().message.find("hunter"), std::string::npos) << row.text;
  }
}

}  // namespace
}  // namespace larder::config::redis_address_test
