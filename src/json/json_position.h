// Where a JSON text breaks RFC 8259. simdjson tells that a text is broken, not where; people need the place.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace larder::json {

// `line` and `column` count from 1, columns in characters. `message` ends the sentence "Line 3, column 7: …".
struct SyntaxFault {
  std::size_t line;
  std::size_t column;
  std::string message;
};

// The first place at which `text` is not one JSON value nested at most `depth_max` deep;
// nullopt if there is none.
std::optional<SyntaxFault> find_syntax_fault(std::string_view text, std::size_t depth_max);

}  // namespace larder::json
