// Decimal numbers by their digits alone, so that nothing is rounded on the way into a key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::entry {

// 0.DIGITS times ten to the power of `scale`. `digits` has no zero at either end; zero has none at all, and
// is not negative.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t scale = 0;
};

// A number as JSON writes it (RFC 8259 §6); nullopt for anything else. -0 is 0.
std::optional<Decimal> parse_json_number(std::string_view token);

// Without exponent and needless zeros: -0.5. nullopt with more than `digits_max` digits before or after the
// point.
std::optional<std::string> plain_decimal(const Decimal& number, std::size_t digits_max);

// The nearest multiple of `step_billionths` (above 0, a whole number of millionths), halves away from zero,
// exactly: a half step has at most seven decimals, so what is cut off after nine never decides. nullopt above
// a billion.
std::optional<std::string> quantised(const Decimal& number, std::int64_t step_billionths);

}  // namespace larder::entry
