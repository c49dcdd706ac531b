#include "observe/counters.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"

namespace larder::observe::counters_test {
namespace {

std::string written(const Counters& counters) {
  JsonWriter json;
  counters.write(json);
  return json.text();
}

TEST(Counters, CountEachSeriesForItself) {
  Counters counters;
  counters.add(Counter::cache_hits_total, "memory", "title");
  counters.add(Counter::cache_hits_total, "memory", "title", 4);
  counters.add(Counter::cache_hits_total, "kv", "title");
  counters.add(Counter::cache_miss_total, "memory", "title");
  EXPECT_EQ(counters.value(Counter::cache_hits_total, "memory", "title"), 5U);
  EXPECT_EQ(counters.value(Counter::cache_hits_total, "kv", "title"), 1U);
  EXPECT_EQ(counters.value(Counter::cache_hits_total, "title", "memory"), 0U);
  EXPECT_EQ(counters.value(Counter::cache_hits_total, "memory"), 0U);
  EXPECT_EQ(counters.total(Counter::cache_hits_total), 6U);
  EXPECT_EQ(counters.total(Counter::cache_miss_total), 1U);
  EXPECT_EQ(counters.total(Counter::cache_set_total), 0U);
}

TEST(Counters, LabelsDoNotRunIntoEachOther) {
  Counters counters;
  counters.add(Counter::cache_hits_total, "ab", "c");
  counters.add(Counter::cache_hits_total, "a", "bc", 2);
  EXPECT_EQ(counters.value(Counter::cache_hits_total, "ab", "c"), 1U);
  EXPECT_EQ(counters.value(Counter::cache_hits_total, "a", "bc"), 2U);
}

TEST(Counters, RowsHaveNamesOfTheirOwnAndHelp) {
  std::set<std::string_view> names;
  for (const CounterRow& row : counter_rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    // What Prometheus' linters want of a counter.
    EXPECT_TRUE(row.name.size() > 6 && row.name.substr(row.name.size() - 6) == "_total") << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_TRUE(row.second_label.empty() || !row.first_label.empty()) << row.name;
  }
}

TEST(Counters, RowsAreThoseOfTheRequirement) {
  const auto labels = [](std::string_view name) {
    for (const CounterRow& row : counter_rows()) {
      if (row.name == name) {
        return concat({row.first_label, ",", row.second_label});
      }
    }
    return std::string("none");
  };
  // Requirement F6.
  EXPECT_EQ(labels("cache_hits_total"), "impl,key_pattern");
  EXPECT_EQ(labels("cache_miss_total"), "impl,key_pattern");
  EXPECT_EQ(labels("cache_set_total"), "impl,key_pattern");
  EXPECT_EQ(labels("cache_del_total"), "impl,key_pattern");
  EXPECT_EQ(labels("cache_errors_total"), "impl,error_type");
  EXPECT_EQ(labels("cache_invalidate_total"), "impl,tag");
  EXPECT_EQ(labels("cache_candidate_requests_total"), "route,method");
}

TEST(Counters, PastTheBoundNewSeriesShareOne) {
  Counters counters;
  for (std::size_t i = 0; i < Counters::series_max; ++i) {
    counters.add(Counter::cache_invalidate_total, "kv", larder::to_text(std::uint64_t{i}));
  }
  for (int i = 0; i < 5000; ++i) {
    counters.add(Counter::cache_invalidate_total, "kv", concat({"late", larder::to_text(std::uint64_t(i))}));
  }
  EXPECT_EQ(counters.value(Counter::cache_invalidate_total, "other", "other"), 5000U);
  EXPECT_EQ(counters.value(Counter::cache_invalidate_total, "kv", "late1"), 0U);
  // Series that were there go on, and nothing is lost from the sum.
  counters.add(Counter::cache_invalidate_total, "kv", "7");
  EXPECT_EQ(counters.value(Counter::cache_invalidate_total, "kv", "7"), 2U);
  EXPECT_EQ(counters.total(Counter::cache_invalidate_total), Counters::series_max + 5001);
  // A counter without labels needs no such name.
  counters.add(Counter::lane_hits_total);
  EXPECT_EQ(counters.value(Counter::lane_hits_total), 1U);
}

TEST(Counters, AreWrittenByRowAndThenByLabel) {
  Counters counters;
  EXPECT_EQ(written(counters), "{}");
  counters.add(Counter::lane_hits_total, {}, {}, 7);
  counters.add(Counter::cache_miss_total, "memory", "title");
  counters.add(Counter::cache_hits_total, "memory", "title", 2);
  counters.add(Counter::cache_hits_total, "edge", "isbn");
  EXPECT_EQ(written(counters), R"({"cache_hits_total":[{"impl":"edge","key_pattern":"isbn","value":1},)"
                               R"({"impl":"memory","key_pattern":"title","value":2}],)"
                               R"("cache_miss_total":[{"impl":"memory","key_pattern":"title","value":1}],)"
                               R"("lane_hits_total":[{"value":7}]})");
}

TEST(Counters, LabelsAreEscaped) {
  Counters counters;
  counters.add(Counter::cache_invalidate_total, "kv", "say \"hi\"\\");
  EXPECT_EQ(written(counters),
            R"({"cache_invalidate_total":[{"impl":"kv","tag":"say \"hi\"\\","value":1}]})");
}

}  // namespace
}  // namespace larder::observe::counters_test
