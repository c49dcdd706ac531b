// What operators see of narratives, and a user who goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operators/support.h"
#include "operators/visible_key.h"
#include "records/audit.h"
#include "support/model_reply.h"

namespace larder::operators::narrative_routes_test {
namespace {

using sim::Isolate;
using ::testing::HasSubstr;
using ::testing::Not;

struct NarrativeRoutes : ::testing::Test {
  NarrativeRoutes() { add_tokens(world); }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  // No model is configured, so the template answers.
  void ask(const std::string& user, const std::string& system) {
    const auto& exchange = isolate.run("POST", "/api/narrative", {{"content-type", "application/json"}},
                                       sent(concat({R"({"profile":{"systems":[{"name":")", system,
                                                    R"(","percentage":10}]},"userId":")", user, "\"}"})));
    EXPECT_EQ(exchange.status, 200U) << exchange.body;
  }
  sim::SimulatedHost::Exchange& call(std::string method, std::string url, const std::string& token = "ann") {
    world.now += Millis(1'000);
    return isolate.run(std::move(method), std::move(url), shown(token));
  }

  std::vector<records::NarrativeEntry> rows() {
    return sim::rows_of<records::NarrativeEntry>(world.durable.at("NARRATIVES").store("larder"), "entry");
  }

  sim::World world;
  Isolate isolate{world, operator_bindings({{"ENGINE_VERSION", "2.1"}, {"PROMPT_HASH", "abcdef0123"}}),
                  sim::narratives_declared};
};

TEST_F(NarrativeRoutes, EveryNarrativeIsARowThatNamesNobody) {
  ask("reader@example.com", "ember");
  ask("", "tide");
  ASSERT_EQ(rows().size(), 2U);
  std::vector<std::string> systems;
  for (const records::NarrativeEntry& one : rows()) {
    EXPECT_EQ(one.outcome, static_cast<std::uint8_t>(observe::NarrativeOutcome::template_));
    EXPECT_GT(one.at, 0U);
    EXPECT_THAT(one.user, Not(HasSubstr("reader")));
    systems.push_back(one.system);
  }
  EXPECT_THAT(systems, ::testing::UnorderedElementsAre("ember", "tide"));
}

