// Several providers of books, asked in turn.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/isolate.h"

namespace larder::engine::providers_test {
namespace {

constexpr std::string_view title_url = "https://larder.test/search/title?q=dune";

std::string three_providers() {
  return R"({"resources": [
    {"name": "title", "match": {"path": "/search/title"},
     "origin": {"provider": ["openlibrary", "googlebooks", "isbndb"], "query": "title"},
     "key": [{"query": "q", "normalise": ["collapse", "lower"], "required": true}], "ttl": "24h"}]})";
}

TextPairs all_set_up() { return {{"GOOGLE_BOOKS_API_KEY", "google-key"}, {"ISBNDB_API_KEY", "isbndb-key"}}; }

sim::OriginReply plain_reply(std::uint32_t status, std::string content) {
  sim::OriginReply reply;
  reply.status = status;
  reply.headers = {{"content-type", "application/json"}};
  reply.content = std::move(content);
  return reply;
}

sim::OriginReply google_book() {
  return plain_reply(
      200,
      R"({"totalItems":1,"items":[{"id":"g1","volumeInfo":{"title":"Dune","authors":["Frank Herbert"]}}]})");
}
sim::OriginReply google_none() { return plain_reply(200, R"({"totalItems":0})"); }

// What each provider answers, and in which order they were asked.
struct Providers {
  sim::World world;
  sim::OriginReply openlibrary = sim::open_library_empty();
  sim::OriginReply googlebooks = google_none();
  sim::OriginReply isbndb = plain_reply(404, "{}");
  std::string asked;

  Providers() {
    world.origin = [this](const sim::OriginRequest& request) {
      if (contains(request.url, "openlibrary.org")) {
        asked += "o";
        return openlibrary;
      }
      if (contains(request.url, "googleapis.com")) {
        asked += "g";
        return googlebooks;
      }
      asked += "i";
      return isbndb;
    };
  }
};

TEST(SeveralProviders, TheFirstThatKnowsABookIsTheLastToBeAsked) {
  Providers providers;
  providers.openlibrary = sim::open_library_reply("Dune", "Frank Herbert", "9780441172719");
  sim::Isolate isolate(providers.world, all_set_up(), three_providers());
  EXPECT_TRUE(contains(isolate.get(std::string(title_url)).body, R"("source":"openlibrary")"));
  EXPECT_EQ(providers.asked, "o");
}

TEST(SeveralProviders, TheNextIsAskedWhereOneKnowsNoneOrFails) {
  for (const bool fails : {false, true}) {
    Providers providers;
    if (fails) {
      providers.openlibrary = plain_reply(500, "");
    }
    providers.googlebooks = google_book();
    sim::Isolate isolate(providers.world, all_set_up(), three_providers());
    const auto& exchange = isolate.get(std::string(title_url));
    EXPECT_EQ(exchange.status, 200U);
    EXPECT_TRUE(contains(exchange.body, R"("source":"googlebooks")")) << exchange.body;
    EXPECT_EQ(providers.asked.back(), 'g');
    EXPECT_TRUE(contains(isolate.get(std::string(title_url)).header("cache-status"), "larder; hit;"));
  }
}

TEST(SeveralProviders, WhoHasNoKeyIsLeftOut) {
  Providers providers;
  sim::Isolate isolate(providers.world, {}, three_providers());
  EXPECT_EQ(isolate.get(std::string(title_url)).status, 404U);
  EXPECT_EQ(providers.asked, "o");
  Providers some;
  sim::Isolate other(some.world, {{"ISBNDB_API_KEY", "isbndb-key"}}, three_providers());
  EXPECT_EQ(other.get(std::string(title_url)).status, 404U);
  EXPECT_EQ(some.asked, "oi");
}

TEST(SeveralProviders, AnAuthoritativeNoneIsRememberedWhoeverElseFails) {
  Providers providers;
  providers.googlebooks = plain_reply(429, "");
  sim::Isolate isolate(providers.world, all_set_up(), three_providers());
  EXPECT_EQ(isolate.get(std::string(title_url)).status, 404U);
  const std::string asked = providers.asked;
  EXPECT_EQ(isolate.get(std::string(title_url)).status, 404U);
  EXPECT_EQ(providers.asked, asked) << "it is a negative entry";
}

TEST(SeveralProviders, WhereTheFirstFailsNobodysNoneStandsInForIt) {
  Providers providers;
  providers.openlibrary = plain_reply(500, "");
  sim::Isolate isolate(providers.world, all_set_up(), three_providers());
  EXPECT_GE(isolate.get(std::string(title_url)).status, 500U);
  EXPECT_EQ(providers.asked, "ogi");
}

TEST(SeveralProviders, ADoubtfulNoneAloneIsNotKept) {
  Providers providers;
  const std::string declarations =
      R"({"resources": [{"name": "title", "match": {"path": "/search/title"},
        "origin": {"provider": ["isbndb", "googlebooks"], "query": "title"},
        "key": [{"query": "q", "required": true}], "ttl": "24h"}]})";
  sim::Isolate doubtful(providers.world, {{"ISBNDB_API_KEY", "isbndb-key"}}, declarations);
  EXPECT_EQ(doubtful.get(std::string(title_url)).status, 404U);
  EXPECT_EQ(doubtful.get(std::string(title_url)).status, 404U);
  EXPECT_EQ(providers.asked, "ii") << "asked again: it was not kept";
  sim::Isolate sure(providers.world, all_set_up(), declarations);
  EXPECT_EQ(sure.get(std::string(title_url)).status, 404U);
  EXPECT_EQ(sure.get(std::string(title_url)).status, 404U);
  EXPECT_EQ(providers.asked, "iiig") << "the other's word is kept";
}

