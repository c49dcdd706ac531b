#include "app/cors.h"

#include <algorithm>

#include "base/text.h"
#include "entry/normalise.h"

namespace larder::app {

namespace {

// The field that allows the page; nullopt: it is not allowed.
std::optional<std::string> allowed_origin(const config::Cors& cors, std::optional<std::string_view> origin) {
  if (cors.origins.empty()) {
    return "*";
  }
  const bool known =
      origin && std::find(cors.origins.begin(), cors.origins.end(), *origin) != cors.origins.end();
  return known ? std::optional(std::string(*origin)) : std::nullopt;
}

// Request fields that a page may send beside those that every page may.
std::string allowed_fields(const config::Resource& resource) {
  std::vector<std::string> names = {"content-type", "if-none-match", "if-modified-since"};
  for (const std::string_view name : entry::header_names(resource)) {
    names.emplace_back(name);
  }
  return join(names, ", ");
}

}  // namespace

bool differs_by_origin(const config::Resource& resource) {
  return resource.cors.has_value() && !resource.cors->origins.empty();
}

void add_cors(const config::Resource& resource, std::optional<std::string_view> origin, TextPairs& headers) {
  if (!resource.cors) {
    return;
  }
  headers.erase(std::remove_if(
                    headers.begin(), headers.end(),
                    [](const auto& header) { return to_lower(header.first).starts_with("access-control-"); }),
                headers.end());
  if (const auto allowed = allowed_origin(*resource.cors, origin)) {
    headers.emplace_back("access-control-allow-origin", *allowed);
    headers.emplace_back("access-control-expose-headers", "cache-status, age, retry-after");
  }
  if (differs_by_origin(resource)) {
    headers.emplace_back("vary", "origin");
  }
}

TextPairs preflight_fields(const config::Resource& resource, std::optional<std::string_view> origin,
                           std::string_view allow) {
  TextPairs fields;
  if (!resource.cors) {
    return fields;
  }
  if (const auto allowed = allowed_origin(*resource.cors, origin)) {
    fields.emplace_back("access-control-allow-origin", *allowed);
    fields.emplace_back("access-control-allow-methods", allow);
    fields.emplace_back("access-control-allow-headers", allowed_fields(resource));
    fields.emplace_back("access-control-max-age", to_text(whole_seconds(resource.cors->preflight_age)));
  }
  if (differs_by_origin(resource)) {
    fields.emplace_back("vary", "origin");
  }
  return fields;
}

}  // namespace larder::app
