#include "metrics/costs.h"

#include <gtest/gtest.h>

#include <set>

namespace larder::metrics::costs_test {
namespace {

const PriceRow& row(BilledItem item) { return price_rows()[static_cast<std::size_t>(item)]; }

TEST(Costs, RowsAreInTheOrderOfTheirItems) {
  ASSERT_EQ(price_rows().size(), billed_items);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < billed_items; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(price_rows()[i].item), i);
    EXPECT_TRUE(names.insert(price_rows()[i].name).second);
    EXPECT_GT(price_rows()[i].per, 0U);
  }
}

TEST(Costs, WhatIsIncludedIsFreeAndTheNextUnitIsNot) {
  const PriceRow& writes = row(BilledItem::kv_writes);
  EXPECT_EQ(monthly_cost(writes, 1'000'000), 0U);
  EXPECT_EQ(monthly_cost(writes, 1'000'001), 5U);
  EXPECT_EQ(monthly_cost(writes, 2'000'000), 5'000'000U);
  EXPECT_EQ(marginal_cost(writes, 1), 5U);
  // A KV write costs ten times a read.
  EXPECT_EQ(marginal_cost(writes, 1'000'000), 10 * marginal_cost(row(BilledItem::kv_reads), 1'000'000));
}

TEST(Costs, AMonthIsTheSumOfItsItems) {
  Usage usage{};
  EXPECT_EQ(monthly_cost(usage), 0U);
  usage[static_cast<std::size_t>(BilledItem::worker_requests)] = 20'000'000;  // $3.00
  usage[static_cast<std::size_t>(BilledItem::kv_reads)] = 30'000'000;         // $10.00
  usage[static_cast<std::size_t>(BilledItem::kv_writes)] = 1'500'000;         // $2.50
  usage[static_cast<std::size_t>(BilledItem::r2_bytes)] = 11'000'000'000;     // $0.015
  usage[static_cast<std::size_t>(BilledItem::emails)] = 4'000;                // $0.35
  EXPECT_EQ(monthly_cost(usage), 3'000'000U + 10'000'000U + 2'500'000U + 15'000U + 350'000U);
}

TEST(Costs, LargeAmountsDoNotOverflow) {
  EXPECT_EQ(marginal_cost(row(BilledItem::object_rows_read), 10'000'000'000'000'000U), 10'000'000'000'000U);
}

TEST(Costs, WhatIsKeptForAMonthIsAByteMonth) {
  EXPECT_EQ(byte_months(30ULL * 24 * 3600 * 5), 5U);
  EXPECT_EQ(byte_months(30ULL * 24 * 3600 - 1), 0U);
  // 10,000 entries of 5 KB, rewritten once a day, are 50 MB at any time.
  const Instant since = instant_from_millis(1'790'000'000'000);
  EXPECT_EQ(mean_bytes(10'000ULL * 5'000 * 86'400, since, since + std::chrono::hours(24)), 50'000'000U);
  EXPECT_EQ(mean_bytes(600, since, since), 10U);
  Usage usage{};
  const auto item = static_cast<std::size_t>(BilledItem::kv_bytes);
  usage[item] = byte_months(10'000ULL * 5'000 * 86'400);
  EXPECT_NEAR(static_cast<double>(forecast_month(usage, since, since + std::chrono::hours(24))[item]), 50e6,
              30);
}

TEST(Costs, AForecastKeepsTheRate) {
  const Instant since = instant_from_millis(1'790'000'000'000);
  Usage usage{};
  usage[0] = 100;
  EXPECT_EQ(forecast_month(usage, since, since + std::chrono::hours(24))[0], 3000U);
  EXPECT_EQ(forecast_month(usage, since, since + std::chrono::hours(24 * 30))[0], 100U);
  // A moment counts as a minute.
  EXPECT_EQ(forecast_month(usage, since, since)[0], 100U * 30 * 24 * 60);
}

}  // namespace
}  // namespace larder::metrics::costs_test
