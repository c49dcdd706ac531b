// The control log: what it holds after changes, and what it refuses.
#include "records/control_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "support/durable_objects.h"

namespace larder::records::control_log_test {
namespace {

using config::Purge;
using config::PurgeKind;

constexpr Instant start = instant_from_millis(1'790'000'000'000);

struct Log {
  Result<config::ControlLog> append(const std::string& changes) {
    return read_control_log(objects.call(now, "control", control::append_number, changes).value());
  }
  Result<config::ControlLog> append(std::vector<Purge> purges) { return append(control_changes(purges)); }
  Result<config::ControlLog> append(TextPairs settings) { return append(control_changes(settings)); }
  template <typename Changes>
  void change(Changes changes) {
    EXPECT_TRUE(append(std::move(changes)));
  }
  void purge(PurgeKind kind, std::string text, config::PurgeMode mode = config::PurgeMode::hard) {
    change(std::vector<Purge>{Purge(kind, std::move(text), mode)});
  }
  config::ControlLog log() {
    return read_control_log(objects.call(now, "control", control::read_number, "").value()).value();
  }
  // "3 tag x soft", one for each purge.
  std::vector<std::string> rows() {
    std::vector<std::string> found;
    for (const Purge& purge : log().purges) {
      found.push_back(concat({to_text(purge.sequence), " ", config::to_text(purge.kind), " ", purge.text,
                              purge.is_soft() ? " soft" : " hard"}));
    }
    return found;
  }

