// Variants of one key in memory: bounded, and no client takes another's for long.
#include "tiers/variant_set.h"

#include <gtest/gtest.h>

#include <string>

#include "config/limits.h"
#include "support/world.h"

namespace larder::tiers::variant_set_test {
namespace {

constexpr std::size_t most = config::limit::variants_in_memory_max;

http::FieldReader request(std::string language) {
  return [language = std::move(language)](std::string_view name) {
    return name == "accept-language" ? std::optional<std::string>(language) : std::nullopt;
  };
}

struct VariantSetTest : ::testing::Test {
  EntryPtr entry(const std::string& language, std::string_view body = "x") {
    entry::Header header;
    header.vary = http::secondary_key({"accept-language"}, request(language));
    return with(std::move(header), body);
  }
  EntryPtr with(entry::Header header, std::string_view body = "x") {
    header.created = now;
    header.fresh_for = Millis(60'000);
    return std::make_shared<const Entry>(std::move(header), host::Body::from_bytes(host, body));
  }
  Stored put(const std::string& language) { return set.put(entry(language), now); }
  bool has(const std::string& language) { return set.find(request(language))->fits(request(language)); }
  void read(const std::string& language) { set.read(request(language)); }

  sim::World world;
  sim::SimulatedHost host{world};
  Instant now = instant_from_millis(1'000'000'000'000);
  VariantSet set;
};

TEST_F(VariantSetTest, FindsTheOneForTheRequest) {
  put("de");
  put("fr");
  EXPECT_TRUE(has("de"));
  EXPECT_TRUE(has("fr"));
  EXPECT_FALSE(has("en"));
  EXPECT_EQ(set.count(), 2U);
  put("de");
  EXPECT_EQ(set.count(), 2U);
}

TEST_F(VariantSetTest, IsBounded) {
  for (int i = 0; i < 1000; ++i) {
    put(std::to_string(i));
    EXPECT_LE(set.count(), most);
  }
  EXPECT_TRUE(has("999"));
}

// "Ever new values" between two reads of another's, up to what is remembered.
TEST_F(VariantSetTest, AClientWithEverNewValuesTakesNothingFromAnother) {
  for (const int others : {1, 5, 7, 8, 20, 60}) {
    set = VariantSet();
    int value = 0;
    int hits = 0;
    for (int round = 0; round < 20; ++round) {
      if (!set.empty() && has("de")) {
        ++hits;
        read("de");
      } else {
        put("de");
      }
      for (int i = 0; i < others; ++i) {
        put("x" + std::to_string(++value));
      }
    }
    EXPECT_GE(hits, others < static_cast<int>(most) ? 19 : 18) << others;
  }
}

TEST_F(VariantSetTest, OldFameDoesNotLast) {
  for (std::size_t i = 0; i < most; ++i) {
    put("old" + std::to_string(i));
    for (int reads = 0; reads < 10; ++reads) {
      read("old" + std::to_string(i));
    }
  }
  EXPECT_EQ(put("de"), Stored::declined);
  EXPECT_EQ(put("de"), Stored::stored);
  EXPECT_TRUE(has("de"));
  EXPECT_EQ(set.count(), most);
}

TEST_F(VariantSetTest, WhatIsPastItsTimesGoesFirst) {
  put("de");
  for (int reads = 0; reads < 100; ++reads) {
    read("de");
  }
  now += Millis(60'000);
  for (std::size_t i = 0; i < most; ++i) {
    EXPECT_EQ(put("x" + std::to_string(i)), Stored::stored);
  }
  EXPECT_FALSE(has("de"));
}

TEST_F(VariantSetTest, AnAnswerWithAnotherVaryTakesThePlaceOfAll) {
  put("de");
  put("fr");
  entry::Header header;
  header.vary = "accept=text/plain";
  set.put(with(header), now);
  EXPECT_EQ(set.count(), 1U);
  set.put(with(entry::Header()), now);
  EXPECT_EQ(set.count(), 1U);
  EXPECT_TRUE(has("en"));
  EXPECT_TRUE(set.find(nullptr)->fits(nullptr));
  put("de");
  EXPECT_EQ(set.count(), 1U);
}

TEST_F(VariantSetTest, ShrinksToOne) {
  set.put(entry("de", "1234"), now);
  set.put(entry("fr", "12"), now);
  EXPECT_EQ(set.size(), Bytes(6));
  read("de");
  EXPECT_TRUE(set.shrink(now));
  EXPECT_EQ(set.size(), Bytes(4));
  EXPECT_FALSE(set.shrink(now));
  EXPECT_TRUE(has("de"));
}

TEST_F(VariantSetTest, IsRevisedOneByOne) {
  put("de");
  put("fr");
  EXPECT_FALSE(set.revise([](const EntryPtr& one) { return one; }));
  EXPECT_TRUE(set.revise([&](const EntryPtr& one) {
    return one->header.vary == set.find(request("de"))->header.vary ? nullptr : one;
  }));
  EXPECT_FALSE(has("de"));
  EXPECT_TRUE(has("fr"));
}

}  // namespace
}  // namespace larder::tiers::variant_set_test
