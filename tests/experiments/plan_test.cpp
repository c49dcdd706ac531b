#include "experiments/plan.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace larder::experiments::plan_test {
namespace {

Published experiment_of(std::string name, Standing standing, std::string_view word, std::string_view text) {
  Published published;
  published.serial = 7;
  published.name = name;
  published.standing = standing;
  published.resources = {"title"};
  published.cohorts.layer = name;
  published.cohorts.salt = name + "/1";
  published.cohorts.shares = {50, 50};
  published.epoch = 3;
  published.promoted = 1;
  published.since = 1'790'000'000'000;
  published.variants.resize(2);
  published.variants[0].name = "a";
  published.variants[1].name = "b";
  EXPECT_TRUE(config::set_override(published.variants[1].overrides, word, text).has_value());
  return published;
}

TextPairs settings_of(const std::vector<Published>& experiments) {
  TextPairs settings = {{"FEATURE_CACHE", "true"}};
  for (const Published& experiment : experiments) {
    settings.emplace_back("experiment:" + experiment.name, to_setting(experiment));
  }
  return settings;
}

config::Resource titles() {
  config::Resource resource;
  resource.name = "title";
  resource.number = 1;
  resource.ttl = Millis(1'000);
  return resource;
}

std::string key_of(const Plan& plan, std::string_view label) {
  for (std::uint64_t i = 0;; ++i) {
    std::string key = "key" + to_text(i);
    const auto view = plan.view_of(titles(), key);
    if ((view == nullptr ? "" : view->label) == label) {
      return key;
    }
  }
}

TEST(Published, IsReadAsItIsWritten) {
  Published published = experiment_of("x", Standing::watching, "tiers", "memory+kv");
  published.cohorts.kept = {20, 100};
  published.variants[0].value = "false";
  published.variants[1].value = "{\"a\":[1,2]}";
  const std::string text = to_setting(published);
  EXPECT_EQ(text.substr(0, 2), "7 ");
  const auto again = parse_published("x", text);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(to_setting(*again), text);
}

TEST(Published, IsRefusedWhereItIsNotWhole) {
  const std::string text = to_setting(experiment_of("x", Standing::running, "ttl", "2h"));
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse_published("x", text.substr(0, size)).has_value());
  }
  Published lacking = experiment_of("x", Standing::running, "ttl", "2h");
  lacking.cohorts.shares = {100};
  EXPECT_FALSE(parse_published("x", to_setting(lacking)).has_value());
  lacking = experiment_of("x", Standing::running, "ttl", "2h");
  lacking.promoted = 2;
  EXPECT_FALSE(parse_published("x", to_setting(lacking)).has_value());
}

TEST(Plan, SaysNothingWhereNothingIsSaid) {
  EXPECT_EQ(Plan().view_of(titles(), "key"), nullptr);
  const Plan other(settings_of({experiment_of("x", Standing::running, "ttl", "2h")}), config::OverrideList());
  config::Resource isbn = titles();
  isbn.name = "isbn";
  EXPECT_EQ(other.view_of(isbn, "key"), nullptr);
}

