#include "app/lane_keeper.h"

#include <gtest/gtest.h>

namespace larder::app::lane_keeper_test {
namespace {

constexpr Instant began{Millis(1'790'000'000'000)};

TEST(LaneKeeper, AnEntryThatIsHitAgainWithinSomeSecondsGetsALane) {
  const config::Resource titles;
  LaneKeeper lanes;
  Instant hit_at;
  EXPECT_EQ(lanes.hit("dune", &titles, hit_at, began), std::nullopt);
  EXPECT_EQ(hit_at, began);
  const auto first = lanes.hit("dune", &titles, hit_at, began + Millis(5'999));
  ASSERT_TRUE(first.has_value());
  const auto second = lanes.hit("dune", &titles, hit_at, began + Millis(6'500));
  ASSERT_TRUE(second.has_value());
  EXPECT_NE(*first, *second);
  EXPECT_EQ(lanes.hit("dune", &titles, hit_at, began + Millis(12'500)), std::nullopt);
  // The clock was set back.
  EXPECT_EQ(lanes.hit("dune", &titles, hit_at, began + Millis(12'499)), std::nullopt);
  EXPECT_TRUE(lanes.hit("dune", &titles, hit_at, began + Millis(12'499)).has_value());
}

TEST(LaneKeeper, ALanesHitsAreItsOwnKeys) {
  const config::Resource titles;
  const config::Resource others;
  LaneKeeper lanes;
  Instant of_dune = began;
  Instant of_emma = began;
  const auto dune = lanes.hit("dune", &titles, of_dune, began);
  const auto emma = lanes.hit("emma", &others, of_emma, began);
  ASSERT_TRUE(dune.has_value() && emma.has_value());
  EXPECT_EQ(lanes.find(*dune)->storage_name, "dune");
  EXPECT_EQ(lanes.find(*dune)->resource, &titles);
  EXPECT_EQ(lanes.find(*emma)->storage_name, "emma");
  EXPECT_EQ(lanes.find(*emma)->resource, &others);
}

TEST(LaneKeeper, OneThatWasNeverGivenOrLongAgoIsNone) {
  const config::Resource titles;
  LaneKeeper lanes;
  EXPECT_EQ(lanes.find(0), nullptr);
  EXPECT_EQ(lanes.find(1), nullptr);
  Instant hit_at = began;
  const auto first = lanes.hit("dune", &titles, hit_at, began);
  ASSERT_TRUE(first.has_value());
  for (std::size_t i = 1; i < config::limit::lanes_remembered_max; ++i) {
    lanes.hit("dune", &titles, hit_at, began);
  }
  EXPECT_NE(lanes.find(*first), nullptr);
  lanes.hit("dune", &titles, hit_at, began);
  EXPECT_EQ(lanes.find(*first), nullptr);
}

TEST(LaneKeeper, AsksForHitsOnceASecondOrWhenManyLanesWereGiven) {
  const config::Resource titles;
  LaneKeeper lanes;
  EXPECT_TRUE(lanes.has_to_be_told(began));
  lanes.told(began);
  EXPECT_FALSE(lanes.has_to_be_told(began + Millis(999)));
  EXPECT_TRUE(lanes.has_to_be_told(began + Millis(1'000)));
  // The clock was set back.
  EXPECT_TRUE(lanes.has_to_be_told(began - Millis(1)));
  Instant hit_at = began;
  for (std::size_t i = 1; i < config::limit::lanes_untold_max; ++i) {
    lanes.hit("dune", &titles, hit_at, began);
  }
  EXPECT_FALSE(lanes.has_to_be_told(began));
  lanes.hit("dune", &titles, hit_at, began);
  EXPECT_TRUE(lanes.has_to_be_told(began));
  lanes.told(began);
  EXPECT_FALSE(lanes.has_to_be_told(began));
}

}  // namespace
}  // namespace larder::app::lane_keeper_test
