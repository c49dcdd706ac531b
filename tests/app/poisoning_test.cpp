// What a client can send to poison the cache for others, or to have somebody's private answer kept: unkeyed
// header fields, cloaked parameters, confusing paths, fields too long or given twice. The origin here
// reflects all that it gets, as the worst of them do; whatever was sent before, a clean client gets what it
// would have got from an empty cache.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/limits.h"
#include "http/request_fields.h"
#include "support/isolate.h"

namespace larder::app::poisoning_test {
namespace {

using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::array unkeyed_headers = {
#define LARDER_UNKEYED_HEADER(name) std::string_view(name),
#include "support/unkeyed_headers.def"
#undef LARDER_UNKEYED_HEADER
};
static_assert(unkeyed_headers.size() >= 100);

constexpr auto reflecting_declarations = R"({"resources": [
    {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}?lang={lang}"},
     "key": [{"path": "id"}, {"query": "lang", "normalise": ["lower"]}], "ttl": "1h", "stale": "1h", "staleIfError": "1h"},
    {"name": "page", "mode": "http", "match": {"path": "/pages/{rest...}"},
     "origin": {"url": "https://api.example.com/{rest}?{*}"}},
    {"name": "spoken", "match": {"path": "/spoken"},
     "origin": {"url": "https://api.example.com/spoken", "headers": {"accept-language": "{accept-language}"}},
     "key": [{"header": "accept-language", "maxBytes": 64}], "ttl": "1h"},
    {"name": "title", "match": {"path": "/search/title"}, "origin": {"provider": "openlibrary", "query": "title"},
     "key": [{"query": "q", "normalise": ["collapse", "lower"], "required": true}], "ttl": "24h"}]})";

struct PoisoningTest : ::testing::Test {
  PoisoningTest() {
    world.origin = [this](const OriginRequest& request) { return reflect(request); };
  }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  OriginReply reflect(const OriginRequest& request) const {
    if (request.url.starts_with("https://openlibrary.org")) {
      return sim::open_library_reply("Good Omens", "Terry Pratchett", "9780060853976");
    }
    OriginReply reply;
    reply.headers = {{"content-type", "text/html"}, {"cache-control", cache_control}};
    reply.headers.insert(reply.headers.end(), more_headers.begin(), more_headers.end());
    reply.content = concat({request.method, " ", request.url, "\n"});
    for (const auto& [name, value] : request.headers) {
      reply.content.append(concat({name, ": ", value, "\n"}));
    }
    return reply;
  }
  // What a client gets whose request nobody else's came before.
  std::string untouched(const std::string& url) {
    sim::World other;
    other.origin = [this](const OriginRequest& request) { return reflect(request); };
    Isolate alone(other, {}, reflecting_declarations);
    return alone.get(url).body;
  }
  void expect_clean(const std::string& url, const std::string& what) {
    const auto& clean = isolate.get(url);
    EXPECT_EQ(clean.status, 200U) << what;
    EXPECT_EQ(clean.body, untouched(url)) << what;
    Isolate elsewhere(world, {}, reflecting_declarations, "two");
    EXPECT_EQ(elsewhere.get(url).body, clean.body) << what;
  }
  bool anything_stored_has(std::string_view text) const {
    for (const auto& [key, stored] : world.kv) {
      if (contains(key, text) || contains(stored.content, text)) {
        return true;
      }
    }
    return false;
  }

  std::string cache_control = "public, max-age=3600";
  TextPairs more_headers;
  sim::World world;
  Isolate isolate{world, {}, reflecting_declarations};
};

// Mode http sends on what is end to end (http/request_fields.def). An origin that reflects such a field
// without naming it in Vary poisons itself, and no cache can tell.
bool stays_behind(std::string_view name, std::string_view path) {
  return path == "/items/" || !http::is_forwarded(name, {});
}

