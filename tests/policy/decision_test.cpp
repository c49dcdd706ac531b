#include "policy/decision.h"

#include <gtest/gtest.h>

#include <set>

namespace larder::policy::decision_test {
namespace {

config::Settings settings_of(const TextPairs& bindings) {
  auto settings = config::parse_settings(bindings);
  EXPECT_TRUE(settings.has_value()) << to_text(settings.error());
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
  const Admission admission =
      admit(settings_of(GetParam().bindings), config::Overrides(), GetParam().pattern);
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

entry::Header lasting(Millis fresh, Millis stale, Millis error) {
  entry::Header header;
  header.created = instant_from_millis(1'790'000'000'000);
  header.fresh_for = fresh;
  header.stale_for = stale;
  header.error_for = error;
  return header;
}

struct Moment {
  std::int64_t age;
  WhenStale when_stale;
  Action action;
  Reason reason;
};

TEST(Deciding, ByAgeAndStaleWhileRevalidate) {
  const entry::Header header = lasting(Millis(100), Millis(50), Millis(80));
  const std::vector<Moment> moments = {
      {0, WhenStale::serve_and_refresh, Action::serve, Reason::edge},
      {89, WhenStale::serve_and_refresh, Action::serve, Reason::edge},
      {90, WhenStale::serve_and_refresh, Action::serve_and_refresh, Reason::edge},
      {99, WhenStale::serve_and_refresh, Action::serve_and_refresh, Reason::edge},
      {100, WhenStale::serve_and_refresh, Action::serve_and_refresh, Reason::edge},
      {149, WhenStale::serve_and_refresh, Action::serve_and_refresh, Reason::edge},
      {150, WhenStale::serve_and_refresh, Action::fetch, Reason::expired},
      {180, WhenStale::serve_and_refresh, Action::fetch, Reason::expired},
      {90, WhenStale::fetch, Action::serve, Reason::edge},
      {99, WhenStale::fetch, Action::serve, Reason::edge},
      {100, WhenStale::fetch, Action::fetch, Reason::expired},
      {149, WhenStale::fetch, Action::fetch, Reason::expired},
  };
  for (const Moment& moment : moments) {
    const Decision decision =
        decide(header, Reason::edge, header.created + Millis(moment.age), moment.when_stale);
    EXPECT_EQ(decision.action, moment.action) << moment.age;
    EXPECT_EQ(decision.reason, moment.reason) << moment.age;
    EXPECT_EQ(decision.standing.age, Millis(moment.age));
    EXPECT_EQ(decision.standing.ttl, Millis(100 - moment.age));
  }
}

TEST(Deciding, ANegativeEntryIsServedWhileItIsFreshAndNeverAfter) {
  entry::Header header = lasting(Millis(100), Millis(50), Millis(80));
  header.kind = entry::Kind::negative;
  EXPECT_EQ(decide(header, Reason::kv, header.created + Millis(99), WhenStale::serve_and_refresh).action,
            Action::serve);
  EXPECT_EQ(decide(header, Reason::kv, header.created + Millis(100), WhenStale::serve_and_refresh).action,
            Action::fetch);
  EXPECT_FALSE(may_serve_stale(header, header.created + Millis(100)));
}

TEST(Deciding, AnEntryStandsInUpToItsBound) {
  const entry::Header header = lasting(Millis(100), Millis(50), Millis(80));
  EXPECT_TRUE(may_serve_stale(header, header.created + Millis(100)));
  EXPECT_TRUE(may_serve_stale(header, header.created + Millis(179)));
  EXPECT_FALSE(may_serve_stale(header, header.created + Millis(180)));
  const entry::Header unlent = lasting(Millis(100), Millis(50), Millis(0));
  EXPECT_FALSE(may_serve_stale(unlent, unlent.created + Millis(100)));
}

TEST(Deciding, TheEagerAgeNeitherOverflowsNorPassesTheEnd) {
  EXPECT_EQ(eager_age(lasting(Millis(0), Millis(0), Millis(0))), Millis(0));
  EXPECT_EQ(eager_age(lasting(Millis(99), Millis(0), Millis(0))), Millis(89));
  EXPECT_EQ(eager_age(lasting(Millis(315'359'999'999), Millis(0), Millis(0))), Millis(283'823'999'999));
}

TEST(Reasons, AHitIsToldByItsTier) {
  for (const config::Tier tier : config::all_tiers) {
    EXPECT_EQ(to_text(reason_of(tier)), config::to_text(tier));
  }
}

TEST(Reasons, HaveATextOfTheirOwnEach) {
  const std::vector<Reason> reasons = {
#define LARDER_REASON(name, text, status, meaning) Reason::name,
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
}  // namespace larder::policy::decision_test
