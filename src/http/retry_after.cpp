#include "http/retry_after.h"

#include <algorithm>

#include "http/date.h"
#include "http/syntax.h"

namespace larder::http {

std::optional<std::uint64_t> parse_retry_after(std::string_view value, Instant now) {
  const std::string_view text = trim_whitespace(value);
  std::int64_t seconds = 0;
  if (const auto delay = parse_delta_seconds(text)) {
    seconds = delay->count();
  } else if (const auto date = parse_date(text, now)) {
    seconds = whole_seconds(*date - now + Millis(999));
  } else {
    return std::nullopt;
  }
  constexpr auto most = static_cast<std::int64_t>(retry_after_seconds_max);
  return static_cast<std::uint64_t>(std::clamp(seconds, std::int64_t{0}, most));
}

}  // namespace larder::http
