#include "http/retry_after.h"

#include <gtest/gtest.h>

#include "http/date.h"

namespace larder::http::retry_after_test {
namespace {

// Sat, 21 Nov 2026 08:09:10 GMT
Instant noon() { return *parse_date("Sat, 21 Nov 2026 08:09:10 GMT", Instant()); }

TEST(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(parse_retry_after("120", noon()), 120U);
  EXPECT_EQ(parse_retry_after(" 0 ", noon()), 0U);
  EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 08:11:10 GMT", noon()), 120U);
  EXPECT_EQ(parse_retry_after("Saturday, 21-Nov-26 08:11:10 GMT", noon()), 120U);
  EXPECT_EQ(parse_retry_after("Sat Nov 21 08:11:10 2026", noon()), 120U);
  // Never earlier than promised.
  EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 08:09:12 GMT", noon() + Millis(500)), 2U);
}

TEST(RetryAfter, APastDateIsNow) {
  EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 08:09:10 GMT", noon()), 0U);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", noon()), 0U);
}

TEST(RetryAfter, IsBounded) {
  EXPECT_EQ(parse_retry_after("86401", noon()), 86'400U);
  EXPECT_EQ(parse_retry_after("99999999999999999999999", noon()), 86'400U);
  EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", noon()), 86'400U);
}

TEST(RetryAfter, IsNothingElse) {
  for (const std::string_view value :
       {"", "soon", "-1", "1.5", "120, 121", "Sat, 21 Nov 2026 08:11:10 CET", "1 s"}) {
    EXPECT_EQ(parse_retry_after(value, noon()), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace larder::http::retry_after_test