TEST_F(PoisoningTest, NoUnkeyedFieldReachesTheOriginTheKeyOrAnotherClient) {
  std::size_t number = 0;
  std::size_t forwarded = 0;
  for (const std::string_view name : unkeyed_headers) {
    for (const std::string path : {"/items/", "/pages/"}) {
      if (!stays_behind(name, path)) {
        ++forwarded;
        continue;
      }
      // With no copy at hand a range goes on, and what comes back is not kept.
      if (path == "/pages/" && (name == "range" || name == "if-range")) {
        continue;
      }
      // A condition that the origin alone can judge goes on past the cache.
      if (path == "/pages/" && (name == "if-match" || name == "if-unmodified-since")) {
        continue;
      }
      const std::string url = path + to_text(std::uint64_t{++number});
      const std::size_t asked = world.origin_requests.size();
      isolate.run("GET", url, {{std::string(name), "poison.example"}});
      for (std::size_t i = asked; i < world.origin_requests.size(); ++i) {
        for (const auto& [sent, value] : world.origin_requests[i].headers) {
          EXPECT_THAT(value, Not(HasSubstr("poison"))) << name << " reached the origin as " << sent;
        }
        EXPECT_THAT(world.origin_requests[i].url, Not(HasSubstr("poison"))) << name;
        EXPECT_TRUE(world.origin_requests[i].url.starts_with("https://api.example.com/")) << name;
      }
      expect_clean(url, std::string(name));
    }
  }
  EXPECT_FALSE(anything_stored_has("poison"));
  EXPECT_LT(forwarded, 60U);
}

// In mode http: each field that goes on, and an origin that answers it with an error.
TEST_F(PoisoningTest, AnErrorThatAFieldProvokesIsNeverSharedWithoutFreshnessOfItsOwn) {
  std::uint32_t status = 0;
  TextPairs error_fields;
  world.origin = [&](const OriginRequest& request) {
    const bool is_provoked = std::any_of(request.headers.begin(), request.headers.end(),
                                         [](const auto& field) { return contains(field.second, "poison"); });
    OriginReply reply = reflect(request);
    if (is_provoked) {
      reply.status = status;
      reply.headers = error_fields;
      reply.content = "poison";
    }
    return reply;
  };
  std::size_t number = 0;
  std::size_t provoked = 0;
  for (const std::string_view name : unkeyed_headers) {
    if (stays_behind(name, "/pages/")) {
      continue;
    }
    for (const std::uint32_t one :
         {400U, 401U, 403U, 404U, 405U, 406U, 410U, 413U, 414U, 431U, 451U, 500U, 501U}) {
      status = one;
      for (const TextPairs& fields :
           {TextPairs(), TextPairs{{"etag", "\"e\""}, {"last-modified", "Mon, 21 Sep 2020 14:15:20 GMT"}},
            TextPairs{{"cache-control", "public"}, {"etag", "\"e\""}}}) {
        error_fields = fields;
        const std::string url = "/pages/" + to_text(std::uint64_t{++number});
        // The control log is read here, so that neither of the two waits for it.
        isolate.get("/items/7");
        const auto attacker = isolate.request("GET", url, {{std::string(name), "poison.example"}});
        // While it is under way, too.
        const auto bystander = isolate.request("GET", url);
        world.run();
        EXPECT_EQ(isolate.host.exchange(attacker).status, status) << name;
        EXPECT_EQ(isolate.host.exchange(bystander).status, 200U) << name << " " << status;
        provoked += isolate.host.exchange(attacker).body == "poison" ? 1 : 0;
        expect_clean(url, std::string(name));
      }
    }
  }
  EXPECT_EQ(provoked, number);
  EXPECT_FALSE(anything_stored_has("poison"));
  // With a lifetime of its own it is an answer like any other.
  status = 404;
  error_fields = {{"cache-control", "max-age=60"}};
  isolate.run("GET", "/pages/explicit", {{"accept", "poison"}});
  EXPECT_EQ(isolate.get("/pages/explicit").status, 404U);
}

// What an origin makes of a field, and names in Vary, is for those who send the same.
TEST_F(PoisoningTest, AFieldThatVaryNamesIsKeptApart) {
  std::size_t number = 0;
  for (const std::string_view name : unkeyed_headers) {
    if (stays_behind(name, "/pages/")) {
      continue;
    }
    more_headers = {{"vary", std::string(name)}};
    const std::string url = "/pages/" + to_text(std::uint64_t{++number});
    const auto& poisoned = isolate.run("GET", url, {{std::string(name), "poison.example"}});
    EXPECT_THAT(poisoned.body, HasSubstr("poison")) << name;
    expect_clean(url, std::string(name));
  }
}

TEST_F(PoisoningTest, AllOfThemAtOnceDoNotEither) {
  for (const std::string url : {"/items/7", "/pages/7?a=b", "/search/title?q=dune"}) {
    TextPairs all;
    for (const std::string_view name : unkeyed_headers) {
      if (stays_behind(name, url.substr(0, 7))) {
        all.emplace_back(name, "poison.example");
      }
    }
    isolate.run("GET", url, all);
    isolate.run("HEAD", url, all);
    expect_clean(url, url);
  }
  EXPECT_FALSE(anything_stored_has("poison"));
}

