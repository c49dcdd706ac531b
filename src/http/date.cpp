#include "http/date.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"
#include "http/syntax.h"

namespace larder::http {

namespace {

constexpr std::array<std::string_view, 7> short_weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                           "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<int, 12> days_before_month = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

constexpr std::int64_t seconds_per_day = 86400;
constexpr std::int64_t days_per_400_years = 146097;

struct CivilTime {
  int year = 0;
  int month = 0;  // 0 is January
  int day = 0;    // 1 is the first
  int hour = 0;
  int minute = 0;
  int second = 0;
};

constexpr bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// Days from 0000-01-01 to the first of `year`, which is not negative.
constexpr std::int64_t days_before_year(int year) {
  // Counted 400 years up, so that the year before year 0 is no special case.
  const std::int64_t past = year + 399;
  return past * 365 + past / 4 - past / 100 + past / 400 - (399 * 365 + 399 / 4 - 399 / 100);
}

constexpr std::int64_t epoch_day = days_before_year(1970);
static_assert(days_before_year(0) == 0 && days_before_year(1) == 366 &&
              days_before_year(400) == days_per_400_years);
static_assert(epoch_day == 719528);

int days_in_month(int year, int month) {
  if (month == 1) {
    return is_leap(year) ? 29 : 28;
  }
  const int next = month == 11 ? 365 : days_before_month[static_cast<std::size_t>(month) + 1];
  return next - days_before_month[static_cast<std::size_t>(month)];
}

// A day that its month does not have runs on into the next month.
std::int64_t seconds_since_epoch(const CivilTime& time) {
  const int leap_day = time.month > 1 && is_leap(time.year) ? 1 : 0;
  const std::int64_t day = days_before_year(time.year) +
                           days_before_month[static_cast<std::size_t>(time.month)] + leap_day + time.day - 1 -
                           epoch_day;
  return day * seconds_per_day + std::int64_t{time.hour} * 3600 + std::int64_t{time.minute} * 60 +
         time.second;
}

CivilTime civil_time(std::int64_t seconds) {
  const std::int64_t first = -epoch_day * seconds_per_day;
  const std::int64_t last = (days_before_year(10000) - epoch_day) * seconds_per_day - 1;
  const std::int64_t since_year_0 = std::clamp(seconds, first, last) - first;
  const std::int64_t day = since_year_0 / seconds_per_day;
  CivilTime time;
  time.year = static_cast<int>(day * 400 / days_per_400_years);
  while (days_before_year(time.year) > day) {
    --time.year;
  }
  while (days_before_year(time.year + 1) <= day) {
    ++time.year;
  }
  int day_of_year = static_cast<int>(day - days_before_year(time.year));
  while (day_of_year >= days_in_month(time.year, time.month)) {
    day_of_year -= days_in_month(time.year, time.month);
    ++time.month;
  }
  time.day = day_of_year + 1;
  const auto second_of_day = static_cast<int>(since_year_0 % seconds_per_day);
  time.hour = second_of_day / 3600;
  time.minute = second_of_day / 60 % 60;
  time.second = second_of_day % 60;
  return time;
}

// Takes a date apart from the front. After the first part that is not there, ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Reader& literal(std::string_view expected) {
    take(equals_ignoring_case(rest_.substr(0, expected.size()), expected), expected.size());
    return *this;
  }

  Reader& digits(std::size_t count, int& number) {
    const std::string_view piece = rest_.substr(0, count);
    const auto value = piece.size() == count ? parse_unsigned(piece) : std::nullopt;
    number = static_cast<int>(value.value_or(0));
    take(value.has_value(), count);
    return *this;
  }

  // asctime pads the day with a space.
  Reader& padded_day(int& number) {
    return rest_.substr(0, 1) == " " ? literal(" ").digits(1, number) : digits(2, number);
  }

  template <std::size_t count>
  Reader& name(const std::array<std::string_view, count>& names, int& index) {
    const auto found = std::find_if(names.begin(), names.end(), [&](std::string_view name) {
      return equals_ignoring_case(rest_.substr(0, name.size()), name);
    });
    index = found == names.end() ? 0 : static_cast<int>(found - names.begin());
    take(found != names.end(), names[static_cast<std::size_t>(index)].size());
    return *this;
  }

  Reader& clock(CivilTime& time) {
    return digits(2, time.hour).literal(":").digits(2, time.minute).literal(":").digits(2, time.second);
  }

  bool complete() const { return ok_ && rest_.empty(); }

 private:
  void take(bool there, std::size_t size) {
    ok_ = ok_ && there;
    rest_.remove_prefix(ok_ ? size : 0);
  }

  std::string_view rest_;
  bool ok_ = true;
};

