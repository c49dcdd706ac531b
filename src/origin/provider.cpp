#include "origin/provider.h"

#include <utility>

#include "base/assert.h"
#include "base/text.h"

namespace larder::origin {

#define LARDER_PROVIDER(name, ...) const Provider& name();
#include "config/providers.def"
#undef LARDER_PROVIDER

namespace {

// A provider without a key has no secret.
std::string_view secret_of(SecretNeed need, std::string_view name) {
  return need == SecretNeed::none ? std::string_view() : name;
}

}  // namespace

const std::vector<ProviderRow>& provider_rows() {
  static const std::vector<ProviderRow> rows = {
#define LARDER_PROVIDER(name, PREFIX, title, base_url, key_place, key_name, key_need, default_rate, note) \
  {#name,                                                                                                 \
   base_url,                                                                                              \
   secret_of(SecretNeed::key_need, #PREFIX "_API_KEY"),                                                   \
   SecretPlace::key_place,                                                                                \
   key_name,                                                                                              \
   SecretNeed::key_need,                                                                                  \
   name()},
#include "config/providers.def"
#undef LARDER_PROVIDER
  };
  return rows;
}

const ProviderRow& provider_row(config::Provider provider) {
  return provider_rows()[static_cast<std::size_t>(provider)];
}

Reach reach_of(config::Provider provider, const config::Settings& settings) {
  switch (provider) {
#define LARDER_PROVIDER(name, ...) \
  case config::Provider::name:     \
    return Reach{settings.name##_url, settings.name##_rate};
#include "config/providers.def"
#undef LARDER_PROVIDER
  }
  LARDER_UNREACHABLE();
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
