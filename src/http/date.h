// HTTP-date (RFC 9110 §5.6.7), and the timestamps of JSON (RFC 3339). No library calendar and no locale: the
// grammar is fixed and English.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace larder::http {

// The three forms: IMF-fixdate, RFC 850 and asctime, in any case (RFC 9111 §4.2). The layout is exact, the
// day and time must exist (second 60 is taken for leap seconds), a wrong name of a real weekday is forgiven.
// `now` resolves the two-digit year of RFC 850: it is the latest year that is at most 50 years ahead.
std::optional<Instant> parse_date(std::string_view text, Instant now);

// IMF-fixdate, the second rounded down; years outside 0000 to 9999 are clamped.
std::string format_date(Instant instant);

// RFC 3339 in UTC with milliseconds, as JSON carries times: 2026-11-21T08:09:10.000Z. Years outside 0000 to
// 9999 are clamped.
std::string format_timestamp(Instant instant);

// Its first ten characters: the day in UTC.
std::string format_day(Instant instant);

// Exactly that form; the milliseconds or the whole time of day may be left out. nullopt for anything else and
// for what does not exist.
std::optional<Instant> parse_timestamp(std::string_view text);

}  // namespace larder::http
