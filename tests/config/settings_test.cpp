#include "config/settings.h"

#include <gtest/gtest.h>

#include <set>

namespace larder::config::settings_test {
namespace {

Faults faults_of(const TextPairs& bindings) {
  const auto settings = parse_settings(bindings);
  return settings ? Faults() : settings.error();
}

TEST(Settings, HaveTheirDefaults) {
  const auto settings = parse_settings({});
  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->feature_cache);
  EXPECT_EQ(settings->cache_implementation, CacheImplementation::kv);
  EXPECT_EQ(settings->cached_patterns.text(), "*");
  EXPECT_TRUE(settings->cached_patterns.allows("anything"));
  EXPECT_EQ(settings->cache_prefix, "larder");
  EXPECT_EQ(settings->value_bytes_max, Bytes(131072));
  EXPECT_EQ(settings->compress_threshold, Bytes(65536));
  EXPECT_EQ(settings->narrative_fresh, Millis(604'800'000));
  EXPECT_EQ(settings->narrative_kept, Millis(2'592'000'000));
  EXPECT_FALSE(settings->redis_enabled);
  EXPECT_TRUE(settings->stale_while_revalidate_enabled);
  EXPECT_TRUE(settings->stampede_protection_enabled);
  EXPECT_TRUE(settings->negative_cache_enabled);
  EXPECT_EQ(settings->environment, Environment::production);
  EXPECT_EQ(settings->log_level, LogLevel::warn);
  EXPECT_EQ(settings->openlibrary_url, "");
  EXPECT_EQ(settings->contact, "");
}

TEST(Settings, AreReadByName) {
  const auto settings = parse_settings({{"FEATURE_CACHE", "false"},
                                        {"CACHE_IMPL", " null "},
                                        {"CACHE_PATTERN_WHITELIST", "title, isbn"},
                                        {"CACHE_PREFIX", "tenant_2"},
                                        {"CACHE_MAX_VALUE_BYTES", "26214400"},
                                        {"CACHE_COMPRESS_THRESHOLD", "0"},
                                        {"CACHE_MEMORY_BYTES", "67108864"},
                                        {"STALE_DAYS", "365"},
                                        {"TTL_DAYS", "365"},
                                        {"ENABLE_SWR", "0"},
                                        {"ENABLE_STAMPEDE_PROTECTION", "false"},
                                        {"ENABLE_NEGATIVE_CACHE", "1"},
                                        {"ENVIRONMENT", "development"},
                                        {"LOG_LEVEL", "debug"},
                                        {"OPENLIBRARY_URL", "http://LOCALHOST:9000/base//"},
                                        {"LARDER_CONTACT", "books@example.com"}});
  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->feature_cache);
  EXPECT_EQ(settings->cache_implementation, CacheImplementation::null);
  EXPECT_EQ(settings->cached_patterns.text(), "title,isbn");
  EXPECT_TRUE(settings->cached_patterns.allows("isbn"));
  EXPECT_FALSE(settings->cached_patterns.allows("author"));
  EXPECT_EQ(settings->cache_prefix, "tenant_2");
  EXPECT_EQ(settings->value_bytes_max, Bytes(26214400));
  EXPECT_EQ(settings->compress_threshold, Bytes(0));
  EXPECT_EQ(settings->memory_bytes, Bytes(67108864));
  EXPECT_EQ(settings->narrative_fresh, Millis(31'536'000'000));
  EXPECT_FALSE(settings->stale_while_revalidate_enabled);
  EXPECT_FALSE(settings->stampede_protection_enabled);
  EXPECT_TRUE(settings->negative_cache_enabled);
  EXPECT_EQ(settings->environment, Environment::development);
  EXPECT_EQ(settings->log_level, LogLevel::debug);
  EXPECT_EQ(settings->openlibrary_url, "http://localhost:9000/base");
  EXPECT_EQ(settings->contact, "books@example.com");
}

TEST(Settings, AnEmptyOneIsUnset) {
  const auto settings = parse_settings({{"FEATURE_CACHE", ""}, {"ENVIRONMENT", "  "}, {"STALE_DAYS", ""}});
  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->feature_cache);
  EXPECT_EQ(settings->environment, Environment::production);
}

TEST(Settings, NameEveryFault) {
  const Faults faults = faults_of({{"FEATURE_CACHE", "yes"},
                                   {"CACHE_IMPL", "rediss"},
                                   {"CACHE_PATTERN_WHITELIST", "title,"},
                                   {"CACHE_PREFIX", "a:b"},
                                   {"CACHE_MAX_VALUE_BYTES", "0"},
                                   {"CACHE_COMPRESS_THRESHOLD", "64k"},
                                   {"CACHE_MEMORY_BYTES", "67108865"},
                                   {"STALE_DAYS", "0"},
                                   {"TTL_DAYS", "366"},
                                   {"ENVIRONMENT", "prod"},
                                   {"LOG_LEVEL", "wran"},
                                   {"OPENLIBRARY_URL", "https://me:hunter2@openlibrary.org"},
                                   {"LARDER_CONTACT", "a\nb"}});
  const Faults expected = {
      {"FEATURE_CACHE", "\"yes\" is neither \"true\" nor \"false\"."},
      {"CACHE_IMPL", "\"rediss\" is not offered; use \"null\", \"kv\" or \"redis\". Did you mean \"redis\"?"},
      {"CACHE_PATTERN_WHITELIST",
       "\"\" is no key pattern; write names like \"title,isbn\", or \"*\" for all."},
      {"CACHE_PREFIX", "\"a:b\" is no prefix; use letters, digits, - and _, at most 32."},
      {"CACHE_MAX_VALUE_BYTES", "\"0\" is not a whole number from 1 to 26214400."},
      {"CACHE_COMPRESS_THRESHOLD", "\"64k\" is not a whole number from 0 to 26214400."},
      {"CACHE_MEMORY_BYTES", "\"67108865\" is not a whole number from 0 to 67108864."},
      {"STALE_DAYS", "\"0\" is not a whole number from 1 to 365."},
      {"TTL_DAYS", "\"366\" is not a whole number from 1 to 365."},
      {"ENVIRONMENT",
       "\"prod\" is not offered; use \"production\", \"staging\", \"development\" or \"test\"."},
      {"LOG_LEVEL",
       "\"wran\" is not offered; use \"debug\", \"info\", \"warn\", \"error\" or \"off\". Did you mean "
       "\"warn\"?"},
      {"OPENLIBRARY_URL", "The URL carries credentials; remove them and send a secret in a header."},
      {"LARDER_CONTACT",
       "Write an e-mail address or URL of at most 256 printable ASCII characters, without parentheses."},
  };
  EXPECT_EQ(to_text(faults), to_text(expected));
}

TEST(Settings, NarrativesAreKeptAtLeastWhileTheyAreFresh) {
  EXPECT_EQ(to_text(faults_of({{"STALE_DAYS", "31"}})),
            "TTL_DAYS: It must be at least STALE_DAYS: what is no longer kept cannot be fresh.\n");
}

TEST(Settings, RedisHasToBeAllowedAndToHaveAnAddress) {
  EXPECT_EQ(to_text(faults_of({{"CACHE_IMPL", "redis"}})),
            "ENABLE_REDIS_CACHE: CACHE_IMPL=redis needs ENABLE_REDIS_CACHE=true.\n"
            "REDIS_URL: CACHE_IMPL=redis needs the address of a Redis server in REDIS_URL.\n");
  EXPECT_EQ(to_text(faults_of({{"CACHE_MOVE_FROM", "redis"}})),
            "ENABLE_REDIS_CACHE: CACHE_MOVE_FROM=redis needs ENABLE_REDIS_CACHE=true.\n"
            "REDIS_URL: CACHE_MOVE_FROM=redis needs the address of a Redis server in REDIS_URL.\n");
  const auto settings =
      parse_settings({{"CACHE_IMPL", "redis"}, {"ENABLE_REDIS_CACHE", "true"}, {"REDIS_URL", "redis://h"}});
  ASSERT_TRUE(settings);
  EXPECT_EQ(redis_address(*settings)->url, "redis://h");
  EXPECT_EQ(redis_address(*settings)->transport, RedisTransport::tcp);
  // Not allowed, it is not used, whatever is bound.
  EXPECT_FALSE(redis_address(*parse_settings({{"REDIS_URL", "redis://h"}})).has_value());
  EXPECT_FALSE(redis_address(*parse_settings({{"ENABLE_REDIS_CACHE", "true"}})).has_value());
}

TEST(Settings, TheAddressOfRedisHasTwoNamesAndOneValue) {
  const TextPairs allowed = {{"CACHE_IMPL", "redis"}, {"ENABLE_REDIS_CACHE", "true"}};
  const auto with = [&](TextPairs more) {
    more.insert(more.begin(), allowed.begin(), allowed.end());
    return more;
  };
  const auto by_alias = parse_settings(with({{"CACHE_REDIS_URL", "rediss://:pass@h:6380/2"}}));
  ASSERT_TRUE(by_alias);
  EXPECT_EQ(redis_address(*by_alias)->url, "rediss://:pass@h:6380/2");
  EXPECT_EQ(redis_address(*by_alias)->transport, RedisTransport::tls);
  EXPECT_TRUE(parse_settings(with({{"REDIS_URL", "redis://h"}, {"CACHE_REDIS_URL", "redis://h"}})));
  EXPECT_EQ(to_text(faults_of(with({{"REDIS_URL", "redis://h"}, {"CACHE_REDIS_URL", "redis://other"}}))),
            "CACHE_REDIS_URL: REDIS_URL says something else; keep one of the two.\n");
  EXPECT_EQ(to_text(faults_of(with({{"CACHE_REDIS_URL", "h:6379"}}))),
            "CACHE_REDIS_URL: The address must start with redis://, rediss:// (TLS) or https:// (Upstash's "
            "REST).\n");
}

TEST(Settings, RedisByRestNeedsItsTokenAndInProductionTls) {
  const TextPairs allowed = {{"CACHE_IMPL", "redis"}, {"ENABLE_REDIS_CACHE", "true"}};
  const auto with = [&](TextPairs more) {
    more.insert(more.begin(), allowed.begin(), allowed.end());
    return more;
  };
  EXPECT_EQ(to_text(faults_of(with({{"REDIS_URL", "https://h.example"}}))),
            "REDIS_TOKEN: REDIS_URL is reached by REST, which needs a token.\n");
  const auto settings = parse_settings(with({{"REDIS_URL", "https://h.example/"}, {"REDIS_TOKEN", "t0ken"}}));
  ASSERT_TRUE(settings);
  EXPECT_EQ(redis_address(*settings)->url, "https://h.example");
  EXPECT_EQ(redis_address(*settings)->token, "t0ken");
  const TextPairs in_clear = with({{"REDIS_URL", "http://127.0.0.1:8079"}, {"REDIS_TOKEN", "t0ken"}});
  EXPECT_EQ(to_text(faults_of(in_clear)),
            "REDIS_URL: In production it must start with https://: the token would travel in clear.\n");
  TextPairs at_home = in_clear;
  at_home.emplace_back("ENVIRONMENT", "development");
  EXPECT_TRUE(parse_settings(at_home));
}

TEST(Settings, AMoveNamesTheFormerStore) {
  EXPECT_EQ(former_tier(*parse_settings({})), std::nullopt);
  const auto moving = parse_settings({{"CACHE_IMPL", "redis"},
                                      {"CACHE_MOVE_FROM", "kv"},
                                      {"ENABLE_REDIS_CACHE", "true"},
                                      {"REDIS_URL", "redis://h"}});
  ASSERT_TRUE(moving);
  EXPECT_EQ(former_tier(*moving), Tier::kv);
  const auto back = parse_settings(
      {{"CACHE_MOVE_FROM", "redis"}, {"ENABLE_REDIS_CACHE", "true"}, {"REDIS_URL", "redis://h"}});
  ASSERT_TRUE(back);
  EXPECT_EQ(former_tier(*back), Tier::redis);
  EXPECT_EQ(to_text(faults_of({{"CACHE_MOVE_FROM", "kv"}})),
            "CACHE_MOVE_FROM: It names the store that CACHE_IMPL writes; name the former one, or none.\n");
  EXPECT_EQ(to_text(faults_of({{"CACHE_MOVE_FROM", "edge"}})),
            "CACHE_MOVE_FROM: \"edge\" is not offered; use \"none\", \"kv\" or \"redis\".\n");
}

TEST(Settings, AnEvictionPolicyIsOneOfRedis) {
  EXPECT_EQ(parse_settings({})->eviction_policy, "");
  EXPECT_EQ(parse_settings({{"CACHE_EVICTION_POLICY", "allkeys-lru"}})->eviction_policy, "allkeys-lru");
  EXPECT_EQ(to_text(faults_of({{"CACHE_EVICTION_POLICY", "allkeys-lrv"}})),
            "CACHE_EVICTION_POLICY: \"allkeys-lrv\" is no eviction policy of Redis; use \"allkeys-lru\", "
            "\"allkeys-lfu\", \"allkeys-random\", \"noeviction\", \"volatile-lru\", \"volatile-lfu\", "
            "\"volatile-ttl\" or \"volatile-random\". Did you mean \"allkeys-lru\"?\n");
}

TEST(Settings, WhatCountsReadsIsAnAccountOrABinding) {
  EXPECT_FALSE(counts_reads_by_analytics(parse_settings({}).value()));
  EXPECT_EQ(parse_settings({}).value().analytics_reads_dataset, "key_reads");
  const std::string account = "0123456789abcdef0123456789abcdef";
  EXPECT_TRUE(counts_reads_by_analytics(parse_settings({{"ANALYTICS_ACCOUNT", account}}).value()));
  EXPECT_TRUE(counts_reads_by_analytics(parse_settings({{"ANALYTICS_BINDING", "ANALYTICS_SQL"}}).value()));
  // What stands in SQL needs no quotes, and what stands in a URL no escapes.
  for (const char* dataset : {"1st", "key-reads", "key reads", "a'b", "a\"b", "a;b", "k\xc3\xa9y"}) {
    EXPECT_FALSE(parse_settings({{"ANALYTICS_READS_DATASET", dataset}})) << dataset;
  }
  for (const std::string& wrong : {account + "0", account.substr(1), "../" + account.substr(3),
                                   std::string("0123456789ABCDEF0123456789ABCDEF")}) {
    EXPECT_FALSE(parse_settings({{"ANALYTICS_ACCOUNT", wrong}})) << wrong;
  }
  EXPECT_FALSE(parse_settings({{"ANALYTICS_BINDING", "__proto__.x"}}));
}

TEST(Settings, SecretsOfRedisAreNobodyElses) {
  for (const char* name : {"REDIS_URL", "CACHE_REDIS_URL", "REDIS_TOKEN"}) {
    EXPECT_TRUE(is_own_secret(name)) << name;
    EXPECT_EQ(find_setting(name), nullptr) << name;
  }
}

TEST(Settings, HoldEverythingElseApartAsSecrets) {
  const auto settings = parse_settings({{"API_KEY", " s3cret\n"}, {"EMPTY", ""}, {"LOG_LEVEL", "off"}});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->secret("API_KEY"), "s3cret");
  EXPECT_EQ(settings->secret("EMPTY"), std::nullopt);
  EXPECT_EQ(settings->secret("LOG_LEVEL"), std::nullopt);
  EXPECT_EQ(settings->secret("MISSING"), std::nullopt);
}

TEST(Settings, RefuseWhatIsFarTooLong) {
  EXPECT_EQ(to_text(faults_of({{"LOG_LEVEL", std::string(8193, 'x')}})),
            "LOG_LEVEL: The value is too long.\n");
}

TEST(Settings, EveryRowIsNamedOnceAndExplained) {
  std::set<std::string_view> names;
  for (const SettingRow& row : setting_rows) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.purpose.ends_with('.')) << row.name;
    // A default is a value like any other.
    EXPECT_TRUE(parse_settings({{std::string(row.name), std::string(row.default_text)}})) << row.name;
  }
  EXPECT_EQ(names.size(), setting_rows.size());
}

