// Any text as larder.json, and as the values of settings. What is refused names at least one fault in plain
// text; what is accepted keeps its limits and can be matched against.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/text.h"
#include "config/declaration.h"
#include "config/limits.h"
#include "config/settings.h"

namespace {

using namespace larder;
using namespace larder::config;

void check_faults(const Faults& faults) {
  LARDER_ASSERT(!faults.empty() && faults.size() <= limit::declaration_faults_max + 1);
  for (const Fault& fault : faults) {
    LARDER_ASSERT(!fault.message.empty() && is_utf8(fault.message) && is_utf8(fault.path));
  }
}

void check_resource(const Declarations& declarations, const Resource& resource) {
  LARDER_ASSERT(!resource.name.empty() && resource.name.size() <= limit::resource_name_bytes_max);
  LARDER_ASSERT(resource.key.size() <= limit::key_fields_max && resource.tags.size() <= limit::tags_max);
  LARDER_ASSERT(resource.match.segments.size() <= limit::path_segments_max);
  for (const Millis duration :
       {resource.ttl, resource.stale, resource.stale_if_error, resource.negative_ttl}) {
    LARDER_ASSERT(duration >= Millis(0) && duration <= limit::duration_declared_max);
  }
  LARDER_ASSERT(resource.origin.timeout_hard <= limit::origin_timeout_max);
  LARDER_ASSERT(!is_at_or_below(resource.match.path, "/api/cache"));
  const auto matched = match(declarations, resource.match.methods.front(), resource.match.path);
  LARDER_ASSERT(!matched || matched->resource != nullptr);
}

void check_declarations(std::string_view json) {
  const auto declarations = parse_declarations(json, {"/api/cache"});
  if (!declarations) {
    check_faults(declarations.error());
    return;
  }
  LARDER_ASSERT(declarations->resources.size() <= limit::resources_max);
  for (const Resource& resource : declarations->resources) {
    check_resource(*declarations, resource);
  }
  const Faults missing = missing_secrets(*declarations, Settings());
  LARDER_ASSERT(missing.size() == secrets_of(*declarations).size());
  match(*declarations, http::Method::get, json);
}

// One line "NAME=value" a binding.
void check_settings(std::string_view text) {
  TextPairs bindings;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) {
      bindings.emplace_back(line.substr(0, equals), line.substr(equals + 1));
    }
  }
  // Every setting gets the text as its value, one at a time and all at once.
  TextPairs all;
  for (const SettingRow& row : setting_rows) {
    const auto one = parse_settings({{std::string(row.name), std::string(text)}});
    if (!one) {
      check_faults(one.error());
    }
    all.emplace_back(row.name, text);
  }
  for (const TextPairs& pairs : {bindings, all}) {
    const auto settings = parse_settings(pairs);
    if (!settings) {
      check_faults(settings.error());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string text(data + 1, data + size);
  if (data[0] % 4 == 0) {
    check_settings(text);
  } else {
    check_declarations(text);
  }
  return 0;
}
