// The caches under contract, and entries to put into them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/limits.h"
#include "observe/counters.h"
#include "support/runner.h"
#include "tiers/null_cache.h"
#include "tiers/tiered_cache.h"

namespace larder::tiers {

inline constexpr Bytes kv_value_bytes_max(4096);

// `name` is the storage name and, unless `proof` says otherwise, the full key.
inline Key key_named(std::string name, TierSet tiers = TierSet::all()) {
  entry::Key key;
  key.full = name;
  key.storage_name = name;
  key.pattern = "title";
  key.proof = std::move(name);
  return Key(std::move(key), tiers);
}

inline entry::Header header_of(const Key& key, Instant created, std::string_view content) {
  entry::Header header;
  header.status = 203;
  header.content_type = "text/plain";
  header.etag = "\"one\"";
  header.last_modified = "Tue, 03 Nov 2026 10:00:00 GMT";
  header.created = created;
  header.fresh_for = Millis(3'600'000);
  header.stale_for = Millis(60'000);
  header.error_for = Millis(120'000);
  header.tags = {"book"};
  header.vary = "accept-language=de";
  header.stored_size = Bytes(content.size());
  header.body_size = Bytes(content.size());
  header.key = key.proof;
  header.fields = {{"link", "</next>; rel=\"next\""}};
  return header;
}

inline EntryPtr entry_of(sim::SimulatedHost& host, const Key& key, std::string_view content) {
  return std::make_shared<const Entry>(header_of(key, host.now(), content),
                                       host::Body::from_bytes(host, content));
}

inline std::string text_of(const entry::Header& header) {
  auto text = entry::encode(header, Bytes(config::limit::header_value_bytes_max));
  LARDER_ASSERT(text.has_value());
  return *text;
}

inline std::string content_of(sim::SimulatedHost& host, const Entry& entry) {
  return host.read_body(entry.body.handle(), entry.body.size(), 0);
}

inline redis::Client redis_client() {
  return redis::Client(config::RedisAddress(config::RedisTransport::tcp, "redis://127.0.0.1", ""));
}

inline TierSetup setup_of(sim::SimulatedHost& host) {
  TierSetup setup(host, kv_value_bytes_max, Bytes(std::uint64_t{16} << 20), 7);
  setup.redis = redis_client();
  return setup;
}

inline std::unique_ptr<Cache> make_one(sim::SimulatedHost& host, config::Tier tier) {
  return make_tier(tier, setup_of(host));
}

inline std::unique_ptr<TieredCache> make_chain(sim::SimulatedHost& host, observe::Counters& counters) {
  return make_tiered_cache(config::CacheImplementation::kv, setup_of(host), counters);
}

inline std::unique_ptr<TieredCache> make_redis_chain(sim::SimulatedHost& host, observe::Counters& counters) {
  return make_tiered_cache(config::CacheImplementation::redis, setup_of(host), counters);
}

}  // namespace larder::tiers
