#include "policy/decision.h"

#include "base/assert.h"
#include "base/mutation.h"
#include "config/limits.h"

namespace larder::policy {

std::string_view to_text(Reason reason) {
  switch (reason) {
#define LARDER_REASON(name, text, status, meaning) \
  case Reason::name:                               \
    return text;
#include "policy/reasons.def"
#undef LARDER_REASON
  }
  LARDER_UNREACHABLE();
}

Reason reason_of(config::Tier tier) {
  switch (tier) {
#define LARDER_TIER(word, ...) \
  case config::Tier::word:     \
    return Reason::word;
#include "config/tiers.def"
  }
  LARDER_UNREACHABLE();
}

bool protects_from_stampedes(const config::Settings& settings, const config::Overrides& overrides) {
  return overrides.stampede_protection.value_or(settings.stampede_protection_enabled);
}

bool keeps_negatives(const config::Settings& settings, const config::Overrides& overrides) {
  return overrides.negative_cache.value_or(settings.negative_cache_enabled);
}

Bytes compress_threshold(const config::Settings& settings, const config::Overrides& overrides) {
  return overrides.compress_threshold.value_or(settings.compress_threshold);
}

std::uint32_t eager_percent(const config::Overrides& overrides) {
  return overrides.eager_refresh_percent.value_or(
      static_cast<std::uint32_t>(config::limit::eager_refresh_percent));
}

WhenStale when_stale(const config::Settings& settings, const config::Overrides& overrides) {
  return overrides.stale_while_revalidate.value_or(settings.stale_while_revalidate_enabled)
             ? WhenStale::serve_and_refresh
             : WhenStale::fetch;
}

Admission admit(const config::Settings& settings, const config::Overrides& overrides,
                std::string_view key_pattern) {
  if (!settings.feature_cache) {
    return Admission(Participation::pass_through, Reason::disabled);
  }
  if (settings.cache_implementation == config::CacheImplementation::null ||
      !settings.cached_patterns.allows(key_pattern) || !overrides.cached.value_or(true)) {
    return Admission(Participation::observe_only, Reason::observed);
  }
  return Admission(Participation::full, Reason::absent);
}

Decision decide(const entry::Header& header, Reason hit, Instant now, WhenStale when_stale,
                std::uint32_t eager_percent) {
  const Standing standing = policy::standing(header, now);
  const bool refreshable = when_stale == WhenStale::serve_and_refresh && header.kind == entry::Kind::positive;
  switch (standing.freshness) {
    case Freshness::fresh: {
      const bool eager = refreshable && (header.partial || standing.age >= eager_age(header, eager_percent));
      return Decision(eager ? Action::serve_and_refresh : Action::serve, hit, standing);
    }
    case Freshness::stale:
      return Decision(refreshable ? Action::serve_and_refresh : Action::fetch,
                      refreshable ? hit : Reason::expired, standing);
    case Freshness::stale_if_error:
    case Freshness::expired:
      if (LARDER_MUTATED(stale_bound_ignored) && refreshable) {
        return Decision(Action::serve_and_refresh, hit, standing);
      }
      return Decision(Action::fetch, Reason::expired, standing);
  }
  LARDER_UNREACHABLE();
}

bool may_serve_stale(const entry::Header& header, Instant now) {
  const Standing standing = policy::standing(header, now);
  return header.kind == entry::Kind::positive &&
         (LARDER_MUTATED(error_bound_ignored) || -standing.ttl < header.error_for);
}

Millis eager_age(const entry::Header& header, std::uint32_t percent) {
  const std::int64_t part = percent;
  return Millis(header.fresh_for.count() / 100 * part + header.fresh_for.count() % 100 * part / 100);
}

}  // namespace larder::policy
