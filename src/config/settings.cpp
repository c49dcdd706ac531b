#include "config/settings.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/key_field.h"
#include "config/limits.h"
#include "config/url.h"
#include "config/vocabulary.h"

namespace larder::config {

namespace {

constexpr std::array all_environments = {Environment::production, Environment::staging,
                                         Environment::development, Environment::test};
constexpr std::array all_spending_overs = {SpendingOver::template_, SpendingOver::refuse};
constexpr std::array all_webhook_formats = {WebhookFormat::by_host, WebhookFormat::slack,
                                            WebhookFormat::alertmanager};
constexpr std::array all_mail_services = {MailService::mailchannels, MailService::send_email};
constexpr std::array all_moved_froms = {MovedFrom::none, MovedFrom::kv, MovedFrom::redis};
constexpr std::array all_log_levels = {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error,
                                       LogLevel::off};

Failure refuse(std::string message) { return fail(ErrorKind::invalid, "config", std::move(message)); }

template <typename Word, std::size_t count>
Result<Word> read_word(const std::array<Word, count>& set, std::string_view text) {
  if (const auto word = find_word(set, text)) {
    return *word;
  }
  const auto words = words_of(set);
  return refuse(
      concat({in_quotes(text), " is not offered; use ", any_of(words), ".", did_you_mean(text, words)}));
}

Result<CacheImplementation> read_cache_implementation(std::string_view text) {
  return read_word(all_cache_implementations, text);
}
Result<Environment> read_environment(std::string_view text) { return read_word(all_environments, text); }
Result<LogLevel> read_log_level(std::string_view text) { return read_word(all_log_levels, text); }

Result<SpendingOver> read_spending_over(std::string_view text) { return read_word(all_spending_overs, text); }
Result<WebhookFormat> read_webhook_format(std::string_view text) {
  return read_word(all_webhook_formats, text);
}
Result<MailService> read_mail_service(std::string_view text) { return read_word(all_mail_services, text); }

Result<MovedFrom> read_moved_from(std::string_view text) { return read_word(all_moved_froms, text); }

// Redis' own words (redis.io, "Key eviction", read 2026-11).
Result<std::string> read_eviction_policy(std::string_view text) {
  constexpr std::array policies = {std::string_view("allkeys-lru"),    std::string_view("allkeys-lfu"),
                                   std::string_view("allkeys-random"), std::string_view("noeviction"),
                                   std::string_view("volatile-lru"),   std::string_view("volatile-lfu"),
                                   std::string_view("volatile-ttl"),   std::string_view("volatile-random")};
  if (text.empty() || std::find(policies.begin(), policies.end(), text) != policies.end()) {
    return std::string(text);
  }
  const std::vector<std::string_view> words(policies.begin(), policies.end());
  return refuse(concat({in_quotes(text), " is no eviction policy of Redis; use ", any_of(words), ".",
                        did_you_mean(text, words)}));
}

Result<bool> read_boolean(std::string_view text) {
  if (text == "true" || text == "1") {
    return true;
  }
  if (text == "false" || text == "0") {
    return false;
  }
  return refuse(concat({in_quotes(text), " is neither \"true\" nor \"false\"."}));
}

bool is_name(std::string_view text, std::size_t bytes_max) {
  const auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; };
  return !text.empty() && text.size() <= bytes_max && std::all_of(text.begin(), text.end(), fits);
}

Result<std::string> read_prefix(std::string_view text) {
  if (!is_name(text, limit::prefix_bytes_max)) {
    return refuse(concat({in_quotes(text), " is no prefix; use letters, digits, - and _, at most ",
                          to_text(std::uint64_t{limit::prefix_bytes_max}), "."}));
  }
  return std::string(text);
}

Result<PatternList> read_pattern_list(std::string_view text) {
  std::vector<std::string> names;
  if (text == "*") {
    return PatternList(std::move(names));
  }
  for (const std::string_view piece : split(text, ',')) {
    const std::string_view name = trim(piece);
    if (!is_name(name, limit::pattern_bytes_max)) {
      return refuse(concat(
          {in_quotes(name), " is no key pattern; write names like \"title,isbn\", or \"*\" for all."}));
    }
    names.emplace_back(name);
  }
  return PatternList(std::move(names));
}

Result<std::uint64_t> read_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto number = parse_unsigned(text);
  if (!number || *number < least || *number > most) {
    return refuse(concat(
        {in_quotes(text), " is not a whole number from ", to_text(least), " to ", to_text(most), "."}));
  }
  return *number;
}

