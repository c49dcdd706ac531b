// ISBNs (ISO 2108, ISBN Users' Manual, 7th edition): ten or thirteen digits, one of them a check digit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace larder {

// A number that has been checked. Both forms of one number are one Isbn.
class Isbn {
 public:
  // Thirteen digits, without hyphens: the form under which a book is kept.
  const std::string& thirteen() const& { return thirteen_; }
  std::string thirteen() && { return std::move(thirteen_); }
  // Ten characters, the last of them a digit or X; numbers that start with 979 have no such form.
  std::optional<std::string> ten() const;

 private:
  friend Result<Isbn> parse_isbn(std::string_view text);
  explicit Isbn(std::string thirteen) : thirteen_(std::move(thirteen)) {}

  std::string thirteen_;
};

// Takes either form, with hyphens (any Unicode dash), spaces, and x for X. Errors: invalid, with what is
// wrong ("the check digit should be 7"). Digits of other scripts are refused.
Result<Isbn> parse_isbn(std::string_view text);

// The thirteen digits as one number: what parse_isbn finds, without memory of its own and without a word on
// what is wrong. For who reads many.
std::optional<std::uint64_t> isbn13_number(std::string_view text);
// Of such a number, the thirteen digits, and the ten characters where it has that form.
std::string isbn13_of(std::uint64_t number);
std::optional<std::string> isbn10_of(std::uint64_t number);

// Whether these are the thirteen digits of an ISBN and nothing else: what parse_isbn finds, without a copy.
bool is_isbn13(std::string_view digits);

}  // namespace larder