// What a path cannot hold can be written, and so has to go another way.
TEST_F(NarrativeRoutes, EveryIdThatIsRecordedCanBeForgotten) {
  struct Id {
    std::string in_json;
    std::string in_query;
  };
  const std::vector<Id> ids = {{"a/b", "a%2Fb"},       {R"(a\\b)", "a%5Cb"},    {".", "."},
                               {"..", ".."},           {"../..", "../.."},      {"a b+c%", "a+b%2Bc%25"},
                               {"\xc3\xa9", "%C3%A9"}, {"?#&=", "%3F%23%26%3D"}};
  for (const Id& id : ids) {
    world.now += Millis(1'000);
    ask(id.in_json, "ember");
    ASSERT_EQ(rows().size(), 1U) << id.in_json;
    EXPECT_THAT(call("DELETE", "/api/narrative/user?userId=" + id.in_query).body,
                HasSubstr(R"({"deleted":1,)"))
        << id.in_json;
    EXPECT_TRUE(rows().empty());
    world.now += Millis(1'000);
    ask(id.in_json, "ember");
    world.now += Millis(1'000);
    TextPairs headers = shown("ann");
    headers.emplace_back("content-type", "application/json");
    const auto& exchange = isolate.run("DELETE", "/api/narrative/user", std::move(headers),
                                       sent(concat({R"({"userId":")", id.in_json, "\"}"})));
    EXPECT_THAT(exchange.body, HasSubstr(R"({"deleted":1,)")) << id.in_json;
  }
  EXPECT_EQ(call("DELETE", "/api/narrative/user?userId=a", "vic").status, 403U);
}

TEST_F(NarrativeRoutes, ANamelessUserCannotBeForgotten) {
  for (const std::string url : {"/api/narrative/user?userId=", "/api/narrative/user"}) {
    const auto& exchange = call("DELETE", url);
    EXPECT_EQ(exchange.status, url.ends_with('=') ? 400U : 415U);
  }
  EXPECT_EQ(call("DELETE", "/api/narrative/user?userId=" + std::string(257, 'a')).status, 400U);
}

TEST_F(NarrativeRoutes, ADeletedUserIsGone) {
  ask("u", "ember");
  ask("v", "ember");
  ask("u", "ember");
  const auto& exchange = call("DELETE", "/api/narrative/user/u");
  EXPECT_EQ(exchange.status, 200U);
  EXPECT_THAT(exchange.body, HasSubstr(R"({"deleted":2,"rationale":"Rows about this user were deleted)"));
  EXPECT_EQ(rows().size(), 1U);
  EXPECT_THAT(call("DELETE", "/api/narrative/user/u").body, HasSubstr(R"({"deleted":0,)"));
  EXPECT_EQ(call("DELETE", "/api/narrative/user/u", "vic").status, 403U);
  // Nor does the audit log say who it was.
  for (const auto& row :
       sim::rows_of<records::AuditEntry>(world.durable.at("AUDIT").store("audit"), "entry")) {
    EXPECT_EQ(row.path, row.kind == static_cast<std::uint8_t>(records::AuditEntryKind::call)
                            ? "/api/narrative/user/{userId}"
                            : "");
    EXPECT_THAT(row.note, Not(HasSubstr("/u")));
  }
}

TEST_F(NarrativeRoutes, FiguresForViewersAndVersionsForAdminsAlone) {
  ask("u", "ember");
  world.kv["larder:narr:v3:2.1:abcdef0123:1"] = sim::Stored();
  world.kv["larder:narr:v3:2.1:abcdef0123:2"] = sim::Stored();
  for (auto& [key, stored] : world.kv) {
    stored.expires = world.now + Millis(1'000'000);
  }
  const auto& seen = call("GET", "/api/narrative/stats", "vic");
  EXPECT_EQ(seen.status, 200U);
  EXPECT_THAT(seen.body, HasSubstr(R"("keys":{"count":2,"complete":true})"));
  EXPECT_THAT(seen.body, HasSubstr(R"("last24Hours":{"requests":1,"hits":0,)"));
  EXPECT_THAT(seen.body, Not(HasSubstr("abcdef0123")));
  EXPECT_THAT(seen.body, Not(HasSubstr("2.1")));
  const auto& told = call("GET", "/api/narrative/stats");
  EXPECT_THAT(told.body, HasSubstr(R"("engineVersion":"2.1","promptHash":"abcdef0123"})"));
  const auto& analytics = call("GET", "/api/narrative/analytics", "vic");
  EXPECT_EQ(analytics.status, 200U);
  EXPECT_THAT(analytics.body, HasSubstr(R"("retentionDays":90,"narratives":{"requests":1,"hits":0,)"));
  EXPECT_EQ(call("GET", "/api/narrative/analytics?since=yesterday").status, 400U);
  // Keys and settings keep the same secret.
  EXPECT_THAT(call("GET", "/api/settings", "vic").body, Not(HasSubstr("abcdef0123")));
  EXPECT_THAT(call("GET", "/api/settings").body, HasSubstr("abcdef0123"));
  EXPECT_THAT(call("GET", "/api/cache/keys?prefix=larder:narr:", "vic").body,
              HasSubstr(R"("larder:narr:v3:*:*:1")"));
  EXPECT_THAT(call("GET", "/api/cache/keys?prefix=larder:narr:").body,
              HasSubstr(R"("larder:narr:v3:2.1:abcdef0123:1")"));
}

TEST_F(NarrativeRoutes, WithoutTheLogTheySaySo) {
  world.durable.erase("NARRATIVES");
  EXPECT_EQ(call("GET", "/api/narrative/stats").status, 503U);
  EXPECT_EQ(call("GET", "/api/narrative/analytics").status, 503U);
  const auto& exchange = call("DELETE", "/api/narrative/user/u");
  EXPECT_EQ(exchange.status, 503U);
  EXPECT_THAT(exchange.body, HasSubstr("nothing was read or changed"));
}

TEST(VisibleKey, LeavesOutWhatSettingsSay) {
  const auto declarations = config::parse_declarations(sim::narratives_declared);
  ASSERT_TRUE(declarations);
  const auto seen = [&](std::string_view key) { return visible_key(*declarations, key, Role::viewer); };
  EXPECT_EQ(seen("larder:narr:v3:2.1:abc:hash"), "larder:narr:v3:*:*:hash");
  EXPECT_EQ(visible_key(*declarations, "larder:narr:v3:2.1:abc:hash", Role::admin),
            "larder:narr:v3:2.1:abc:hash");
  EXPECT_EQ(seen("larder:item:v3:7"), "larder:item:v3:7");
  EXPECT_EQ(seen("larder:narr:v3:sha256-00"), "larder:narr:v3:sha256-00");
  EXPECT_EQ(seen(""), "");
}

}  // namespace
}  // namespace larder::operators::narrative_routes_test
