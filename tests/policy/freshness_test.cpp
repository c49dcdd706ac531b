#include "policy/freshness.h"

#include <gtest/gtest.h>

namespace larder::policy::freshness_test {
namespace {

constexpr Instant created = instant_from_millis(1'790'000'000'000);

entry::Header lived(Millis fresh, Millis stale, Millis error) {
  entry::Header header;
  header.created = created;
  header.fresh_for = fresh;
  header.stale_for = stale;
  header.error_for = error;
  return header;
}

struct Case {
  const char* name;
  Millis age;
  Freshness freshness;
  Millis ttl;
};

class Bounds : public ::testing::TestWithParam<Case> {};

// Fresh for 100 ms, then stale up to 150, then a rescue up to 180.
TEST_P(Bounds, AreExclusive) {
  const Standing now = standing(lived(Millis(100), Millis(50), Millis(80)), created + GetParam().age);
  EXPECT_EQ(now.freshness, GetParam().freshness);
  EXPECT_EQ(now.age, GetParam().age);
  EXPECT_EQ(now.ttl, GetParam().ttl);
}

INSTANTIATE_TEST_SUITE_P(
    All, Bounds,
    ::testing::Values(Case{"JustMade", Millis(0), Freshness::fresh, Millis(100)},
                      Case{"LastFresh", Millis(99), Freshness::fresh, Millis(1)},
                      Case{"FirstStale", Millis(100), Freshness::stale, Millis(0)},
                      Case{"LastStale", Millis(149), Freshness::stale, Millis(-49)},
                      Case{"FirstRescue", Millis(150), Freshness::stale_if_error, Millis(-50)},
                      Case{"LastRescue", Millis(179), Freshness::stale_if_error, Millis(-79)},
                      Case{"Expired", Millis(180), Freshness::expired, Millis(-80)}),
    [](const auto& one) { return one.param.name; });

TEST(Standing, AnEntryFromTheFutureCountsAsJustMade) {
  const Standing now = standing(lived(Millis(100), Millis(0), Millis(0)), created - Millis(5'000));
  EXPECT_EQ(now.freshness, Freshness::fresh);
  EXPECT_EQ(now.age, Millis(0));
  EXPECT_EQ(now.ttl, Millis(100));
}

TEST(Standing, WithoutAnyTimeItIsExpiredAtOnce) {
  EXPECT_EQ(standing(lived(Millis(0), Millis(0), Millis(0)), created).freshness, Freshness::expired);
}

TEST(Standing, ARescueThatEndsBeforeTheStaleTimeAddsNothing) {
  const entry::Header header = lived(Millis(100), Millis(80), Millis(50));
  EXPECT_EQ(standing(header, created + Millis(179)).freshness, Freshness::stale);
  EXPECT_EQ(standing(header, created + Millis(180)).freshness, Freshness::expired);
}

TEST(Retention, LastsAsLongAsAnyRuleCouldServe) {
  EXPECT_EQ(retention(lived(Millis(100), Millis(50), Millis(80)), created, Millis(0)), Millis(180));
  EXPECT_EQ(retention(lived(Millis(100), Millis(80), Millis(50)), created, Millis(0)), Millis(180));
  EXPECT_EQ(retention(lived(Millis(100), Millis(0), Millis(0)), created, Millis(0)), Millis(100));
}

TEST(Retention, CountsFromTheEntrysOwnTimeSoThatAPromotionDoesNotProlongIt) {
  const entry::Header header = lived(Millis(100), Millis(50), Millis(80));
  EXPECT_EQ(retention(header, created + Millis(30), Millis(0)), Millis(150));
  EXPECT_EQ(retention(header, created - Millis(30), Millis(0)), Millis(180));
}

TEST(Retention, IsNeverBelowTheFloor) {
  const entry::Header header = lived(Millis(100), Millis(0), Millis(0));
  EXPECT_EQ(retention(header, created, Millis(101)), Millis(101));
  EXPECT_EQ(retention(header, created, Millis(100)), Millis(100));
  EXPECT_EQ(retention(header, created + Millis(500), Millis(60)), Millis(60));
}

}  // namespace
}  // namespace larder::policy::freshness_test
