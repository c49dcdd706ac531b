#include "entry/decimal.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "config/key_field.h"

namespace larder::entry {

namespace {

// Beyond this nothing is a number that a key could hold; it also keeps sums of exponents small.
constexpr std::size_t exponent_digits_max = 9;
constexpr std::size_t billionths_digits = 9;

std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) {
    ++count;
  }
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

// "e-7" and the like; nullopt for what is none. One of too many digits is cut: the number is out of all
// bounds anyway.
std::optional<std::int64_t> take_exponent(std::string_view& text) {
  text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  std::string_view digits = take_digits(text);
  if (digits.empty()) {
    return std::nullopt;
  }
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  const bool huge = digits.size() > exponent_digits_max;
  const auto value = huge ? 1'000'000'000 : static_cast<std::int64_t>(parse_unsigned(digits).value_or(0));
  return negative ? -value : value;
}

void strip_zeros(Decimal& number) {
  const std::size_t leading = std::min(number.digits.find_first_not_of('0'), number.digits.size());
  number.digits.erase(0, leading);
  number.scale -= static_cast<std::int64_t>(leading);
  number.digits.erase(number.digits.find_last_not_of('0') + 1);
  if (number.digits.empty()) {
    number = Decimal();
  }
}

}  // namespace

std::optional<Decimal> parse_json_number(std::string_view token) {
  Decimal number;
  number.negative = token.starts_with('-');
  if (number.negative) {
    token.remove_prefix(1);
  }
  const std::string_view whole = take_digits(token);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) {
    return std::nullopt;
  }
  std::string_view fraction;
  if (token.starts_with('.')) {
    token.remove_prefix(1);
    fraction = take_digits(token);
    if (fraction.empty()) {
      return std::nullopt;
    }
  }
  std::int64_t exponent = 0;
  if (token.starts_with('e') || token.starts_with('E')) {
    const auto taken = take_exponent(token);
    if (!taken) {
      return std::nullopt;
    }
    exponent = *taken;
  }
  if (!token.empty()) {
    return std::nullopt;
  }
  number.digits.append(whole).append(fraction);
  number.scale = static_cast<std::int64_t>(whole.size()) + exponent;
  strip_zeros(number);
  return number;
}

std::optional<std::string> plain_decimal(const Decimal& number, std::size_t digits_max) {
  const auto most = static_cast<std::int64_t>(digits_max);
  const auto count = static_cast<std::int64_t>(number.digits.size());
  if (number.scale > most || count - number.scale > most) {
    return std::nullopt;
  }
  std::string text = number.negative ? "-" : "";
  if (number.scale <= 0) {
    text.append("0");
  } else {
    const auto whole = static_cast<std::size_t>(std::min(number.scale, count));
    text.append(number.digits, 0, whole).append(static_cast<std::size_t>(number.scale) - whole, '0');
  }
  if (count > number.scale) {
    const auto zeros = static_cast<std::size_t>(std::max<std::int64_t>(-number.scale, 0));
    const auto from = static_cast<std::size_t>(std::max<std::int64_t>(number.scale, 0));
    text.append(".").append(zeros, '0').append(number.digits, from);
  }
  return text;
}

std::optional<std::string> quantised(const Decimal& number, std::int64_t step_billionths) {
  LARDER_ASSERT(step_billionths > 0);
  constexpr std::int64_t whole_digits_max = 10;
  if (number.scale > whole_digits_max) {
    return std::nullopt;
  }
  Decimal cut = number;
  const std::int64_t kept =
      std::max<std::int64_t>(number.scale + static_cast<std::int64_t>(billionths_digits), 0);
  if (static_cast<std::int64_t>(cut.digits.size()) > kept) {
    cut.digits.resize(static_cast<std::size_t>(kept));
    strip_zeros(cut);
  }
  const auto plain = plain_decimal(cut, whole_digits_max);
  LARDER_ASSERT(plain.has_value());
  const auto billionths = config::parse_billionths(*plain);
  if (!billionths) {
    return std::nullopt;
  }
  constexpr std::uint64_t billion = 1'000'000'000;
  const auto magnitude = static_cast<std::uint64_t>(*billionths < 0 ? -*billionths : *billionths);
  const auto width = static_cast<std::uint64_t>(step_billionths);
  const std::uint64_t bucket = (magnitude + width / 2) / width * width;
  const std::string fraction = to_text(billion + bucket % billion).substr(1);
  auto rounded = parse_json_number(concat({to_text(bucket / billion), ".", fraction}));
  LARDER_ASSERT(rounded.has_value());
  rounded->negative = *billionths < 0 && !rounded->digits.empty();
  return plain_decimal(*rounded, 2 * billionths_digits);
}

}  // namespace larder::entry