Result<Bytes> read_bytes(std::string_view text, std::uint64_t least) {
  auto number = read_number(text, least, limit::kv_value_bytes_max);
  if (!number) {
    return tl::make_unexpected(std::move(number.error()));
  }
  return Bytes(*number);
}
Result<Bytes> read_value_bytes(std::string_view text) { return read_bytes(text, 1); }
Result<Bytes> read_memory_bytes(std::string_view text) {
  auto number = read_number(text, 0, limit::memory_budget_bytes_max);
  if (!number) {
    return tl::make_unexpected(std::move(number.error()));
  }
  return Bytes(*number);
}
Result<Bytes> read_threshold_bytes(std::string_view text) { return read_bytes(text, 0); }

Result<std::uint32_t> read_jitter(std::string_view text) {
  constexpr std::uint64_t most = 50;
  auto number = read_number(text, 0, most);
  if (!number) {
    return tl::make_unexpected(std::move(number.error()));
  }
  return static_cast<std::uint32_t>(*number);
}

Result<Millis> read_days(std::string_view text) {
  constexpr std::int64_t day_millis = 86'400'000;
  auto number =
      read_number(text, 1, static_cast<std::uint64_t>(limit::duration_declared_max.count() / day_millis));
  if (!number) {
    return tl::make_unexpected(std::move(number.error()));
  }
  return Millis(static_cast<std::int64_t>(*number) * day_millis);
}

Result<std::uint32_t> read_rate(std::string_view text) {
  constexpr std::uint64_t most = 1000;
  auto number = read_number(text, 0, most);
  if (!number) {
    return tl::make_unexpected(std::move(number.error()));
  }
  return static_cast<std::uint32_t>(*number);
}

Result<std::uint32_t> read_shards(std::string_view text) {
  auto number = read_number(text, 0, limit::ledger_shards_max);
  if (!number) {
    return tl::make_unexpected(std::move(number.error()));
  }
  return static_cast<std::uint32_t>(*number);
}

// E-mail addresses with commas between them; only what cannot be one is refused.
Result<std::string> read_addresses(std::string_view text) {
  constexpr std::size_t addresses_max = 50;
  std::vector<std::string> addresses;
  for (const std::string_view piece : split(text, ',')) {
    const std::string_view address = trim(piece);
    if (address.empty()) {
      continue;
    }
    const std::size_t at = address.find('@');
    const bool is_one = at != 0 && at != std::string_view::npos && at + 1 < address.size() &&
                        address.find('@', at + 1) == std::string_view::npos &&
                        address.size() <= limit::subject_bytes_max &&
                        std::none_of(address.begin(), address.end(), [](char c) {
                          return is_control(c) || is_space(c) || static_cast<unsigned char>(c) >= 0x80;
                        });
    if (!is_one || addresses.size() == addresses_max) {
      return refuse(concat({in_quotes(address),
                            " is no e-mail address; write addresses with commas between them, at most 50."}));
    }
    addresses.emplace_back(address);
  }
  return join(addresses, ",");
}

Result<std::uint32_t> read_pending_max(std::string_view text) {
  constexpr std::uint64_t most = 1'000'000;
  auto number = read_number(text, 1, most);
  if (!number) {
    return tl::make_unexpected(std::move(number.error()));
  }
  return static_cast<std::uint32_t>(*number);
}

