// ISBNs as lists of books write them, spreadsheets in between included.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace larder::booklist {

enum class IsbnOutcome : std::uint8_t {
  kept,       // as it should be, wrappings aside: ="0441172717", '0441172717, [0441172717], 9780441172719.0
  recovered,  // a spreadsheet took its leading zeros, and with them back the check digit fits
  lost,       // a spreadsheet took its last digits: 9.78044E+12
  refused,    // something else: another identifier, a wrong digit
  absent,
};

struct ListIsbn {
  IsbnOutcome outcome;
  // Thirteen digits if it was kept or recovered, else "".
  std::string thirteen;

  ListIsbn(IsbnOutcome outcome_, std::string thirteen_) : outcome(outcome_), thirteen(std::move(thirteen_)) {}
};

// Of several numbers between commas or spaces the one with the best outcome, the earlier one of equals.
ListIsbn read_list_isbn(std::string_view field);

// The thirteen digits of a field that holds them and no more than wrappings, as nearly all do; "" for any
// other field, about which read_list_isbn knows more. Quotes that stand doubled are wrappings too.
std::string_view plain_isbn(std::string_view field);

}  // namespace larder::booklist
