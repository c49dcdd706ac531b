#include "app/lane_keeper.h"

#include <gtest/gtest.h>

#include <functional>

namespace larder::app::lane_keeper_test {
namespace {

constexpr Instant began{Millis(1'790'000'000'000)};

// Another key that is remembered in the same place.
std::string neighbour_of(const std::string& key) {
  const std::hash<std::string> hash;
  for (int i = 0;; ++i) {
    std::string other = "larder:title:v3:" + std::to_string(i);
    if (hash(other) % 1024 == hash(key) % 1024 && other != key) {
      return other;
    }
  }
}

TEST(LaneKeeper, AKeyThatIsHitAgainWithinASecondGetsALane) {
  const config::Resource titles;
  LaneKeeper lanes;
  EXPECT_EQ(lanes.hit("dune", &titles, began), std::nullopt);
  const auto first = lanes.hit("dune", &titles, began + Millis(999));
  ASSERT_TRUE(first.has_value());
  const auto second = lanes.hit("dune", &titles, began + Millis(1'500));
  ASSERT_TRUE(second.has_value());
  EXPECT_NE(*first, *second);
  EXPECT_EQ(lanes.hit("dune", &titles, began + Millis(2'500)), std::nullopt);
}

TEST(LaneKeeper, ALanesHitsAreItsOwnKeysWhateverIsHitMeanwhile) {
  const config::Resource titles;
  const config::Resource others;
  const std::string neighbour = neighbour_of("dune");
  LaneKeeper lanes;
  lanes.hit("dune", &titles, began);
  const auto lane = lanes.hit("dune", &titles, began);
  ASSERT_TRUE(lane.has_value());
  lanes.hit(neighbour, &others, began);
  ASSERT_NE(lanes.find(*lane), nullptr);
  EXPECT_EQ(lanes.find(*lane)->storage_name, "dune");
  EXPECT_EQ(lanes.find(*lane)->resource, &titles);
  const auto of_neighbour = lanes.hit(neighbour, &others, began);
  ASSERT_TRUE(of_neighbour.has_value());
  EXPECT_EQ(lanes.find(*of_neighbour)->storage_name, neighbour);
  EXPECT_EQ(lanes.find(*lane)->storage_name, "dune");
}

TEST(LaneKeeper, OneThatWasNeverGivenOrLongAgoIsNone) {
  const config::Resource titles;
  LaneKeeper lanes;
  EXPECT_EQ(lanes.find(0), nullptr);
  EXPECT_EQ(lanes.find(1), nullptr);
  lanes.hit("dune", &titles, began);
  const auto first = lanes.hit("dune", &titles, began);
  ASSERT_TRUE(first.has_value());
  for (std::size_t i = 1; i < config::limit::lanes_remembered_max; ++i) {
    lanes.hit("dune", &titles, began);
  }
  EXPECT_NE(lanes.find(*first), nullptr);
  lanes.hit("dune", &titles, began);
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
  // The first hit gives no lane.
  for (std::size_t i = 0; i < config::limit::lanes_untold_max; ++i) {
    lanes.hit("dune", &titles, began);
  }
  EXPECT_FALSE(lanes.has_to_be_told(began));
  lanes.hit("dune", &titles, began);
  EXPECT_TRUE(lanes.has_to_be_told(began));
  lanes.told(began);
  EXPECT_FALSE(lanes.has_to_be_told(began));
}

}  // namespace
}  // namespace larder::app::lane_keeper_test
