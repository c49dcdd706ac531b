#include <gtest/gtest.h>

#include "support/world.h"

namespace larder::sim::normal_text_test {
namespace {

struct NormalTextCase {
  std::string_view given;
  std::string_view normal;
};

constexpr NormalTextCase normal_text_cases[] = {
#define LARDER_NORMAL_TEXT(given, normal) {given, normal},
#include "host/normal_text.def"
};

constexpr NormalTextCase lower_text_cases[] = {
#define LARDER_LOWER_TEXT(given, lower) {given, lower},
#include "host/normal_text.def"
};

TEST(NormalText, TheSimulatedHostMakesWhatThePlatformMakes) {
  World world;
  SimulatedHost host(world);
  for (const NormalTextCase& each : normal_text_cases) {
    EXPECT_EQ(host.normal_text(each.given), each.normal) << each.given;
    EXPECT_EQ(host.normal_text(each.normal), each.normal) << "it is normal already: " << each.normal;
  }
}

TEST(NormalText, ComposedItIsAsPeopleWriteIt) {
  World world;
  SimulatedHost host(world);
  for (const NormalTextCase& each : lower_text_cases) {
    EXPECT_EQ(host.lower_text(each.given), each.normal) << each.given;
  }
  for (const NormalTextCase& each : normal_text_cases) {
    const std::string lower = host.lower_text(each.given);
    EXPECT_EQ(host.lower_text(lower), lower) << each.given;
    EXPECT_EQ(host.lower_text(each.normal), lower) << each.given;
    EXPECT_EQ(host.normal_text(lower), each.normal) << "no two forms of comparison share one: " << each.given;
  }
}

TEST(NormalText, MayBeManyTimesAsLong) {
  World world;
  SimulatedHost host(world);
  // The character that decomposes into most: 18 for one, 33 bytes for 3.
  std::string given;
  for (int i = 0; i < 100; ++i) {
    given += "\xef\xb7\xba";
  }
  EXPECT_EQ(host.normal_text(given).size(), 3300U);
}

}  // namespace
}  // namespace larder::sim::normal_text_test
