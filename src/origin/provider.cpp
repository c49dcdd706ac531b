#include "origin/provider.h"

#include <utility>

#include "base/text.h"

namespace larder::origin {

#define LARDER_PROVIDER(name, ...) const Provider& name();
#include "origin/providers.def"
#undef LARDER_PROVIDER

const std::vector<ProviderRow>& provider_rows() {
  static const std::vector<ProviderRow> rows = {
#define LARDER_PROVIDER(name, base_url, base_url_setting, secret_setting, secret_place, secret_name, need) \
  {#name,                                                                                                  \
   base_url,                                                                                               \
   base_url_setting,                                                                                       \
   secret_setting,                                                                                         \
   SecretPlace::secret_place,                                                                              \
   secret_name,                                                                                            \
   SecretNeed::need,                                                                                       \
   name()},
#include "origin/providers.def"
#undef LARDER_PROVIDER
  };
  return rows;
}

const ProviderRow* find_provider(std::string_view name) {
  for (const ProviderRow& row : provider_rows()) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

Plan add_secret(const ProviderRow& row, Plan plan, std::string_view secret) {
  if (secret.empty()) {
    return plan;
  }
  switch (row.secret_place) {
    case SecretPlace::nowhere:
      break;
    case SecretPlace::query_parameter:
      plan.url.push_back(contains(plan.url, "?") ? '&' : '?');
      plan.url.append(row.secret_name).append("=").append(percent_encode(secret));
      break;
    case SecretPlace::header:
      plan.headers.emplace_back(row.secret_name, secret);
      break;
  }
  return plan;
}

}  // namespace larder::origin