// RFC 9110 §5.6.7: what seems more than 50 years ahead is the latest past year with the same two digits.
int full_year(CivilTime time, Instant now) {
  const CivilTime today = civil_time(whole_seconds(now.time_since_epoch()));
  CivilTime limit = today;
  limit.year += 50;
  const std::int64_t seconds_max = seconds_since_epoch(limit);
  const int two_digits = time.year;
  for (time.year = (today.year / 100 + 1) * 100 + two_digits; time.year >= 100; time.year -= 100) {
    if (seconds_since_epoch(time) <= seconds_max) {
      break;
    }
  }
  return time.year;
}

bool exists(const CivilTime& time) {
  return time.day >= 1 && time.day <= days_in_month(time.year, time.month) && time.hour <= 23 &&
         time.minute <= 59 && time.second <= 60;
}

std::optional<CivilTime> parse_civil(std::string_view text, Instant now) {
  CivilTime time;
  int weekday = 0;
  if (Reader(text)
          .name(short_weekdays, weekday)
          .literal(", ")
          .digits(2, time.day)
          .literal(" ")
          .name(months, time.month)
          .literal(" ")
          .digits(4, time.year)
          .literal(" ")
          .clock(time)
          .literal(" GMT")
          .complete()) {
    return time;
  }
  if (Reader(text)
          .name(long_weekdays, weekday)
          .literal(", ")
          .digits(2, time.day)
          .literal("-")
          .name(months, time.month)
          .literal("-")
          .digits(2, time.year)
          .literal(" ")
          .clock(time)
          .literal(" GMT")
          .complete()) {
    time.year = full_year(time, now);
    return time;
  }
  if (Reader(text)
          .name(short_weekdays, weekday)
          .literal(" ")
          .name(months, time.month)
          .literal(" ")
          .padded_day(time.day)
          .literal(" ")
          .clock(time)
          .literal(" ")
          .digits(4, time.year)
          .complete()) {
    return time;
  }
  return std::nullopt;
}

void append_digits(std::string& text, int number, std::size_t width) {
  const std::string digits = larder::to_text(static_cast<std::uint64_t>(number));
  text.append(width - digits.size(), '0').append(digits);
}

// "08:49:37"
void append_time_of_day(std::string& text, const CivilTime& time) {
  append_digits(text, time.hour, 2);
  text.append(":");
  append_digits(text, time.minute, 2);
  text.append(":");
  append_digits(text, time.second, 2);
}

}  // namespace

std::optional<Instant> parse_date(std::string_view text, Instant now) {
  const auto time = parse_civil(trim_whitespace(text), now);
  if (!time || !exists(*time)) {
    return std::nullopt;
  }
  return instant_from_millis(seconds_since_epoch(*time) * 1000);
}

std::string format_date(Instant instant) {
  const CivilTime time = civil_time(whole_seconds(instant.time_since_epoch()));
  CivilTime midnight = time;
  midnight.hour = midnight.minute = midnight.second = 0;
  const std::int64_t day = seconds_since_epoch(midnight) / seconds_per_day + epoch_day;
  // Day 0, the first of January of year 0, was a Saturday.
  std::string text(short_weekdays[static_cast<std::size_t>((day + 6) % 7)]);
  text.append(", ");
  append_digits(text, time.day, 2);
  text.append(" ").append(months[static_cast<std::size_t>(time.month)]).append(" ");
  append_digits(text, time.year, 4);
  text.append(" ");
  append_time_of_day(text, time);
  return text.append(" GMT");
}

std::string format_timestamp(Instant instant) {
  const std::int64_t second = whole_seconds(instant.time_since_epoch());
  const CivilTime time = civil_time(second);
  std::string text;
  append_digits(text, time.year, 4);
  text.append("-");
  append_digits(text, time.month + 1, 2);
  text.append("-");
  append_digits(text, time.day, 2);
  text.append("T");
  append_time_of_day(text, time);
  text.append(".");
  append_digits(text, static_cast<int>(millis_since_epoch(instant) - second * 1000), 3);
  return text.append("Z");
}

std::string format_day(Instant instant) { return format_timestamp(instant).substr(0, 10); }

std::optional<Instant> parse_timestamp(std::string_view text) {
  CivilTime time;
  int millis = 0;
  const auto day = [&] {
    Reader reader(text);
    reader.digits(4, time.year).literal("-").digits(2, time.month).literal("-").digits(2, time.day);
    return reader;
  };
  const bool fits = day().complete() || day().literal("T").clock(time).literal("Z").complete() ||
                    day().literal("T").clock(time).literal(".").digits(3, millis).literal("Z").complete();
  --time.month;
  if (!fits || time.month < 0 || time.month > 11 || !exists(time)) {
    return std::nullopt;
  }
  return instant_from_millis(seconds_since_epoch(time) * 1000 + millis);
}

}  // namespace larder::http
