#include "policy/purge.h"

#include <gtest/gtest.h>

namespace larder::policy::purge_test {
namespace {

using config::Purge;
using config::PurgeKind;

constexpr Instant purged_at = instant_from_millis(1'790'000'000'000);
constexpr std::string_view name = "larder:title:v3:dune";

Purge purge(PurgeKind kind, std::string text, config::PurgeMode mode = config::PurgeMode::hard,
            std::uint64_t sequence = 5) {
  Purge made(kind, std::move(text), mode);
  made.sequence = sequence;
  made.at = purged_at;
  return made;
}

entry::Header asked(Instant at, std::uint64_t log_seen = 0) {
  entry::Header header;
  header.created = at;
  header.asked = at;
  header.log_seen = log_seen;
  header.body_asked = at;
  header.body_log_seen = log_seen;
  header.fresh_for = Millis(60'000);
  header.stale_for = Millis(30'000);
  header.tags = {"title", "title:dune"};
  return header;
}

PurgeVerdict judge(const Purge& one, entry::Header header) { return PurgeBook({one}).judge(name, header); }

TEST(Purging, ReachesWhatItNames) {
  const entry::Header header = asked(purged_at - Millis(1));
  const std::vector<std::pair<Purge, PurgeVerdict>> cases = {
      {purge(PurgeKind::key, "larder:title:v3:dune"), PurgeVerdict::dropped},
      {purge(PurgeKind::key, "larder:title:v3:dun"), PurgeVerdict::kept},
      {purge(PurgeKind::tag, "title:dune"), PurgeVerdict::dropped},
      {purge(PurgeKind::tag, "title:"), PurgeVerdict::kept},
      {purge(PurgeKind::prefix, "larder:title:"), PurgeVerdict::dropped},
      {purge(PurgeKind::prefix, "title:"), PurgeVerdict::kept},
      {purge(PurgeKind::pattern, "*:title:*:d*e"), PurgeVerdict::dropped},
      {purge(PurgeKind::pattern, "title:*"), PurgeVerdict::kept},
      {purge(PurgeKind::all, ""), PurgeVerdict::dropped},
      {purge(PurgeKind::tag, "title", config::PurgeMode::soft), PurgeVerdict::softened},
  };
  for (const auto& [one, verdict] : cases) {
    EXPECT_EQ(judge(one, header), verdict) << one.text;
  }
}

TEST(Purging, OfAnOriginReachesItsUrls) {
  entry::Header header = asked(purged_at - Millis(1));
  header.tags = {"title", "url:0a1b2c3d:00ff"};
  const std::vector<std::pair<std::string, PurgeVerdict>> cases = {
      {"url:0a1b2c3d", PurgeVerdict::dropped},
      {"url:0a1b2c3d:00ff", PurgeVerdict::dropped},
      {"url:0a1b2c3d:00fe", PurgeVerdict::kept},
      {"url:0a1b2c3e", PurgeVerdict::kept},
      {"url:", PurgeVerdict::kept},
      {"url", PurgeVerdict::kept},
      {"group:0a1b2c3d", PurgeVerdict::kept},
  };
  for (const auto& [text, verdict] : cases) {
    const PurgeBook book({purge(PurgeKind::tag, text)});
    entry::Header judged = header;
    EXPECT_EQ(book.judge(name, judged), verdict) << text;
    EXPECT_EQ(book.generation(name, header.tags) != 0, verdict == PurgeVerdict::dropped) << text;
  }
  // Tags of a declaration that only begin so are whole.
  for (const std::string tag : {"url:shop:7", "url:0a1b2c3x:7", "url:0a1b2c3d7", "url:0a1b2c3d"}) {
    EXPECT_EQ(config::origin_part(tag), "") << tag;
  }
}

TEST(Purging, OfAKeyReachesItsVariants) {
  const PurgeBook book({purge(PurgeKind::key, "larder:title:v3:dune")});
  for (const std::string_view stored : {"larder:title:v3:dune~0", "larder:title:v3:dune~31"}) {
    entry::Header header = asked(purged_at - Millis(1));
    EXPECT_EQ(book.judge(stored, header), PurgeVerdict::dropped) << stored;
  }
  for (const std::string_view stored :
       {"larder:title:v3:dune:~", "larder:title:v3:dune2~0", "larder:title:v3:dune~x"}) {
    entry::Header header = asked(purged_at - Millis(1));
    EXPECT_EQ(book.judge(stored, header), PurgeVerdict::kept) << stored;
  }
}

// By when the origin was asked, whatever came in between.
TEST(Purging, ReachesWhatWasAskedForBefore) {
  const Purge one = purge(PurgeKind::tag, "title");
  EXPECT_EQ(judge(one, asked(purged_at)), PurgeVerdict::dropped);
  // Clocks may differ by a second.
  EXPECT_EQ(judge(one, asked(purged_at + Millis(1'000))), PurgeVerdict::dropped);
  EXPECT_EQ(judge(one, asked(purged_at + Millis(1'001))), PurgeVerdict::kept);
  // An isolate that knew of the purge asked after it, whatever its clock said.
  EXPECT_EQ(judge(one, asked(purged_at - Millis(10), 5)), PurgeVerdict::kept);
  EXPECT_EQ(judge(one, asked(purged_at - Millis(10), 4)), PurgeVerdict::dropped);
}

// A 304 after the purge says that the origin stands by the body; who purged it hard does not.
TEST(Purging, AConfirmedBodyIsAsOldAsItWas) {
  entry::Header confirmed = asked(purged_at + Millis(5'000));
  confirmed.body_asked = purged_at - Millis(1);
  EXPECT_EQ(judge(purge(PurgeKind::tag, "title"), confirmed), PurgeVerdict::dropped);
  EXPECT_EQ(judge(purge(PurgeKind::tag, "title", config::PurgeMode::soft), confirmed), PurgeVerdict::kept);
  confirmed.body_log_seen = 5;
  EXPECT_EQ(judge(purge(PurgeKind::tag, "title"), confirmed), PurgeVerdict::kept);
}

TEST(Purging, SoftlyMakesStaleFromThePurgeOn) {
  entry::Header header = asked(purged_at - Millis(20'000));
  const PurgeBook book({purge(PurgeKind::tag, "title", config::PurgeMode::soft)});
  EXPECT_EQ(book.judge(name, header), PurgeVerdict::softened);
  EXPECT_EQ(header.fresh_for, Millis(20'000));
  EXPECT_EQ(header.stale_for, Millis(30'000));
  // What was stale already is no fresher.
  entry::Header old = asked(purged_at - Millis(90'000));
  EXPECT_EQ(book.judge(name, old), PurgeVerdict::softened);
  EXPECT_EQ(old.fresh_for, Millis(60'000));
  // Made, by its clock, after the purge that it did not know of.
  entry::Header ahead = asked(purged_at + Millis(500));
  EXPECT_EQ(book.judge(name, ahead), PurgeVerdict::softened);
  EXPECT_EQ(ahead.fresh_for, Millis(0));
}

TEST(Purging, HardWinsOverSoftInAnyOrder) {
  for (const bool hard_first : {true, false}) {
    using config::PurgeMode;
    std::vector<Purge> purges = {
        purge(PurgeKind::tag, "title", hard_first ? PurgeMode::hard : PurgeMode::soft, 5),
        purge(PurgeKind::all, "", hard_first ? PurgeMode::soft : PurgeMode::hard, 6)};
    entry::Header header = asked(purged_at - Millis(1));
    EXPECT_EQ(PurgeBook(purges).judge(name, header), PurgeVerdict::dropped);
  }
}

TEST(Purging, TellsTheNewestPurgeOfAKey) {
  const PurgeBook book({purge(PurgeKind::tag, "title", config::PurgeMode::hard, 3),
                        purge(PurgeKind::prefix, "larder:", config::PurgeMode::soft, 9),
                        purge(PurgeKind::key, "other", config::PurgeMode::hard, 11)});
  EXPECT_EQ(book.generation(name, {"title"}), 9U);
  EXPECT_EQ(book.generation("tenant:title", {"title"}), 3U);
  EXPECT_EQ(book.generation("tenant:title", {}), 0U);
  EXPECT_EQ(PurgeBook().generation(name, {"title"}), 0U);
}

TEST(Patterns, AStarIsAnyRun) {
  const std::vector<std::tuple<std::string_view, std::string_view, bool>> cases = {
      {"", "", true},          {"", "*", true},        {"a", "", false},      {"abc", "abc", true},
      {"abc", "a*", true},     {"abc", "*c", true},    {"abc", "a*c", true},  {"abc", "a*b", false},
      {"aXbXc", "a*Xc", true}, {"aaab", "a*ab", true}, {"abc", "**", true},   {"abc", "a**c", true},
      {"abc", "abcd", false},  {"abc", "*b", false},   {"a.c", "a?c", false}, {"abc", "", false},
  };
  for (const auto& [text, pattern, fits] : cases) {
    EXPECT_EQ(fits_pattern(text, pattern), fits) << text << " " << pattern;
  }
}

}  // namespace
}  // namespace larder::policy::purge_test
