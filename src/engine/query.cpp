#include "engine/query.h"

#include <utility>

#include "entry/normalise.h"

namespace larder::engine {

Query make_query(host::Host& host, const config::Settings& settings, const config::Resource& resource,
                 config::FieldValues values, entry::ExactFields exact) {
  const entry::Sha256 sha256 = [&host](std::string_view bytes) { return host.sha256(bytes); };
  const config::FieldValues in_key = entry::key_values(resource, values, sha256);
  config::FieldValues key_fields = in_key;
  for (std::size_t i = 0; i < exact.in_key.size(); ++i) {
    if (exact.in_key[i]) {
      key_fields[i] = std::move(exact.in_key[i]);
    }
  }
  Query query;
  query.resource = &resource;
  query.key =
      tiers::Key(entry::build_key(settings.cache_prefix, resource, entry::schema_version, key_fields, sha256),
                 tiers::TierSet::of(resource.tiers));
  query.tags = entry::build_tags(resource, in_key, sha256);
  query.values = std::move(values);
  query.sent = std::move(exact.sent);
  query.method = resource.match.method;
  return query;
}

}  // namespace larder::engine
