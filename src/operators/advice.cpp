#include "operators/advice.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/limits.h"
#include "monitor/transports.h"

namespace larder::operators {

namespace {

namespace limit = config::limit;
using config::Resource;

// What a check found: the names that its sentence is about. nullopt: nothing.
using Found = std::optional<std::string>;

constexpr std::size_t tag_bytes_in_front_max = 1024;
// Below so many requests a share of them says nothing.
constexpr std::uint64_t refusals_min = 100;

Found found_if(bool is_so) { return is_so ? Found(std::string()) : std::nullopt; }

template <typename Holds>
Found resources_where(const AdviceFacts& facts, Holds holds) {
  std::vector<std::string> names;
  for (const Resource& resource : facts.declarations.resources) {
    if (holds(resource)) {
      names.push_back(resource.name);
    }
  }
  return names.empty() ? std::nullopt : Found(join(names, ", "));
}

bool is_set(const AdviceFacts& facts, std::string_view secret) {
  return facts.settings.secret(secret).has_value();
}

Found find_operators_shut_out(const AdviceFacts& facts) {
  return found_if(!is_set(facts, "ADMIN_JWT_SECRET") && facts.settings.admin_key_set_url.empty());
}

Found find_audience_missing(const AdviceFacts& facts) {
  return found_if(!facts.settings.admin_key_set_url.empty() && facts.settings.admin_audience.empty());
}

Found find_metrics_token_short(const AdviceFacts& facts) {
  const auto token = facts.settings.secret("METRICS_TOKEN");
  return found_if(token && token->size() < limit::metrics_token_bytes_min);
}

Found find_mail_incomplete(const AdviceFacts& facts) {
  const config::Settings& settings = facts.settings;
  const bool by_platform = settings.alert_email_by == config::MailService::send_email;
  const bool has_key = is_set(facts, "MAILCHANNELS_API_KEY");
  std::vector<std::string> missing;
  if (settings.alert_email_to.empty()) {
    missing.emplace_back("ALERT_EMAIL_TO");
  }
  if (settings.alert_email_from.empty()) {
    missing.emplace_back("ALERT_EMAIL_FROM");
  }
  if (!by_platform && !has_key) {
    missing.emplace_back("MAILCHANNELS_API_KEY");
  }
  const bool is_begun = !settings.alert_email_to.empty() || !settings.alert_email_from.empty() || has_key;
  return is_begun && !missing.empty() ? Found(join(missing, " and ")) : std::nullopt;
}

Found find_alerts_tell_nobody(const AdviceFacts& facts) {
  return found_if(facts.settings.ledger_shards > 0 && monitor::transports_of(facts.settings).empty());
}

Found find_ledger_off(const AdviceFacts& facts) { return found_if(facts.settings.ledger_shards == 0); }

Found find_observes_alone(const AdviceFacts& facts) {
  if (!facts.settings.feature_cache) {
    return "FEATURE_CACHE";
  }
  return config::chain_of(facts.settings.cache_implementation).empty() ? Found("CACHE_IMPL") : std::nullopt;
}

Found find_whitelist_names_nothing(const AdviceFacts& facts) {
  std::vector<std::string> unknown;
  const std::string whitelist = facts.settings.cached_patterns.text();
  for (const std::string_view name : split(whitelist, ',')) {
    const auto& resources = facts.declarations.resources;
    const bool is_known = name == "*" || std::any_of(resources.begin(), resources.end(),
                                                     [&](const Resource& one) { return one.name == name; });
    if (!is_known) {
      unknown.emplace_back(name);
    }
  }
  return unknown.empty() ? std::nullopt : Found(join(unknown, ", "));
}

Found find_model_without_key(const AdviceFacts& facts) {
  if (!facts.settings.llm_url.empty() || is_set(facts, "GEMINI_API_KEY")) {
    return std::nullopt;
  }
  return resources_where(facts, [](const Resource& one) { return config::asks_model(one); });
}

Found find_spending_unbounded(const AdviceFacts& facts) {
  if (facts.settings.llm_daily_calls_max != 0) {
    return std::nullopt;
  }
  return resources_where(facts, [](const Resource& one) { return config::asks_model(one); });
}

Found find_contact_missing(const AdviceFacts& facts) {
  if (!facts.settings.contact.empty()) {
    return std::nullopt;
  }
  return resources_where(facts,
                         [](const Resource& one) { return one.origin.kind == config::OriginKind::provider; });
}

Found find_kept_below_a_minute(const AdviceFacts& facts) {
  constexpr Millis minute(60'000);
  return resources_where(facts, [&](const Resource& one) {
    const bool in_kv = std::find(one.tiers.begin(), one.tiers.end(), config::Tier::kv) != one.tiers.end();
    // In mode http the responses say how long.
    return in_kv && one.mode == config::Mode::keyed &&
           one.ttl + std::max(one.stale, one.stale_if_error) < minute;
  });
}

// Values of fields are not known yet; what is written between them is.
bool is_dropped_in_front(const config::Template& tag) {
  std::size_t size = 0;
  for (const config::Part& part : tag) {
    if (part.kind != config::PartKind::literal) {
      continue;
    }
    size += part.text.size();
    if (std::any_of(part.text.begin(), part.text.end(), [](char c) { return c <= 0x20 || c > 0x7e; })) {
      return true;
    }
  }
  return size > tag_bytes_in_front_max;
}

Found find_tags_dropped_in_front(const AdviceFacts& facts) {
  return resources_where(facts, [](const Resource& one) {
    return std::any_of(one.tags.begin(), one.tags.end(), is_dropped_in_front);
  });
}

Found find_hosts_not_told_apart_in_front(const AdviceFacts& facts) {
  return resources_where(facts, [](const Resource& one) {
    return std::any_of(one.key.begin(), one.key.end(), [](const config::KeyField& field) {
      return field.source == config::FieldSource::header &&
             (equals_ignoring_case(field.name, "host") ||
              equals_ignoring_case(field.name, "x-forwarded-host"));
    });
  });
}

Found find_stale_switched_off_in_front(const AdviceFacts& facts) {
  return resources_where(
      facts, [](const Resource& one) { return one.mode == config::Mode::http && one.stale > Millis(0); });
}

Found find_public_limit_low(const AdviceFacts& facts) {
  if (!facts.last_day) {
    return std::nullopt;
  }
  const std::uint64_t refused = facts.last_day->sum("public_limit_refused_total");
  const std::uint64_t sent = facts.last_day->sum("origin_requests_total");
  // One in a hundred.
  if (refused < refusals_min || refused * 100 < refused + sent) {
    return std::nullopt;
  }
  return concat({to_text(refused), " of ", to_text(refused + sent)});
}

Found find_queue_unconsumed(const AdviceFacts& facts) {
  const std::uint64_t pending = facts.pending.value_or(0);
  if (pending == 0 || !facts.last_hour || facts.last_hour->sum("warmed_authors_total") > 0 ||
      facts.last_hour->sum("warming_deferred_total") > 0) {
    return std::nullopt;
  }
  return to_text(pending);
}

Found find_letters_unattended(const AdviceFacts& facts) {
  const std::uint64_t letters = facts.letters.value_or(0);
  return letters == 0 ? std::nullopt : Found(to_text(letters));
}

void add(std::vector<Advice>& all, std::string_view name, AdviceLevel level, const Found& found,
         std::string_view what, std::string_view help) {
  if (!found) {
    return;
  }
  Advice advice;
  advice.name = name;
  advice.level = level;
  const std::size_t hole = what.find("{}");
  advice.what = hole == std::string_view::npos
                    ? std::string(what)
                    : concat({what.substr(0, hole), *found, what.substr(hole + 2)});
  advice.help = help;
  all.push_back(std::move(advice));
}

}  // namespace

std::string_view to_text(AdviceLevel level) {
  switch (level) {
    case AdviceLevel::fault:
      return "fault";
    case AdviceLevel::warning:
      return "warning";
    case AdviceLevel::note:
      return "note";
  }
  LARDER_UNREACHABLE();
}

std::vector<Advice> advise(const AdviceFacts& facts) {
  std::vector<Advice> all;
#define LARDER_ADVICE(name, level, what, help) \
  add(all, #name, AdviceLevel::level, find_##name(facts), what, help);
#include "operators/advice.def"
#undef LARDER_ADVICE
  return all;
}

}  // namespace larder::operators
