#include "engine/query.h"

#include <utility>

#include "entry/normalise.h"

namespace larder::engine {

Query make_query(host::Host& host, const config::Settings& settings, const config::Resource& resource,
                 config::FieldValues values) {
  const entry::Sha256 sha256 = [&host](std::string_view bytes) { return host.sha256(bytes); };
  const config::FieldValues in_key = entry::key_values(resource, values, sha256);
  Query query;
  query.resource = &resource;
  query.key =
      tiers::Key(entry::build_key(settings.cache_prefix, resource, entry::schema_version, in_key, sha256),
                 tiers::TierSet::of(resource.tiers));
  query.tags = entry::build_tags(resource, in_key, sha256);
  query.values = std::move(values);
  query.method = resource.match.method;
  return query;
}

}  // namespace larder::engine
