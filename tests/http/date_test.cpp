#include "http/date.h"

#include <gtest/gtest.h>

namespace larder::http::date_test {
namespace {

using namespace std::string_view_literals;

constexpr std::int64_t second = 1000;
// Sun, 06 Nov 1994 08:49:37 GMT, the moment of RFC 9110's examples.
constexpr std::int64_t example_millis = 784111777 * second;
// Tue, 21 Nov 2026 00:00:00 GMT.
constexpr Instant now = instant_from_millis(1795219200 * second);

TEST(Date, ReadsTheThreeForms) {
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT"sv, "Sunday, 06-Nov-94 08:49:37 GMT"sv, "Sun Nov  6 08:49:37 1994"sv,
        "Sun Nov 06 08:49:37 1994"sv, " \tSun, 06 Nov 1994 08:49:37 GMT\r\n "sv,
        "Mon, 06 Nov 1994 08:49:37 GMT"sv, "sun, 06 nov 1994 08:49:37 gmt"sv,
        "SUNDAY, 06-NOV-94 08:49:37 GMT"sv, "sUn nOv  6 08:49:37 1994"sv}) {
    const auto date = parse_date(text, now);
    ASSERT_TRUE(date) << text;
    EXPECT_EQ(millis_since_epoch(*date), example_millis) << text;
  }
}

struct DateCase {
  std::string_view text;
  std::int64_t seconds;
};

