#include "engine/make_entry.h"

#include <algorithm>

#include "base/text.h"
#include "config/limits.h"
#include "http/freshness.h"
#include "http/validators.h"

namespace larder::engine {

namespace {

// Strong: the same bytes and nothing else. 16 bytes of SHA-256 are plenty.
std::string etag_of(host::Host& host, const host::Body& body) {
  return http::to_text(http::EntityTag::strong(to_base64url(host.body_sha256(body.handle()).substr(0, 16))));
}

bool may_be_kept(const config::Settings& settings, const Query& query, const origin::Fetched& fetched) {
  if (fetched.streamed || fetched.doubtful || fetched.content.empty() || query.authorized) {
    return false;
  }
  if (fetched.content.size() > query.resource->bytes_max) {
    return false;
  }
  return fetched.kind == entry::Kind::positive || settings.negative_cache_enabled;
}

void declare_keyed(const Query& query, const origin::Fetched& fetched, entry::Header& header) {
  const config::Resource& resource = *query.resource;
  header.created = fetched.received_at;
  if (fetched.kind == entry::Kind::negative) {
    header.fresh_for = resource.negative_ttl;
    return;
  }
  header.fresh_for = resource.ttl;
  header.stale_for = resource.stale;
  header.error_for = resource.stale_if_error;
}

// Origins do say "ten years"; a store takes no lifetime above its bound, and nothing is lost by asking once a
// year.
Millis bounded(http::Seconds lifetime) {
  return std::min(Millis(lifetime), config::limit::duration_declared_max);
}

// RFC 9111 decides; the declared times stand in where the response is silent. False: not to be stored.
bool declare_http(const Query& query, const origin::Fetched& fetched, entry::Header& header) {
  const config::Resource& resource = *query.resource;
  const http::Fields& fields = fetched.origin_fields;
  const int status = static_cast<int>(fetched.origin_status);
  http::RequestFacts facts;
  facts.method = http::Method::get;
  facts.has_authorization = query.authorized;
  const http::Storability storability = http::storable(facts, status, fields, fetched.received_at);
  const http::SelectedDirectives selected = http::select_directives(fields);
  const http::Freshness freshness = http::freshness_lifetime(status, fields, fetched.received_at);
  const bool silent =
      freshness.basis == http::FreshnessBasis::none || freshness.basis == http::FreshnessBasis::heuristic;
  const bool declared = silent && resource.ttl > Millis(0) && status >= 200 && status < 300;
  const bool only_wants_freshness =
      storability == http::Storability::no_freshness || storability == http::Storability::no_use;
  if (storability != http::Storability::storable && !(declared && only_wants_freshness)) {
    return false;
  }
  if (selected.directives.no_cache) {
    return false;
  }
  // `created` is when the response was made: its age on arrival counts.
  header.created = fetched.received_at -
                   http::current_age(fields, fetched.requested_at, fetched.received_at, fetched.received_at);
  header.fresh_for = declared ? resource.ttl : bounded(freshness.lifetime);
  const bool may_be_stale = !selected.directives.must_revalidate && !selected.directives.proxy_revalidate &&
                            !selected.directives.s_maxage.has_value();
  if (may_be_stale) {
    header.stale_for = selected.directives.stale_while_revalidate
                           ? bounded(*selected.directives.stale_while_revalidate)
                           : resource.stale;
    header.error_for = selected.directives.stale_if_error ? bounded(*selected.directives.stale_if_error)
                                                          : resource.stale_if_error;
  }
  const http::Vary vary = http::vary_of(fields);
  if (!vary.names.empty()) {
    header.vary = http::secondary_key(vary.names, query.read_header);
  }
  return true;
}

// In mode http the stored fields are replayed; what has a place of its own in the header is left out.
void copy_fields(const origin::Fetched& fetched, entry::Header& header) {
  static constexpr std::string_view own[] = {
      "content-type",   "etag",       "last-modified", "age",
      "content-length", "connection", "cache-status",  "content-encoding",
      "set-cookie",     "date",       "server",        "alt-svc"};
  const http::Fields stored = http::fields_to_store(fetched.origin_fields);
  for (const auto& field : stored.all()) {
    std::string name = to_lower(field.first);
    if (std::find(std::begin(own), std::end(own), name) == std::end(own)) {
      header.fields.emplace_back(std::move(name), field.second);
    }
  }
}

}  // namespace

tiers::EntryPtr make_entry(host::Host& host, const config::Settings& settings, const Query& query,
                           origin::Fetched& fetched) {
  if (!may_be_kept(settings, query, fetched)) {
    return nullptr;
  }
  entry::Header header;
  header.kind = fetched.kind;
  header.status = static_cast<std::uint16_t>(fetched.status);
  header.content_type = fetched.content_type;
  header.tags = query.tags;
  header.key = query.key.proof;
  header.stored_size = fetched.content.size();
  header.body_size = fetched.content.size();
  if (query.resource->mode == config::Mode::http) {
    if (!declare_http(query, fetched, header)) {
      return nullptr;
    }
    copy_fields(fetched, header);
    header.etag = std::string(fetched.origin_fields.find("etag").value_or(""));
    header.last_modified = std::string(fetched.origin_fields.find("last-modified").value_or(""));
  } else {
    declare_keyed(query, fetched, header);
  }
  if (header.etag.empty() && header.kind == entry::Kind::positive) {
    header.etag = etag_of(host, fetched.content);
  }
  return std::make_shared<const tiers::Entry>(std::move(header), std::move(fetched.content));
}

}  // namespace larder::engine
