// What Analytics Engine is asked, as exact text in both dialects, and what its answers are taken for.
#include "cold/analytics_sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "metrics/ghost_cache.h"

namespace larder::cold::analytics_sql_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

namespace limit = config::limit;

// 2026-11-29T02:00:00Z.
constexpr Instant now = instant_from_millis(1'795'917'600'000);
const std::vector<std::uint64_t> two = {0x00000000deadbeef, 0xfedcba9876543210};

TEST(AnalyticsSqlTest, TheSqlApiIsAskedWithWeightsByHand) {
  const SqlQuery query = uses_query(SqlDialect::sql_api, "key_reads", two, now);
  EXPECT_EQ(query.text,
            "SELECT index1 AS key_hash, sumIf(_sample_interval * double1, double2 >= 1795312800) AS reads_0, "
            "sumIf(_sample_interval * double1, double2 >= 1794708000 AND double2 < 1795312800) AS reads_1, "
            "sumIf(_sample_interval * double1, double2 >= 1794103200 AND double2 < 1794708000) AS reads_2, "
            "sumIf(_sample_interval * double1, double2 >= 1793498400 AND double2 < 1794103200) AS reads_3, "
            "MAX(double2) AS last_read FROM key_reads WHERE blob1 = 'key_read' AND "
            "timestamp >= toDateTime(1788228000) AND index1 IN ('00000000deadbeef', 'fedcba9876543210') "
            "GROUP BY key_hash LIMIT 2 FORMAT JSON");
  EXPECT_TRUE(query.params.empty());
}

TEST(AnalyticsSqlTest, TheBindingWeightsByItselfAndTakesParameters) {
  const SqlQuery query = uses_query(SqlDialect::binding, "key_reads", two, now);
  EXPECT_EQ(query.text,
            "SELECT index1 AS key_hash, sumIf(double1, double2 >= 1795312800) AS reads_0, "
            "sumIf(double1, double2 >= 1794708000 AND double2 < 1795312800) AS reads_1, "
            "sumIf(double1, double2 >= 1794103200 AND double2 < 1794708000) AS reads_2, "
            "sumIf(double1, double2 >= 1793498400 AND double2 < 1794103200) AS reads_3, "
            "APPROX_MAX(double2) AS last_read FROM events.analyticsEngine.\"key_reads\" "
            "WHERE blob1 = 'key_read' AND timestamp >= $since AND index1 IN ($k0, $k1) "
            "GROUP BY key_hash LIMIT 2");
  EXPECT_THAT(query.params, ElementsAre(Pair("since", "2026-09-01T02:00:00.000Z"),
                                        Pair("k0", "00000000deadbeef"), Pair("k1", "fedcba9876543210")));
}

TEST(AnalyticsSqlTest, SinceWhenReadsAreCountedIsAskedOfTheDeploymentsOwn) {
  const SqlQuery api = span_query(SqlDialect::sql_api, "key_reads", "larder-2_b", now);
  EXPECT_EQ(api.text,
            "SELECT blob1 AS event, MIN(double2) AS first_time, MAX(double2) AS last_time FROM key_reads "
            "WHERE timestamp >= toDateTime(1788228000) AND blob3 = 'larder-2_b' GROUP BY event LIMIT 10 "
            "FORMAT JSON");
  const SqlQuery binding = span_query(SqlDialect::binding, "key_reads", "larder-2_b", now);
  EXPECT_EQ(binding.text,
            "SELECT blob1 AS event, APPROX_MIN(double2) AS first_time, APPROX_MAX(double2) AS last_time "
            "FROM events.analyticsEngine.\"key_reads\" WHERE timestamp >= $since AND blob3 = $deployment "
            "GROUP BY event LIMIT 10");
  EXPECT_THAT(binding.params,
              ElementsAre(Pair("since", "2026-09-01T02:00:00.000Z"), Pair("deployment", "larder-2_b")));
}