TEST(Settings, SayWhoChangesAndWhoSeesThem) {
  EXPECT_EQ(
      runtime_settings(),
      (std::vector<std::string_view>{
          "FEATURE_CACHE", "CACHE_IMPL", "CACHE_MOVE_FROM", "CACHE_PATTERN_WHITELIST", "ENABLE_COLD_STORAGE",
          "ENABLE_SWR", "ENABLE_STAMPEDE_PROTECTION", "ENABLE_NEGATIVE_CACHE", "POLICY_OVERRIDES"}));
  std::vector<std::string_view> for_admins;
  for (const SettingRow& row : setting_rows) {
    EXPECT_EQ(is_runtime_setting(row.name), row.change == SettingChange::runtime) << row.name;
    if (row.role == SettingRole::admin) {
      for_admins.push_back(row.name);
    }
  }
  EXPECT_EQ(for_admins, (std::vector<std::string_view>{"ENGINE_VERSION", "PROMPT_HASH", "ALERT_EMAIL_TO",
                                                       "ALERT_EMAIL_FROM"}));
  EXPECT_FALSE(is_runtime_setting("NO_SUCH_SETTING"));
}

TEST(Settings, SecretsOfTheWorkersOwnAreTold) {
  EXPECT_TRUE(is_own_secret("ADMIN_JWT_SECRET"));
  EXPECT_TRUE(is_own_secret("METRICS_TOKEN"));
  EXPECT_FALSE(is_own_secret("GEMINI_API_KEY"));
  EXPECT_FALSE(is_own_secret("API_KEY"));
}