  Instant now = start;
  sim::DurableObjects objects{ObjectKind::control};
};

struct ControlLogTest : ::testing::Test, Log {};

TEST_F(ControlLogTest, ANewLogIsEmpty) {
  EXPECT_EQ(log().sequence, 0U);
  EXPECT_TRUE(log().settings.empty());
  EXPECT_TRUE(log().purges.empty());
  EXPECT_EQ(append(std::vector<Purge>())->sequence, 0U);
}

TEST_F(ControlLogTest, ChangesAreNumberedInOrder) {
  change(TextPairs{{"ENABLE_SWR", "false"}, {"TTL_DAYS", "30"}});
  const auto told = append({Purge(PurgeKind::tag, "x", config::PurgeMode::hard),
                            Purge(PurgeKind::key, "larder:title:v3:dune", config::PurgeMode::soft)});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->sequence, 4U);
  EXPECT_EQ(log().sequence, 4U);
  EXPECT_EQ(log().settings, (TextPairs{{"ENABLE_SWR", "false"}, {"TTL_DAYS", "30"}}));
  EXPECT_EQ(rows(), (std::vector<std::string>{"3 tag x hard", "4 key larder:title:v3:dune soft"}));
  EXPECT_EQ(log().purges[0].at, start);
}

TEST_F(ControlLogTest, ASettingIsReplacedAndTakenBackByNothing) {
  change(TextPairs{{"A", "1"}});
  change(TextPairs{{"B", "2"}, {"A", "3"}});
  EXPECT_EQ(log().settings, (TextPairs{{"A", "3"}, {"B", "2"}}));
  change(TextPairs{{"A", ""}, {"never", ""}});
  EXPECT_EQ(log().settings, (TextPairs{{"B", "2"}}));
  EXPECT_EQ(log().sequence, 5U);
}

TEST_F(ControlLogTest, EveryKindIsTakenAndAnyTextComesBackAsItWas) {
  std::vector<Purge> changes;
  for (const PurgeKind kind :
       {PurgeKind::key, PurgeKind::tag, PurgeKind::prefix, PurgeKind::pattern, PurgeKind::all}) {
    for (const std::string& text :
         {std::string(), std::string("plain"), std::string("quo\"te"), std::string("nul\0l", 5),
          std::string("\xe6\xb5\xb7"), std::string("\xff"),
          std::string(config::limit::purge_text_bytes_max, 'x')}) {
      changes.emplace_back(kind, text, config::PurgeMode::hard);
    }
  }
  const auto told = append(changes);
  ASSERT_TRUE(told);
  ASSERT_EQ(told->purges.size(), changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(log().purges[i].kind, changes[i].kind);
    EXPECT_EQ(log().purges[i].text, changes[i].text);
    EXPECT_EQ(log().purges[i].sequence, i + 1);
  }
}

TEST_F(ControlLogTest, ALaterPurgeOfTheSameThingReplacesWhatSaysNoMore) {
  const auto after = [](std::vector<bool> softness) {
    Log fresh;
    for (const bool soft : softness) {
      fresh.purge(PurgeKind::tag, "x", soft ? config::PurgeMode::soft : config::PurgeMode::hard);
    }
    return fresh.rows();
  };
  using Rows = std::vector<std::string>;
  EXPECT_EQ(after({false, false}), (Rows{"2 tag x hard"}));
  EXPECT_EQ(after({true, true}), (Rows{"2 tag x soft"}));
  EXPECT_EQ(after({true, false}), (Rows{"2 tag x hard"}));
  EXPECT_EQ(after({false, true}), (Rows{"1 tag x hard", "2 tag x soft"}));
  EXPECT_EQ(after({false, true, false}), (Rows{"3 tag x hard"}));
  EXPECT_EQ(after({false, true, true}), (Rows{"1 tag x hard", "3 tag x soft"}));
}

TEST_F(ControlLogTest, AClockThatIsSetBackMakesNoPurgeOlderThanTheOneBefore) {
  purge(PurgeKind::tag, "x");
  now = start - Millis(60'000);
  purge(PurgeKind::tag, "y");
  EXPECT_EQ(log().purges[1].at, start);
  now = start + Millis(1);
  purge(PurgeKind::tag, "z");
  EXPECT_EQ(log().purges[2].at, now);
}

TEST_F(ControlLogTest, BeyondAThousandTheOlderHalfBecomesOnePurgeOfEverything) {
  std::vector<Purge> many;
  for (std::uint64_t i = 0; i < 999; ++i) {
    many.emplace_back(PurgeKind::key, to_text(i), config::PurgeMode::hard);
  }
  change(many);
  EXPECT_EQ(rows().size(), 999U);
  now += Millis(10);
  change(std::vector<Purge>{Purge(PurgeKind::key, "a", config::PurgeMode::hard),
                            Purge(PurgeKind::key, "b", config::PurgeMode::hard)});
  const auto left = rows();
  EXPECT_EQ(left.size(), 502U);
  EXPECT_EQ(left.front(), "500 all  hard");
  EXPECT_EQ(log().purges.front().at, start);
  EXPECT_EQ(left[1], "501 key 500 hard");
  EXPECT_EQ(left.back(), "1001 key b hard");
  // Where everything was purged later, that covers the older half as well.
  purge(PurgeKind::all, "");
  std::vector<Purge> more;
  for (std::uint64_t i = 0; i < 500; ++i) {
    more.emplace_back(PurgeKind::tag, to_text(i), config::PurgeMode::hard);
  }
  change(more);
  EXPECT_EQ(rows().front(), "1002 all  hard");
  EXPECT_EQ(rows().size(), 501U);
}

// What one API's writes invalidate is folded by its origin, and the purges of everything else stay as they
// are.
TEST_F(ControlLogTest, BeyondAThousandTheOlderPurgesOfAnOriginsUrlsBecomeOneOfThatOrigin) {
  std::vector<Purge> many = {Purge(PurgeKind::tag, "author:austen", config::PurgeMode::hard)};
  for (std::uint64_t i = 0; i < 999; ++i) {
    const std::string_view kind = i % 2 == 0 ? "url:0a1b2c3d:" : "group:0a1b2c3d:";
    many.emplace_back(PurgeKind::tag, concat({kind, to_text(i)}), config::PurgeMode::hard);
  }
  change(many);
  now += Millis(10);
  purge(PurgeKind::tag, "url:0a1b2c3d:last");
  auto left = rows();
  EXPECT_EQ(left.size(), 504U);
  EXPECT_EQ(left[0], "1 tag author:austen hard");
  EXPECT_EQ(left[1], "499 tag group:0a1b2c3d hard");
  EXPECT_EQ(left[2], "500 tag url:0a1b2c3d hard");
  EXPECT_EQ(left[3], "501 tag group:0a1b2c3d:499 hard");
  EXPECT_EQ(left.back(), "1001 tag url:0a1b2c3d:last hard");
  EXPECT_EQ(log().purges[2].at, start);
  // The next time they are folded into the newest.
  many.clear();
  for (std::uint64_t i = 0; i < 500; ++i) {
    many.emplace_back(PurgeKind::tag, concat({"url:0a1b2c3d:again", to_text(i)}), config::PurgeMode::hard);
  }
  change(many);
  left = rows();
  EXPECT_EQ(left.size(), 505U);
  EXPECT_EQ(left[0], "1 tag author:austen hard");
  EXPECT_EQ(left[1], "998 tag url:0a1b2c3d hard");
  EXPECT_EQ(left[2], "999 tag group:0a1b2c3d hard");
}

TEST_F(ControlLogTest, SoftPurgesAndOtherTagsAreNotFoldedByOrigin) {
  std::vector<Purge> many;
  for (std::uint64_t i = 0; i < 500; ++i) {
    many.emplace_back(PurgeKind::tag, concat({"url:0a1b2c3d:", to_text(i)}), config::PurgeMode::soft);
    many.emplace_back(PurgeKind::tag, concat({"url:of ours:", to_text(i)}), config::PurgeMode::hard);
  }
  change(many);
  purge(PurgeKind::tag, "x");
  EXPECT_EQ(rows().size(), 502U);
  EXPECT_EQ(rows().front(), "500 all  hard");
}

TEST_F(ControlLogTest, WhatIsMalformedOrTooMuchIsRefusedAsAWhole) {
  const std::string long_text(config::limit::purge_text_bytes_max + 1, 'x');
  EXPECT_EQ(append({Purge(PurgeKind::tag, "x", config::PurgeMode::hard),
                    Purge(PurgeKind::tag, long_text, config::PurgeMode::hard)})
                .error()
                .kind,
            ErrorKind::invalid);
  EXPECT_EQ(append({Purge(static_cast<PurgeKind>(5), "x", config::PurgeMode::hard)}).error().kind,
            ErrorKind::invalid);
  EXPECT_EQ(append(TextPairs{{"", "x"}}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(append(TextPairs{{"A", long_text}}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(append(std::vector<Purge>(config::limit::operator_keys_max + 1,
                                      Purge(PurgeKind::tag, "x", config::PurgeMode::hard)))
                .error()
                .kind,
            ErrorKind::too_large);
  TextPairs settings;
  for (std::uint64_t i = 0; i <= control::settings_max; ++i) {
    settings.emplace_back(to_text(i), "x");
  }
  EXPECT_EQ(append(settings).error().kind, ErrorKind::too_large);
  EXPECT_EQ(append(std::string("?")).error().kind, ErrorKind::invalid);
  EXPECT_TRUE(objects.store("control").rows.empty());
}

TEST(ControlDocument, WhatIsNoLogIsCorrupt) {
  EXPECT_EQ(read_control_log("").error().kind, ErrorKind::internal);
  EXPECT_EQ(read_control_log(std::string(1, '\0')).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(read_control_log(std::string(20, '\0')).error().kind, ErrorKind::corrupt);
}

TEST(ControlDocument, AKindOfANewerVersionIsLeftOut) {
  control::read_results document;
  document.purges.resize(2);
  document.purges[0].kind = 9;
  document.purges[1].text = "known";
  const auto log = read_control_log(std::string(1, '\0').append(encode(document)));
  ASSERT_TRUE(log);
  ASSERT_EQ(log->purges.size(), 1U);
  EXPECT_EQ(log->purges[0].text, "known");
}

}  // namespace
}  // namespace larder::records::control_log_test