TEST(Plan, GivesEachVariantItsView) {
  const Plan plan(settings_of({experiment_of("x", Standing::running, "ttl", "2h")}), config::OverrideList());
  const auto control = plan.view_of(titles(), key_of(plan, "x:a"));
  EXPECT_EQ(control->resource.ttl, Millis(1'000));
  const auto treated = plan.view_of(titles(), key_of(plan, "x:b"));
  EXPECT_EQ(treated->resource.ttl, Millis(7'200'000));
  ASSERT_EQ(treated->parts.size(), 1U);
  EXPECT_EQ(treated->parts[0].salt, "x/1");
  EXPECT_EQ(treated->parts[0].epoch, 3U);
  EXPECT_EQ(treated->parts[0].variant, 1U);
  // The same for the same, made once.
  EXPECT_EQ(plan.view_of(titles(), key_of(plan, "x:b")), treated);
}

TEST(Plan, JoinsExperimentsOfDifferentLayers) {
  const Plan plan(settings_of({experiment_of("x", Standing::running, "ttl", "2h"),
                               experiment_of("y", Standing::running, "swr", "false")}),
                  config::OverrideList());
  const auto both = plan.view_of(titles(), key_of(plan, "x:b/y:b"));
  EXPECT_EQ(both->resource.ttl, Millis(7'200'000));
  EXPECT_EQ(both->overrides.stale_while_revalidate, false);
  EXPECT_EQ(both->parts.size(), 2U);
}

TEST(Plan, AppliesWhatIsPromotedButForWhatIsHeldBack) {
  Published watched = experiment_of("x", Standing::watching, "ttl", "2h");
  watched.cohorts.kept = {20, 100};
  const Plan plan(settings_of({watched}), config::OverrideList());
  EXPECT_EQ(plan.view_of(titles(), key_of(plan, "x:a"))->resource.ttl, Millis(1'000));
  EXPECT_EQ(plan.view_of(titles(), key_of(plan, "x:b"))->resource.ttl, Millis(7'200'000));
  EXPECT_EQ(plan.view_of(titles(), key_of(plan, ""))->resource.ttl, Millis(7'200'000));
  EXPECT_EQ(plan.settled("title").ttl, Millis(7'200'000));
  const Plan kept(settings_of({experiment_of("x", Standing::kept, "ttl", "2h")}), config::OverrideList());
  EXPECT_EQ(kept.view_of(titles(), "any")->label, "");
  EXPECT_EQ(kept.view_of(titles(), "any")->resource.ttl, Millis(7'200'000));
  const Plan over(settings_of({experiment_of("x", Standing::over, "ttl", "2h")}), config::OverrideList());
  EXPECT_EQ(over.view_of(titles(), "any"), nullptr);
}

TEST(Plan, LetsTheLaterPromotionAndTheHandOfAnOperatorWin) {
  Published earlier = experiment_of("x", Standing::kept, "ttl", "2h");
  Published later = experiment_of("a", Standing::kept, "ttl", "3h");
  later.since = earlier.since + 1;
  const auto promoted = settings_of({later, earlier});
  EXPECT_EQ(Plan(promoted, config::OverrideList()).settled("title").ttl, Millis(10'800'000));
  EXPECT_EQ(Plan(promoted, *config::OverrideList::parse("*.ttl=5h")).settled("title").ttl,
            Millis(18'000'000));
}

TEST(Plan, PassesOverWhatIsNotReadable) {
  const Plan plan({{"experiment:x", "8 {\"standing\":\"dreaming\"}"}}, config::OverrideList());
  EXPECT_EQ(plan.unreadable(), 1U);
  EXPECT_EQ(plan.view_of(titles(), "key"), nullptr);
}

TEST(Plan, EvaluatesFlags) {
  Published flag = experiment_of("new", Standing::running, "ttl", "2h");
  flag.unit = Unit::client;
  flag.variants[0].value = "\"old\"";
  flag.variants[1].value = "\"new\"";
  const Plan plan(settings_of({flag}), config::OverrideList());
  EXPECT_EQ(plan.flags(), std::vector<std::string>{"new"});
  EXPECT_EQ(plan.flag("other", "somebody"), std::nullopt);
  std::size_t news = 0;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    const auto found = plan.flag("new", "somebody" + to_text(i));
    EXPECT_EQ(found->reason, "SPLIT");
    news += found->value == "\"new\"" ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(news), 500, 65);
  // Requests for keys take no part.
  EXPECT_EQ(plan.view_of(titles(), "key"), nullptr);
  EXPECT_TRUE(plan.is_observed("new"));
  EXPECT_NE(plan.observed_view("new", "somebody"), nullptr);
}

}  // namespace
}  // namespace larder::experiments::plan_test
