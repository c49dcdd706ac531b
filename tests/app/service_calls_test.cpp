// Calls of other Workers: what a read asks for, who may call what, and who is named.
#include "app/service_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "operators/support.h"
#include "records/audit.h"

namespace larder::app::service_calls_test {
namespace {

using observe::Counter;
using sim::Isolate;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto declarations = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}?lang={lang}"},
     "key": [{"path": "id"}, {"query": "lang"}], "ttl": "1h"},
    {"name": "best", "match": {"path": "/items/best"}, "origin": {"url": "https://api.example.com/best"},
     "key": [], "ttl": "1h"},
    {"name": "local", "match": {"path": "/local"}, "origin": {"url": "https://api.example.com/local",
     "headers": {"x-place": "{x-place}"}}, "key": [{"header": "x-place", "required": true}], "ttl": "1h"},
    {"name": "page", "mode": "http", "match": {"path": "/pages/{rest...}"},
     "origin": {"url": "https://api.example.com/{rest}?{*}"}, "ttl": "1m"},
    {"name": "answer", "match": {"method": "POST", "path": "/answers"}, "origin": {"url": "https://api.example.com/answers"},
     "key": [{"body": "question", "required": true}], "ttl": "1h"}]})";

config::Declarations declared() {
  auto parsed = config::parse_declarations(declarations, {});
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : to_text(parsed.error()));
  return parsed ? std::move(*parsed) : config::Declarations();
}

std::string refusal(std::string_view argument) {
  const auto request = read_request_of(declared(), argument);
  return request ? "none: " + request->url : request.error().message;
}

TEST(ReadRequestTest, EachFieldGoesWhereTheResourceReadsItFrom) {
  const auto all = declared();
  const auto item =
      read_request_of(all, R"({"resource": "item", "fields": {"id": "a b/c", "lang": "de&x"}})");
  ASSERT_TRUE(item.has_value());
  EXPECT_EQ(item->url, "https://larder.internal/items/a%20b%2Fc?lang=de%26x");
  EXPECT_EQ(item->method, http::Method::get);
  EXPECT_EQ(item->resource->name, "item");
  EXPECT_EQ(item->body, "");
  const auto number = read_request_of(all, R"({"resource": "item", "fields": {"id": 7, "lang": null}})");
  ASSERT_TRUE(number.has_value());
  EXPECT_EQ(number->url, "https://larder.internal/items/7");
  const auto best = read_request_of(all, R"({"resource": "best"})");
  ASSERT_TRUE(best.has_value());
  EXPECT_EQ(best->url, "https://larder.internal/items/best");
  const auto local = read_request_of(all, R"({"resource": "local", "fields": {"x-place": "here"}})");
  ASSERT_TRUE(local.has_value());
  EXPECT_EQ(local->url, "https://larder.internal/local");
  EXPECT_EQ(local->headers.combined("X-Place"), "here");
  const auto page =
      read_request_of(all, R"({"resource": "page", "fields": {"rest": "a/b", "b": 1, "a": true}})");
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->url, "https://larder.internal/pages/a/b?b=1&a=true");
  const auto answer =
      read_request_of(all, R"({"resource": "answer", "fields": {"question": {"a": [1]}, "userId": "u"}})");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->method, http::Method::post);
  EXPECT_EQ(answer->url, "https://larder.internal/answers");
  EXPECT_EQ(answer->body, R"({"question":{"a":[1]},"userId":"u"})");
}

TEST(ReadRequestTest, WhatNoRequestCouldAskForIsRefusedInWords) {
  EXPECT_THAT(refusal("{"), Not(StartsWith("none")));
  EXPECT_THAT(refusal("[]"), Not(StartsWith("none")));
  EXPECT_THAT(refusal(R"({"fields": {}})"), HasSubstr("name a resource"));
  EXPECT_THAT(refusal(R"({"resource": "nobody"})"), HasSubstr("name a resource"));
  EXPECT_THAT(refusal(R"({"resource": "item", "fields": {"lang": "de"}})"), HasSubstr("fields.id"));
  EXPECT_THAT(refusal(R"({"resource": "item", "fields": {"id": "7", "langs": "de"}})"), HasSubstr("langs"));
  EXPECT_THAT(refusal(R"({"resource": "item", "fields": {"id": {"x": 1}}})"), HasSubstr("fields.id"));
  EXPECT_THAT(refusal(R"({"resource": "item", "fields": {"id": "7", "lang": ["de"]}})"),
              HasSubstr("fields.lang"));
  EXPECT_THAT(refusal(R"({"resource": "item", "fields": {"id": ".."}})"), HasSubstr("fields.id"));
  EXPECT_THAT(refusal(R"({"resource": "item", "fields": {"id": ""}})"), HasSubstr("fields.id"));
  EXPECT_THAT(refusal(R"({"resource": "item", "fields": ["7"]})"), Not(StartsWith("none")));
  EXPECT_THAT(refusal(R"({"resource": "page", "fields": {"rest": "a/../../api/settings"}})"),
              HasSubstr("segment"));
  EXPECT_THAT(refusal(R"({"resource": "page", "fields": {"rest": "a", "deep": {"x": 1}}})"),
              HasSubstr("fields.deep"));
}

