#include "policy/breaker.h"

#include <gtest/gtest.h>

namespace larder::policy::breaker_test {
namespace {

constexpr Instant start = instant_from_millis(1'790'000'000'000);

BreakerRules rules() { return BreakerRules(3, Millis(1'000), Millis(4'000), Millis(500)); }

Breaker opened() {
  Breaker breaker(rules());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(breaker.admit(start));
    breaker.failed(start);
  }
  return breaker;
}

TEST(Breaker, OpensAfterFailuresInARow) {
  Breaker breaker(rules());
  breaker.failed(start);
  breaker.failed(start);
  EXPECT_EQ(breaker.state(start), BreakerState::closed);
  breaker.succeeded();
  breaker.failed(start);
  breaker.failed(start);
  EXPECT_TRUE(breaker.admit(start));
  breaker.failed(start);
  EXPECT_EQ(breaker.state(start), BreakerState::open);
  EXPECT_FALSE(breaker.admit(start));
  EXPECT_EQ(breaker.open_until(), start + Millis(1'000));
}

TEST(Breaker, LetsOneProbeThroughWhenItsTimeIsOver) {
  Breaker breaker = opened();
  EXPECT_FALSE(breaker.admit(start + Millis(999)));
  EXPECT_EQ(breaker.state(start + Millis(1'000)), BreakerState::half_open);
  EXPECT_TRUE(breaker.admit(start + Millis(1'000)));
  EXPECT_FALSE(breaker.admit(start + Millis(1'001)));
  breaker.succeeded();
  EXPECT_EQ(breaker.state(start + Millis(1'002)), BreakerState::closed);
  EXPECT_TRUE(breaker.admit(start + Millis(1'002)));
}

TEST(Breaker, AProbeThatNeverCameBackBlocksNobodyForEver) {
  Breaker breaker = opened();
  EXPECT_TRUE(breaker.admit(start + Millis(1'000)));
  EXPECT_FALSE(breaker.admit(start + Millis(1'499)));
  EXPECT_TRUE(breaker.admit(start + Millis(1'500)));
}

// After an idle time nobody is refused for what happened before it, though several come at once.
TEST(Breaker, WhereNobodyAskedForLongItIsClosed) {
  Breaker breaker = opened();
  const Instant forgotten = start + Millis(1'000 + 4'000);
  EXPECT_EQ(breaker.state(forgotten - Millis(1)), BreakerState::half_open);
  EXPECT_EQ(breaker.state(forgotten), BreakerState::closed);
  EXPECT_TRUE(breaker.admit(forgotten));
  EXPECT_TRUE(breaker.admit(forgotten));
  breaker.failed(forgotten);
  breaker.failed(forgotten);
  EXPECT_TRUE(breaker.admit(forgotten)) << "it counts from nought again";
  breaker.failed(forgotten);
  EXPECT_EQ(breaker.state(forgotten), BreakerState::open);
  EXPECT_EQ(breaker.open_until(), forgotten + Millis(1'000)) << "and is open as long as at first";
}

TEST(Breaker, AProbeThatWasNeverSentIsGivenBack) {
  Breaker breaker = opened();
  EXPECT_TRUE(breaker.admit(start + Millis(1'000)));
  breaker.withdraw();
  EXPECT_EQ(breaker.state(start + Millis(1'001)), BreakerState::half_open);
  EXPECT_TRUE(breaker.admit(start + Millis(1'001)));
  EXPECT_FALSE(breaker.admit(start + Millis(1'002)));
}

TEST(Breaker, AFailedProbeDoublesTheTimeUpToItsBound) {
  Breaker breaker = opened();
  Instant now = start;
  for (const Millis pause : {Millis(1'000), Millis(2'000), Millis(4'000), Millis(4'000)}) {
    EXPECT_EQ(breaker.open_until(), now + pause);
    now = breaker.open_until();
    EXPECT_TRUE(breaker.admit(now));
    breaker.failed(now);
  }
  now = breaker.open_until();
  EXPECT_TRUE(breaker.admit(now));
  breaker.succeeded();
  for (int i = 0; i < 3; ++i) {
    breaker.failed(now);
  }
  EXPECT_EQ(breaker.open_until(), now + Millis(1'000));
}

TEST(Breaker, AStragglersFailureDoesNotKeepItOpenLonger) {
  Breaker breaker = opened();
  breaker.failed(start + Millis(900));
  EXPECT_EQ(breaker.open_until(), start + Millis(1'000));
}

TEST(Breaker, StaysAwayAsLongAsItIsAskedTo) {
  Breaker breaker(rules());
  breaker.hold(start, start + Millis(2'500));
  EXPECT_FALSE(breaker.admit(start + Millis(2'499)));
  EXPECT_TRUE(breaker.admit(start + Millis(2'500)));
  breaker.succeeded();
  breaker.hold(start, start + Millis(3'600'000));
  EXPECT_EQ(breaker.open_until(), start + Millis(4'000));
}

}  // namespace
}  // namespace larder::policy::breaker_test