TEST_F(PoisoningTest, ACloakedParameterIsAnotherKeyOrNone) {
  const std::vector<std::pair<std::string, std::uint32_t>> queries = {
      {"lang=en;lang=poison", 200},
      {"lang=en%3Blang=poison", 200},
      {"lang=en%26lang=poison", 200},
      {"lang=en%26lang%3Dpoison", 200},
      {"lang=en&lang=poison", 400},
      {"lang=poison&lang=en", 400},
      {"lang=en&%6Cang=poison", 400},
      {"lang=en&LANG=poison", 200},
      {"lang=en&lang[]=poison", 200},
      {"lang=en&lang%00=poison", 200},
      {"lang=en&+lang=poison", 200},
      {"lang=en&utm_content=x;lang=poison", 200},
      {"lang=en&_method=POST&callback=poison", 200},
      {"lang=en#&lang=poison", 200},
      {"lang=en%23poison", 200},
      {"lang=en%0d%0aX-Poison:%201", 400},
      {"lang=en%", 400},
      {"?lang=en&lang=poison", 200},
  };
  for (const auto& [query, status] : queries) {
    const std::size_t asked = world.origin_requests.size();
    EXPECT_EQ(isolate.get("/items/7?" + query).status, status) << query;
    for (std::size_t i = asked; i < world.origin_requests.size(); ++i) {
      // One parameter, whose value is one text.
      const std::string& url = world.origin_requests[i].url;
      EXPECT_TRUE(url.starts_with("https://api.example.com/items/7?lang=")) << url;
      EXPECT_EQ(url.find_first_of("&;#\r\n ", url.find('?')), std::string::npos) << url;
    }
    expect_clean("/items/7?lang=en", query);
    expect_clean("/items/7", query);
  }
}

TEST_F(PoisoningTest, ASpellingOfAPathIsTheSamePathOrNone) {
  isolate.get("/search/title?q=dune");
  const std::vector<std::pair<std::string, std::uint32_t>> spellings = {
      {"/search/title;.css?q=dune", 404},
      {"/search/title%3B.css?q=dune", 404},
      {"/search/title.css?q=dune", 404},
      {"/search/title/x.css?q=dune", 404},
      {"/search/title/?q=dune", 404},
      {"/search/title%2f?q=dune", 400},
      {"/search/title%2Fx.css?q=dune", 400},
      {"/search%2ftitle?q=dune", 400},
      {"/search/title%5c..%5cx.css?q=dune", 400},
      {"/search\\title?q=dune", 400},
      {"/search/title%00.css?q=dune", 400},
      {"/search/title%0a.css?q=dune", 400},
      {"/search/title%?q=dune", 400},
      {"/search/title%ff?q=dune", 400},
      {"/search/title%23.css?q=dune", 404},
      {"/search/title%3f.css?q=dune", 404},
      {"/search/title%20?q=dune", 404},
      {"/SEARCH/title?q=dune", 404},
      {"/search/title/..?q=dune", 404},
      {"/search/title/../../etc/passwd?q=dune", 404},
      {"//search/title?q=dune", 200},
      {"/search//title?q=dune", 200},
      {"/search/./title?q=dune", 200},
      {"/search/x/../title?q=dune", 200},
      {"/search/%74itle?q=dune", 200},
      {"/search/%2e%2e/search/title?q=dune", 200},
      {"/search/title?q=dune#.css", 200},
      {"/search/title?q=dune&x=/a.css", 200},
      {"https://evil.example/search/title?q=dune", 200},
  };
  for (const auto& [url, status] : spellings) {
    const auto& exchange = isolate.get(url);
    EXPECT_EQ(exchange.status, status) << url;
    EXPECT_EQ(contains(exchange.header("cache-status"), "hit"), status == 200) << url;
  }
  // Every spelling that is the path found the one entry.
  EXPECT_EQ(world.origin_requests.size(), 1U);
  EXPECT_EQ(world.kv.size(), 1U);
}

