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
  for (int i = 0; i < 1'023; ++i) {
    lanes.hit("dune", &titles, began);
  }
  EXPECT_NE(lanes.find(*first), nullptr);
  lanes.hit("dune", &titles, began);
  EXPECT_EQ(lanes.find(*first), nullptr);
}

}  // namespace
}  // namespace larder::app::lane_keeper_test