TEST(AnalyticsSqlTest, NothingOfAHostileKeyIsInTheText) {
  const std::vector<std::string> names = {"larder:item:v3:'; DROP TABLE key_reads --",
                                          "larder:item:v3:\\' OR 1=1",
                                          std::string("larder:item:v3:\0')", 18),
                                          "larder:item:v3:$k1",
                                          "larder:item:v3:\xc3\xa9\xe2\x80\xa8\xff",
                                          "larder:item:v3:\n) FORMAT Null",
                                          "larder:item:v3:/* ' */"};
  std::vector<std::uint64_t> hashes;
  std::string list;
  std::string placeholders;
  for (std::size_t i = 0; i < names.size(); ++i) {
    hashes.push_back(metrics::ghost_hash("larder", names[i]));
    const std::string digits = metrics::hash_text(hashes.back());
    EXPECT_EQ(digits.size(), 16U);
    EXPECT_EQ(digits.find_first_not_of("0123456789abcdef"), std::string::npos);
    list += concat({i == 0 ? "" : ", ", "'", digits, "'"});
    placeholders += concat({i == 0 ? "" : ", ", "$k", larder::to_text(std::uint64_t{i})});
  }
  const SqlQuery api = uses_query(SqlDialect::sql_api, "key_reads", hashes, now);
  EXPECT_THAT(api.text, HasSubstr(concat({"index1 IN (", list, ") GROUP BY key_hash LIMIT 7 FORMAT JSON"})));
  const SqlQuery binding = uses_query(SqlDialect::binding, "key_reads", hashes, now);
  EXPECT_THAT(binding.text, HasSubstr(concat({"index1 IN (", placeholders, ") GROUP BY key_hash LIMIT 7"})));
  for (const SqlQuery* query : {&api, &binding}) {
    for (const char* piece : {"DROP", "OR 1", "Null", "/*", "\\", "\n", "--"}) {
      EXPECT_THAT(query->text, Not(HasSubstr(piece)));
    }
  }
}

TEST(AnalyticsSqlTest, AWholePageFitsIntoOneQuery) {
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t i = 0; i < limit::cold_page_keys; ++i) {
    hashes.push_back(UINT64_MAX - i);
  }
  EXPECT_LE(uses_query(SqlDialect::sql_api, std::string(64, 'd'), hashes, now).text.size(),
            limit::analytics_query_bytes_max);
  const SqlQuery binding = uses_query(SqlDialect::binding, std::string(64, 'd'), hashes, now);
  std::size_t size = binding.text.size();
  for (const auto& [name, value] : binding.params) {
    size += name.size() + value.size();
  }
  EXPECT_LE(size, limit::analytics_query_bytes_max);
}

// As the SQL API gives them: numbers of 64 bits as texts.
constexpr auto api_reply = R"({
  "meta":
  [
    {"name": "key_hash", "type": "String"},
    {"name": "reads_0", "type": "Float64"}, {"name": "reads_1", "type": "Float64"},
    {"name": "reads_2", "type": "Float64"}, {"name": "reads_3", "type": "UInt64"},
    {"name": "last_read", "type": "Float64"}
  ],

  "data":
  [
    {"key_hash": "fedcba9876543210", "reads_0": 3, "reads_1": 5.0, "reads_2": 0, "reads_3": "8",
     "last_read": 1795910000}
  ],

  "rows": 1,

  "rows_before_limit_at_least": 1
})";
constexpr auto binding_reply = R"({"data": [
    {"key_hash": "fedcba9876543210", "reads_0": 3, "reads_1": 5, "reads_2": 0, "reads_3": 8, "last_read": 1795910000}],
  "rows": 1, "statistics": {"elapsed_ms": 42, "rows_read": 250000, "bytes_read": 18000000}})";

TEST(AnalyticsSqlTest, RepliesOfBothShapesAreRead) {
  for (const char* reply : {api_reply, binding_reply}) {
    const auto uses = parse_uses(reply, two);
    ASSERT_TRUE(uses) << reply;
    ASSERT_EQ(uses->size(), 2U);
    // Nobody has read this one.
    EXPECT_EQ((*uses)[0].reads, 0U);
    EXPECT_EQ((*uses)[0].read_by, Instant());
    // 3 + 5/2 + 0/4 + 8/8: what is left of a half is not counted.
    EXPECT_EQ((*uses)[1].reads, 6U);
    EXPECT_EQ((*uses)[1].read_by, instant_from_millis(1'795'910'000'000) + limit::analytics_key_quiet);
  }
  const auto none = parse_uses(R"({"meta": [], "data": [], "rows": 0})", two);
  ASSERT_TRUE(none);
  EXPECT_EQ((*none)[1].reads, 0U);
}