TEST(Settings, AProviderHasItsAddressAndItsRate) {
  const auto settings = parse_settings({{"ISBNDB_URL", "https://books.example/"}, {"ISBNDB_RATE", "3"}});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->isbndb_url, "https://books.example");
  EXPECT_EQ(settings->isbndb_rate, 3u);
  EXPECT_EQ(settings->googlebooks_rate, 0u);
  EXPECT_EQ(find_setting("ISBNDB_URL")->purpose,
            "The address of ISBNdb, where it is not https://api2.isbndb.com. ISBNdb is asked where its key "
            "is set.");
}

TEST(Settings, OfOperatorsAreRead) {
  const auto settings =
      parse_settings({{"ADMIN_JWKS_URL", "https://Team.cloudflareaccess.com/cdn-cgi/access/certs?x=1"},
                      {"ADMIN_JWT_ISSUER", " https://team.cloudflareaccess.com "},
                      {"ADMIN_JWT_AUDIENCE", "a1b2"},
                      {"ADMIN_SUBJECTS", "ann, Bob@Example.com"},
                      {"VIEWER_SUBJECTS", "*"},
                      {"ADMIN_JWT_SECRET", std::string(32, 'x')}});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->admin_key_set_url, "https://team.cloudflareaccess.com/cdn-cgi/access/certs?x=1");
  EXPECT_EQ(settings->admin_issuer, "https://team.cloudflareaccess.com");
  EXPECT_EQ(settings->admin_audience, "a1b2");
  EXPECT_TRUE(settings->admin_subjects.has_subject("ann"));
  EXPECT_FALSE(settings->admin_subjects.has_subject("Ann"));
  EXPECT_TRUE(settings->admin_subjects.has_email("bob@example.com"));
  EXPECT_FALSE(settings->admin_subjects.has_email("bob@example.org"));
  EXPECT_TRUE(settings->viewer_subjects.has_subject("anybody"));
  const Settings none;
  EXPECT_FALSE(none.admin_subjects.has_subject(""));
  EXPECT_FALSE(none.viewer_subjects.has_email("ann@example.com"));
}

