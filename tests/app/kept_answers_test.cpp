// Hits whose heads the host keeps: what clients get is what they would get without, and no head outlives its
// entry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/kept_answers.h"
#include "base/text.h"
#include "support/isolate.h"

namespace larder::app::kept_answers_test {
namespace {

using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;
using sim::World;

constexpr auto title_url = "https://larder.test/search/title?q=Good%20Omens";

struct KeptAnswersTest : ::testing::Test {
  KeptAnswersTest() {
    world.origin = [](const OriginRequest&) {
      return sim::open_library_reply("Good Omens", "Terry Pratchett", "9780060853976");
    };
  }
  World world;
};

TEST(KeptAnswers, HaveTheirTtlInTheLastMemberOfCacheStatus) {
  host::Answer answer;
  answer.status = 200;
  answer.headers = {{"cache-status", "far; hit; ttl=7"},
                    {"age", "3"},
                    {"etag", "\"a\""},
                    {"cache-status", "larder; hit; ttl=-12; detail=memory"}};
  const host::HeadParts parts = lasting_parts(answer, {"range"});
  EXPECT_EQ(parts.status, 200U);
  EXPECT_EQ(parts.headers, (TextPairs{{"etag", "\"a\""}}));
  EXPECT_EQ(parts.before_ttl, "far; hit; ttl=7, larder; hit; ttl=");
  EXPECT_EQ(parts.after_ttl, "; detail=memory");
  EXPECT_THAT(parts.guards, ::testing::ElementsAre("range"));
}

TEST_F(KeptAnswersTest, AreWhatAnswersWrittenOutWouldBe) {
  // Log lines are made of whole answers, so no head is kept there.
  Isolate numbers(world);
  Isolate written(world, {{"LOG_LEVEL", "info"}}, sim::book_declarations(), "two");
  const std::string etag = numbers.get(title_url).header("etag");
  EXPECT_EQ(written.get(title_url).status, 200U);
  const TextPairs conditions[] = {{},
                                  {{"if-none-match", etag}},
                                  {{"if-none-match", "\"another\""}},
                                  {{"if-modified-since", "never"}},
                                  {{"range", "bytes=0-3"}}};
  for (const std::int64_t pause_millis : {400, 700, 5'000, 86'400'000}) {
    world.now += Millis(pause_millis);
    for (const std::string method : {"GET", "HEAD"}) {
      for (const TextPairs& fields : conditions) {
        const auto& kept = numbers.run(method, title_url, fields);
        const auto& whole = written.run(method, title_url, fields);
        EXPECT_EQ(kept.status, whole.status);
        EXPECT_EQ(kept.headers, whole.headers);
        EXPECT_EQ(kept.body, whole.body);
      }
    }
  }
  EXPECT_EQ(written.host.heads_alive(), 0U);
  // For GET, for HEAD, and for 304.
  EXPECT_EQ(numbers.host.heads_alive(), 3U);
}

TEST_F(KeptAnswersTest, HaveOneHeadForAsLongAsTheirEntryIsKept) {
  Isolate isolate(world, {{"ENABLE_SWR", "false"}});
  isolate.get(title_url);
  EXPECT_EQ(isolate.host.heads_alive(), 0U);
  isolate.get(title_url);
  isolate.get(title_url);
  EXPECT_EQ(isolate.host.heads_alive(), 1U);
  // Past its fresh time the entry is asked for again: another takes its place.
  world.now += Millis(86'400'000);
  EXPECT_THAT(isolate.get(title_url).header("cache-status"), ::testing::HasSubstr("fwd=stale"));
  EXPECT_EQ(isolate.host.heads_alive(), 0U);
  EXPECT_EQ(isolate.get(title_url).header("cache-status"), "larder; hit; ttl=86399; detail=memory");
  EXPECT_EQ(isolate.host.heads_alive(), 1U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(KeptAnswersTest, GoWithEntriesThatMemoryEvicts) {
  Isolate isolate(world, {{"CACHE_MEMORY_BYTES", "65536"}});
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::string url = concat({"https://larder.test/search/title?q=", to_text(i)});
    isolate.get(url);
    isolate.get(url);
  }
  EXPECT_EQ(isolate.host.heads_alive(), isolate.host.bodies_alive());
  EXPECT_LT(isolate.host.heads_alive(), 100U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(KeptAnswersTest, HaveTheirLanesGuards) {
  Isolate isolate(world);
  isolate.get(title_url);
  isolate.get(title_url);
  const auto& hot = isolate.get(title_url);
  ASSERT_TRUE(hot.lane.has_value());
  EXPECT_THAT(isolate.host.head_of(hot)->guards,
              ::testing::ElementsAre("if-none-match", "if-modified-since"));
}

TEST_F(KeptAnswersTest, SayWhichPagesMayReadThem) {
  world.origin = [](const OriginRequest&) {
    OriginReply reply;
    reply.headers = {{"content-type", "application/json"}};
    reply.content = "{}";
    return reply;
  };
  const std::string declarations = R"({"resources": [
    {"name": "open", "match": {"path": "/open"}, "origin": {"url": "https://api.example.com/open"}, "key": [], "ttl": "1h", "stale": "until 2h",
     "cors": {"origins": ["*"]}},
    {"name": "closed", "match": {"path": "/closed"}, "origin": {"url": "https://api.example.com/closed"},
     "key": [], "ttl": "1h", "stale": "until 2h", "cors": {"origins": ["https://a.example"]}}]})";
  Isolate isolate(world, {}, declarations);
  ASSERT_EQ(isolate.faults, 0U);
  const TextPairs from_a = {{"origin", "https://a.example"}};
  const std::string open = "https://larder.test/open";
  isolate.get(open);
  EXPECT_FALSE(isolate.run("GET", open, from_a).lane.has_value());
  const auto& to_all = isolate.run("GET", open, from_a);
  EXPECT_EQ(to_all.header("access-control-allow-origin"), "*");
  EXPECT_EQ(to_all.header("access-control-expose-headers"), "cache-status, age, retry-after");
  ASSERT_TRUE(to_all.lane.has_value());
  EXPECT_THAT(isolate.host.head_of(to_all)->guards,
              ::testing::ElementsAre("if-none-match", "if-modified-since"));

  const std::string closed = "https://larder.test/closed";
  isolate.get(closed);
  isolate.get(closed);
  const auto& to_nobody = isolate.get(closed);
  EXPECT_EQ(to_nobody.header("access-control-allow-origin"), "");
  EXPECT_EQ(to_nobody.header("vary"), "origin");
  ASSERT_TRUE(to_nobody.lane.has_value());
  EXPECT_THAT(isolate.host.head_of(to_nobody)->guards,
              ::testing::ElementsAre("if-none-match", "if-modified-since", "origin"));
  const auto& to_a = isolate.run("GET", closed, from_a);
  EXPECT_EQ(to_a.header("access-control-allow-origin"), "https://a.example");
  EXPECT_FALSE(to_a.lane.has_value());
  EXPECT_EQ(isolate.host.head_of(to_a), nullptr);
}

}  // namespace
}  // namespace larder::app::kept_answers_test
