// What in a configuration cannot work or will surprise: a row each, and nothing said of one that is well.
#include "operators/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"

namespace larder::operators::advice_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto plain = R"({"resources": [
  {"name": "items", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/{id}"},
   "key": [{"path": "id", "required": true}], "ttl": "1h", "tags": ["item:{id}"]}]})";

// Nothing to say about.
TextPairs well() {
  return {{"ADMIN_JWT_SECRET", "0123456789abcdef0123456789abcdef"},
          {"ALERT_WEBHOOK_URL", "https://hooks.example/x"}};
}

struct AdviceTest : ::testing::Test {
  std::vector<std::string> names(TextPairs bindings, const char* declarations = plain) {
    settings = config::parse_settings(bindings).value();
    auto parsed = config::parse_declarations(declarations);
    EXPECT_TRUE(parsed.has_value()) << larder::to_text(parsed.error());
    declared = std::move(*parsed);
    AdviceFacts facts(settings, declared);
    facts.last_hour = last_hour;
    facts.last_day = last_day;
    facts.pending = pending;
    facts.letters = letters;
    given = advise(facts);
    std::vector<std::string> names;
    for (const Advice& advice : given) {
      names.emplace_back(advice.name);
    }
    return names;
  }
  static TextPairs with(TextPairs more) {
    TextPairs bindings = well();
    bindings.insert(bindings.end(), more.begin(), more.end());
    return bindings;
  }

  config::Settings settings;
  config::Declarations declared;
  std::optional<metrics::Tally> last_hour;
  std::optional<metrics::Tally> last_day;
  std::optional<std::uint64_t> pending;
  std::optional<std::uint64_t> letters;
  std::vector<Advice> given;
};

TEST_F(AdviceTest, SaysNothingOfWhatIsWell) { EXPECT_THAT(names(well()), IsEmpty()); }

TEST_F(AdviceTest, LooksAtWhoMayCome) {
  EXPECT_THAT(names({{"ALERT_WEBHOOK_URL", "https://hooks.example/x"}}), ElementsAre("operators_shut_out"));
  const TextPairs keys = {{"ADMIN_JWKS_URL", "https://team.example/certs"}};
  EXPECT_THAT(names(with(keys)), ElementsAre("audience_missing"));
  TextPairs checked = keys;
  checked.emplace_back("ADMIN_JWT_AUDIENCE", "app");
  EXPECT_THAT(names(with(checked)), IsEmpty());
  EXPECT_THAT(names(with({{"METRICS_TOKEN", "fifteen letters"}})), ElementsAre("metrics_token_short"));
  EXPECT_THAT(names(with({{"METRICS_TOKEN", "sixteen letters!"}})), IsEmpty());
}

TEST_F(AdviceTest, LooksAtHowPeopleAreTold) {
  EXPECT_THAT(names(with({{"ALERT_EMAIL_TO", "a@example.org"}})), ElementsAre("mail_incomplete"));
  EXPECT_EQ(given[0].what,
            "E-mails about alerts are set up by half, without ALERT_EMAIL_FROM and MAILCHANNELS_API_KEY.");
  EXPECT_THAT(names(with({{"ALERT_EMAIL_TO", "a@example.org"},
                          {"ALERT_EMAIL_FROM", "b@example.org"},
                          {"ALERT_EMAIL_BY", "send_email"}})),
              IsEmpty());
  EXPECT_THAT(names({{"ADMIN_JWT_SECRET", "0123456789abcdef0123456789abcdef"}}),
              ElementsAre("alerts_tell_nobody"));
  EXPECT_THAT(names(with({{"LEDGER_SHARDS", "0"}})), ElementsAre("ledger_off"));
}

TEST_F(AdviceTest, LooksAtWhatIsCached) {
  EXPECT_THAT(names(with({{"CACHE_IMPL", "null"}})), ElementsAre("observes_alone"));
  EXPECT_THAT(given[0].what, HasSubstr("CACHE_IMPL"));
  EXPECT_THAT(names(with({{"FEATURE_CACHE", "false"}})), ElementsAre("observes_alone"));
  EXPECT_THAT(names(with({{"CACHE_PATTERN_WHITELIST", "items,itmes"}})),
              ElementsAre("whitelist_names_nothing"));
  EXPECT_EQ(given[0].what, "CACHE_PATTERN_WHITELIST names no resource with itmes.");
  constexpr auto brief = R"({"resources": [
    {"name": "brief", "match": {"path": "/brief"}, "origin": {"url": "https://api.example.com/"}, "key": [], "ttl": "30s",
     "stale": "29s"},
    {"name": "minute", "match": {"path": "/minute"}, "origin": {"url": "https://api.example.com/"}, "key": [], "ttl": "30s",
     "stale": "30s"},
    {"name": "near", "match": {"path": "/near"}, "origin": {"url": "https://api.example.com/"}, "key": [], "ttl": "30s",
     "tiers": ["memory"]}]})";
  EXPECT_THAT(names(well(), brief), ElementsAre("kept_below_a_minute"));
  EXPECT_THAT(given[0].what, HasSubstr("brief is used"));
}

