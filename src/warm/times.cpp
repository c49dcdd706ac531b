#include "warm/times.h"

#include "base/text.h"

namespace larder::warm {

namespace {

std::string padded(std::int64_t number, std::size_t digits) {
  std::string text = to_text(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

struct Date {
  std::int64_t year;
  std::int64_t month;
  std::int64_t day;
};

// The proleptic Gregorian calendar by eras of 400 years, which begin on the 1st of March.
Date date_of(std::int64_t days_since_epoch) {
  constexpr std::int64_t days_to_epoch = 719'468;
  constexpr std::int64_t era_days = 146'097;
  const std::int64_t days = days_since_epoch + days_to_epoch;
  const std::int64_t era = days / era_days;
  const std::int64_t day_of_era = days % era_days;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t from_march = (5 * day_of_year + 2) / 153;
  const std::int64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
  const std::int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
  return Date{year, month, day_of_year - (153 * from_march + 2) / 5 + 1};
}

}  // namespace

std::string to_timestamp(Instant instant) {
  constexpr std::int64_t day_millis = 86'400'000;
  constexpr std::int64_t latest = 253'402'300'799'999;
  std::int64_t millis = millis_since_epoch(instant);
  millis = millis < 0 ? 0 : (millis > latest ? latest : millis);
  const Date date = date_of(millis / day_millis);
  const std::int64_t left = millis % day_millis;
  return concat({padded(date.year, 4), "-", padded(date.month, 2), "-", padded(date.day, 2), "T",
                 padded(left / 3'600'000, 2), ":", padded(left / 60'000 % 60, 2), ":",
                 padded(left / 1000 % 60, 2), ".", padded(left % 1000, 3), "Z"});
}

std::string to_interval(Millis duration) {
  const std::int64_t millis = duration.count() > 0 ? duration.count() : 0;
  const std::int64_t seconds = millis / 1000 + (millis % 1000 > 0 ? 1 : 0);
  std::string text = "PT";
  if (seconds >= 3600) {
    text += to_text(seconds / 3600) + "H";
  }
  if (seconds / 60 % 60 > 0) {
    text += to_text(seconds / 60 % 60) + "M";
  }
  if (seconds % 60 > 0 || seconds == 0) {
    text += to_text(seconds % 60) + "S";
  }
  return text;
}

}  // namespace larder::warm
