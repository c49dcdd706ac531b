// Which reads of keys Analytics Engine is told of, and when.
#include "observe/key_reads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/limits.h"

namespace larder::observe::key_reads_test {
namespace {

namespace limit = config::limit;

const Instant begin = instant_from_millis(1'795'917'600'000);

TEST(KeyReadsTest, AKeyIsToldOfAtOnceAndThenOnceAnHour) {
  KeyReads keys;
  EXPECT_FALSE(keys.is_due(begin));
  keys.add(7, 3, 2, begin);
  ASSERT_TRUE(keys.is_due(begin));
  const auto first = keys.take(10, begin + Millis(9000));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].hash, 7U);
  EXPECT_EQ(first[0].resource_number, 3U);
  EXPECT_EQ(first[0].reads, 2U);
  EXPECT_EQ(first[0].last_read, begin);
  // What is read within the hour waits for its end.
  const Instant told = begin + Millis(9000);
  keys.add(7, 3, 1, told + Millis(1000));
  keys.add(7, 3, 4, told + Millis(2000));
  const Instant due = told + limit::analytics_key_quiet;
  EXPECT_FALSE(keys.is_due(due - Millis(1)));
  EXPECT_TRUE(keys.take(10, due - Millis(1)).empty());
  ASSERT_TRUE(keys.is_due(due));
  const auto second = keys.take(10, due);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].reads, 5U);
  EXPECT_EQ(second[0].last_read, told + Millis(2000));
  EXPECT_FALSE(keys.is_due(due + limit::analytics_key_quiet));
}

TEST(KeyReadsTest, ThoseThatWaitedLongestGoFirstAndTheRestWaits) {
  KeyReads keys;
  keys.add(1, 0, 1, begin);
  EXPECT_EQ(keys.take(1, begin).size(), 1U);
  const Instant later = begin + limit::analytics_key_quiet;
  keys.add(1, 0, 1, later);
  keys.add(3, 0, 1, later);
  keys.add(2, 0, 1, later);
  const auto first = keys.take(2, later);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].hash, 2U);
  EXPECT_EQ(first[1].hash, 3U);
  EXPECT_TRUE(keys.is_due(later));
  const auto second = keys.take(2, later);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].hash, 1U);
}

TEST(KeyReadsTest, ReadsOfKeysWithoutRoomAreLostAndToldSo) {
  KeyReads keys;
  for (std::uint64_t hash = 0; hash < limit::analytics_keys_max; ++hash) {
    keys.add(hash, 0, 1, begin);
  }
  EXPECT_EQ(keys.take_lost(), 0U);
  keys.add(1'000'000, 0, 3, begin);
  // Those that have their place keep it.
  keys.add(0, 0, 1, begin);
  EXPECT_EQ(keys.take_lost(), 3U);
  EXPECT_EQ(keys.take_lost(), 0U);
  // What was told of makes room.
  EXPECT_EQ(keys.take(5, begin).size(), 5U);
  for (std::uint64_t hash = 1'000'000; hash < 1'000'005; ++hash) {
    keys.add(hash, 0, 1, begin);
  }
  EXPECT_EQ(keys.take_lost(), 0U);
  keys.add(1'000'005, 0, 1, begin);
  EXPECT_EQ(keys.take_lost(), 1U);
  EXPECT_EQ(keys.take(limit::analytics_keys_max, begin).size(), limit::analytics_keys_max);
  keys.lose(4);
  EXPECT_TRUE(keys.is_due(begin));
  EXPECT_EQ(keys.take_lost(), 4U);
  EXPECT_FALSE(keys.is_due(begin));
}

}  // namespace
}  // namespace larder::observe::key_reads_test