// "There are five", and none of them: whoever else knows of none, there may be some.
TEST(SeveralProviders, AClaimWithoutABookLeavesEverybodysNoneInDoubt) {
  for (const bool claims_first : {true, false}) {
    Providers providers;
    if (claims_first) {
      providers.openlibrary = plain_reply(200, R"({"numFound": 5, "docs": []})");
    } else {
      providers.isbndb = plain_reply(200, R"({"total": 5, "books": []})");
    }
    sim::Isolate isolate(providers.world, all_set_up(), three_providers());
    EXPECT_EQ(isolate.get(std::string(title_url)).status, 404U);
    EXPECT_EQ(isolate.get(std::string(title_url)).status, 404U);
    EXPECT_EQ(providers.asked, "ogiogi") << "asked again: it was not kept";
  }
}

std::string by_isbn() {
  return R"({"resources": [
    {"name": "isbn", "match": {"path": "/search/isbn"},
     "origin": {"provider": ["openlibrary", "googlebooks"], "query": "isbn"},
     "key": [{"query": "isbn", "normalise": ["isbn"], "required": true}], "ttl": "30d", "stale": "7d"}]})";
}
constexpr std::string_view isbn_url = "https://larder.test/search/isbn?isbn=9780306406157";

TEST(SeveralProviders, ABookWithOtherIsbnsIsNoAnswerToAnIsbn) {
  Providers providers;
  providers.openlibrary = sim::open_library_reply("Dune", "Frank Herbert", "9780441172719");
  sim::Isolate isolate(providers.world, all_set_up(), by_isbn());
  EXPECT_EQ(isolate.get(std::string(isbn_url)).status, 404U);
  EXPECT_EQ(providers.asked, "og") << "the next is asked";
  // Alone, its word is a doubtful one.
  sim::Isolate alone(providers.world, {}, by_isbn());
  providers.asked.clear();
  EXPECT_EQ(alone.get("https://larder.test/search/isbn?isbn=9780552137034").status, 404U);
  EXPECT_EQ(alone.get("https://larder.test/search/isbn?isbn=9780552137034").status, 404U);
  EXPECT_EQ(providers.asked, "oo") << "asked again: it was not kept";
}

TEST(SeveralProviders, WhatContradictsTheQuestionIsKeptForFiveMinutes) {
  Providers providers;
  providers.openlibrary = sim::open_library_reply("Brine", "Ada Quill", "9780441172719");
  const std::string declarations =
      R"({"resources": [{"name": "title", "match": {"path": "/search/title"},
        "origin": {"provider": "openlibrary", "query": "title"},
        "key": [{"query": "q", "required": true}], "ttl": "24h", "stale": "7d", "staleIfError": "30d"}]})";
  sim::Isolate isolate(providers.world, {}, declarations);
  EXPECT_EQ(isolate.get(std::string(title_url)).status, 200U);
  EXPECT_TRUE(contains(isolate.get(std::string(title_url)).header("cache-status"), "larder; hit;"));
  EXPECT_EQ(providers.asked, "o");
  providers.world.now += Millis(300'001);
  providers.openlibrary = sim::open_library_reply("Dune", "Frank Herbert", "9780441172719");
  EXPECT_TRUE(contains(isolate.get(std::string(title_url)).body, "Frank Herbert"));
  EXPECT_EQ(providers.asked, "oo");
  providers.world.now += Millis(300'001);
  EXPECT_TRUE(contains(isolate.get(std::string(title_url)).header("cache-status"), "larder; hit;"));
}

// What is asked in another spelling of Unicode is the same question, and the origin gets it as people write
// it.
TEST(SeveralProviders, OneSpellingOfUnicodeIsEverySpelling) {
  Providers providers;
  providers.openlibrary = sim::open_library_reply("\u00c9mile \u00c9t\u00e9", "Ada Quill", "9780441172719");
  std::string asked_for;
  providers.world.origin = [&](const sim::OriginRequest& request) {
    asked_for = request.url;
    providers.asked += "o";
    return providers.openlibrary;
  };
  sim::Isolate isolate(providers.world, {}, three_providers());
  for (const std::string_view spelling :
       {"%C3%A9mile%20%C3%A9t%C3%A9", "%C3%89MILE%20%C3%89T%C3%89", "E%CC%81mile%C2%A0e%CC%81te%CC%81"}) {
    EXPECT_EQ(isolate.get(concat({"https://larder.test/search/title?q=", spelling})).status, 200U);
  }
  EXPECT_EQ(providers.asked, "o");
  EXPECT_TRUE(contains(asked_for, "title=%C3%A9mile%20%C3%A9t%C3%A9&")) << asked_for;
}

TEST(SeveralProviders, EachHasItsOwnBreaker) {
  Providers providers;
  providers.openlibrary = plain_reply(503, "");
  providers.openlibrary.headers.emplace_back("retry-after", "20");
  providers.googlebooks = google_book();
  sim::Isolate isolate(providers.world, all_set_up(), three_providers());
  EXPECT_EQ(isolate.get(std::string(title_url)).status, 200U);
  EXPECT_EQ(isolate.get("https://larder.test/search/title?q=second").status, 200U);
  EXPECT_EQ(isolate.get("https://larder.test/search/title?q=third").status, 200U);
  EXPECT_EQ(providers.asked, "ogogog") << "one title's Retry-After says nothing of another";
  EXPECT_EQ(isolate.get("https://larder.test/search/title?q=fourth").status, 200U);
  EXPECT_EQ(providers.asked, "ogogogg") << "three say it of all: Open Library is left alone";
}

}  // namespace
}  // namespace larder::engine::providers_test
