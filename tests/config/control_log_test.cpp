#include "config/control_log.h"

#include <gtest/gtest.h>

namespace larder::config::control_log_test {
namespace {

TEST(ControlLog, IsRead) {
  const auto log = parse_control_log(
      R"({"sequence": 12, "settings": {"ENABLE_SWR": "false", "ODD": 1}, "later": [],
          "purges": [{"sequence": 3, "kind": "tag", "text": "a\u0022b", "soft": true, "at": 1790000000000},
                     {"sequence": 4, "kind": "unheard-of", "text": "x", "soft": false, "at": 1},
                     {"sequence": 5, "kind": "key", "soft": false, "at": 1},
                     {"sequence": 12, "kind": "all", "text": "", "soft": false, "at": 1790000000001}]})");
  ASSERT_TRUE(log);
  EXPECT_EQ(log->sequence, 12U);
  EXPECT_EQ(log->settings, (TextPairs{{"ENABLE_SWR", "false"}}));
  ASSERT_EQ(log->purges.size(), 2U);
  EXPECT_EQ(log->purges[0].kind, PurgeKind::tag);
  EXPECT_EQ(log->purges[0].text, "a\"b");
  EXPECT_TRUE(log->purges[0].soft);
  EXPECT_EQ(log->purges[0].sequence, 3U);
  EXPECT_EQ(log->purges[0].at, instant_from_millis(1'790'000'000'000));
  EXPECT_EQ(log->purges[1].kind, PurgeKind::all);
}

TEST(ControlLog, WhatIsNoLogIsCorrupt) {
  for (const std::string_view text :
       {"", "{", "[]", "null", R"({"sequence": 1})", R"({"sequence": -1, "settings": {}, "purges": []})",
        R"({"sequence": 1, "settings": [], "purges": []})",
        R"({"sequence": 1, "settings": {}, "purges": {}})"}) {
    const auto log = parse_control_log(text);
    ASSERT_FALSE(log) << text;
    EXPECT_EQ(log.error().kind, ErrorKind::corrupt) << text;
  }
}

TEST(ControlLog, ChangesAreWritten) {
  EXPECT_EQ(changes_text({Purge(PurgeKind::prefix, "a\"", true), Purge(PurgeKind::all, "", false)}),
            R"([{"kind":"prefix","text":"a\"","soft":true},{"kind":"all","text":"","soft":false}])");
  EXPECT_EQ(changes_text(TextPairs{{"ENABLE_SWR", "false"}, {"CACHE_IMPL", ""}}),
            R"([{"setting":"ENABLE_SWR","value":"false"},{"setting":"CACHE_IMPL","value":null}])");
}

}  // namespace
}  // namespace larder::config::control_log_test
