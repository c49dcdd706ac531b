// Patterns of SCAN, and what a server says of itself.
#include <gtest/gtest.h>

#include "redis/glob.h"
#include "redis/info.h"

namespace larder::redis::words_test {
namespace {

TEST(Glob, OfATextIsThatTextAlone) {
  EXPECT_EQ(glob_of_text("larder:title:v3:dune"), "larder:title:v3:dune");
  EXPECT_EQ(glob_of_text("a*b?c[d]e\\f"), "a\\*b\\?c\\[d\\]e\\\\f");
  EXPECT_EQ(glob_of_prefix("te*n[a]nt:"), "te\\*n\\[a\\]nt:*");
}

TEST(Glob, OfAPatternHasItsRunsAndNothingElse) {
  EXPECT_EQ(glob_of_pattern("larder:*:v3:?[x]*"), "larder:*:v3:\\?\\[x\\]*");
}

TEST(Info, IsReadLineByLine) {
  const ServerInfo info = parse_info(
      "# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:61\r\n\r\n# Clients\r\nconnected_clients:7\r\n"
      "# Memory\r\nused_memory:1048576\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n"
      "# Stats\r\nexpired_keys:4\r\nevicted_keys:5\r\nkeyspace_hits:90\r\nkeyspace_misses:10\r\n"
      "# Keyspace\r\ndb0:keys=120,expires=119,avg_ttl=0\r\ndb3:keys=2,expires=0,avg_ttl=0\r\nnonsense\r\n");
  JsonWriter json;
  write(json, info);
  EXPECT_EQ(
      std::move(json).take(),
      R"({"version":"7.0.15","uptimeSeconds":61,"clients":7,"keys":122,"usedBytes":1048576,)"
      R"("bytesMax":null,"hits":90,"misses":10,"hitRate":0.9,"evictedKeys":5,"expiredKeys":4,)"
      R"("evictionPolicy":"noeviction","evictionAdvice":"maxmemory-policy is noeviction: once memory is )"
      R"(full, every store is refused and nothing new is cached. Set it to allkeys-lru (CONFIG SET )"
      R"(maxmemory-policy allkeys-lru, or the provider's console), or set )"
      R"(CACHE_EVICTION_POLICY=allkeys-lru and Larder does it."})");
}

TEST(Info, OfNothingSaysNothing) {
  for (const char* text : {"", "OK", "used_memory:many\r\ndb0:keys", ":::"}) {
    const ServerInfo info = parse_info(text);
    EXPECT_EQ(info.used_bytes, 0U) << text;
    EXPECT_EQ(info.keys, 0U) << text;
    EXPECT_FALSE(info.eviction_policy.has_value()) << text;
  }
}

TEST(Info, AdviceIsGivenWhereACacheWantsAnotherPolicy) {
  ServerInfo info;
  EXPECT_EQ(eviction_advice(info),
            "The server does not say how it evicts; see to it that maxmemory-policy is allkeys-lru.");
  for (const char* good : {"allkeys-lru", "allkeys-lfu", "allkeys-random"}) {
    info.eviction_policy = good;
    EXPECT_EQ(eviction_advice(info), "") << good;
  }
  info.eviction_policy = "volatile-lru";
  EXPECT_EQ(eviction_advice(info).substr(0, 33), "maxmemory-policy is volatile-lru:");
}

}  // namespace
}  // namespace larder::redis::words_test
