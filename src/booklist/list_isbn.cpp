#include "booklist/list_isbn.h"

#include "base/isbn.h"
#include "base/text.h"

namespace larder::booklist {

namespace {

constexpr std::size_t isbn_ten_digits = 10;
// No publisher's number is so small that more zeros than these lead it.
constexpr std::size_t leading_zeros_max = 4;

std::string_view unwrapped(std::string_view text) {
  constexpr std::string_view wrapping = "=\"'[]{} \t\r\n";
  while (!text.empty() && wrapping.find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
  }
  while (!text.empty() && wrapping.find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  // A number that became a decimal one.
  for (const std::string_view decimals : {".00", ".0"}) {
    if (text.ends_with(decimals)) {
      text.remove_suffix(decimals.size());
    }
  }
  return text;
}

// 9.78044E+12, 9,78044E+12, 9E12
bool is_scientific(std::string_view text) {
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent == 0 || exponent == std::string_view::npos) {
    return false;
  }
  if (text.substr(0, exponent).find_first_not_of("0123456789.,") != std::string_view::npos) {
    return false;
  }
  std::string_view power = text.substr(exponent + 1);
  if (power.starts_with('+')) {
    power.remove_prefix(1);
  }
  return parse_unsigned(power).has_value();
}

ListIsbn read_number(std::string_view text) {
  if (text.empty()) {
    return ListIsbn(IsbnOutcome::absent, "");
  }
  if (is_scientific(text)) {
    return ListIsbn(IsbnOutcome::lost, "");
  }
  if (const auto isbn = parse_isbn(text)) {
    return ListIsbn(IsbnOutcome::kept, isbn->thirteen());
  }
  if (text.size() >= isbn_ten_digits - leading_zeros_max && text.size() < isbn_ten_digits) {
    if (const auto isbn = parse_isbn(std::string(isbn_ten_digits - text.size(), '0').append(text))) {
      return ListIsbn(IsbnOutcome::recovered, isbn->thirteen());
    }
  }
  return ListIsbn(IsbnOutcome::refused, "");
}

}  // namespace

std::string_view plain_isbn(std::string_view field) {
  const std::string_view digits = unwrapped(field);
  return is_isbn13(digits) ? digits : std::string_view();
}

ListIsbn read_list_isbn(std::string_view field) {
  const std::string_view whole = unwrapped(field);
  ListIsbn best = read_number(whole);
  // With spaces within it may still be one number.
  if (best.outcome != IsbnOutcome::refused) {
    return best;
  }
  for (std::string_view rest = whole; !rest.empty();) {
    const std::size_t end = rest.find_first_of(", ;/|");
    ListIsbn next = read_number(unwrapped(rest.substr(0, end)));
    if (next.outcome < best.outcome) {
      best = std::move(next);
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return best;
}

}  // namespace larder::booklist