// Without a slash at the end, so that a path can be appended.
Result<std::string> read_base_url(std::string_view text) {
  auto url = parse_http_url(text);
  if (!url) {
    return tl::make_unexpected(std::move(url.error()));
  }
  if (contains(url->rest, "?") || contains(url->rest, "{")) {
    return refuse("The URL must end with its host or path: no query, no braces.");
  }
  std::string base = url->origin + url->rest;
  while (base.ends_with('/')) {
    base.pop_back();
  }
  return base;
}

// As the dashboard shows it.
Result<std::string> read_account_id(std::string_view text) {
  constexpr std::size_t digits = 32;
  const auto fits = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  if (!text.empty() && (text.size() != digits || !std::all_of(text.begin(), text.end(), fits))) {
    return refuse(
        concat({in_quotes(text),
                " is no account's id; write 32 lower-case hexadecimal digits, as the dashboard does."}));
  }
  return std::string(text);
}

// A word that needs no quotes in SQL.
Result<std::string> read_identifier(std::string_view text, std::string_view what) {
  constexpr std::size_t bytes_max = 64;
  const auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '_'; };
  if (text.size() > bytes_max || !std::all_of(text.begin(), text.end(), fits) ||
      (!text.empty() && is_digit(text.front()))) {
    return refuse(concat({in_quotes(text), " is no ", what,
                          "; use letters, digits and _, at most 64, with no digit in front."}));
  }
  return std::string(text);
}
Result<std::string> read_binding_name(std::string_view text) {
  return read_identifier(text, "binding's name");
}
Result<std::string> read_dataset_name(std::string_view text) {
  return read_identifier(text, "dataset's name");
}

Result<OverrideList> read_override_list(std::string_view text) { return OverrideList::parse(text); }

Result<std::string> read_optional_url(std::string_view text) {
  if (text.empty()) {
    return std::string();
  }
  return read_base_url(text);
}

Result<std::string> read_contact(std::string_view text) {
  constexpr std::size_t bytes_max = 256;
  const auto fits = [](char c) { return c >= ' ' && c <= '~' && c != '(' && c != ')' && c != '\\'; };
  if (text.size() > bytes_max || !std::all_of(text.begin(), text.end(), fits)) {
    return refuse(
        "Write an e-mail address or URL of at most 256 printable ASCII characters, without parentheses.");
  }
  return std::string(text);
}

Result<std::string> read_key_set_url(std::string_view text) {
  auto url = parse_http_url(text);
  if (!url) {
    return tl::make_unexpected(std::move(url.error()));
  }
  return url->origin + url->rest;
}

// As it stands in a token.
Result<std::string> read_claim_text(std::string_view text) {
  if (text.size() > limit::subject_bytes_max || !is_utf8(text) ||
      std::any_of(text.begin(), text.end(), is_control)) {
    return refuse(concat({"Write it as the tokens have it: at most ",
                          to_text(std::uint64_t{limit::subject_bytes_max}), " bytes on one line."}));
  }
  return std::string(text);
}

// A part of a key: nothing that would have to be escaped there.
Result<std::string> read_version_name(std::string_view text) {
  constexpr std::size_t bytes_max = 32;
  const auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; };
  if (text.size() > bytes_max || !std::all_of(text.begin(), text.end(), fits)) {
    return refuse(concat({in_quotes(text), " is no version; use letters, digits, -, _ and ., at most 32."}));
  }
  return std::string(text);
}

Result<SubjectList> read_names(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view piece : split(text, ',')) {
    const std::string_view name = trim(piece);
    if (name.empty() || name.size() > limit::subject_bytes_max || !is_utf8(name) ||
        std::any_of(name.begin(), name.end(), is_control)) {
      return refuse(concat(
          {in_quotes(name), " names nobody; write subjects or e-mail addresses with commas between them."}));
    }
    names.emplace_back(name);
  }
  return SubjectList(std::move(names));
}

Result<SubjectList> read_subject_list(std::string_view text) {
  for (const std::string_view piece : split(text, ',')) {
    if (trim(piece) == "*") {
      return refuse("Not everybody can be an admin; name who is.");
    }
  }
  return read_names(text);
}

