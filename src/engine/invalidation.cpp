#include "engine/invalidation.h"

#include <algorithm>

#include "base/text.h"
#include "config/limits.h"
#include "config/url.h"
#include "http/exact_target.h"
#include "http/structured_field.h"
#include "origin/redirect.h"

namespace larder::engine {

namespace {

// RFC 9875 §2: a list of strings; a field with another kind of item is ignored.
std::vector<std::string> groups_of(const http::Fields& response, std::string_view field) {
  const auto value = response.combined(field);
  const auto items = value ? http::parse_list(*value) : std::nullopt;
  std::vector<std::string> groups;
  if (!items) {
    return groups;
  }
  for (const http::Item& item : *items) {
    if (item.value.kind != http::ItemKind::string) {
      return {};
    }
    if (groups.size() < config::limit::cache_groups_max) {
      groups.push_back(item.value.text);
    }
  }
  return groups;
}

// A tag of something of an origin: many purges of such tags can be told as one of the origin's
// (config::origin_part).
std::string tag_of(std::string_view kind, std::string_view origin, std::string_view what,
                   const entry::Sha256& sha256) {
  const std::string name = to_lower(origin);
  return concat(
      {kind, to_hex(sha256(name).substr(0, 4)), ":", to_hex(sha256(concat({name, " ", what})).substr(0, 8))});
}

// RFC 9875 §2.1: a group is one of its origin.
std::string group_tag(const config::Resource& resource, std::string_view group, const entry::Sha256& sha256) {
  return tag_of("group:", resource.origin.url.origin, group, sha256);
}

void add_tag(std::vector<config::Purge>& purges, std::string tag) {
  const bool is_there = std::any_of(purges.begin(), purges.end(),
                                    [&](const config::Purge& purge) { return purge.text == tag; });
  if (!is_there) {
    purges.emplace_back(config::PurgeKind::tag, std::move(tag), config::PurgeMode::hard);
  }
}

}  // namespace

std::optional<std::string> url_tag(std::string_view url, const entry::Sha256& sha256) {
  const auto parsed = config::parse_http_url(url);
  if (!parsed) {
    return std::nullopt;
  }
  const std::string_view rest = parsed->rest;
  const std::string_view path = rest.substr(0, rest.find('?'));
  const auto target = http::parse_exact_target(path.empty() ? std::string_view("/") : path);
  const std::string plain = target ? target->plain_path : std::string(path);
  return tag_of("url:", parsed->origin, plain, sha256);
}

std::vector<std::string> group_tags(const config::Resource& resource, const http::Fields& response,
                                    const entry::Sha256& sha256) {
  std::vector<std::string> tags;
  for (const std::string& group : groups_of(response, "Cache-Groups")) {
    std::string tag = group_tag(resource, group, sha256);
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) {
      tags.push_back(std::move(tag));
    }
  }
  return tags;
}

std::vector<config::Purge> invalidated(const config::Resource& resource, std::string_view url,
                                       const http::Fields& response, const entry::Sha256& sha256) {
  std::vector<config::Purge> purges;
  const auto target = config::parse_http_url(url);
  if (auto tag = url_tag(url, sha256)) {
    add_tag(purges, std::move(*tag));
  }
  for (const std::string_view name : {"Location", "Content-Location"}) {
    const auto reference = response.find(name);
    const auto named =
        reference ? origin::resolve_reference(url, *reference) : Result<std::string>(std::string());
    const auto parsed = named && !named->empty() ? config::parse_http_url(*named) : target;
    const bool is_same = target && parsed && to_lower(parsed->origin) == to_lower(target->origin);
    if (reference && named && is_same) {
      if (auto tag = url_tag(*named, sha256)) {
        add_tag(purges, std::move(*tag));
      }
    }
  }
  for (const std::string& group : groups_of(response, "Cache-Group-Invalidation")) {
    add_tag(purges, group_tag(resource, group, sha256));
  }
  return purges;
}

}  // namespace larder::engine
