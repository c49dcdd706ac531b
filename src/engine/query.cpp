#include "engine/query.h"

#include <utility>

#include "config/limits.h"
#include "entry/normalise.h"
#include "http/accept.h"
#include "http/client.h"

namespace larder::engine {

Asker asker_of(host::Context here, const config::Resource& resource) {
  Asker asker;
  asker.accepts_gzip = [here] {
    const auto accepted = here.host().request_header(here.request(), "accept-encoding", 1024);
    return accepted && http::accepts_gzip(*accepted);
  };
  asker.client = [here] {
    const auto address = here.host().request_header(here.request(), "cf-connecting-ip", 64);
    return address ? http::client_of(*address) : std::string();
  };
  if (resource.mode == config::Mode::http) {
    constexpr std::size_t any_length = 65536;
    asker.authorized = here.host().request_header(here.request(), "authorization", any_length).has_value();
    const auto control = here.host().request_header(here.request(), "cache-control", any_length);
    asker.directives = http::parse_request_directives(control.value_or(""));
    asker.read_header = [here](std::string_view name) {
      return here.host().request_header(here.request(), name, config::limit::header_value_bytes_max);
    };
  }
  return asker;
}

Asker larder_itself() {
  Asker asker;
  asker.pace = Pace::warming;
  asker.accepts_gzip = [] { return true; };
  asker.read_header = [](std::string_view) { return std::optional<std::string>(); };
  return asker;
}

void Query::ask_for(Asker asker) {
  static_cast<Asker&>(*this) = std::move(asker);
  key.read = read_header;
}

Result<Query> make_query(host::Host& host, const config::Settings& settings, const config::Resource& resource,
                         const RequestParts& parts, Asker asker) {
  const TextPairs in_settings = config::key_settings(settings);
  auto values = entry::normalise_fields(
      resource, entry::Parameters{parts.path, parts.query, parts.headers, parts.body, in_settings},
      host::lower_text_of(host));
  if (!values) {
    return tl::make_unexpected(std::move(values.error()));
  }
  const entry::Sha256 sha256 = [&host](std::string_view bytes) { return host.sha256(bytes); };
  const config::FieldValues in_key = entry::key_values(resource, *values, sha256);
  config::FieldValues key_fields = in_key;
  for (std::size_t i = 0; i < parts.exact.in_key.size(); ++i) {
    if (parts.exact.in_key[i]) {
      key_fields[i] = parts.exact.in_key[i];
    }
  }
  Query query;
  query.resource = &resource;
  query.key =
      tiers::Key(entry::build_key(settings.cache_prefix, resource, entry::schema_version, key_fields, sha256),
                 tiers::TierSet::of(resource.tiers));
  query.ask_for(std::move(asker));
  query.tags = entry::build_tags(resource, in_key, sha256);
  query.values = std::move(*values);
  query.sent = parts.exact.sent;
  query.method = resource.match.method;
  return query;
}

}  // namespace larder::engine
