// Any text as an ISBN: what is taken has thirteen digits and is taken again, in either form; a list's
// wrappings and lost zeros lead to no other number.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/isbn.h"
#include "base/text.h"
#include "booklist/list_isbn.h"

namespace {

using namespace larder;
using namespace larder::booklist;

void check_number(const Isbn& isbn) {
  const std::string& thirteen = isbn.thirteen();
  LARDER_ASSERT(thirteen.size() == 13 && parse_unsigned(thirteen).has_value());
  LARDER_ASSERT(parse_isbn(thirteen)->thirteen() == thirteen);
  const auto ten = isbn.ten();
  LARDER_ASSERT(ten.has_value() == thirteen.starts_with("978"));
  if (!ten) {
    return;
  }
  LARDER_ASSERT(ten->size() == 10 && parse_isbn(*ten)->thirteen() == thirteen);
  LARDER_ASSERT(read_list_isbn("=\"" + *ten + "\"").thirteen == thirteen);
  // A spreadsheet takes its zeros. Another number of eight or nine digits would have to fit its check digit
  // too.
  if (ten->starts_with('0') && !ten->starts_with("00000")) {
    const ListIsbn recovered = read_list_isbn(ten->substr(ten->find_first_not_of('0')));
    LARDER_ASSERT(recovered.outcome == IsbnOutcome::recovered && recovered.thirteen == thirteen);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto isbn = parse_isbn(text);
  if (isbn) {
    check_number(*isbn);
  } else {
    LARDER_ASSERT(isbn.error().kind == ErrorKind::invalid && is_utf8(isbn.error().message));
  }
  const ListIsbn listed = read_list_isbn(text);
  const bool found = listed.outcome == IsbnOutcome::kept || listed.outcome == IsbnOutcome::recovered;
  LARDER_ASSERT(found == !listed.thirteen.empty());
  if (found) {
    check_number(*parse_isbn(listed.thirteen));
  }
  return 0;
}