TEST(ReadRequestTest, ParametersAreTheMembersOfAnObject) {
  const auto read = parameters_of(R"({"url": "/items/7", "n": 1, "absent": null, "flag": false})");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, (TextPairs{{"url", "/items/7"}, {"n", "1"}, {"flag", "false"}}));
  EXPECT_FALSE(parameters_of("[]").has_value());
  EXPECT_FALSE(parameters_of(R"({"url": ["/a"]})").has_value());
  EXPECT_FALSE(parameters_of("{").has_value());
}

TEST(CallTableTest, FetchIsNoRow) {
  EXPECT_EQ(find_call("fetch"), nullptr);
  ASSERT_NE(find_call("explain"), nullptr);
  EXPECT_EQ(find_call("explain")->path, "/api/explain");
}

struct ServiceCallsTest : ::testing::Test {
  ServiceCallsTest() {
    operators::add_tokens(world);
    world.origin = [](const sim::OriginRequest& request) {
      sim::OriginReply reply;
      reply.headers = {{"content-type", "application/json"}};
      reply.content = "{\"asked\":\"" + request.url + "\"}";
      return reply;
    };
  }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  // The rows of the audit log, as its route shows them.
  std::string audit() {
    world.now += Millis(120'000);
    return isolate.run("GET", "/api/audit", operators::shown("ann")).body;
  }

  sim::World world;
  Isolate isolate{world, operators::operator_bindings(), declarations};
};

TEST_F(ServiceCallsTest, AReadAndARequestShareAnEntry) {
  const auto& read =
      isolate.call("read", "shop", "", R"({"resource": "item", "fields": {"id": 7, "lang": "de"}})");
  EXPECT_EQ(read.status, 200U);
  EXPECT_EQ(read.body, R"({"asked":"https://api.example.com/items/7?lang=de"})");
  EXPECT_EQ(read.header("cache-status"), "larder; fwd=miss; fwd-status=200; stored; detail=absent");
  EXPECT_THAT(isolate.get("/items/7?lang=de").header("cache-status"), HasSubstr("detail=memory"));
  EXPECT_THAT(isolate.call("read", "shop", "", R"({"resource": "item", "fields": {"id": 7, "lang": "de"}})")
                  .header("cache-status"),
              HasSubstr("detail=memory"));
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_F(ServiceCallsTest, AReadReachesHeaderFieldsBodiesAndModeHttp) {
  EXPECT_EQ(
      isolate.call("read", "shop", "", R"({"resource": "local", "fields": {"x-place": "here"}})").status,
      200U);
  EXPECT_THAT(world.origin_requests.back().headers,
              ::testing::Contains(std::pair<std::string, std::string>("x-place", "here")));
  const auto& answer =
      isolate.call("read", "shop", "", R"({"resource": "answer", "fields": {"question": "why"}})");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(world.origin_requests.back().content, R"({"question":"why"})");
  EXPECT_EQ(
      isolate.call("read", "shop", "", R"({"resource": "page", "fields": {"rest": "a/b", "q": "x y"}})").body,
      R"({"asked":"https://api.example.com/a/b?q=x%20y"})");
}

TEST_F(ServiceCallsTest, AReadNeverReachesAnotherResourceOrRoute) {
  const auto& other =
      isolate.call("read", "shop", "admin", R"({"resource": "item", "fields": {"id": "best"}})");
  EXPECT_EQ(other.status, 400U);
  EXPECT_THAT(other.body, HasSubstr("no request with these fields reaches this resource"));
  EXPECT_EQ(isolate.call("read", "shop", "", R"({"resource": "nobody"})").status, 404U);
  EXPECT_EQ(isolate.call("read", "shop", "", "{").status, 400U);
  EXPECT_EQ(world.origin_requests.size(), 0U);
}

TEST_F(ServiceCallsTest, OperatorsCallsTakeTheRoleOfTheBinding) {
  constexpr auto url = R"({"url": "/items/7"})";
  const auto& refused = isolate.call("explain", "shop", "", url);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_THAT(refused.body, HasSubstr("a service binding whose props have the role viewer"));
  EXPECT_EQ(isolate.call("explain", "shop", "owner", url).status, 403U);
  const auto& explained = isolate.call("explain", "shop", "viewer", url);
  EXPECT_EQ(explained.status, 200U);
  EXPECT_THAT(explained.body, HasSubstr(R"("resource":{"name":"item")"));
  constexpr auto purge = R"({"tags": ["items"], "mode": "hard"})";
  EXPECT_EQ(isolate.call("purge", "shop", "viewer", purge).status, 403U);
  EXPECT_EQ(isolate.call("purge", "shop", "admin", purge).status, 200U);
  EXPECT_EQ(isolate.call("purge", "shop", "admin", "{}").status, 400U);
  EXPECT_EQ(isolate.call("explain", "shop", "viewer", R"({"url": ["x"]})").status, 400U);
  EXPECT_EQ(world.origin_requests.size(), 0U);
}

TEST_F(ServiceCallsTest, TheAuditLogNamesTheCaller) {
  isolate.call("purge", "shop", "admin", R"({"tags": ["items"], "mode": "hard"})");
  isolate.call("explain", "", "viewer", R"({"url": "/items/7"})");
  TextPairs headers = operators::shown("vic");
  headers.emplace_back(":caller", "shop");
  EXPECT_EQ(isolate.run("GET", "/api/settings", headers).status, 200U);
  const std::string rows = audit();
  EXPECT_THAT(rows, HasSubstr(R"("who":"service:shop","role":"admin","from":"service:shop","method":"POST",)"
                              R"("path":"/api/cache/purge")"));
  EXPECT_THAT(rows, HasSubstr(R"("who":"service:unnamed","role":"viewer")"));
  EXPECT_THAT(rows, HasSubstr(R"("who":"vic","role":"viewer","from":"192.0.2.1")"));
  EXPECT_THAT(rows, HasSubstr(R"("what":"via service:shop)"));
}

TEST_F(ServiceCallsTest, ARoleOfTheBindingCountsForNoHttpRequest) {
  EXPECT_EQ(isolate.run("GET", "/api/settings", {{":caller", "shop"}}).status, 401U);
}

TEST_F(ServiceCallsTest, ACallerHasTheBucketOfOneClient) {
  constexpr auto url = R"({"url": "/items/7"})";
  std::vector<host::RequestId> calls;
  for (int i = 0; i < 40; ++i) {
    calls.push_back(isolate.begin_call("explain", "shop", "viewer", url));
  }
  const host::RequestId other = isolate.begin_call("explain", "stock", "viewer", url);
  world.run();
  const auto passed = std::count_if(calls.begin(), calls.end(), [&](host::RequestId id) {
    return isolate.host.exchange(id).status == 200U;
  });
  EXPECT_EQ(passed, static_cast<std::ptrdiff_t>(config::limit::operator_calls_burst));
  EXPECT_EQ(isolate.host.exchange(calls.back()).status, 429U);
  EXPECT_EQ(isolate.host.exchange(other).status, 200U);
}

TEST_F(ServiceCallsTest, CallsAreCountedByCallerAndCall) {
  isolate.call("read", "shop", "", R"({"resource": "item", "fields": {"id": 7}})");
  isolate.call("read", "shop", "", R"({"resource": "nobody"})");
  isolate.call("explain", "stock", "viewer", R"({"url": "/items/7"})");
  const observe::Counters& counters = isolate.app->counters();
  EXPECT_EQ(counters.value(Counter::service_calls_total, "service:shop", "read"), 2U);
  EXPECT_EQ(counters.value(Counter::service_calls_total, "service:stock", "explain"), 1U);
  EXPECT_EQ(counters.total(Counter::service_calls_total), 3U);
}

TEST_F(ServiceCallsTest, AFaultInTheConfigurationAnswersCallsToo) {
  Isolate faulty(world, operators::operator_bindings({{"CACHE_IMPL", "nothing"}}), declarations);
  EXPECT_EQ(faulty.call("read", "shop", "", R"({"resource": "item", "fields": {"id": 7}})").status, 500U);
  EXPECT_EQ(faulty.call("purge", "shop", "admin", R"({"keys": ["k"]})").status, 500U);
}

}  // namespace
}  // namespace larder::app::service_calls_test