std::string row(std::string_view key, std::string_view reads, std::string_view last) {
  return concat({R"({"key_hash": )", key, R"(, "reads_0": )", reads,
                 R"(, "reads_1": 0, "reads_2": 0, "reads_3": 0, "last_read": )", last, "}"});
}
std::string reply_of(const std::vector<std::string>& rows, std::string_view count) {
  return concat({R"({"data": [)", join(rows, ", "), R"(], "rows": )", count, "}"});
}

TEST(AnalyticsSqlTest, WhatIsNoAnswerToTheQuestionIsCorrupt) {
  const std::string key = "\"fedcba9876543210\"";
  EXPECT_TRUE(parse_uses(reply_of({row(key, "1", "2")}, "1"), two));
  EXPECT_TRUE(parse_uses(reply_of({row(key, "\"1\"", "2e3")}, "\"1\""), two));
  const std::vector<std::string> replies = {
      "",
      "null",
      "[]",
      "{}",
      "Error: unknown table key_reads",
      R"({"success": false, "errors": [{"code": 10000, "message": "Authentication error"}]})",
      R"({"data": {}, "rows": 0})",
      R"({"data": []})",
      R"({"data": [], "rows": 1})",
      R"({"data": [1], "rows": 1})",
      R"({"data": [[]], "rows": 1})",
      reply_of({row(key, "1", "2")}, "0"),
      reply_of({row(key, "1", "2")}, "-1"),
      reply_of({row(key, "1", "2"), row(key, "1", "2")}, "2"),  // twice
      reply_of({row("\"0000000000000000\"", "1", "2")}, "1"),   // not asked about
      reply_of({row("1", "1", "2")}, "1"),                      // a number
      reply_of({row(key, "null", "2")}, "1"),
      reply_of({row(key, "-1", "2")}, "1"),
      reply_of({row(key, "true", "2")}, "1"),
      reply_of({row(key, "\"many\"", "2")}, "1"),
      reply_of({row(key, "1e300", "2")}, "1"),
      reply_of({row(key, "1", "null")}, "1"),
      reply_of({row(key, "1", "\"2026-11-29 02:00:00\"")}, "1"),
      reply_of({row(key, "1", "1e12")}, "1"),  // beyond the year 9999
      R"({"data": [{"key_hash": "fedcba9876543210", "reads_0": 1, "last_read": 2}], "rows": 1})",
  };
  for (const std::string& reply : replies) {
    const auto uses = parse_uses(reply, two);
    ASSERT_FALSE(uses) << reply;
    EXPECT_EQ(uses.error().kind, ErrorKind::corrupt) << reply;
  }
}

TEST(AnalyticsSqlTest, ReadsThatWereLostLetTheCountBeginAgain) {
  const auto span = [](std::string_view rows, std::string_view count) {
    return parse_span(concat({R"({"data": [)", rows, R"(], "rows": )", count, "}"}));
  };
  const std::string read = R"({"event": "key_read", "first_time": 1000, "last_time": 5000})";
  const std::string lost = R"({"event": "reads_lost", "first_time": 2000, "last_time": 3000})";
  EXPECT_EQ(span("", "0").value(), Instant::max());
  EXPECT_EQ(span(read, "1").value(), instant_from_millis(1'000'000));
  EXPECT_EQ(span(concat({lost, ", ", read}), "2").value(), instant_from_millis(3'000'000));
  EXPECT_EQ(span(lost, "1").value(), Instant::max());
  for (const char* row :
       {R"({"event": "other", "first_time": 1, "last_time": 2})",
        R"({"event": "key_read", "first_time": 3, "last_time": 2})",
        R"({"event": "key_read", "first_time": 1})", R"({"first_time": 1, "last_time": 2})"}) {
    EXPECT_EQ(span(row, "1").error().kind, ErrorKind::corrupt) << row;
  }
}

}  // namespace
}  // namespace larder::cold::analytics_sql_test
