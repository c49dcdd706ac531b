// Vary and the secondary key it makes (RFC 9110 §12.5.5, RFC 9111 §4.1).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace larder::http {

struct Vary {
  // No other request is known to get the same answer: "*" is among the members, or one that is no field name,
  // whose meaning is unknown.
  bool any = false;
  // In lower case, sorted, each once.
  std::vector<std::string> names;

  Vary() {}
  friend bool operator==(const Vary&, const Vary&) = default;
};

// `value` is the combined field value.
Vary parse_vary(std::string_view value);
// Without the field: no names, not `any`.
Vary vary_of(const Fields& response);

// The combined value of a request's field, nullopt if it has none. Names are asked for in lower case.
using FieldReader = std::function<std::optional<std::string>(std::string_view name)>;

// The selecting fields of one request as text, for example "accept-encoding=br,gzip&accept-language": a name
// without "=" is absent. Two requests have the same text only if RFC 9111 §4.1 allows them the same answer.
// Normalised: white space and empty elements go; codings, charsets and languages are lower case, q=1 is
// dropped and the higher q comes first; among equals codings are sorted, while languages keep their order,
// since origins do read it as a ranking.
// '%', '&' and bytes that are not printable ASCII are percent escapes, so the text is safe in a key.
std::string secondary_key(const std::vector<std::string>& names, const FieldReader& read);

// The names in such a text.
std::vector<std::string> names_of_key(std::string_view secondary_key);

// Tells whether requests have a secondary key that is kept, and remembers the fields of the last one that
// had: who sends the same again is known by comparing them as they came. One for each key.
class SelectionMemo {
 public:
  // `stored_key`: always the same. An empty `read` reads no request, which fits no key but "".
  bool fits(std::string_view stored_key, const FieldReader& read);

 private:
  struct Remembered {
    std::vector<std::string> names;
    // As the client sent them.
    std::vector<std::optional<std::string>> values;

    Remembered() {}
  };

  // nullptr: no request has fitted yet.
  std::unique_ptr<Remembered> last_;
};

// Whether a stored answer with this Vary and this secondary key is one for the request that `read` reads.
bool selects(const Vary& vary, std::string_view stored_key, const FieldReader& read);

}  // namespace larder::http
