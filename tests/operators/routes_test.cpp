// What the operators' routes do behind the gate: settings, entries, keys, purges.
#include "operators/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/date.h"
#include "operators/support.h"

namespace larder::operators::routes_test {
namespace {

using sim::Isolate;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto item_declarations = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
     "key": [{"path": "id", "maxBytes": 1024}], "ttl": "1h", "stale": "10m", "staleIfError": "2h",
     "tags": ["items", "item:{id}"]}]})";

TEST(Router, PathsOfLardersOwnAreReserved) {
  for (const std::string_view path : {"/internal",
                                      "/internal/cache",
                                      "/health",
                                      "/api/cache",
                                      "/api/cache/keys",
                                      "/api/settings",
                                      "/api/warming/jobs/1",
                                      "/metrics",
                                      "/metrics/prom",
                                      "/dashboard",
                                      "/dashboard/app.js",
                                      "/openapi.json",
                                      "/api/explain",
                                      "/api/alerts",
                                      "/api/slo",
                                      "/api/costs",
                                      "/api/experiments",
                                      "/api/cold",
                                      "/api/audit",
                                      "/api/narrative/user/x"}) {
    EXPECT_TRUE(is_reserved(path)) << path;
  }
  for (const std::string_view path :
       {"/", "/api", "/api/items", "/healthy", "/metricsx", "/api/narrative", "/x/health"}) {
    EXPECT_FALSE(is_reserved(path)) << path;
  }
}

TEST(Router, FindsRoutesByMethodAndPath) {
  for (const Route& route : routes) {
    std::string path(route.path);
    while (path.find('{') != std::string::npos) {
      path.replace(path.find('{'), path.find('}') - path.find('{') + 1, "x");
    }
    const auto routed = find_route(route.method, path);
    ASSERT_TRUE(routed.has_value()) << path;
    EXPECT_EQ(routed->route, &route);
    EXPECT_TRUE(is_reserved(path)) << "a declaration could take this path: " << path;
    EXPECT_FALSE(route.purpose.empty());
  }
  const auto head = find_route(http::Method::head, "/api/settings");
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->route->method, http::Method::get);
  const auto patch = find_route(http::Method::patch, "/api/settings");
  ASSERT_TRUE(patch.has_value());
  EXPECT_EQ(patch->route, nullptr);
  EXPECT_EQ(allowed_methods("/api/cache/purge"), "POST, OPTIONS");
  for (const std::string_view path :
       {"/", "", "/api", "/api/settings/", "/api/settings/x", "/API/settings", "/health"}) {
    EXPECT_FALSE(find_route(http::Method::get, path).has_value()) << path;
  }
}

