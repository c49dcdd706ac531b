// Heads that the host keeps: which of them are alive after which uses.
#include "host/heads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "support/world.h"

namespace larder::host::heads_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Keeps the statuses of the heads that are alive, and refuses status 0.
class HeadHost : public sim::SimulatedHost {
 public:
  using SimulatedHost::SimulatedHost;
  std::vector<std::uint32_t> alive;

  HeadHandle create_head(const HeadParts& parts) override {
    if (parts.status == 0) {
      return HeadHandle::none;
    }
    alive.push_back(parts.status);
    return static_cast<HeadHandle>(parts.status);
  }
  void release_head(HeadHandle head) override {
    ASSERT_EQ(std::erase(alive, static_cast<std::uint32_t>(head)), 1U);
  }
};

HeadParts parts(std::uint32_t status) {
  HeadParts parts;
  parts.status = status;
  return parts;
}

TEST(Heads, AHeadGoesWithItsPlace) {
  sim::World world;
  HeadHost host(world);
  Heads heads(host, 2);
  {
    Head place;
    EXPECT_EQ(place.use(), HeadHandle::none);
    EXPECT_EQ(heads.keep(place, parts(200)), static_cast<HeadHandle>(200));
    EXPECT_EQ(place.use(), static_cast<HeadHandle>(200));
    EXPECT_THAT(host.alive, ElementsAre(200U));
    EXPECT_EQ(heads.count(), 1U);
  }
  EXPECT_THAT(host.alive, IsEmpty());
  EXPECT_EQ(heads.count(), 0U);
}

TEST(Heads, PastTheBoundOneThatWasNotUsedMakesRoom) {
  sim::World world;
  HeadHost host(world);
  Heads heads(host, 3);
  Head places[5];
  for (std::uint32_t i = 0; i < 3; ++i) {
    heads.keep(places[i], parts(200 + i));
  }
  places[0].use();
  heads.keep(places[3], parts(203));
  EXPECT_THAT(host.alive, ElementsAre(200U, 202U, 203U));
  EXPECT_EQ(places[1].use(), HeadHandle::none);
  // The first one's second chance is over.
  heads.keep(places[4], parts(204));
  EXPECT_THAT(host.alive, ElementsAre(200U, 203U, 204U));
  heads.keep(places[2], parts(205));
  EXPECT_THAT(host.alive, ElementsAre(203U, 204U, 205U));
  EXPECT_EQ(heads.count(), 3U);
}

TEST(Heads, WhenAllAreUsedOneGoesAllTheSame) {
  sim::World world;
  HeadHost host(world);
  Heads heads(host, 2);
  Head places[3];
  heads.keep(places[0], parts(200));
  heads.keep(places[1], parts(201));
  places[0].use();
  places[1].use();
  heads.keep(places[2], parts(202));
  EXPECT_THAT(host.alive, ElementsAre(201U, 202U));
}

TEST(Heads, WhatTheHostRefusesTakesNoPlace) {
  sim::World world;
  HeadHost host(world);
  Heads heads(host, 1);
  Head place;
  EXPECT_EQ(heads.keep(place, parts(0)), HeadHandle::none);
  EXPECT_EQ(heads.count(), 0U);
  EXPECT_EQ(heads.keep(place, parts(200)), static_cast<HeadHandle>(200));
}

TEST(Heads, NoneOutlivesTheirKeeper) {
  sim::World world;
  HeadHost host(world);
  Head place;
  {
    Heads heads(host, 1);
    heads.keep(place, parts(200));
  }
  EXPECT_THAT(host.alive, IsEmpty());
  EXPECT_EQ(place.use(), HeadHandle::none);
}

}  // namespace
}  // namespace larder::host::heads_test