TEST(Settings, OfOperatorsThatWouldOpenTheDoorAreRefused) {
  const auto fault = [](TextPairs bindings) {
    const auto settings = parse_settings(bindings);
    return settings ? "" : to_text(settings.error());
  };
  EXPECT_TRUE(contains(fault({{"ADMIN_JWT_SECRET", std::string(31, 'x')}}),
                       "ADMIN_JWT_SECRET: It must have at least 32 bytes"));
  EXPECT_TRUE(contains(fault({{"ADMIN_JWKS_URL", "http://keys.example.com"}}),
                       "ADMIN_JWKS_URL: In production it must start with https://"));
  EXPECT_EQ(fault({{"ADMIN_JWKS_URL", "http://localhost:8080/keys"}, {"ENVIRONMENT", "development"}}), "");
  EXPECT_TRUE(contains(fault({{"ADMIN_JWKS_URL", "keys.example.com"}}), "ADMIN_JWKS_URL: "));
  EXPECT_TRUE(
      contains(fault({{"ADMIN_SUBJECTS", "ann, *"}}), "ADMIN_SUBJECTS: Not everybody can be an admin"));
  EXPECT_TRUE(contains(fault({{"VIEWER_SUBJECTS", "ann,,bob"}}), "VIEWER_SUBJECTS: \"\" names nobody"));
  EXPECT_TRUE(
      contains(fault({{"ADMIN_JWT_ISSUER", std::string(255, 'x')}}), "ADMIN_JWT_ISSUER: Write it as"));
}

}  // namespace
}  // namespace larder::config::settings_test
