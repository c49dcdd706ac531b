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
  for (const MetricRow& row : metric_rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    // What Prometheus' linters want: a counter ends in _total, and nothing else does; a unit is a suffix.
    EXPECT_EQ(row.name.ends_with("_total"), row.type == metrics::MetricType::counter) << row.name;
    EXPECT_TRUE(row.unit.empty() || row.name.ends_with(concat({"_", row.unit}))) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_TRUE(row.second_label.empty() || !row.first_label.empty()) << row.name;
  }
}

TEST(Counters, RowsAreThoseOfTheRequirement) {
  const auto labels = [](std::string_view name) {
    for (const MetricRow& row : metric_rows()) {
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

// Two methods of one path are one route; each resource has its numbers by its place.
TEST(Counters, AResourceIsCountedByItsNumber) {
  std::vector<config::Resource> resources(3);
  const char* const names[] = {"title", "isbn", "ask"};
  const char* const paths[] = {"/title", "/book", "/book"};
  for (std::size_t i = 0; i < 3; ++i) {
    resources[i].name = names[i];
    resources[i].match.path = paths[i];
    resources[i].number = static_cast<std::uint16_t>(i + 1);
  }
  Counters counters;
  counters.name_resources(resources);
  for (const config::Resource& resource : resources) {
    counters.add(Counter::cache_hits_total, Label(config::Tier::kv),
                 counters.pattern(resource.number, "no word is looked at"));
    counters.add(Counter::cache_candidate_requests_total, counters.route(resource),
                 Label(http::Method::post));
    counters.add(Counter::origin_requests_total, counters.origin(resource), "answered");
  }
  EXPECT_EQ(written(counters),
            R"({"cache_hits_total":[{"impl":"kv","key_pattern":"ask","value":1},)"
            R"({"impl":"kv","key_pattern":"isbn","value":1},{"impl":"kv","key_pattern":"title","value":1}],)"
            R"("cache_candidate_requests_total":[{"route":"/book","method":"POST","value":2},)"
            R"({"route":"/title","method":"POST","value":1}],)"
            R"("origin_requests_total":[{"origin":"ask","outcome":"answered","value":1},)"
            R"({"origin":"isbn","outcome":"answered","value":1},)"
            R"({"origin":"title","outcome":"answered","value":1}]})");
  // A key of no known resource is counted by its word, and by the number of that word where there is one.
  counters.add(Counter::cache_hits_total, Label(config::Tier::kv), counters.pattern(0, "isbn"));
  counters.add(Counter::cache_hits_total, Label(config::Tier::kv), counters.pattern(9, "user"));
  EXPECT_EQ(counters.value(Counter::cache_hits_total, "kv", "isbn"), 2U);
  EXPECT_EQ(counters.value(Counter::cache_hits_total, "kv", "user"), 1U);
}

TEST(Counters, EveryTierErrorAndMethodHasANumberOfItsOwn) {
  Counters counters;
  for (const config::Tier tier : config::all_tiers) {
    for (std::size_t kind = 0; kind <= static_cast<std::size_t>(ErrorKind::internal); ++kind) {
      counters.add(Counter::cache_errors_total, Label(tier), Label(static_cast<ErrorKind>(kind)));
      EXPECT_EQ(counters.value(Counter::cache_errors_total, config::to_text(tier),
                               larder::to_text(static_cast<ErrorKind>(kind))),
                1U);
    }
    counters.add(Counter::breaker_refused_total, Label(tier));
    EXPECT_EQ(counters.value(Counter::breaker_refused_total, config::to_text(tier)), 1U);
  }
  counters.add(Counter::cache_candidate_requests_total, "/", Label(http::Method::delete_));
  EXPECT_EQ(counters.value(Counter::cache_candidate_requests_total, "/", "DELETE"), 1U);
}

TEST(Counters, PastTheBoundNewSeriesShareOne) {
  Counters counters;
  // labels.def: 64 tags, one of which is "other" and one none.
  for (int i = 0; i < 62; ++i) {
    counters.add(Counter::cache_invalidate_total, "kv", larder::to_text(std::int64_t{i}));
  }
  for (int i = 0; i < 5000; ++i) {
    counters.add(Counter::cache_invalidate_total, "kv", concat({"late", larder::to_text(std::int64_t{i})}));
  }
  EXPECT_EQ(counters.value(Counter::cache_invalidate_total, "kv", "other"), 5000U);
  EXPECT_EQ(counters.value(Counter::cache_invalidate_total, "kv", "late1"), 0U);
  // Series that were there go on, and nothing is lost from the sum.
  counters.add(Counter::cache_invalidate_total, "kv", "7");
  EXPECT_EQ(counters.value(Counter::cache_invalidate_total, "kv", "7"), 2U);
  EXPECT_EQ(counters.total(Counter::cache_invalidate_total), 62U + 5000U + 1U);
  // A counter without labels needs no such name.
  counters.add(Counter::lane_hits_total);
  EXPECT_EQ(counters.value(Counter::lane_hits_total), 1U);
}

// A rate or a sum of them is asked for before the first event.
TEST(Counters, WithoutLabelsAreZeroFromTheBeginning) {
  for (const metrics::Family& family : families_of(metrics::Tally(), metrics::Tally())) {
    const bool is_zero = family.type == metrics::MetricType::counter && family.label_names.empty();
    ASSERT_EQ(family.series.size(), is_zero ? 1U : 0U) << family.name;
    if (is_zero) {
      EXPECT_TRUE(family.series[0].labels.empty());
      EXPECT_EQ(family.series[0].value, 0U);
    }
  }
  metrics::Tally counted;
  counted.add("cache_hit_stale_total", 3);
  for (const metrics::Family& family : families_of(counted, metrics::Tally())) {
    if (family.name == "cache_hit_stale_total") {
      ASSERT_EQ(family.series.size(), 1U);
      EXPECT_EQ(family.series[0].value, 3U);
    }
  }
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
