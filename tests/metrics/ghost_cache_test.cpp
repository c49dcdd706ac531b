#include "metrics/ghost_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>
#include <unordered_map>

#include "base/text.h"

namespace larder::metrics::ghost_cache_test {
namespace {

constexpr Instant start = instant_from_millis(1'790'000'000'000);

GhostAccess access(std::uint64_t hash, Instant at, std::uint64_t size = 100) {
  GhostAccess one;
  one.hash = hash;
  one.at = at;
  one.size = Bytes(size);
  return one;
}

std::array<std::uint64_t, ghost_ttl_count> misses_of(const GhostEstimate& estimate) {
  std::array<std::uint64_t, ghost_ttl_count> misses{};
  for (std::size_t i = 0; i < ghost_ttl_count; ++i) {
    misses[i] = estimate.ttls[i].misses;
  }
  return misses;
}

TEST(GhostCache, TellsWhatEachTimeToLiveWouldMiss) {
  GhostCache cache;
  // Every 4 minutes for an hour: 16 accesses.
  for (int i = 0; i <= 15; ++i) {
    const Instant at = start + std::chrono::minutes(4 * i);
    cache.count("title", 1, at);
    cache.observe("title", access(7, at));
  }
  const auto estimates = cache.estimates(start + std::chrono::minutes(60));
  ASSERT_EQ(estimates.size(), 1U);
  EXPECT_EQ(estimates[0].pattern, "title");
  EXPECT_EQ(estimates[0].accesses, 16U);
  EXPECT_EQ(estimates[0].keys, 1U);
  EXPECT_EQ(estimates[0].first, start);
  EXPECT_EQ(estimates[0].last, start + std::chrono::minutes(60));
  // One minute misses all; five minutes every second; fifteen those at 0, 16, 32, 48; an hour those at 0
  // and 60.
  const std::array<std::uint64_t, ghost_ttl_count> expected = {16, 8, 4, 2, 1, 1};
  EXPECT_EQ(misses_of(estimates[0]), expected);
  // All keys are sampled: nothing is estimated.
  EXPECT_EQ(estimates[0].ttls[0].misses_error, 0U);
}

TEST(GhostCache, AnEntryEndsExactlyWithItsTime) {
  GhostCache cache;
  for (const int seconds : {0, 59, 60, 119, 120}) {
    cache.count("title", 1, start + std::chrono::seconds(seconds));
    cache.observe("title", access(7, start + std::chrono::seconds(seconds)));
  }
  EXPECT_EQ(cache.estimates(start + std::chrono::seconds(120))[0].ttls[0].misses, 3U);
}

TEST(GhostCache, SaysHowManyEntriesWouldBeHeldAndWhatTheyTake) {
  GhostCache cache;
  cache.count("title", 2, start);
  cache.observe("title", access(1, start, 1000));
  cache.observe("title", access(2, start + std::chrono::minutes(10), 50));
  const auto estimate = cache.estimates(start + std::chrono::minutes(12))[0];
  EXPECT_EQ(estimate.ttls[0].entries, 0U);
  EXPECT_EQ(estimate.ttls[1].entries, 1U);
  EXPECT_EQ(estimate.ttls[1].memory, Bytes(50));
  EXPECT_EQ(estimate.ttls[2].entries, 2U);
  EXPECT_EQ(estimate.ttls[2].memory, Bytes(1050));
}

TEST(GhostCache, TimeThatGoesBackNeverFillsTwice) {
  GhostCache cache;
  cache.count("title", 2, start);
  cache.observe("title", access(1, start));
  cache.observe("title", access(1, start - std::chrono::hours(1)));
  EXPECT_EQ(cache.estimates(start)[0].ttls[0].misses, 1U);
}

TEST(GhostCache, PatternsPastTheBoundShareOne) {
  GhostCache cache;
  for (std::size_t i = 0; i < 1000; ++i) {
    cache.count(concat({"p", larder::to_text(std::uint64_t{i})}), 1, start);
  }
  const auto estimates = cache.estimates(start);
  EXPECT_EQ(estimates.size(), GhostCache::patterns_max);
  std::uint64_t others = 0;
  for (const GhostEstimate& estimate : estimates) {
    others += estimate.pattern == "other" ? estimate.accesses : 0;
  }
  EXPECT_EQ(others, 1000 - (GhostCache::patterns_max - 1));
}

// What caches with these times to live, and room for all, answer in truth.
class Truth {
 public:
  void access(std::uint64_t key, Instant at) {
    for (std::size_t i = 0; i < ghost_ttl_count; ++i) {
      const auto found = filled_[i].find(key);
      if (found == filled_[i].end() || at >= found->second + ghost_ttls()[i]) {
        filled_[i][key] = at;
        ++misses[i];
      }
    }
  }
  std::array<std::uint64_t, ghost_ttl_count> misses{};

