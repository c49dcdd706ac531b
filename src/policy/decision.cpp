#include "policy/decision.h"

#include "base/assert.h"

namespace larder::policy {

std::string_view to_text(Reason reason) {
  switch (reason) {
#define LARDER_REASON(name, text, meaning) \
  case Reason::name:                       \
    return text;
#include "policy/reasons.def"
#undef LARDER_REASON
  }
  LARDER_UNREACHABLE();
}

Admission admit(const config::Settings& settings, std::string_view key_pattern) {
  if (!settings.feature_cache) {
    return Admission(Participation::pass_through, Reason::disabled);
  }
  if (settings.cache_implementation == config::CacheImplementation::null ||
      !settings.cached_patterns.allows(key_pattern)) {
    return Admission(Participation::observe_only, Reason::observed);
  }
  return Admission(Participation::full, Reason::absent);
}

Decision decide(const entry::Header& header, Reason tier, Instant now) {
  const Standing standing = policy::standing(header, now);
  switch (standing.freshness) {
    case Freshness::fresh:
      return Decision(Action::serve, tier, standing);
    case Freshness::stale:
    case Freshness::rescue:
    case Freshness::expired:
      return Decision(Action::fetch, Reason::expired, standing);
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::policy
