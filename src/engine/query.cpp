#include "engine/query.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "config/limits.h"
#include "engine/invalidation.h"
#include "entry/normalise.h"
#include "host/client.h"
#include "http/accept.h"
#include "http/request_fields.h"

namespace larder::engine {

namespace {

std::optional<std::string> field_of(host::Context here, std::string_view name) {
  constexpr std::size_t any_length = 65536;
  return here.host().request_header(here.request(), name, any_length);
}

// Whether the origin sees the client's field of this name.
bool is_seen_by_origin(const config::Resource& resource, std::string_view name) {
  const bool is_declared =
      std::any_of(resource.origin.headers.begin(), resource.origin.headers.end(),
                  [&](const config::HeaderTemplate& header) { return header.name == name; });
  return !is_declared && http::is_forwarded(name, resource.forward);
}

// RFC 9111 §5.4: Pragma counts where there is no Cache-Control.
http::RequestDirectives directives_of(host::Context here) {
  if (const auto control = field_of(here, "cache-control")) {
    return http::parse_request_directives(*control);
  }
  const auto pragma = field_of(here, "pragma");
  http::RequestDirectives directives;
  directives.no_cache = pragma && http::parse_request_directives(*pragma).no_cache;
  return directives;
}

void read_http_fields(host::Context here, const config::Resource& resource, Asker& asker) {
  const auto sees = [&](std::string_view name) { return is_seen_by_origin(resource, name); };
  asker.personal =
      std::any_of(resource.forward.begin(), resource.forward.end(), [&](const std::string& name) {
        return http::fate_of(name) == http::RequestFieldFate::credential && sees(name) &&
               field_of(here, name);
      });
  asker.authorized = !sees("authorization") && field_of(here, "authorization").has_value();
  asker.directives = directives_of(here);
  if (auto range = field_of(here, "range")) {
    asker.wants_part = true;
    asker.range = std::move(*range);
    asker.if_range = field_of(here, "if-range").value_or("");
  }
  asker.is_for_origin_to_judge =
      field_of(here, "if-match").has_value() || field_of(here, "if-unmodified-since").has_value();
  const config::Resource* const asked = &resource;
  asker.read_header = [here, asked](std::string_view name) {
    return is_seen_by_origin(*asked, name)
               ? here.host().request_header(here.request(), name, config::limit::header_value_bytes_max)
               : std::nullopt;
  };
  const auto kept = std::make_shared<std::optional<TextPairs>>();
  asker.fields = [here, kept]() -> const TextPairs& {
    if (!*kept) {
      kept->emplace(here.host().request_fields(here.request()));
    }
    return **kept;
  };
}

}  // namespace

Asker asker_of(host::Context here, const config::Resource& resource) {
  Asker asker;
  asker.accepts_gzip = [here, is_http = resource.mode == config::Mode::http] {
    // A part is one of the plain bytes, and no-transform wants them (RFC 9111 §5.2.1.6).
    const bool wants_plain = is_http && (field_of(here, "range") || directives_of(here).no_transform);
    if (wants_plain) {
      return false;
    }
    const auto accepted = here.host().request_header(here.request(), "accept-encoding", 1024);
    return accepted && http::accepts_gzip(*accepted);
  };
  asker.client = [here] { return host::client_of(here); };
  if (resource.mode == config::Mode::http) {
    read_http_fields(here, resource, asker);
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

const config::Overrides& Query::overrides() const {
  static const config::Overrides none;
  return view == nullptr ? none : view->overrides;
}

bool Query::wants_no_body() const {
  return method == http::Method::head && resource->mode == config::Mode::http;
}

void put_under(Query& query, const experiments::Plan& plan, const config::Resource& declared) {
  query.view = plan.view_of(declared, query.key.storage_name);
  query.resource = query.view == nullptr ? &declared : &query.view->resource;
  query.key.tiers = tiers::TierSet::of(query.resource->tiers);
}

Result<Query> make_query(host::Host& host, const config::Settings& settings, const experiments::Plan& plan,
                         const config::Resource& resource, const RequestParts& parts, Asker asker) {
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
  put_under(query, plan, resource);
  query.tags = entry::build_tags(resource, in_key, sha256);
  query.values = std::move(*values);
  query.sent = parts.exact.sent;
  if (resource.is_invalidated) {
    const auto url = config::expand_url(resource.origin.url, query.values, query.sent);
    if (auto tag = url ? url_tag(*url, sha256) : std::nullopt) {
      query.tags.push_back(std::move(*tag));
    }
  }
  query.method = resource.match.method;
  return query;
}

}  // namespace larder::engine