Result<SubjectList> read_viewer_list(std::string_view text) { return read_names(text); }
Result<std::string> read_prompt_hash(std::string_view text) {
  constexpr std::size_t digits = 10;
  const auto fits = [](char c) { return is_lower(c) || is_digit(c); };
  if (!text.empty() && (text.size() != digits || !std::all_of(text.begin(), text.end(), fits))) {
    return refuse(concat({in_quotes(text), " is no prompt hash; write ten lower-case letters and digits."}));
  }
  return std::string(text);
}

Result<std::string> read_model_name(std::string_view text) {
  constexpr std::size_t bytes_max = 128;
  const auto fits = [](char c) {
    return is_alpha(c) || is_digit(c) || contains("-_.:/@", std::string_view(&c, 1));
  };
  if (text.size() > bytes_max || !std::all_of(text.begin(), text.end(), fits) || contains(text, "..")) {
    return refuse(
        concat({in_quotes(text), " is no model's name; use letters, digits and -_.:/@, at most 128."}));
  }
  return std::string(text);
}

// Dollars, in billionths.
Result<std::int64_t> read_price(std::string_view text) {
  constexpr std::int64_t most = 1'000'000;
  constexpr std::int64_t billion = 1'000'000'000;
  const auto billionths = parse_billionths(text);
  if (!billionths || *billionths < 0 || *billionths > most * billion) {
    return refuse(
        concat({in_quotes(text), " is no price; write dollars as a number from 0 to 1000000, like 0.25."}));
  }
  return *billionths;
}

Result<std::uint64_t> read_count(std::string_view text) {
  constexpr std::uint64_t most = 1'000'000'000;
  return read_number(text, 0, most);
}

std::string_view binding(const TextPairs& bindings, std::string_view name) {
  for (const auto& [given, value] : bindings) {
    if (given == name) {
      return trim(value);
    }
  }
  return {};
}

template <typename T>
void read_into(T& member, Result<T> (*reader)(std::string_view), std::string_view name, std::string_view text,
               Faults& faults) {
  if (text.empty()) {
    return;
  }
  if (text.size() > limit::setting_bytes_max) {
    faults.emplace_back(std::string(name), "The value is too long.");
    return;
  }
  auto value = reader(text);
  if (value) {
    member = std::move(*value);
  } else {
    faults.emplace_back(std::string(name), std::move(value.error().message));
  }
}

void check_operators(const Settings& settings, Faults& faults) {
  const auto secret = settings.secret("ADMIN_JWT_SECRET");
  if (secret && secret->size() < limit::token_secret_bytes_min) {
    faults.emplace_back("ADMIN_JWT_SECRET", concat({"It must have at least ",
                                                    to_text(std::uint64_t{limit::token_secret_bytes_min}),
                                                    " bytes, drawn at random: openssl rand -base64 48."}));
  }
  const bool in_clear = settings.admin_key_set_url.starts_with("http://");
  if (in_clear && settings.environment == Environment::production) {
    faults.emplace_back("ADMIN_JWKS_URL",
                        "In production it must start with https://: anyone who can change the keys "
                        "on their way becomes an admin.");
  }
}

// The binding that gives the address; REDIS_URL where none does.
std::string_view redis_url_name(const Settings& settings) {
  return !settings.secret("REDIS_URL") && settings.secret("CACHE_REDIS_URL") ? "CACHE_REDIS_URL"
                                                                             : "REDIS_URL";
}

void check_redis_address(const Settings& settings, Faults& faults) {
  const auto url = settings.secret("REDIS_URL");
  const auto alias = settings.secret("CACHE_REDIS_URL");
  const std::string name(redis_url_name(settings));
  if (url && alias && *url != *alias) {
    faults.emplace_back("CACHE_REDIS_URL", "REDIS_URL says something else; keep one of the two.");
  }
  if (!url && !alias) {
    return;
  }
  const auto address = parse_redis_address(url ? *url : *alias);
  if (!address) {
    faults.emplace_back(name, address.error().message);
    return;
  }
  const bool is_rest = address->transport == RedisTransport::rest;
  if (is_rest && !settings.secret("REDIS_TOKEN")) {
    faults.emplace_back("REDIS_TOKEN", concat({name, " is reached by REST, which needs a token."}));
  }
  if (address->url.starts_with("http://") && settings.environment == Environment::production) {
    faults.emplace_back(name, "In production it must start with https://: the token would travel in clear.");
  }
}

