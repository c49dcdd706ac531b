#include "entry/pattern.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"

namespace larder::entry::pattern_test {
namespace {

TEST(Pattern, IsTheFirstPieceThatNamesAKind) {
  for (const auto& [key, pattern] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"user:123", "user"},
           {"user", "user"},
           {"User:123:profile", "user"},
           {"user_123", "user"},
           {"user-123", "user"},
           {"user123", "user"},
           {"/api/v2/users/123", "users"},
           {"api.v1.books", "books"},
           {"perm:role:admin", "perm"},
           {"session|abc", "session"},
           {"page#top", "page"},
           {"user-name:7", "user-name"},
           {"face:1", "face"},
           {"v:1", "v"},
           {"", "other"},
           {":::", "other"},
           {"/api/v1/", "other"},
           {"123:user", "other"},
           {"550e8400-e29b-41d4-a716-446655440000", "other"},
           {"deadbeefdeadbeef:x", "other"},
           {"good omens:1", "other"},
           {"größe:1", "other"},
           {"a%20b:1", "other"},
           {"_1:2", "other"},
       }) {
    EXPECT_EQ(pattern_of(key), pattern) << key;
  }
  EXPECT_EQ(pattern_of(std::string(32, 'x') + ":1"), std::string(32, 'x'));
  EXPECT_EQ(pattern_of(std::string(33, 'x') + ":1"), "other");
}

TEST(PatternTable, GivesEveryPatternItsIndexUntilItIsFull) {
  PatternTable table(3);
  EXPECT_EQ(table.index_of("other"), 0u);
  EXPECT_EQ(table.index_of("title"), 1u);
  EXPECT_EQ(table.index_of("isbn"), 2u);
  EXPECT_EQ(table.index_of("title"), 1u);
  EXPECT_EQ(table.index_of("author"), 0u);
  EXPECT_EQ(table.size(), 3u);
  EXPECT_EQ(table.name(0), "other");
  EXPECT_EQ(table.name(2), "isbn");
}

TEST(PatternTable, StaysSmallWhateverComes) {
  PatternTable table(config::limit::pattern_cardinality_max);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    EXPECT_LT(table.index_of("p" + to_text(i)), config::limit::pattern_cardinality_max);
  }
  EXPECT_EQ(table.size(), config::limit::pattern_cardinality_max);
  PatternTable other(2);
  EXPECT_EQ(other.index_of(""), 0u);
  EXPECT_EQ(other.index_of(std::string(33, 'x')), 0u);
  EXPECT_EQ(other.size(), 1u);
}

TEST(PatternTableDeathTest, RefusesIndicesItNeverGave) {
  PatternTable table(2);
  EXPECT_DEATH(static_cast<void>(table.name(1)), "assertion failed");
}

}  // namespace
}  // namespace larder::entry::pattern_test
