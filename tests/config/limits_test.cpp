#include "config/limits.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"

namespace larder::config::limits_test {
namespace {

TEST(Limits, EveryRowHasItsUnitInItsNameAndAReason) {
  std::set<std::string_view> names;
  for (const Limit& row : limits) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_GT(row.value, 0u) << row.name;
    EXPECT_TRUE(row.why.ends_with('.')) << row.name;
    EXPECT_EQ(row.unit == "bytes", contains(row.name, "_bytes")) << row.name;
  }
}

TEST(Limits, TheTableHoldsTheConstants) {
  EXPECT_EQ(limits[0].name, "url_bytes_max");
  EXPECT_EQ(limits[0].value, limit::url_bytes_max);
  EXPECT_EQ(limit::key_bytes_max, 512u);
  EXPECT_EQ(limit::entry_header_bytes_max, 1024u);
  EXPECT_EQ(limit::origin_timeout_hard_default, Millis(10'000));
}

}  // namespace
}  // namespace larder::config::limits_test
