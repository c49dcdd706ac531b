#include "config/overrides.h"

#include <gtest/gtest.h>

namespace larder::config::overrides_test {
namespace {

TEST(OverrideList, IsWrittenAsItIsRead) {
  const auto list = OverrideList::parse(" title.ttl=12h,title.tiers=kv+memory , *.cached=false");
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->text(), "*.cached=false, title.ttl=12h, title.tiers=memory+kv");
  const auto again = OverrideList::parse(list->text());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->text(), list->text());
  EXPECT_TRUE(OverrideList::parse("")->empty());
}

TEST(OverrideList, LetsAResourceWinOverAll) {
  const auto list = OverrideList::parse("*.ttl=1h, *.swr=false, title.ttl=2h");
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->of("title").ttl, Millis(7'200'000));
  EXPECT_EQ(list->of("title").stale_while_revalidate, false);
  EXPECT_EQ(list->of("isbn").ttl, Millis(3'600'000));
}

TEST(OverrideList, ForgetsWhatIsSaidNoMore) {
  auto list = *OverrideList::parse("title.ttl=1h, title.swr=false");
  Overrides left = list.said_of("title");
  clear_override(left, "ttl");
  list.say("title", left);
  EXPECT_EQ(list.text(), "title.swr=false");
  list.say("title", Overrides());
  EXPECT_TRUE(list.empty());
}

struct Wrong {
  const char* text;
  const char* message;
};

class Faulty : public ::testing::TestWithParam<Wrong> {};

TEST_P(Faulty, IsRefused) {
  const auto list = OverrideList::parse(GetParam().text);
  ASSERT_FALSE(list.has_value());
  EXPECT_EQ(list.error().kind, ErrorKind::invalid);
  EXPECT_EQ(list.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, Faulty,
    ::testing::Values(
        Wrong{"title",
              "\"title\" is no override; write title.ttl=12h, or *.cached=false for every resource, with "
              "commas between them."},
        Wrong{"Title.ttl=1h",
              "\"Title.ttl=1h\" is no override; write title.ttl=12h, or *.cached=false for every "
              "resource, with commas between them."},
        Wrong{"title.ttl=1h,",
              "\"\" is no override; write title.ttl=12h, or *.cached=false for every resource, "
              "with commas between them."},
        Wrong{"title.eagerRefresh=101",
              "\"title.eagerRefresh=101\": \"101\" is no whole number from 1 to 100."},
        Wrong{"title.swr=no", "\"title.swr=no\": \"no\" is neither true nor false."},
        Wrong{"title.tiers=kv+kv",
              "\"title.tiers=kv+kv\": \"kv+kv\" is no list of tiers; write \"memory\", \"edge\", "
              "\"kv\", \"redis\" or \"cold\", each at most once, with + between them."}));

}  // namespace
}  // namespace larder::config::overrides_test
