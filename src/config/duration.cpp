#include "config/duration.h"

#include <array>

#include "base/assert.h"
#include "base/faults.h"
#include "base/text.h"
#include "config/limits.h"

namespace larder::config {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t millis;
};

// Largest first. A suffix is compared whole, so "m" and "ms" cannot be mixed up.
constexpr std::array units = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                              Unit{"s", 1'000}, Unit{"ms", 1}};

}  // namespace

Result<Millis> parse_duration(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  const std::string_view suffix = digits == std::string_view::npos ? std::string_view() : text.substr(digits);
  for (const Unit& unit : units) {
    if (suffix != unit.name) {
      continue;
    }
    const auto amount = parse_unsigned(text.substr(0, digits));
    if (!amount) {
      break;
    }
    const auto most = static_cast<std::uint64_t>(limit::duration_declared_max.count());
    if (*amount > most / unit.millis) {
      return fail(ErrorKind::invalid, "config",
                  concat({"The duration ", in_quotes(text), " is too long; the longest is ",
                          format_duration(limit::duration_declared_max), "."}));
    }
    return Millis(static_cast<Millis::rep>(*amount * unit.millis));
  }
  return fail(
      ErrorKind::invalid, "config",
      concat({in_quotes(text),
              " is no duration; write a whole number and a unit, as in 250ms, 30s, 15m, 24h or 7d."}));
}

std::string format_duration(Millis duration) {
  LARDER_ASSERT(duration.count() >= 0);
  const auto millis = static_cast<std::uint64_t>(duration.count());
  if (millis == 0) {
    return "0s";
  }
  for (const Unit& unit : units) {
    if (millis % unit.millis == 0) {
      return concat({to_text(millis / unit.millis), unit.name});
    }
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::config