struct RoutesTest : ::testing::Test {
  RoutesTest() {
    add_tokens(world);
    world.origin = [this](const sim::OriginRequest&) {
      sim::OriginReply reply;
      reply.headers = {{"content-type", "text/plain"}};
      reply.content = "v" + to_text(std::uint64_t{world.origin_requests.size()});
      return reply;
    };
  }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  // As an admin, a second after whatever came before.
  sim::SimulatedHost::Exchange& call(std::string method, std::string url, std::string json = "") {
    world.now += Millis(1'000);
    return isolate.run(std::move(method), std::move(url), shown_json("ann"), sent(std::move(json)));
  }

  sim::World world;
  Isolate isolate{world, operator_bindings(), item_declarations};
};

// Settings
// -----------------------------------------------------------------------------------------------------------

TEST_F(RoutesTest, SettingsSayWhereTheyComeFrom) {
  Isolate bound(world, operator_bindings({{"ENABLE_SWR", "false"}}), item_declarations);
  const auto& seen = bound.run("GET", "/api/settings", shown("vic"));
  EXPECT_THAT(seen.body, StartsWith(R"({"implementation":"kv","settings":{"FEATURE_CACHE":{"value":"true",)"
                                    R"("source":"default","default":"true","changeable":true,"purpose":")"));
  EXPECT_THAT(
      seen.body,
      HasSubstr(R"("ENABLE_SWR":{"value":"false","source":"binding","default":"true","changeable":true)"));
  EXPECT_THAT(
      seen.body,
      HasSubstr(
          R"("CACHE_PREFIX":{"value":"larder","source":"default","default":"larder","changeable":false)"));
  EXPECT_THAT(seen.body, Not(HasSubstr(test_secret)));
  EXPECT_THAT(seen.body, Not(HasSubstr("ADMIN_JWT_SECRET")));
}

TEST_F(RoutesTest, AChangeHoldsAtOnceHereAndWithinSecondsElsewhere) {
  Isolate far(world, operator_bindings(), item_declarations, "two");
  isolate.get("/items/7");
  far.get("/items/7");
  const auto& changed = call("PUT", "/api/settings", R"({"CACHE_IMPL": "null", "ENABLE_SWR": false})");
  EXPECT_EQ(changed.status, 200U);
  EXPECT_THAT(changed.body, HasSubstr(R"("implementation":"null")"));
  EXPECT_THAT(changed.body, HasSubstr(R"("ENABLE_SWR":{"value":"false","source":"runtime")"));
  EXPECT_THAT(isolate.get("/items/7").header("cache-status"), HasSubstr("fwd=bypass"));
  world.now += Millis(10'001);
  EXPECT_THAT(far.get("/items/7").header("cache-status"), HasSubstr("fwd=bypass"));
  const auto& back = call("PUT", "/api/settings", R"({"CACHE_IMPL": null})");
  EXPECT_THAT(back.body, HasSubstr(R"("CACHE_IMPL":{"value":"kv","source":"default")"));
  EXPECT_THAT(back.body, HasSubstr(R"("ENABLE_SWR":{"value":"false","source":"runtime")"));
}

TEST_F(RoutesTest, WhatDoesNotFitTogetherIsRefusedAndChangesNothing) {
  const std::uint64_t sequence = sim::control_sequence(world);
  const std::vector<std::pair<std::string, std::string>> bodies = {
      {R"({"CACHE_IMPL": "redis"})", "ENABLE_REDIS_CACHE: CACHE_IMPL=redis needs ENABLE_REDIS_CACHE=true."},
      {R"({"ENABLE_SWR": "perhaps", "CACHE_IMPL": "null"})", "ENABLE_SWR: \\\"perhaps\\\" is neither"},
      {R"({"CACHE_PATTERN_WHITELIST": "a b"})", "CACHE_PATTERN_WHITELIST: \\\"a b\\\" is no key pattern"},
      {R"({"TTL_DAYS": 3})", "TTL_DAYS: This setting is changed by a deployment only."},
  };
  for (const auto& [json, detail] : bodies) {
    const auto& refused = call("PUT", "/api/settings", json);
    EXPECT_EQ(refused.status, 400U) << json;
    EXPECT_EQ(refused.header("content-type"), "application/problem+json");
    EXPECT_THAT(refused.body, HasSubstr(detail)) << json;
  }
  EXPECT_EQ(sim::control_sequence(world), sequence);
}

TEST_F(RoutesTest, ALogThatTakesNoChangeSaysSo) {
  world.fail(host::OperationKind::control_append);
  const std::vector<std::array<std::string, 3>> calls = {
      {"PUT", "/api/settings", R"({"ENABLE_SWR": false})"},
      {"POST", "/api/cache/purge", R"({"tags": ["a"], "mode": "hard"})"},
      {"DELETE", "/api/cache/entry?key=larder:item:v3:7", ""},
  };
  for (const auto& [method, url, json] : calls) {
    const auto& refused = call(method, url, json);
    EXPECT_EQ(refused.status, 503U) << url;
    EXPECT_EQ(refused.header("retry-after"), "5");
  }
}

// Bodies
// -------------------------------------------------------------------------------------------------------------

TEST_F(RoutesTest, ABodyIsJsonThatSaysSoAndIsNotTooLong) {
  const auto status = [&](std::string type, std::string json) {
    world.now += Millis(1'000);
    TextPairs headers = shown("ann");
    if (!type.empty()) {
      headers.emplace_back("content-type", type);
    }
    return isolate.run("POST", "/api/cache/purge", headers, sent(std::move(json))).status;
  };
  const std::string good = R"({"tags":["a"],"mode":"hard"})";
  EXPECT_EQ(status("application/json", good), 200U);
  EXPECT_EQ(status("Application/JSON ; charset=utf-8", good), 200U);
  EXPECT_EQ(status("", good), 415U);
  EXPECT_EQ(status("text/plain", good), 415U);
  EXPECT_EQ(status("application/json-patch+json", good), 415U);
  EXPECT_EQ(status("application/json", ""), 400U);
  EXPECT_EQ(status("application/json", std::string(config::limit::operator_body_bytes_max, ' ')), 400U);
  EXPECT_EQ(status("application/json", std::string(config::limit::operator_body_bytes_max + 1, ' ')), 413U);
}

// Entries
// ------------------------------------------------------------------------------------------------------------

TEST_F(RoutesTest, AnEntryIsSeenTierByTier) {
  isolate.get("/items/7");
  world.now += Millis(3'600'000);
  Isolate neighbour(world, operator_bindings(), item_declarations);
  const auto& seen = neighbour.run("GET", "/api/cache/entry?key=larder:item:v3:7", shown("vic"));
  EXPECT_EQ(seen.status, 200U);
  EXPECT_THAT(seen.body,
              StartsWith(R"({"key":"larder:item:v3:7","tiers":[{"tier":"memory","found":false},)"
                         R"({"tier":"edge","found":true,"state":"stale","purged":"no","kind":"positive",)"
                         R"("status":200,"contentType":"text/plain","createdAt":"2026-09-21T14:13:20.0)"));
  EXPECT_THAT(seen.body,
              HasSubstr(R"("ttlSeconds":-1,"freshSeconds":3600,"staleSeconds":600,"errorSeconds":7200,)"
                        R"("tags":["items","item:7"],"etag":")"));
  EXPECT_THAT(seen.body, HasSubstr(R"("encoding":"","storedBytes":2,"bodyBytes":2})"));
  EXPECT_THAT(seen.body, HasSubstr(R"({"tier":"kv","found":true)"));
}

TEST_F(RoutesTest, AnOperatorsLookCountsForNothing) {
  isolate.get("/items/7");
  const auto counted = [this] {
    JsonWriter json;
    json.begin_array();
    isolate.app->counters().write(json);
    isolate.app->registry().find("kv")->write_status(json);
    std::string text = json.end_array().text();
    // What the platform bills counts, whoever asks.
    const std::size_t billed = text.find(",\"billed_operations_total\":[");
    return text.erase(billed, text.find(']', billed) + 1 - billed);
  };
  const std::string before = counted();
  EXPECT_THAT(before, HasSubstr(R"("memory":{"entries":1)"));
  EXPECT_EQ(call("GET", "/api/cache/entry?key=larder:item:v3:7").status, 200U);
  EXPECT_EQ(counted(), before);
}

TEST_F(RoutesTest, APurgeShowsOnAnEntryThatIsStillStored) {
  isolate.get("/items/7");
  call("POST", "/api/cache/purge", R"({"keys":["larder:item:v3:7"],"mode":"soft"})");
  EXPECT_THAT(call("GET", "/api/cache/entry?key=larder:item:v3:7").body,
              HasSubstr(R"("state":"stale","purged":"soft")"));
  call("POST", "/api/cache/purge", R"({"prefixes":["larder:item:"],"mode":"hard"})");
  const auto& gone = call("GET", "/api/cache/entry?key=larder:item:v3:7");
  EXPECT_THAT(gone.body, HasSubstr(R"({"tier":"memory","found":false})"));
  EXPECT_THAT(gone.body, HasSubstr(R"("purged":"hard")"));
}

TEST_F(RoutesTest, ATierThatFailsIsShownAsSuch) {
  isolate.get("/items/7");
  world.fail(host::OperationKind::kv_get);
  EXPECT_THAT(call("GET", "/api/cache/entry?key=larder:item:v3:7").body,
              HasSubstr(R"({"tier":"kv","found":false,"error":"unavailable"})"));
}

TEST_F(RoutesTest, ALongKeyIsKnownByItselfAndByItsDigest) {
  const std::string id(600, 'x');
  isolate.get("/items/" + id);
  ASSERT_EQ(world.kv.size(), 1U);
  const std::string stored = world.kv.begin()->first;
  EXPECT_THAT(stored, StartsWith("larder:item:v3:sha256-"));
  for (const std::string& key : {"larder:item:v3:" + id, stored}) {
    const auto& seen = call("GET", "/api/cache/entry?key=" + key);
    EXPECT_EQ(seen.status, 200U) << key;
    EXPECT_THAT(seen.body, StartsWith("{\"key\":\"" + stored));
    EXPECT_THAT(seen.body, HasSubstr(R"({"tier":"memory","found":true)"));
    EXPECT_THAT(seen.body, HasSubstr(R"({"tier":"kv","found":true)"));
  }
  const std::string other = "larder:item:v3:sha256-" + std::string(64, '0');
  EXPECT_EQ(call("GET", "/api/cache/entry?key=" + other).status, 404U);
  call("POST", "/api/cache/purge", R"({"keys":["larder:item:v3:)" + id + R"("],"mode":"hard"})");
  EXPECT_EQ(isolate.get("/items/" + id).body, "v2");
}

TEST_F(RoutesTest, RemovingAnEntryTakesItFromEveryTierAndFromOtherDataCentres) {
  Isolate far(world, operator_bindings(), item_declarations, "two");
  isolate.get("/items/7");
  far.get("/items/7");
  const auto& removed = call("DELETE", "/api/cache/entry?key=larder:item:v3:7");
  EXPECT_EQ(removed.status, 200U);
  EXPECT_THAT(removed.body, StartsWith(R"({"purged":1,"at":"2026-09-21T14:13:2)"));
  EXPECT_THAT(removed.body, HasSubstr(R"("removedFrom":["memory","edge","kv","cold"])"));
  EXPECT_TRUE(world.kv.empty());
  EXPECT_EQ(isolate.get("/items/7").body, "v2");
  world.now += Millis(10'001);
  EXPECT_EQ(far.get("/items/7").body, "v2");
}

TEST_F(RoutesTest, WhatIsNoKeyIsRefused) {
  for (const std::string query :
       {"", "?key=", "?key=larder", "?key=other:item:v3:7", "?key=larder:item:2:7",
        "?key=larder:item:v3:a%20b", "?key=larder:item:v3:%C3%A9", "?key=larder::sweep"}) {
    for (const std::string method : {"GET", "DELETE"}) {
      EXPECT_EQ(call(method, "/api/cache/entry" + query).status, 400U) << query;
    }
  }
  EXPECT_EQ(call("GET", "/api/cache/entry?key=larder:item:v3:nowhere").status, 404U);
  EXPECT_EQ(sim::control_sequence(world), 0U);
}

// Keys
// ---------------------------------------------------------------------------------------------------------------

TEST_F(RoutesTest, KeysAreListedInPagesAndOnlyOnesOwn) {
  for (const std::string id : {"a1", "a2", "a3", "b1"}) {
    isolate.get("/items/" + id);
  }
  Isolate other(world, operator_bindings({{"CACHE_PREFIX", "tenant"}}), item_declarations);
  other.get("/items/a4");
  world.kv["larder::sweep"] = sim::Stored{"", "", world.now + Millis(1)};
  EXPECT_EQ(
      call("GET", "/api/cache/keys").body,
      R"({"keys":["larder:item:v3:a1","larder:item:v3:a2","larder:item:v3:a3","larder:item:v3:b1"],"cursor":null})");
  const auto& page = call("GET", "/api/cache/keys?prefix=larder:item:v3:a&limit=2");
  EXPECT_EQ(page.body, R"({"keys":["larder:item:v3:a1","larder:item:v3:a2"],"cursor":"larder:item:v3:a2"})");
  EXPECT_EQ(call("GET", "/api/cache/keys?prefix=item:v3:a&limit=2&cursor=larder:item:v3:a2").body,
            R"({"keys":["larder:item:v3:a3"],"cursor":null})");
  EXPECT_EQ(call("GET", "/api/cache/keys?prefix=tenant:").body, R"({"keys":[],"cursor":null})");
  const std::string long_prefix = "prefix=" + std::string(600, 'x');
  for (const std::string_view query : {std::string_view("limit=0"), std::string_view("limit=1001"),
                                       std::string_view("limit=x"), std::string_view(long_prefix)}) {
    EXPECT_EQ(call("GET", concat({"/api/cache/keys?", query})).status, 400U) << query;
  }
}

TEST_F(RoutesTest, AStoreThatDoesNotListSaysSo) {
  world.fail(host::OperationKind::kv_list);
  EXPECT_EQ(call("GET", "/api/cache/keys").status, 503U);
}

// Purges
// -------------------------------------------------------------------------------------------------------------

TEST_F(RoutesTest, EveryKindOfPurgeIsObeyedAtOnce) {
  const std::string long_tag = "item:" + std::string(80, 'y');
  const std::vector<std::pair<std::string, std::string>> purges = {
      {"7", R"({"keys":["larder:item:v3:7"],"mode":"hard"})"},
      {"7", R"({"tags":["item:7"],"mode":"hard"})"},
      {std::string(80, 'y'), R"({"tags":[")" + long_tag + R"("],"mode":"hard"})"},
      {"7", R"({"prefixes":["larder:item:"],"mode":"hard"})"},
      {"7", R"({"patterns":["*:item:*7"],"mode":"hard"})"},
      {"7", R"({"patterns":["*"],"keys":["x"],"mode":"hard"})"},
  };
  for (const auto& [id, json] : purges) {
    isolate.get("/items/" + id);
    EXPECT_THAT(isolate.get("/items/" + id).header("cache-status"), HasSubstr("hit"));
    const auto& purged = call("POST", "/api/cache/purge", json);
    EXPECT_THAT(purged.body, StartsWith(contains(json, "patterns\":[\"*\"") ? R"({"purged":2,"at":")"
                                                                            : R"({"purged":1,"at":")"));
    EXPECT_THAT(purged.body, HasSubstr(http::format_timestamp(world.now).substr(0, 16)));
    EXPECT_THAT(isolate.get("/items/" + id).header("cache-status"), HasSubstr("fwd=miss")) << json;
  }
}

TEST_F(RoutesTest, ASoftPurgeServesTheStaleCopyOnce) {
  isolate.get("/items/7");
  call("POST", "/api/cache/purge", R"({"tags":["items"],"mode":"soft"})");
  EXPECT_EQ(isolate.get("/items/7").body, "v1");
  EXPECT_EQ(isolate.get("/items/7").body, "v2");
}

}  // namespace
}  // namespace larder::operators::routes_test
