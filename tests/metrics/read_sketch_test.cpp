#include "metrics/read_sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "metrics/ghost_cache.h"

namespace larder::metrics::read_sketch_test {
namespace {

constexpr Millis day = std::chrono::hours(24);
constexpr std::size_t width = 1024;
// A Monday's beginning, in a fresh half-life.
const Instant start = instant_from_millis(2960 * (7 * day).count());

ReadSketch sketch_of() { return ReadSketch(width, 7 * day); }
std::uint64_t hash_of(std::uint64_t key) { return ghost_hash("larder", larder::to_text(key)); }

TEST(ReadSketch, CountsReadsAndTheDayOfTheLast) {
  ReadSketch sketch = sketch_of();
  sketch.add(hash_of(1), 3, start);
  sketch.add(hash_of(1), 2, start + day + Millis(5));
  EXPECT_EQ(sketch.use(hash_of(1), start + day).reads, 5U);
  EXPECT_EQ(sketch.use(hash_of(1), start + day).last_read, start + day);
  EXPECT_EQ(sketch.use(hash_of(2), start).reads, 0U);
  EXPECT_EQ(sketch.use(hash_of(2), start).last_read, Instant());
}

TEST(ReadSketch, AReadCountsHalfAfterAHalfLife) {
  ReadSketch sketch = sketch_of();
  sketch.add(hash_of(1), 8, start);
  EXPECT_EQ(sketch.use(hash_of(1), start + 7 * day - Millis(1)).reads, 8U);
  EXPECT_EQ(sketch.use(hash_of(1), start + 7 * day).reads, 4U);
  sketch.add(hash_of(1), 1, start + 14 * day);
  EXPECT_EQ(sketch.use(hash_of(1), start + 14 * day).reads, 3U);
  EXPECT_EQ(sketch.use(hash_of(1), start + 700 * day).reads, 0U);
}

TEST(ReadSketch, NoKeyLooksColderThanItIs) {
  ReadSketch sketch = sketch_of();
  for (std::uint64_t key = 0; key < 5'000; ++key) {
    sketch.add(hash_of(key), static_cast<std::uint32_t>(key % 7 + 1),
               start + static_cast<int>(key % 5) * day);
  }
  for (std::uint64_t key = 0; key < 5'000; ++key) {
    const ReadUse use = sketch.use(hash_of(key), start + 5 * day);
    EXPECT_GE(use.reads, key % 7 + 1);
    EXPECT_GE(use.last_read, start + static_cast<int>(key % 5) * day);
  }
}

TEST(ReadSketch, FewColdKeysLookWarmWhileItHasRoom) {
  ReadSketch sketch(32768, 7 * day);
  for (std::uint64_t key = 0; key < 10'000; ++key) {
    sketch.add(hash_of(key), 1, start);
  }
  std::size_t warm = 0;
  for (std::uint64_t key = 10'000; key < 20'000; ++key) {
    warm += sketch.use(hash_of(key), start).reads > 0 ? 1U : 0U;
  }
  // (1 - e^(-10,000/32,768))² = 6.9 %.
  EXPECT_GT(warm, 550U);
  EXPECT_LT(warm, 830U);
}

TEST(ReadSketch, CountsAreBounded) {
  ReadSketch sketch = sketch_of();
  sketch.add(hash_of(1), UINT32_MAX, start);
  sketch.add(hash_of(1), UINT32_MAX, start);
  EXPECT_EQ(sketch.use(hash_of(1), start).reads, 255U);
}

TEST(ReadSketch, SurvivesItsBytesAndRefusesOthers) {
  ReadSketch sketch = sketch_of();
  sketch.add(hash_of(1), 3, start);
  const std::string bytes = sketch.encode();
  const auto read = ReadSketch::decode(bytes, width, 7 * day);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->use(hash_of(1), start).reads, 3U);
  EXPECT_EQ(read->encode(), bytes);
  EXPECT_FALSE(ReadSketch::decode(bytes, width * 2, 7 * day).has_value());
  EXPECT_FALSE(ReadSketch::decode(bytes.substr(1), width, 7 * day).has_value());
  EXPECT_FALSE(ReadSketch::decode("", width, 7 * day).has_value());
}

}  // namespace
}  // namespace larder::metrics::read_sketch_test
