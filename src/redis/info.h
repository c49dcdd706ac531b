// What a Redis server says of itself (INFO, CONFIG GET maxmemory-policy), and what to think of it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_writer.h"

namespace larder::redis {

struct ServerInfo {
  std::string version;
  // Where the server does not say: nullopt, or 0 for counts.
  std::optional<std::string> eviction_policy;
  std::uint64_t used_bytes = 0;
  // 0: no bound but the machine's.
  std::uint64_t bytes_max = 0;
  std::uint64_t keys = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evicted_keys = 0;
  std::uint64_t expired_keys = 0;
  std::uint64_t clients = 0;
  std::uint64_t uptime_seconds = 0;

  ServerInfo() {}
};

// The text of INFO: "name:value" lines. What is missing or no number stays as it is.
ServerInfo parse_info(std::string_view text);

// What to do about the eviction policy, in words; "" where it is as a cache wants it. A cache wants the
// server to drop what is used least when memory is full, whether or not a key has a time (allkeys-*).
std::string eviction_advice(const ServerInfo& info);

// One JSON object.
void write(JsonWriter& json, const ServerInfo& info);

}  // namespace larder::redis
