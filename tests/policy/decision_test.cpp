#include "policy/decision.h"

#include <gtest/gtest.h>

#include <set>

namespace larder::policy {
namespace {

config::Settings settings_of(const TextPairs& bindings) {
  auto settings = config::parse_settings(bindings);
  EXPECT_TRUE(settings.has_value()) << config::to_text(settings.error());
  return *settings;
}

struct Case {
  const char* name;
  TextPairs bindings;
  const char* pattern;
  Participation participation;
  Reason reason;
};

class Admitting : public ::testing::TestWithParam<Case> {};

TEST_P(Admitting, FollowsTheFlagsPrecedence) {
  const Admission admission = admit(settings_of(GetParam().bindings), GetParam().pattern);
  EXPECT_EQ(admission.participation, GetParam().participation);
  if (GetParam().participation != Participation::full) {
    EXPECT_EQ(admission.reason, GetParam().reason);
  }
}

// Requirement F7.
INSTANTIATE_TEST_SUITE_P(
    All, Admitting,
    ::testing::Values(
        Case{"ByDefaultInFull", {}, "title", Participation::full, Reason::absent},
        Case{"OffPassesThrough",
             {{"FEATURE_CACHE", "false"}},
             "title",
             Participation::pass_through,
             Reason::disabled},
        Case{"OffWinsOverTheImplementation",
             {{"FEATURE_CACHE", "false"}, {"CACHE_IMPL", "null"}},
             "title",
             Participation::pass_through,
             Reason::disabled},
        Case{"OffWinsOverThePatterns",
             {{"FEATURE_CACHE", "false"}, {"CACHE_PATTERN_WHITELIST", "title"}},
             "title",
             Participation::pass_through,
             Reason::disabled},
        Case{
            "NullObserves", {{"CACHE_IMPL", "null"}}, "title", Participation::observe_only, Reason::observed},
        Case{"NullWinsOverThePatterns",
             {{"CACHE_IMPL", "null"}, {"CACHE_PATTERN_WHITELIST", "title"}},
             "title",
             Participation::observe_only,
             Reason::observed},
        Case{"APatternOutsideTheListIsObserved",
             {{"CACHE_PATTERN_WHITELIST", "user,perm"}},
             "title",
             Participation::observe_only,
             Reason::observed},
        Case{"APatternOfTheListTakesPart",
             {{"CACHE_PATTERN_WHITELIST", "user,title"}},
             "title",
             Participation::full,
             Reason::absent},
        Case{"ANameIsNoPrefix",
             {{"CACHE_PATTERN_WHITELIST", "title"}},
             "titles",
             Participation::observe_only,
             Reason::observed},
        Case{"AStarIsAllOfThem",
             {{"CACHE_PATTERN_WHITELIST", "*"}},
             "title",
             Participation::full,
             Reason::absent}),
    [](const auto& one) { return one.param.name; });

TEST(Deciding, OnlyAFreshEntryAnswersAndItsTierIsTheReason) {
  entry::Header header;
  header.created = instant_from_millis(1'790'000'000'000);
  header.fresh_for = Millis(100);
  header.stale_for = Millis(50);
  header.error_for = Millis(80);
  const Decision fresh = decide(header, Reason::edge, header.created + Millis(99));
  EXPECT_EQ(fresh.action, Action::serve);
  EXPECT_EQ(fresh.reason, Reason::edge);
  EXPECT_EQ(fresh.standing.ttl, Millis(1));
  for (const Millis age : {Millis(100), Millis(150), Millis(180)}) {
    const Decision later = decide(header, Reason::edge, header.created + age);
    EXPECT_EQ(later.action, Action::fetch) << age.count();
    EXPECT_EQ(later.reason, Reason::expired) << age.count();
    EXPECT_EQ(later.standing.age, age);
  }
}

TEST(Reasons, HaveATextOfTheirOwnEach) {
  const std::vector<Reason> reasons = {
#define LARDER_REASON(name, text, meaning) Reason::name,
#include "policy/reasons.def"
#undef LARDER_REASON
  };
  std::set<std::string_view> texts;
  for (const Reason reason : reasons) {
    const std::string_view text = to_text(reason);
    EXPECT_TRUE(texts.insert(text).second) << text;
    // What goes into Cache-Status as a token (RFC 9211 §2.8): lower case, words joined by a hyphen.
    EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos) << text;
    EXPECT_FALSE(text.empty());
  }
  EXPECT_EQ(texts.size(), reasons.size());
}

}  // namespace
}  // namespace larder::policy
