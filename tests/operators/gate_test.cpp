// The gate: who is let in, in which order it is asked, and what is told to who is not.
#include "operators/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operators/caller.h"
#include "operators/router.h"
#include "operators/support.h"

namespace larder::operators {
namespace {

using sim::Isolate;
using ::testing::HasSubstr;

constexpr auto settings_url = "/api/settings";

struct GateTest : ::testing::Test {
  GateTest() { add_tokens(world); }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }

  sim::World world;
  Isolate isolate{world, operator_bindings()};
};

TEST_F(GateTest, AViewerReads) {
  const auto& exchange = isolate.run("GET", settings_url, shown("vic"));
  EXPECT_EQ(exchange.status, 200U);
  EXPECT_EQ(exchange.header("cache-control"), "no-store");
  EXPECT_EQ(exchange.header("content-type"), "application/json");
}

}  // namespace
}  // namespace larder::operators
