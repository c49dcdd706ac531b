#include "metrics/tally.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/text.h"

namespace larder::metrics::tally_test {
namespace {

TEST(Tally, AddsSeriesBySeriesInAnyOrder) {
  Tally one;
  one.add(series_name("hits_total", {"memory", "title"}), 3);
  one.add(series_name("seconds", {"hit"}), Cells{1, 2, 40});
  Tally two;
  two.add(series_name("hits_total", {"memory", "title"}), 4);
  two.add(series_name("hits_total", {"kv", "isbn"}), 1);
  two.add(series_name("seconds", {"hit"}), Cells{0, 5, 60});
  Tally forth = one;
  forth.add(two);
  Tally back = two;
  back.add(one);
  EXPECT_EQ(forth.encode(), back.encode());
  EXPECT_EQ(forth.sum("hits_total"), 8U);
  EXPECT_EQ(forth.sum("hits_total", 0, "memory"), 7U);
  EXPECT_EQ(forth.sum("hits_total", 1, "isbn"), 1U);
  EXPECT_EQ(forth.sum("hits_total", 2, "isbn"), 0U);
  EXPECT_EQ(forth.sum("hits"), 0U);
  EXPECT_EQ(forth.cells("seconds"), (Cells{1, 7, 100}));
  EXPECT_EQ(forth.cells("nothing"), Cells());
}

TEST(Tally, AMetricWhoseNameBeginsAnotherIsNotMixedUp) {
  Tally tally;
  tally.add("hits", 1);
  tally.add("hits_total", 10);
  tally.add(series_name("hits", {"a"}), 100);
  EXPECT_EQ(tally.sum("hits"), 101U);
  EXPECT_EQ(tally.sum("hits_total"), 10U);
}

TEST(Tally, SumsNeverGoDown) {
  Tally tally;
  tally.add("x", std::numeric_limits<std::uint64_t>::max() - 1);
  tally.add("x", 5);
  EXPECT_EQ(tally.sum("x"), std::numeric_limits<std::uint64_t>::max());
}

TEST(Tally, ASeriesWhoseBucketsChangedBeginsAnew) {
  Tally tally;
  tally.add("seconds", Cells{1, 2, 3});
  tally.add("seconds", Cells{4, 5});
  EXPECT_EQ(tally.cells("seconds"), (Cells{4, 5}));
}

TEST(Tally, IsBoundedAndSaysWhatItLeftOut) {
  Tally tally;
  for (std::uint64_t i = 0; i < Tally::series_max + 10; ++i) {
    tally.add(series_name("x", {larder::to_text(i)}), 1);
  }
  EXPECT_EQ(tally.series().size(), Tally::series_max);
  EXPECT_EQ(tally.left_out(), 10U);
  tally.add(series_name("x", {"0"}), 1);
  EXPECT_EQ(tally.sum("x", 0, "0"), 2U);
  EXPECT_TRUE(Tally::decode(tally.encode()).has_value());
}

TEST(Tally, ReadsBackWhatItWroteAndNothingElse) {
  Tally tally;
  tally.add(series_name("hits_total", {"memory", ""}), 3);
  tally.add("seconds", Cells{1, 2, 40});
  const std::string bytes = tally.encode();
  const auto again = Tally::decode(bytes);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->encode(), bytes);
  EXPECT_EQ(parts_of(series_name("a", {"b", ""})).labels.size(), 2U);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(Tally::decode(std::string_view(bytes).substr(0, cut)).has_value()) << cut;
  }
}

}  // namespace
}  // namespace larder::metrics::tally_test
