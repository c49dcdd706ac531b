#include "redis/info.h"

#include "base/text.h"

namespace larder::redis {

namespace {

void read_number(std::string_view value, std::uint64_t& into) { into = parse_unsigned(value).value_or(into); }

// "keys=120,expires=119,avg_ttl=0"
std::uint64_t keys_of(std::string_view keyspace) {
  constexpr std::string_view keys = "keys=";
  if (!keyspace.starts_with(keys)) {
    return 0;
  }
  const std::string_view rest = keyspace.substr(keys.size());
  return parse_unsigned(rest.substr(0, rest.find(','))).value_or(0);
}

bool is_database(std::string_view name) {
  return name.size() > 2 && name.starts_with("db") && parse_unsigned(name.substr(2)).has_value();
}

void read_line(std::string_view name, std::string_view value, ServerInfo& info) {
  if (name == "redis_version") {
    info.version = std::string(value);
  } else if (name == "maxmemory_policy") {
    info.eviction_policy = std::string(value);
  } else if (name == "used_memory") {
    read_number(value, info.used_bytes);
  } else if (name == "maxmemory") {
    read_number(value, info.bytes_max);
  } else if (name == "keyspace_hits") {
    read_number(value, info.hits);
  } else if (name == "keyspace_misses") {
    read_number(value, info.misses);
  } else if (name == "evicted_keys") {
    read_number(value, info.evicted_keys);
  } else if (name == "expired_keys") {
    read_number(value, info.expired_keys);
  } else if (name == "connected_clients") {
    read_number(value, info.clients);
  } else if (name == "uptime_in_seconds") {
    read_number(value, info.uptime_seconds);
  } else if (is_database(name)) {
    info.keys += keys_of(value);
  }
}

}  // namespace

ServerInfo parse_info(std::string_view text) {
  ServerInfo info;
  for (const std::string_view piece : split(text, '\n')) {
    const std::string_view line = trim(piece);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && !line.starts_with('#')) {
      read_line(line.substr(0, colon), line.substr(colon + 1), info);
    }
  }
  return info;
}

std::string eviction_advice(const ServerInfo& info) {
  if (!info.eviction_policy) {
    return "The server does not say how it evicts; see to it that maxmemory-policy is allkeys-lru.";
  }
  const std::string& policy = *info.eviction_policy;
  if (policy.starts_with("allkeys-")) {
    return "";
  }
  if (policy == "noeviction") {
    return "maxmemory-policy is noeviction: once memory is full, every store is refused and nothing new is "
           "cached. Set it to allkeys-lru (CONFIG SET maxmemory-policy allkeys-lru, or the provider's "
           "console), or set CACHE_EVICTION_POLICY=allkeys-lru and Larder does it.";
  }
  return concat({"maxmemory-policy is ", policy,
                 ": only keys with a lifetime are evicted. Larder's all have one, so it works as long as "
                 "other services leave room; allkeys-lru is the safer choice for a cache."});
}

void write(JsonWriter& json, const ServerInfo& info) {
  json.begin_object().key("version").value(info.version);
  json.key("uptimeSeconds").value(info.uptime_seconds).key("clients").value(info.clients);
  json.key("keys").value(info.keys).key("usedBytes").value(info.used_bytes).key("bytesMax");
  if (info.bytes_max == 0) {
    json.null();
  } else {
    json.value(info.bytes_max);
  }
  json.key("hits").value(info.hits).key("misses").value(info.misses).key("hitRate");
  const std::uint64_t looked = info.hits + info.misses;
  if (looked == 0) {
    json.null();
  } else {
    json.value(static_cast<double>(info.hits) / static_cast<double>(looked));
  }
  json.key("evictedKeys").value(info.evicted_keys).key("expiredKeys").value(info.expired_keys);
  json.key("evictionPolicy");
  if (info.eviction_policy) {
    json.value(*info.eviction_policy);
  } else {
    json.null();
  }
  const std::string advice = eviction_advice(info);
  json.key("evictionAdvice");
  if (advice.empty()) {
    json.null();
  } else {
    json.value(advice);
  }
  json.end_object();
}

}  // namespace larder::redis
