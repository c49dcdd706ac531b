#include "config/duration.h"

#include <gtest/gtest.h>

#include <vector>

namespace larder::config::duration_test {
namespace {

TEST(Duration, ReadsAndWritesEveryUnit) {
  const std::vector<std::pair<std::string_view, std::int64_t>> cases = {
      {"0s", 0},        {"1ms", 1},          {"250ms", 250},      {"30s", 30'000},
      {"15m", 900'000}, {"23h", 82'800'000}, {"7d", 604'800'000}, {"365d", 31'536'000'000},
      {"90s", 90'000},  {"1500ms", 1'500},   {"25h", 90'000'000}};
  for (const auto& [text, millis] : cases) {
    ASSERT_TRUE(parse_duration(text)) << text;
    EXPECT_EQ(parse_duration(text)->count(), millis) << text;
    EXPECT_EQ(format_duration(Millis(millis)), text);
  }
  EXPECT_EQ(*parse_duration("0d"), Millis(0));
  EXPECT_EQ(format_duration(*parse_duration("24h")), "1d");
  EXPECT_EQ(format_duration(*parse_duration("007d")), "7d");
}

TEST(Duration, SaysHowToWriteOne) {
  for (const std::string_view bad : {"", "5", "s", "-1s", "+1s", "1.5h", "1 h", " 1h", "1h ", "1h30m", "1H",
                                     "1w", "1sec", "ms", "1mss", "١h", "18446744073709551616ms"}) {
    const auto duration = parse_duration(bad);
    ASSERT_FALSE(duration) << bad;
    EXPECT_EQ(duration.error().kind, ErrorKind::invalid);
    EXPECT_EQ(duration.error().message,
              "\"" + std::string(bad) +
                  "\" is no duration; write a whole number and a unit, as in 250ms, 30s, 15m, 24h or 7d.");
  }
}

TEST(Duration, IsBounded) {
  for (const std::string_view bad : {"366d", "31536000001ms", "18446744073709551615d"}) {
    EXPECT_EQ(parse_duration(bad).error().message,
              "The duration \"" + std::string(bad) + "\" is too long; the longest is 365d.");
  }
}

TEST(Duration, WhatIsWrittenIsReadBack) {
  for (std::int64_t millis = 0; millis < 31'536'000'000; millis += 1 + millis / 3) {
    EXPECT_EQ(*parse_duration(format_duration(Millis(millis))), Millis(millis));
  }
}

}  // namespace
}  // namespace larder::config::duration_test
