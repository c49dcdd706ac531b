// URLs whose meaning is remembered: which of them are, and that nothing else changes by it.
#include "app/known_urls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "support/isolate.h"

namespace larder::app::known_urls_test {
namespace {

using sim::Isolate;
using sim::OriginRequest;
using sim::World;
using ::testing::HasSubstr;

engine::Query query_of(std::string storage_name) {
  engine::Query query;
  query.key.storage_name = std::move(storage_name);
  query.accepts_gzip = [] { return true; };
  return query;
}

TEST(KnownUrls, AreFoundWithoutTheirFirstAsker) {
  KnownUrls urls(4);
  EXPECT_EQ(urls.find("/a"), nullptr);
  urls.keep("/a", query_of("a"));
  ASSERT_NE(urls.find("/a"), nullptr);
  EXPECT_EQ(urls.find("/a")->key.storage_name, "a");
  EXPECT_FALSE(urls.find("/a")->accepts_gzip);
  EXPECT_EQ(urls.find("/b"), nullptr);
  urls.clear();
  EXPECT_EQ(urls.find("/a"), nullptr);
}

TEST(KnownUrls, LeaveTheirPlaceOnlyWhenTheyWereNotAskedForSince) {
  KnownUrls urls(1);
  urls.keep("/often", query_of("often"));
  for (int i = 0; i < 3; ++i) {
    ASSERT_NE(urls.find("/often"), nullptr);
    urls.keep("/rare", query_of("rare"));
  }
  EXPECT_EQ(urls.find("/rare"), nullptr);
  urls.keep("/rare", query_of("rare"));
  EXPECT_NE(urls.find("/rare"), nullptr);
  EXPECT_EQ(urls.find("/often"), nullptr);
}

TEST(KnownUrls, FillNearlyAllOfTheirTableBeforeAnyMakesRoom) {
  constexpr std::size_t room = config::limit::known_urls_max;
  KnownUrls urls(room);
  urls.seed(1);
  for (std::size_t i = 0; i < room; ++i) {
    urls.keep(concat({"/", to_text(std::uint64_t{i})}), query_of("any"));
  }
  std::size_t found = 0;
  for (std::size_t i = 0; i < room; ++i) {
    found += urls.find(concat({"/", to_text(std::uint64_t{i})})) != nullptr ? 1 : 0;
  }
  EXPECT_GT(found, room * 90 / 100);
  // As many as leave the sets some room all stay, or nearly so.
  urls.clear();
  for (std::size_t i = 0; i < room * 3 / 4; ++i) {
    urls.keep(concat({"/", to_text(std::uint64_t{i})}), query_of("any"));
  }
  found = 0;
  for (std::size_t i = 0; i < room * 3 / 4; ++i) {
    found += urls.find(concat({"/", to_text(std::uint64_t{i})})) != nullptr ? 1 : 0;
  }
  EXPECT_GT(found, room * 3 / 4 * 97 / 100);
}

TEST(KnownUrls, OfOneSetMakeRoomOnlyWhenAllWereAskedFor) {
  KnownUrls urls(KnownUrls::set_places);
  for (std::size_t i = 0; i < KnownUrls::set_places; ++i) {
    urls.keep(concat({"/", to_text(std::uint64_t{i})}), query_of("first"));
  }
  for (std::size_t i = 0; i < KnownUrls::set_places; ++i) {
    // All but one.
    if (i != 5) {
      ASSERT_NE(urls.find(concat({"/", to_text(std::uint64_t{i})})), nullptr);
    }
  }
  urls.keep("/new", query_of("new"));
  EXPECT_EQ(urls.find("/5"), nullptr);
  EXPECT_EQ(urls.find("/new")->key.storage_name, "new");
  EXPECT_EQ(urls.find("/4")->key.storage_name, "first");
}

TEST(KnownUrls, AreNotTooLong) {
  KnownUrls urls(1);
  const std::string longest(config::limit::known_url_bytes_max, 'a');
  urls.keep(longest + "a", query_of("long"));
  EXPECT_EQ(urls.find(longest + "a"), nullptr);
  urls.keep(longest, query_of("longest"));
  EXPECT_NE(urls.find(longest), nullptr);
}

struct KnownUrlsInTheAppTest : ::testing::Test {
  KnownUrlsInTheAppTest() {
    world.origin = [](const OriginRequest&) {
      return sim::open_library_reply("Dune", "Frank Herbert", "9780441013593");
    };
  }
  std::string status(std::string method = "GET", TextPairs headers = {}) {
    return isolate.run(std::move(method), "https://larder.test/search/title?q=Dune", std::move(headers))
        .header("cache-status");
  }
  std::uint64_t count(observe::Counter counter) { return isolate.app->counters().total(counter); }

  World world;
  Isolate isolate{world};
};

TEST_F(KnownUrlsInTheAppTest, EveryReadCountsOnce) {
  constexpr std::uint64_t reads = 20;
  for (std::uint64_t i = 0; i < reads; ++i) {
    world.now += Millis(1'500);
    status();
  }
  EXPECT_EQ(count(observe::Counter::cache_candidate_requests_total), reads);
  EXPECT_EQ(count(observe::Counter::cache_hit_fresh_total), reads - 1);
  // Of memory: what the edge and KV did not have is counted too.
  EXPECT_EQ(count(observe::Counter::cache_hits_total), reads - 1);
  EXPECT_EQ(count(observe::Counter::cache_miss_total), 3U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(KnownUrlsInTheAppTest, AReadPastTheStaleTimeAsksTheOriginAgainAndCountsOnce) {
  for (int i = 0; i < 3; ++i) {
    status();
  }
  const std::uint64_t reads = count(observe::Counter::cache_candidate_requests_total);
  const std::uint64_t misses = count(observe::Counter::cache_miss_total);
  world.now += Millis(std::int64_t{9} * 86'400'000);
  EXPECT_THAT(status(), HasSubstr("fwd=stale"));
  EXPECT_EQ(count(observe::Counter::cache_candidate_requests_total), reads + 1);
  EXPECT_EQ(count(observe::Counter::cache_miss_total), misses + 3);
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(KnownUrlsInTheAppTest, ARefreshIsStillBegunBehindTheResponse) {
  for (int i = 0; i < 3; ++i) {
    status();
  }
  world.now += Millis(86'400'000);
  EXPECT_THAT(status(), HasSubstr("hit"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_THAT(status(), HasSubstr("hit; ttl=86"));
  EXPECT_TRUE(isolate.settled());
}

TEST_F(KnownUrlsInTheAppTest, TheMethodIsTheRequestsOwn) {
  for (int i = 0; i < 3; ++i) {
    status();
  }
  EXPECT_EQ(status("HEAD"), "larder; hit; ttl=86399; detail=memory");
  EXPECT_EQ(status("GET"), "larder; hit; ttl=86399; detail=memory");
  EXPECT_EQ(isolate.run("DELETE", "https://larder.test/search/title?q=Dune").status, 405U);
}

}  // namespace
}  // namespace larder::app::known_urls_test