TEST_F(AdviceTest, LooksAtModelsAndProviders) {
  constexpr auto narratives = R"({"resources": [
    {"name": "ask", "match": {"method": "POST", "path": "/ask"}, "origin": {"provider": "llm", "query": "narrative"},
     "key": [{"setting": "ENGINE_VERSION"}, {"setting": "PROMPT_HASH"}, {"body": "profile", "normalise": ["json"], "digest": true, "required": true}], "ttl": "7d"}]})";
  EXPECT_THAT(names(well(), narratives), ElementsAre("model_without_key"));
  EXPECT_THAT(names(with({{"GEMINI_API_KEY", "key"}}), narratives), IsEmpty());
  EXPECT_THAT(names(with({{"GEMINI_API_KEY", "key"}, {"LLM_DAILY_CALLS_MAX", "0"}}), narratives),
              ElementsAre("spending_unbounded"));
  constexpr auto books = R"({"resources": [
    {"name": "title", "match": {"path": "/title"}, "origin": {"provider": "openlibrary", "query": "title"},
     "key": [{"query": "q", "required": true}], "ttl": "1h"}]})";
  EXPECT_THAT(names(well(), books), ElementsAre("contact_missing"));
  EXPECT_THAT(names(with({{"LARDER_CONTACT", "ops@example.org"}}), books), IsEmpty());
}

TEST_F(AdviceTest, LooksAtWhatWorkersCacheInFrontMakesOfIt) {
  constexpr auto odd = R"({"resources": [
    {"name": "tagged", "match": {"path": "/tagged/{id}"}, "origin": {"url": "https://api.example.com/{id}"},
     "key": [{"path": "id", "required": true}], "ttl": "1h", "tags": ["two words:{id}"]},
    {"name": "tenants", "match": {"path": "/tenants"}, "origin": {"url": "https://api.example.com/{host}"},
     "key": [{"header": "host", "required": true}], "ttl": "1h"},
    {"name": "passed", "mode": "http", "match": {"path": "/passed"}, "origin": {"url": "https://api.example.com/"},
     "ttl": "1h", "stale": "1h"}]})";
  EXPECT_THAT(names(well(), odd), ElementsAre("tags_dropped_in_front", "hosts_not_told_apart_in_front",
                                              "stale_switched_off_in_front"));
  EXPECT_THAT(given[0].what, HasSubstr("tagged has"));
  EXPECT_THAT(given[1].what, HasSubstr("tenants has"));
  EXPECT_THAT(given[2].what, HasSubstr("passed passes"));
}

TEST_F(AdviceTest, LooksAtWhatWasCounted) {
  last_day.emplace();
  last_day->add(metrics::series_name("origin_requests_total", {"items", "answered"}), 9'901);
  last_day->add(metrics::series_name("public_limit_refused_total", {"items"}), 100);
  EXPECT_THAT(names(well()), IsEmpty());
  last_day->add(metrics::series_name("public_limit_refused_total", {"items"}), 1);
  EXPECT_THAT(names(well()), ElementsAre("public_limit_low"));
  EXPECT_THAT(given[0].what, HasSubstr("101 of 10002 of the last day"));
  last_day.reset();
  pending = 7;
  EXPECT_THAT(names(well()), IsEmpty());
  last_hour.emplace();
  EXPECT_THAT(names(well()), ElementsAre("queue_unconsumed"));
  last_hour->add(metrics::series_name("warmed_authors_total", {"processed"}), 1);
  EXPECT_THAT(names(well()), IsEmpty());
  letters = 3;
  EXPECT_THAT(names(well()), ElementsAre("letters_unattended"));
}

TEST_F(AdviceTest, RowsHaveNamesOfTheirOwnAndSayWhatToDo) {
  std::set<std::string_view> seen;
#define LARDER_ADVICE(name, level, what, help)                 \
  EXPECT_TRUE(seen.insert(#name).second) << #name;             \
  EXPECT_TRUE(std::string_view(what).ends_with('.')) << #name; \
  EXPECT_TRUE(std::string_view(help).ends_with('.')) << #name;
#include "operators/advice.def"
#undef LARDER_ADVICE
}

}  // namespace
}  // namespace larder::operators::advice_test