void check_redis(const Settings& settings, Faults& faults) {
  const bool has_address = settings.secret("REDIS_URL") || settings.secret("CACHE_REDIS_URL");
  const bool writes = settings.cache_implementation == CacheImplementation::redis;
  const bool reads = settings.moved_from == MovedFrom::redis;
  if (writes || reads) {
    const std::string_view reason = writes ? "CACHE_IMPL=redis" : "CACHE_MOVE_FROM=redis";
    if (!settings.redis_enabled) {
      faults.emplace_back("ENABLE_REDIS_CACHE", concat({reason, " needs ENABLE_REDIS_CACHE=true."}));
    }
    if (!has_address) {
      faults.emplace_back("REDIS_URL",
                          concat({reason, " needs the address of a Redis server in REDIS_URL."}));
    }
  }
  if (settings.redis_enabled || writes || reads) {
    check_redis_address(settings, faults);
  }
  const bool moves_nowhere = (writes && reads) || (settings.moved_from == MovedFrom::kv &&
                                                   settings.cache_implementation == CacheImplementation::kv);
  if (moves_nowhere) {
    faults.emplace_back("CACHE_MOVE_FROM",
                        "It names the store that CACHE_IMPL writes; name the former one, or none.");
  }
}

void check_together(const Settings& settings, Faults& faults) {
  check_operators(settings, faults);
  if (settings.narrative_kept < settings.narrative_fresh) {
    faults.emplace_back("TTL_DAYS",
                        "It must be at least STALE_DAYS: what is no longer kept cannot be fresh.");
  }
  if (!settings.llm_url.empty() && settings.llm_model.empty()) {
    faults.emplace_back("LLM_MODEL", "LLM_URL needs the name of a model there.");
  }
  check_redis(settings, faults);
}

}  // namespace