 private:
  std::array<std::unordered_map<std::uint64_t, Instant>, ghost_ttl_count> filled_;
};

// Keys drawn with a probability of about 1 / rank.
std::uint64_t zipf(std::mt19937_64& random, std::uint64_t keys) {
  const double share = std::uniform_real_distribution<double>(0, 1)(random);
  return static_cast<std::uint64_t>(std::exp(share * std::log(static_cast<double>(keys))));
}

TEST(GhostCache, ASampleOfAMillionKeysIsBoundedAndWithinTwoPointsOfTheTruth) {
  std::mt19937_64 random(20261128);
  GhostCache cache;
  Truth truth;
  constexpr std::uint64_t accesses = 500'000;
  Instant at = start;
  for (std::uint64_t i = 0; i < accesses; ++i) {
    at += Millis(40);
    // Half of the accesses go to a million keys alike, half to popular ones.
    const std::uint64_t key = i % 2 == 0 ? random() % 1'000'000 : zipf(random, 100'000);
    const std::uint64_t hash = ghost_hash("larder", larder::to_text(key));
    truth.access(key, at);
    cache.count("title", 1, at);
    if (GhostCache::samples(hash, cache.threshold())) {
      cache.observe("title", access(hash, at));
    }
  }
  EXPECT_LE(cache.keys(), GhostCache::keys_max_default);
  EXPECT_LT(cache.encode().size(), 700'000U);
  const GhostEstimate estimate = cache.estimates(at)[0];
  for (std::size_t i = 0; i < ghost_ttl_count; ++i) {
    const double estimated = static_cast<double>(estimate.ttls[i].misses) / accesses;
    const double true_ratio = static_cast<double>(truth.misses[i]) / accesses;
    EXPECT_LT(std::abs(estimated - true_ratio), 0.02) << ghost_ttls()[i].count();
    EXPECT_LT(static_cast<double>(estimate.ttls[i].misses_error) / accesses, 0.02);
  }
}

TEST(GhostCache, OfAMillionDifferentKeysItKeepsABoundedSample) {
  GhostCache cache;
  constexpr std::uint64_t keys = 1'000'000;
  std::size_t most = 0;
  for (std::uint64_t key = 0; key < keys; ++key) {
    const std::uint64_t hash = ghost_hash("larder", larder::to_text(key));
    const Instant at = start + Millis(static_cast<std::int64_t>(key));
    cache.count("title", 1, at);
    if (GhostCache::samples(hash, cache.threshold())) {
      cache.observe("title", access(hash, at));
    }
    most = std::max(most, cache.keys());
  }
  const std::size_t bytes = cache.encode().size();
  std::printf("1,000,000 keys: %zu are sampled, in %zu bytes\n", cache.keys(), bytes);
  EXPECT_LE(most, GhostCache::keys_max_default);
  EXPECT_LT(bytes, 700'000U);
  // What is sampled stands for all of them: of 8,192 to 16,384 keys the standard error is about a hundredth.
  const GhostEstimate estimate = cache.estimates(start + Millis(keys))[0];
  EXPECT_EQ(estimate.accesses, keys);
  EXPECT_NEAR(static_cast<double>(estimate.ttls.back().entries), static_cast<double>(keys), 0.05 * keys);
}

TEST(GhostCache, ReadsBackWhatItWrote) {
  GhostCache cache(64);
  for (std::uint64_t i = 0; i < 500; ++i) {
    const std::uint64_t hash = ghost_hash("larder", larder::to_text(i));
    cache.count(i % 3 == 0 ? "title" : "isbn", 1, start + std::chrono::seconds(i));
    cache.observe(i % 3 == 0 ? "title" : "isbn", access(hash, start + std::chrono::seconds(i)));
  }
  EXPECT_LE(cache.keys(), 64U);
  const std::string bytes = cache.encode();
  const auto again = GhostCache::decode(bytes, 64);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->encode(), bytes);
  EXPECT_EQ(again->threshold(), cache.threshold());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(GhostCache::decode(std::string_view(bytes).substr(0, cut), 64).has_value()) << cut;
  }
}

}  // namespace
}  // namespace larder::metrics::ghost_cache_test
