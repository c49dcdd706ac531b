// The deployment's settings (settings.def), read once at start from its text bindings.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/faults.h"
#include "base/log_level.h"
#include "base/units.h"
#include "base/wire.h"
#include "config/overrides.h"
#include "config/redis_address.h"
#include "config/tiers.h"

namespace larder::config {

enum class Environment : std::uint8_t {
  production,   // operators' pages without a token are off
  staging,      // as production, but open inside
  development,  // a person's own machine
  test,         // an automatic run
};
std::string_view to_text(Environment environment);

// What happens over a day's bound of spending on models.
enum class SpendingOver : std::uint8_t {
  template_,  // a text that is made without a model, and marked
  refuse,     // 429
};
std::string_view to_text(SpendingOver spending_over);

// What a webhook for alerts is sent.
enum class WebhookFormat : std::uint8_t {
  by_host,       // slack for hooks.slack.com, else alertmanager
  slack,         // Slack's incoming webhook
  alertmanager,  // Alertmanager's webhook, version 4
};
std::string_view to_text(WebhookFormat format);

// Who sends e-mails about alerts.
enum class MailService : std::uint8_t {
  mailchannels,  // MailChannels' API
  send_email,    // Cloudflare's binding
};
std::string_view to_text(MailService service);
// CACHE_MOVE_FROM: the shared tier that entries are moved from.
enum class MovedFrom : std::uint8_t { none, kv, redis };
std::string_view to_text(MovedFrom moved_from);

// Names of key patterns, or all of them.
class PatternList {
 public:
  // Of no names: all patterns.
  explicit PatternList(std::vector<std::string> names = {}) : names_(std::move(names)) {}
  bool allows(std::string_view pattern) const;
  // "*" or the names, comma-separated.
  std::string text() const;

 private:
  std::vector<std::string> names_;
};

// People and services by name: a token's subject as it is, or its e-mail address whatever its case. Or
// everybody.
class SubjectList {
 public:
  explicit SubjectList(std::vector<std::string> names = {}) : names_(std::move(names)) {}
  bool has_subject(std::string_view subject) const;
  bool has_email(std::string_view address) const;

 private:
  bool everybody() const { return names_.size() == 1 && names_.front() == "*"; }

  std::vector<std::string> names_;
};

// Every member is one row of settings.def; as constructed, all have their defaults.
class Settings {
 public:
  Settings();

#define LARDER_SETTING(NAME, member, type, reader, default_text, change, role, use, purpose) type member{};
#include "config/settings.def"
#undef LARDER_SETTING

  // The text binding `name` that is not a setting, without white space around it; nullopt if there is none or
  // it is empty. Secrets are given out one at a time, for use on the spot: never log, store or print one.
  std::optional<std::string_view> secret(std::string_view name) const;

 private:
  friend Checked<Settings> parse_settings(const TextPairs& bindings);
  TextPairs secrets_;
};

// The Redis server of REDIS_URL or CACHE_REDIS_URL, with its token; nullopt where Redis is not allowed
// (ENABLE_REDIS_CACHE).
std::optional<RedisAddress> redis_address(const Settings& settings);
// Whether reads of keys are counted by Analytics Engine for the archiver (ANALYTICS_BINDING, or else
// ANALYTICS_ACCOUNT).
bool counts_reads_by_analytics(const Settings& settings);
// The tier that is read behind CACHE_IMPL's own and not written (CACHE_MOVE_FROM).
std::optional<Tier> former_tier(const Settings& settings);

// Reads settings from the deployment's text bindings. All faults are named by their setting; names that are
// no setting are held apart as secrets.
Checked<Settings> parse_settings(const TextPairs& bindings);

// How a setting is changed.
enum class SettingChange : std::uint8_t {
  deployed,  // by a deployment
  runtime,   // while Larder runs too, through the control log
};

// The least role that is shown a setting.
enum class SettingRole : std::uint8_t { viewer, admin };

struct SettingRow {
  std::string_view name;
  std::string_view default_text;
  SettingChange change;
  SettingRole role;
  std::string_view purpose;
};

inline constexpr std::array setting_rows = {
#define LARDER_SETTING(NAME, member, type, reader, default_text, change, role, use, purpose) \
  SettingRow{#NAME, default_text, SettingChange::change, SettingRole::role, purpose},
#include "config/settings.def"
#undef LARDER_SETTING
};

// nullptr: no setting has that name.
const SettingRow* find_setting(std::string_view name);

// The names of the settings that may be changed while Larder runs.
std::vector<std::string_view> runtime_settings();
bool is_runtime_setting(std::string_view name);

// Whether a secret is for this Worker alone: no declaration may send it to an origin.
bool is_own_secret(std::string_view name);

// The bindings with those of `changes` that are runtime settings in place of their own.
TextPairs with_changes(const TextPairs& bindings, const TextPairs& changes);

// The settings that keys may hold, by name.
TextPairs key_settings(const Settings& settings);

}  // namespace larder::config
