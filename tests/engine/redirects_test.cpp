// Redirects of origins behind the whole app: where they are followed, what is kept, and what they are not
// shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/support.h"

namespace larder::engine::redirects_test {
namespace {

using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

std::string declarations() {
  return R"({"resources": [
    {"name": "page", "mode": "http", "match": {"path": "/pages/{rest...}"},
     "origin": {"url": "https://api.example.com/{rest}?{*}"}},
    {"name": "item", "match": {"path": "/items/{id}"},
     "origin": {"url": "https://api.example.com/items/{id}",
                "headers": {"x-api-key": "${API_KEY}", "authorization": "Bearer ${API_KEY}", "accept": "text/plain"},
                "redirects": ["https://files.example.com"], "timeoutSoft": "1s"},
     "key": [{"path": "id"}], "ttl": "1h", "stale": "1h", "staleIfError": "1d"},
    {"name": "title", "match": {"path": "/title"}, "origin": {"provider": "isbndb", "query": "title"},
     "key": [{"query": "q", "required": true}], "ttl": "1h"}]})";
}

struct RedirectsTest : ::testing::Test {
  RedirectsTest() {
    world.origin = [this](const OriginRequest& request) {
      const auto found = replies.find(request.url);
      return found == replies.end() ? reply(200, {}, request.url) : found->second;
    };
  }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  void redirect(const std::string& from, const std::string& to, std::uint32_t status = 302) {
    replies[from] = reply(status, {{"location", to}}, "moved");
  }
  std::vector<std::string> asked() const {
    std::vector<std::string> urls;
    for (const OriginRequest& request : world.origin_requests) {
      urls.push_back(request.url);
    }
    return urls;
  }

  sim::World world;
  std::map<std::string, OriginReply> replies;
  Isolate isolate{world, {{"API_KEY", "s3cret-value"}, {"ISBNDB_API_KEY", "isbndb-key"}}, declarations()};
};

TEST_F(RedirectsTest, OnTheSameOriginAreFollowedWithAllThatWasSent) {
  redirect("https://api.example.com/items/7", "/v2/items/7", 308);
  const auto& exchange = isolate.get("/items/7");
  EXPECT_EQ(exchange.body, "https://api.example.com/v2/items/7");
  EXPECT_THAT(exchange.header("cache-status"), HasSubstr("fwd-status=200; stored"));
  EXPECT_EQ(world.origin_requests[1].headers, world.origin_requests[0].headers);
  EXPECT_THAT(isolate.get("/items/7").header("cache-status"), HasSubstr("hit"));
}

TEST_F(RedirectsTest, ToADeclaredOriginTakeNoSecretAlong) {
  redirect("https://api.example.com/items/7", "https://files.example.com/7");
  EXPECT_EQ(isolate.get("/items/7").body, "https://files.example.com/7");
  EXPECT_THAT(world.origin_requests[1].headers, ElementsAre(Pair("accept", "text/plain")));
  EXPECT_THAT(isolate.get("/items/7").header("cache-status"), HasSubstr("hit"));
}

class Elsewhere : public RedirectsTest, public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(Elsewhere, IsNeverAskedAndNothingIsKept) {
  for (const std::string_view to :
       {"https://evil.example/7", "//evil.example/7", "http://api.example.com/items/7",
        "https://api.example.com@evil.example/"}) {
    world.origin_requests.clear();
    redirect("https://api.example.com/items/7", std::string(to), GetParam());
    const auto& exchange = isolate.get("/items/7");
    EXPECT_EQ(exchange.status, 502U) << to;
    EXPECT_THAT(exchange.header("cache-status"), HasSubstr("fwd-status=3")) << to;
    EXPECT_THAT(exchange.body, Not(HasSubstr("evil"))) << to;
    EXPECT_THAT(asked(), ElementsAre("https://api.example.com/items/7")) << to;
  }
  EXPECT_TRUE(world.kv.empty());
  EXPECT_TRUE(world.edge["one"].empty());
  EXPECT_EQ(isolate.host.bodies_alive(), 0U);
}

INSTANTIATE_TEST_SUITE_P(All, Elsewhere, ::testing::Values(301U, 302U, 303U, 307U, 308U));

TEST_F(RedirectsTest, ACircleIsWalkedOnce) {
  redirect("https://api.example.com/items/7", "/a");
  redirect("https://api.example.com/a", "/b");
  redirect("https://api.example.com/b", "/a");
  EXPECT_EQ(isolate.get("/items/7").status, 502U);
  EXPECT_THAT(asked(), ElementsAre("https://api.example.com/items/7", "https://api.example.com/a",
                                   "https://api.example.com/b"));
}

TEST_F(RedirectsTest, InModeHttpAreTheClientsAnswer) {
  redirect("https://api.example.com/a", "https://elsewhere.example/");
  const auto& exchange = isolate.get("/pages/a");
  EXPECT_EQ(exchange.status, 302U);
  EXPECT_EQ(exchange.header("location"), "https://elsewhere.example/");
  EXPECT_EQ(world.origin_requests.size(), 1U);
}

TEST_F(RedirectsTest, OfAProviderStayOnItsOrigin) {
  world.origin = [](const OriginRequest& request) {
    return contains(request.url, "evil") ? reply(200, {})
                                         : reply(302, {{"location", "https://evil.example/books"}});
  };
  EXPECT_EQ(isolate.get("/title?q=dune").status, 502U);
  ASSERT_EQ(world.origin_requests.size(), 1U);
  EXPECT_THAT(world.origin_requests[0].headers, Contains(Pair("authorization", "isbndb-key")));
}

// The copy answers at the soft time; what follows from the redirect is done behind the response.
TEST_F(RedirectsTest, PastTheSoftTimeAreFollowedAllTheSame) {
  isolate.get("/items/7");
  world.now += Millis(8'000'000);
  redirect("https://api.example.com/items/7", "https://files.example.com/7");
  replies["https://api.example.com/items/7"].delay = Millis(3'000);
  EXPECT_THAT(isolate.get("/items/7").header("cache-status"), HasSubstr("detail=slow-origin"));
  EXPECT_EQ(isolate.get("/items/7").body, "https://files.example.com/7");
  EXPECT_THAT(world.origin_requests.back().headers, Not(Contains(Key("x-api-key"))));
}

// A redirect's own answer is another representation than the copy is of.
TEST_F(RedirectsTest, AreFollowedWithoutTheCopysValidators) {
  replies["https://api.example.com/items/7"] = reply(200, {{"etag", "\"one\""}}, "first");
  isolate.get("/items/7");
  world.now += Millis(8'000'000);
  redirect("https://api.example.com/items/7", "/b");
  replies["https://api.example.com/b"] = reply(200, {{"etag", "\"one\""}}, "second");
  EXPECT_EQ(isolate.get("/items/7").body, "second");
  EXPECT_THAT(world.origin_requests[1].headers, Contains(Pair("if-none-match", "\"one\"")));
  EXPECT_THAT(world.origin_requests[2].headers, Not(Contains(Key("if-none-match"))));
}

}  // namespace
}  // namespace larder::engine::redirects_test