TEST_F(PoisoningTest, APrivateAnswerStaysPrivateWhateverItsPathLooksLike) {
  for (const std::string refusal : {"private", "no-store", "private, max-age=600", "no-store, public"}) {
    cache_control = refusal;
    for (const std::string suffix :
         {"", ";.css", "/x.css", ".js", "%3Bx.png", "/..;/x.css", "?.css", "%23.css"}) {
      for (const std::string path : {"/pages/account", "/items/account"}) {
        const std::string url = path + suffix;
        isolate.run("GET", url, {{"cookie", "session=1"}});
        const std::size_t asked = world.origin_requests.size();
        const auto& again = isolate.get(url);
        if (again.status == 200) {
          EXPECT_EQ(world.origin_requests.size(), asked + 1) << url;
          EXPECT_THAT(again.header("cache-status"), Not(HasSubstr("hit"))) << url;
          EXPECT_THAT(again.header("cache-control"), HasSubstr(refusal.substr(0, 7))) << url;
        }
      }
    }
  }
  EXPECT_TRUE(world.kv.empty());
  EXPECT_TRUE(world.edge["one"].empty());
}

TEST_F(PoisoningTest, ACookieIsNeverShared) {
  more_headers = {{"set-cookie", "session=1"}};
  for (const std::string url : {"/pages/7", "/items/7"}) {
    for (int i = 0; i < 2; ++i) {
      const auto& exchange = isolate.get(url);
      EXPECT_EQ(exchange.status, 200U);
      // Mode http passes on what its origin says to this client.
      EXPECT_EQ(exchange.header("set-cookie"), url == "/pages/7" ? "session=1" : "");
      EXPECT_THAT(exchange.header("cache-status"), Not(HasSubstr("hit")));
    }
  }
  EXPECT_EQ(world.origin_requests.size(), 4U);
  EXPECT_TRUE(world.kv.empty());
}

TEST_F(PoisoningTest, AnAnswerToCredentialsIsNotShared) {
  isolate.run("GET", "/pages/7", {{"authorization", "Bearer mine"}});
  EXPECT_TRUE(world.kv.empty());
  for (const OriginRequest& request : world.origin_requests) {
    for (const auto& [name, value] : request.headers) {
      EXPECT_THAT(value, Not(HasSubstr("mine"))) << name;
    }
  }
  expect_clean("/pages/7", "authorization");
}

TEST_F(PoisoningTest, FieldsTooLongOrGivenTwiceChangeNothing) {
  const std::string huge(100'000, 'p');
  for (const std::string_view name : unkeyed_headers) {
    isolate.run("GET", "/items/7?lang=en", {{std::string(name), huge}});
    isolate.run("GET", "/items/7?lang=en", {{std::string(name), "poison"}, {std::string(name), "poison"}});
  }
  expect_clean("/items/7?lang=en", "oversized");
  EXPECT_EQ(isolate.get("/items/7?lang=" + std::string(config::limit::url_bytes_max, 'x')).status, 414U);
  EXPECT_EQ(isolate.get("/items/7?lang=" + std::string(config::limit::query_value_bytes_max + 1, 'x')).status,
            400U);
  expect_clean("/items/7?lang=en", "oversized");
}

TEST_F(PoisoningTest, AFieldOfTheKeyIsAnotherKeyEachTimeItDiffers) {
  const auto spoken = [&](TextPairs headers) {
    return isolate.run("GET", "/spoken", std::move(headers)).body;
  };
  const std::string english = spoken({{"accept-language", "en"}});
  EXPECT_THAT(english, HasSubstr("accept-language: en\n"));
  spoken({{"accept-language", "poison"}});
  EXPECT_EQ(isolate.run("GET", "/spoken", {{"accept-language", std::string(65, 'x')}}).status, 400U);
  EXPECT_EQ(spoken({{"accept-language", "en"}}), english);
  EXPECT_EQ(spoken({{"Accept-Language", "en"}}), english);
  expect_clean("/spoken", "without the field");
}

TEST_F(PoisoningTest, NoSpellingOfAnOperatorsPathGoesPastItsGate) {
  for (const std::string url :
       {"/api/settings", "//api/settings", "/api//settings", "/api/./settings", "/api/x/../settings",
        "/%61pi/settings", "/items/../api/settings", "/api/settings?x=.css", "/api/settings#x"}) {
    const auto& exchange = isolate.get(url);
    EXPECT_EQ(exchange.status, 401U) << url;
    EXPECT_EQ(exchange.header("cache-control"), "no-store");
  }
  for (const std::string url :
       {"/api/settings/", "/api/settings;.css", "/api/settings.css", "/API/settings", "/api/settings%20"}) {
    EXPECT_EQ(isolate.get(url).status, 404U) << url;
  }
  EXPECT_EQ(isolate.get("/api%2fsettings").status, 400U);
  EXPECT_TRUE(world.kv.empty());
}

}  // namespace
}  // namespace larder::app::poisoning_test