TEST(Date, CountsDaysOverTheCalendar) {
  const DateCase cases[] = {
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
      {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
      {"Wed, 01 Mar 2000 00:00:00 GMT", 951868800},
      {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
      {"Mon, 01 Mar 2100 00:00:00 GMT", 4107542400},
      {"Tue, 19 Jan 2038 03:14:08 GMT", 2147483648},
      {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
      {"Sat, 01 Jan 0000 00:00:00 GMT", -62167219200},
      {"Sun, 31 Dec 2016 23:59:60 GMT", 1483228800},
      {"Thu Feb 29 00:00:00 2024", 1709164800},
      {"Mon Mar 10 23:59:59 2025", 1741651199},
  };
  for (const DateCase& one : cases) {
    const auto date = parse_date(one.text, now);
    ASSERT_TRUE(date) << one.text;
    EXPECT_EQ(millis_since_epoch(*date), one.seconds * second) << one.text;
  }
}

TEST(Date, RefusesWhatIsNone) {
  for (const std::string_view text : {""sv,
                                      "0"sv,
                                      "-1"sv,
                                      "Sun"sv,
                                      "Sun, 06 Nov 1994 08:49:37"sv,
                                      "Sun, 06 Nov 1994 08:49:37 UTC"sv,
                                      "Sun, 06 Nov 1994 08:49:37 +0000"sv,
                                      "Sun, 06 Nov 1994 08:49:37 GMTx"sv,
                                      "Son, 06 Nov 1994 08:49:37 GMT"sv,
                                      "Sun, 06 Okt 1994 08:49:37 GMT"sv,
                                      "Sun,06 Nov 1994 08:49:37 GMT"sv,
                                      "Sun 06 Nov 1994 08:49:37 GMT"sv,
                                      "Sun, 6 Nov 1994 08:49:37 GMT"sv,
                                      "Sun, 06  Nov  1994 08:49:37 GMT"sv,
                                      "Sun, 06-Nov-1994 08:49:37 GMT"sv,
                                      "Sun, 06-Nov-94 08:49:37 GMT"sv,
                                      "Sunday, 06 Nov 1994 08:49:37 GMT"sv,
                                      "Sunday, 06-Nov-1994 08:49:37 GMT"sv,
                                      "Sun, 06 Nov 94 08:49:37 GMT"sv,
                                      "Sun, 06 Nov 1994 8:49:37 GMT"sv,
                                      "Sun, 06 Nov 1994 08.49.37 GMT"sv,
                                      "Sun, 06 Nov 1994 24:00:00 GMT"sv,
                                      "Sun, 06 Nov 1994 08:60:00 GMT"sv,
                                      "Sun, 06 Nov 1994 08:49:61 GMT"sv,
                                      "Sun, 06 Nov 1994 -8:49:37 GMT"sv,
                                      "Sun, 00 Nov 1994 08:49:37 GMT"sv,
                                      "Sun, 31 Nov 1994 08:49:37 GMT"sv,
                                      "Sun, 32 Dec 1994 08:49:37 GMT"sv,
                                      "Tue, 29 Feb 2100 00:00:00 GMT"sv,
                                      "Wed, 29 Feb 2023 00:00:00 GMT"sv,
                                      "Sun, 06 Nov 19940 08:49:37 GMT"sv,
                                      "Sun Nov 6 08:49:37 1994"sv,
                                      "Sun Nov  6 08:49:37 1994 GMT"sv,
                                      "Sun Nov   08:49:37 1994"sv,
                                      "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"sv,
                                      "Sun, 06 Nov 1994 08:49:37 GM"sv,
                                      "Sun, 06 Nov 1994 08:49:37\0GMT"sv,
                                      "Sun, 06 Nov 1994 08:49:37 GMT\0"sv,
                                      "S\xc3\xbcn, 06 Nov 1994 08:49:37 GMT"sv}) {
    EXPECT_EQ(parse_date(text, now), std::nullopt) << text;
  }
}

struct YearCase {
  std::string_view text;
  std::string_view now;
  std::string_view meaning;
};

TEST(Date, TwoDigitYearsAreAtMostFiftyYearsAhead) {
  const YearCase cases[] = {
      {"Friday, 01-Jan-27 00:00:00 GMT", "Sat, 21 Nov 2026 00:00:00 GMT", "Fri, 01 Jan 2027 00:00:00 GMT"},
      {"Saturday, 21-Nov-76 00:00:00 GMT", "Sat, 21 Nov 2026 00:00:00 GMT", "Sat, 21 Nov 2076 00:00:00 GMT"},
      {"Sunday, 21-Nov-76 00:00:01 GMT", "Sat, 21 Nov 2026 00:00:00 GMT", "Sun, 21 Nov 1976 00:00:01 GMT"},
      {"Sunday, 06-Nov-94 08:49:37 GMT", "Sat, 21 Nov 2026 00:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"},
      {"Saturday, 01-Jan-00 00:00:00 GMT", "Sat, 21 Nov 2026 00:00:00 GMT", "Sat, 01 Jan 2000 00:00:00 GMT"},
      {"Saturday, 01-Jan-05 00:00:00 GMT", "Fri, 31 Dec 1999 00:00:00 GMT", "Sat, 01 Jan 2005 00:00:00 GMT"},
      {"Friday, 01-Jan-10 00:00:00 GMT", "Mon, 01 Jan 2080 00:00:00 GMT", "Wed, 01 Jan 2110 00:00:00 GMT"},
      {"Tuesday, 29-Feb-00 00:00:00 GMT", "Sat, 21 Nov 2026 00:00:00 GMT", "Tue, 29 Feb 2000 00:00:00 GMT"},
  };
  for (const YearCase& one : cases) {
    const auto at = parse_date(one.now, now);
    ASSERT_TRUE(at) << one.now;
    const auto date = parse_date(one.text, *at);
    ASSERT_TRUE(date) << one.text;
    EXPECT_EQ(format_date(*date), one.meaning) << one.text;
  }
}

TEST(Date, TwoDigitYearsOfADayThatTheYearLacks) {
  // In 2060 the year 00 is 2100, which has no leap day.
  const auto at = parse_date("Thu, 01 Jan 2060 00:00:00 GMT", now);
  EXPECT_EQ(parse_date("Monday, 29-Feb-00 00:00:00 GMT", *at), std::nullopt);
}

TEST(Date, IsWrittenAsImfFixdate) {
  EXPECT_EQ(format_date(instant_from_millis(example_millis)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_date(instant_from_millis(example_millis + 999)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_date(instant_from_millis(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_date(instant_from_millis(-1)), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(format_date(instant_from_millis(951825600 * second)), "Tue, 29 Feb 2000 12:00:00 GMT");
  EXPECT_EQ(format_date(now), "Sat, 21 Nov 2026 00:00:00 GMT");
}

TEST(Date, ClampsYearsThatHaveNoFourDigits) {
  EXPECT_EQ(format_date(instant_from_millis(INT64_MAX)), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(format_date(instant_from_millis(INT64_MIN)), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(Date, EveryDayIsReadBackAsItWasAndHasTheNextWeekday) {
  constexpr std::int64_t day = 86400 * second;
  constexpr std::string_view weekdays = "ThuFriSatSunMonTueWed";
  for (std::int64_t i = 0; i < 200'000; ++i) {
    const Instant instant = instant_from_millis(i * day + 12345 * second);
    const std::string text = format_date(instant);
    ASSERT_EQ(parse_date(text, now), instant) << text;
    ASSERT_EQ(text.substr(0, 3), weekdays.substr(static_cast<std::size_t>(i % 7 * 3), 3)) << text;
  }
}

TEST(Timestamps, AreWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(format_timestamp(instant_from_millis(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_timestamp(instant_from_millis(1'790'000'000'007)), "2026-09-21T14:13:20.007Z");
  EXPECT_EQ(format_timestamp(instant_from_millis(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_timestamp(instant_from_millis(951'782'400'000)), "2000-02-29T00:00:00.000Z");
}

TEST(Timestamps, AreReadInTheFormTheyAreWrittenIn) {
  EXPECT_EQ(parse_timestamp("2026-09-21T14:13:20.007Z"), instant_from_millis(1'790'000'000'007));
  EXPECT_EQ(parse_timestamp("2026-09-21T14:13:20Z"), instant_from_millis(1'790'000'000'000));
  EXPECT_EQ(parse_timestamp("2000-02-29"), instant_from_millis(951'782'400'000));
  for (const std::string_view text :
       {"", "2026", "2026-13-01", "2026-00-01", "2026-02-29", "2026-09-21T24:00:00Z", "2026-09-21T14:13Z",
        "2026-09-21T14:13:20", "2026-09-21T14:13:20.07Z", "2026-09-21T14:13:20+00:00", " 2026-09-21",
        "2026-9-21"}) {
    EXPECT_FALSE(parse_timestamp(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace larder::http::date_test
