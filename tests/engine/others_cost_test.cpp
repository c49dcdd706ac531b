// What one key suffers, or makes its origin suffer, is no other key's loss.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/support.h"

namespace larder::engine::others_cost_test {
namespace {

using sim::Isolate;
using sim::OriginReply;
using sim::OriginRequest;
using ::testing::HasSubstr;

struct Kind {
  const char* name;
  const char* path;
};

class OthersCost : public ::testing::TestWithParam<Kind> {
 protected:
  OthersCost() {
    world.origin = [](const OriginRequest& request) {
      if (contains(request.url, "told")) {
        return reply(429, {{"retry-after", "600"}}, "");
      }
      return contains(request.url, "bad") ? reply(500, {}, "")
                                          : reply(200, {{"cache-control", "max-age=60"}});
    };
  }
  std::uint32_t status_of(const std::string& id) { return isolate.get(concat({GetParam().path, id})).status; }

  sim::World world;
  Isolate isolate{world, {{"API_KEY", "k"}}, api_declarations()};
};

// 20 times a second, beside 81 others.
TEST_P(OthersCost, AKeyThatAnswers500CostsNoOtherKey) {
  std::uint32_t refused = 0;
  for (std::uint64_t i = 0; i < 81 * 5; ++i) {
    EXPECT_GE(status_of("bad"), 500U);
    if (i % 5 == 0) {
      refused += status_of(concat({"good", to_text(i)})) == 200 ? 0U : 1U;
    }
    world.now += Millis(50);
  }
  EXPECT_EQ(refused, 0U);
}

TEST_P(OthersCost, EverNewKeysThatAnswer500CostNoOtherKey) {
  std::uint32_t refused = 0;
  for (std::uint64_t i = 0; i < 81 * 5; ++i) {
    if (i % 5 == 0) {
      refused += status_of(concat({"good", to_text(i)})) == 200 ? 0U : 1U;
    }
    EXPECT_GE(status_of(concat({"bad", to_text(i)})), 500U);
    world.now += Millis(50);
  }
  EXPECT_EQ(refused, 0U);
}

TEST_P(OthersCost, OneRetryAfterHoldsItsOwnKeyAlone) {
  status_of("told");
  const std::size_t asked = world.origin_requests.size();
  EXPECT_THAT(isolate.get(concat({GetParam().path, "told"})).header("cache-status"),
              HasSubstr("detail=origin-down"));
  EXPECT_EQ(world.origin_requests.size(), asked);
  EXPECT_EQ(status_of("good"), 200U);
}

INSTANTIATE_TEST_SUITE_P(Modes, OthersCost,
                         ::testing::Values(Kind{"keyed", "/items/"}, Kind{"http", "/pages/"}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace larder::engine::others_cost_test
