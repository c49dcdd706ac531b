#include "operators/visible_key.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"

namespace larder::operators {

namespace {

// {prefix}:{resource}:v{schema}, then a part for each field of the key.
constexpr std::size_t fields_begin = 3;

std::string without_settings(const config::Declarations& declarations, std::string_view key) {
  const std::vector<std::string_view> parts = split(key, ':');
  const auto resource =
      std::find_if(declarations.resources.begin(), declarations.resources.end(),
                   [&](const auto& one) { return parts.size() > 1 && one.name == parts[1]; });
  // A key that is a digest says nothing of its fields.
  if (resource == declarations.resources.end() || parts.size() != fields_begin + resource->key.size()) {
    return std::string(key);
  }
  std::vector<std::string> visible(parts.begin(), parts.end());
  for (std::size_t i = 0; i < resource->key.size(); ++i) {
    if (resource->key[i].source == config::FieldSource::setting) {
      visible[fields_begin + i] = "*";
    }
  }
  return join(visible, ":");
}

}  // namespace

std::string visible_key(const config::Declarations& declarations, std::string_view key, Role role) {
  switch (role) {
    case Role::none:
    case Role::viewer:
      return without_settings(declarations, key);
    case Role::admin:
      return std::string(key);
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::operators