std::string_view to_text(Environment environment) {
  switch (environment) {
    case Environment::production:
      return "production";
    case Environment::staging:
      return "staging";
    case Environment::development:
      return "development";
    case Environment::test:
      return "test";
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(WebhookFormat format) {
  switch (format) {
    case WebhookFormat::by_host:
      return "auto";
    case WebhookFormat::slack:
      return "slack";
    case WebhookFormat::alertmanager:
      return "alertmanager";
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(MovedFrom moved_from) {
  switch (moved_from) {
    case MovedFrom::none:
      return "none";
    case MovedFrom::kv:
      return "kv";
    case MovedFrom::redis:
      return "redis";
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(MailService service) {
  switch (service) {
    case MailService::mailchannels:
      return "mailchannels";
    case MailService::send_email:
      return "send_email";
  }
  LARDER_UNREACHABLE();
}

std::optional<RedisAddress> redis_address(const Settings& settings) {
  const auto given = settings.secret(redis_url_name(settings));
  if (!settings.redis_enabled || !given) {
    return std::nullopt;
  }
  auto address = parse_redis_address(*given);
  if (!address) {
    return std::nullopt;
  }
  if (address->transport == RedisTransport::rest) {
    address->token = std::string(settings.secret("REDIS_TOKEN").value_or(""));
  }
  return std::move(*address);
}

bool counts_reads_by_analytics(const Settings& settings) {
  return !settings.analytics_binding.empty() || !settings.analytics_account.empty();
}

std::optional<Tier> former_tier(const Settings& settings) {
  switch (settings.moved_from) {
    case MovedFrom::none:
      return std::nullopt;
    case MovedFrom::kv:
      return Tier::kv;
    case MovedFrom::redis:
      return Tier::redis;
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(SpendingOver spending_over) {
  switch (spending_over) {
    case SpendingOver::template_:
      return "template";
    case SpendingOver::refuse:
      return "refuse";
  }
  LARDER_UNREACHABLE();
}

bool PatternList::allows(std::string_view pattern) const {
  return names_.empty() || std::find(names_.begin(), names_.end(), pattern) != names_.end();
}

std::string PatternList::text() const { return names_.empty() ? "*" : join(names_, ","); }

bool SubjectList::has_subject(std::string_view subject) const {
  return everybody() || std::find(names_.begin(), names_.end(), subject) != names_.end();
}

bool SubjectList::has_email(std::string_view address) const {
  return everybody() || std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
           return equals_ignoring_case(name, address);
         });
}

Settings::Settings() {
  Faults faults;
#define LARDER_SETTING(NAME, member, type, reader, default_text, change, role, use, purpose) \
  read_into<type>(member, read_##reader, #NAME, default_text, faults);
#include "config/settings.def"
#undef LARDER_SETTING
  LARDER_ASSERT(faults.empty());
}

std::optional<std::string_view> Settings::secret(std::string_view name) const {
  const std::string_view value = binding(secrets_, name);
  return value.empty() ? std::nullopt : std::optional<std::string_view>(value);
}

Checked<Settings> parse_settings(const TextPairs& bindings) {
  Settings settings;
  Faults faults;
#define LARDER_SETTING(NAME, member, type, reader, default_text, change, role, use, purpose) \
  read_into<type>(settings.member, read_##reader, #NAME, binding(bindings, #NAME), faults);
#include "config/settings.def"
#undef LARDER_SETTING
  for (const auto& [name, value] : bindings) {
    if (find_setting(name) == nullptr) {
      settings.secrets_.emplace_back(name, value);
    }
  }
  check_together(settings, faults);
  if (!faults.empty()) {
    return tl::make_unexpected(std::move(faults));
  }
  return settings;
}

const SettingRow* find_setting(std::string_view name) {
  const auto found = std::find_if(setting_rows.begin(), setting_rows.end(),
                                  [&](const SettingRow& row) { return row.name == name; });
  return found == setting_rows.end() ? nullptr : &*found;
}

std::vector<std::string_view> runtime_settings() {
  std::vector<std::string_view> names;
  for (const SettingRow& row : setting_rows) {
    if (row.change == SettingChange::runtime) {
      names.push_back(row.name);
    }
  }
  return names;
}

bool is_runtime_setting(std::string_view name) {
  const SettingRow* const row = find_setting(name);
  return row != nullptr && row->change == SettingChange::runtime;
}

bool is_own_secret(std::string_view name) {
  constexpr bool own = true;
  constexpr bool any = false;
#define LARDER_SETTING(NAME, ...)
#define LARDER_SECRET(NAME, reach, purpose) \
  if (name == #NAME) {                      \
    return reach;                           \
  }
#include "config/settings.def"
#undef LARDER_SETTING
  return false;
}

TextPairs key_settings(const Settings& settings) {
  TextPairs pairs;
#define LARDER_USE_none(NAME, member)
#define LARDER_USE_lifetime(NAME, member)
#define LARDER_USE_key(NAME, member) pairs.emplace_back(#NAME, settings.member);
#define LARDER_SETTING(NAME, member, type, reader, default_text, change, role, use, purpose) \
  LARDER_USE_##use(NAME, member)
#include "config/settings.def"
#undef LARDER_SETTING
#undef LARDER_USE_none
#undef LARDER_USE_lifetime
#undef LARDER_USE_key
  return pairs;
}

TextPairs with_changes(const TextPairs& bindings, const TextPairs& changes) {
  TextPairs changed;
  const auto is_changed = [&](std::string_view name) {
    return is_runtime_setting(name) && std::any_of(changes.begin(), changes.end(),
                                                   [&](const auto& change) { return change.first == name; });
  };
  for (const auto& binding : bindings) {
    if (!is_changed(binding.first)) {
      changed.push_back(binding);
    }
  }
  for (const auto& change : changes) {
    if (is_runtime_setting(change.first)) {
      changed.push_back(change);
    }
  }
  return changed;
}

}  // namespace larder::config
