// The count of models' calls: exact, day by day.
#include "records/spending.h"

#include <gtest/gtest.h>

#include "support/durable_objects.h"

namespace larder::records::spending_test {
namespace {

constexpr std::uint32_t today = 20'778;

struct SpendingTest : ::testing::Test {
  // How many there are with this one; nullopt: refused.
  std::optional<std::uint64_t> take(std::uint32_t day, std::uint64_t calls, std::uint64_t microdollars = 0) {
    spending::take_arguments asked;
    asked.day = day;
    asked.calls = calls;
    asked.microdollars = microdollars;
    const auto taken =
        sim::ask<spending::take_results>(objects, Instant(), "models", spending::take_number, asked).value();
    return taken.allowed == 1 ? std::optional(taken.used) : std::nullopt;
  }
  void record(std::uint32_t day, std::uint64_t microdollars) {
    spending::record_arguments spent;
    spent.day = day;
    spent.prompt_tokens = 5;
    spent.output_tokens = 6;
    spent.microdollars = microdollars;
    EXPECT_TRUE(
        sim::ask<spending::record_results>(objects, Instant(), "models", spending::record_number, spent));
  }
  SpentDay total(std::uint32_t since) {
    spending::total_arguments asked;
    asked.since = since;
    return sim::ask<spending::total_results>(objects, Instant(), "models", spending::total_number, asked)
        .value()
        .spent;
  }

  sim::DurableObjects objects{ObjectKind::spending};
};

TEST_F(SpendingTest, ExactlyAsManyAreAllowedAsTheBoundSaysOnEachDay) {
  for (std::uint64_t i = 1; i <= 7; ++i) {
    EXPECT_EQ(take(today, 7), i);
  }
  EXPECT_EQ(take(today, 7), std::nullopt);
  EXPECT_EQ(take(today + 1, 7), 1U);
  EXPECT_EQ(take(today, 0), std::nullopt);
}

TEST_F(SpendingTest, OfTheDaysCallsAClientHasItsShare) {
  const auto take_for = [&](std::uint32_t day, std::string client) {
    spending::take_arguments asked;
    asked.day = day;
    asked.calls = 8;
    asked.client = std::move(client);
    asked.client_calls = 3;
    return sim::ask<spending::take_results>(objects, Instant(), "models", spending::take_number, asked)
        .value();
  };
  for (std::uint64_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(take_for(today, "a").used, i);
  }
  const auto over = take_for(today, "a");
  EXPECT_EQ(over.allowed, 0U);
  EXPECT_EQ(over.client_over, 1U);
  // Nothing of the day went by it: others, and nobody in particular, have what is left.
  EXPECT_EQ(take_for(today, "b").used, 4U);
  EXPECT_EQ(take_for(today, "").used, 5U);
  EXPECT_EQ(take_for(today, "").used, 6U);
  EXPECT_EQ(take_for(today, "").used, 7U);
  EXPECT_EQ(take_for(today, "").used, 8U);
  EXPECT_EQ(take_for(today, "c").client_over, 0U);
  EXPECT_EQ(take_for(today, "c").allowed, 0U);
  EXPECT_EQ(take_for(today + 1, "a").used, 1U);
}

TEST_F(SpendingTest, WhatCallsCostIsAddedUpAndBounded) {
  EXPECT_EQ(take(today, 100, 1'000), 1U);
  record(today, 999);
  EXPECT_EQ(take(today, 100, 1'000), 2U);
  record(today, 1);
  EXPECT_EQ(take(today, 100, 1'000), std::nullopt);
  const SpentDay spent = total(today);
  EXPECT_EQ(spent.calls, 2U);
  EXPECT_EQ(spent.prompt_tokens, 10U);
  EXPECT_EQ(spent.output_tokens, 12U);
  EXPECT_EQ(spent.microdollars, 1'000U);
}

TEST_F(SpendingTest, WhatAllDaysSinceOneHaveComeTo) {
  for (std::uint32_t day = today - 1; day <= today + 1; ++day) {
    take(day, 9);
    record(day, 1'500);
  }
  EXPECT_EQ(total(today).calls, 2U);
  EXPECT_EQ(total(today).microdollars, 3'000U);
  EXPECT_EQ(total(0).calls, 3U);
  EXPECT_EQ(total(today + 2).calls, 0U);
}

TEST_F(SpendingTest, DaysOlderThanNinetyAreForgotten) {
  take(today, 9);
  take(today + 90, 9);
  EXPECT_EQ(total(0).calls, 2U);
  take(today + 91, 9);
  EXPECT_EQ(total(0).calls, 2U);
  EXPECT_EQ(total(today + 1).calls, 2U);
}

TEST_F(SpendingTest, ACallThatTrapsBetweenTwoWritesLeavesNothingBehind) {
  take(today, 9);
  take(today + 1, 9);
  const auto before = objects.store("models").rows;
  // Forgetting the first day is its first write, counting the call its second.
  objects.store("models").writes_until_trap = 1;
  spending::take_arguments asked;
  asked.day = today + 91;
  asked.calls = 9;
  EXPECT_EQ(objects.call(Instant(), "models", spending::take_number, encode(asked)), std::nullopt);
  EXPECT_EQ(objects.store("models").rows, before);
  EXPECT_EQ(take(today + 91, 9), 1U);
}

}  // namespace
}  // namespace larder::records::spending_test
