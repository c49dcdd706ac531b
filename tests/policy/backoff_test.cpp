#include "policy/backoff.h"

#include <gtest/gtest.h>

namespace larder::policy::backoff_test {
namespace {

TEST(Backoff, DoublesUpToItsBoundAndTakesAtLeastHalf) {
  EXPECT_EQ(backoff(2, Millis(100), Millis(1'000), 0), Millis(50));
  EXPECT_EQ(backoff(2, Millis(100), Millis(1'000), 50), Millis(100));
  EXPECT_EQ(backoff(2, Millis(100), Millis(1'000), 51), Millis(50));
  EXPECT_EQ(backoff(3, Millis(100), Millis(1'000), 100), Millis(200));
  EXPECT_EQ(backoff(5, Millis(100), Millis(1'000), 400), Millis(800));
  EXPECT_EQ(backoff(6, Millis(100), Millis(1'000), 500), Millis(1'000));
  EXPECT_EQ(backoff(1'000'000, Millis(100), Millis(1'000), 0xffffffff), Millis(500 + 0xffffffffLL % 501));
}

TEST(RetryBudget, AllowsAShareOfTheRequests) {
  RetryBudget budget;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(budget.take()) << i;
  }
  EXPECT_FALSE(budget.take());
  for (int i = 0; i < 9; ++i) {
    budget.request();
  }
  EXPECT_FALSE(budget.take());
  budget.request();
  EXPECT_TRUE(budget.take());
  for (int i = 0; i < 10'000; ++i) {
    budget.request();
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(budget.take()) << i;
  }
  EXPECT_FALSE(budget.take());
}

}  // namespace
}  // namespace larder::policy::backoff_test
