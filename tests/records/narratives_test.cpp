// The narratives' log: batches that come twice, users who are forgotten, pages, and what goes after 90 days.
#include "records/narratives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/limits.h"
#include "support/durable_objects.h"

namespace larder::records::narratives_test {
namespace {

constexpr std::uint64_t start = 1'790'000'000'000;
constexpr std::uint64_t day = 86'400'000;

struct NarrativesTest : ::testing::Test {
  static NarrativeEntry entry(std::string user, std::uint64_t at = start) {
    NarrativeEntry made;
    made.at = at;
    made.user = std::move(user);
    made.system = "ember";
    return made;
  }
  bool add(std::string batch, NarrativeEntries entries) {
    narratives::add_arguments asked;
    asked.batch = std::move(batch);
    asked.entries = std::move(entries);
    return sim::ask<narratives::add_results>(objects, now, "larder", narratives::add_number, asked)
        .has_value();
  }
  std::optional<std::uint64_t> forget(std::string user) {
    narratives::forget_arguments asked;
    asked.user = std::move(user);
    const auto told =
        sim::ask<narratives::forget_results>(objects, now, "larder", narratives::forget_number, asked);
    return told ? std::optional(told->count) : std::nullopt;
  }
  narratives::list_results list(std::uint64_t since = 0, std::string before = "",
                                std::uint32_t count_max = 100) {
    narratives::list_arguments asked;
    asked.since = since;
    asked.before = std::move(before);
    asked.count_max = count_max;
    return sim::ask<narratives::list_results>(objects, now, "larder", narratives::list_number, asked).value();
  }
  std::vector<std::string> users(const narratives::list_results& page) {
    std::vector<std::string> found;
    for (const NarrativeEntry& one : page.entries) {
      found.push_back(one.user);
    }
    return found;
  }

  Instant now = instant_from_millis(static_cast<std::int64_t>(start));
  sim::DurableObjects objects{ObjectKind::narratives};
};

TEST_F(NarrativesTest, ABatchThatComesTwiceCountsOnce) {
  add("b", {entry("u"), entry("u")});
  add("b", {entry("u"), entry("u")});
  add("c", {entry("u"), entry("u")});
  EXPECT_EQ(list().entries.size(), 4U);
}

TEST_F(NarrativesTest, PagesGoFromTheNewestToWhatIsOldEnough) {
  add("b", {entry("a", start), entry("b", start + 1), entry("c", start + 2), entry("d", start + 3)});
  const auto first = list(start + 1, "", 2);
  EXPECT_EQ(users(first), (std::vector<std::string>{"d", "c"}));
  const auto second = list(start + 1, first.next, 2);
  EXPECT_EQ(users(second), std::vector<std::string>{"b"});
  EXPECT_EQ(second.next, "");
  EXPECT_TRUE(list(start + 4).entries.empty());
  // A place that no page gave is somewhere in the order, or nowhere.
  EXPECT_TRUE(list(0, "a").entries.empty());
  EXPECT_EQ(list(0, "zzz").entries.size(), 4U);
}

TEST_F(NarrativesTest, AForgottenUserIsGoneAndSoIsWhatIsStillOnItsWay) {
  add("a", {entry("u"), entry("v"), entry("u", start - day)});
  EXPECT_EQ(forget("u"), 2U);
  // Written by an isolate that had these rows waiting, and whose clock is a second ahead.
  add("b", {entry("u"), entry("u", start + 1'000), entry("v")});
  EXPECT_EQ(users(list()), (std::vector<std::string>{"v", "v"}));
  EXPECT_EQ(forget("u"), 0U);
  // Who comes back is counted again.
  add("c", {entry("u", start + 1'001)});
  EXPECT_EQ(users(list()), (std::vector<std::string>{"u", "v", "v"}));
}

TEST_F(NarrativesTest, ABatchThatComesAgainBringsNoForgottenUserBack) {
  add("a", {entry("u"), entry("v")});
  forget("u");
  add("a", {entry("u"), entry("v")});
  EXPECT_EQ(users(list()), std::vector<std::string>{"v"});
}

TEST_F(NarrativesTest, WhatIsNinetyDaysOldGoesAndADayLaterTheMemoryOfWhoWasForgotten) {
  add("a", {entry("old"), entry("young", start + 1)});
  forget("w");
  now += Millis(90 * day) + Millis(1);
  objects.run_alarms(now);
  EXPECT_EQ(users(list()), std::vector<std::string>{"young"});
  add("b", {entry("w")});
  EXPECT_EQ(list().entries.size(), 2U);
  now += Millis(90 * day);
  objects.run_alarms(now);
  EXPECT_TRUE(objects.store("larder").rows.empty());
  EXPECT_EQ(objects.alarm("larder"), std::nullopt);
}

TEST_F(NarrativesTest, WhatIsManyGoesInBoundedSteps) {
  for (int i = 0; i < 3; ++i) {
    add(std::string(1, static_cast<char>('a' + i)),
        NarrativeEntries(narratives::batch_entries_max, entry("u")));
  }
  now += Millis(91 * day);
  std::size_t alarms = 0;
  while (!objects.store("larder").rows.empty()) {
    ASSERT_TRUE(objects.alarm("larder"));
    now = std::max(now, *objects.alarm("larder"));
    objects.run_alarms(now);
    EXPECT_LE(objects.store("larder").rows_written, 2 * config::limit::rows_at_once + 2);
    ++alarms;
  }
  EXPECT_EQ(alarms, 7U);
}

TEST_F(NarrativesTest, WhatIsMalformedIsRefusedAsAWhole) {
  NarrativeEntry no_outcome = entry("u");
  no_outcome.outcome = 5;
  const NarrativeEntry long_user = entry(std::string(narratives::text_bytes_max + 1, 'u'));
  EXPECT_FALSE(add("", {entry("u")}));
  EXPECT_FALSE(add("b", {entry("u"), no_outcome}));
  EXPECT_FALSE(add("b", {entry("u"), long_user}));
  EXPECT_FALSE(add("b", NarrativeEntries(narratives::batch_entries_max + 1, entry("u"))));
  EXPECT_EQ(forget(""), std::nullopt);
  EXPECT_TRUE(objects.store("larder").rows.empty());
}

}  // namespace
}  // namespace larder::records::narratives_test
