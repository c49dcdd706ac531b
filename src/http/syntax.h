// Lexical rules that the field parsers share: white space, tokens, quoted strings, lists (RFC 9110 §5.5,
// §5.6) and delta-seconds (RFC 9111 §1.2.2). Values may be any bytes; nothing here fails, what does not parse
// is said to be absent. Returned views point into the argument.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::http {

using Seconds = std::chrono::seconds;

bool is_token_character(char c);
// RFC 9110 §5.6.2: at least one character, none of them a delimiter.
bool is_token(std::string_view text);

// Without SP, HTAB and the CR and LF of a folded line (RFC 9112 §5.2) at both ends.
std::string_view trim_whitespace(std::string_view text);

// Trimmed pieces between separators that stand outside quoted strings, empty ones included. A quote that
// never closes is an ordinary character: it must not hide a no-store that follows it.
std::vector<std::string_view> split_outside_quotes(std::string_view value, char separator);
// RFC 9110 §5.6.1.2: the elements of a comma list, without the empty ones.
std::vector<std::string_view> list_elements(std::string_view value);
// RFC 9110 §5.6.1: the tokens of a comma list in lower case; nullopt if one is no token or there is none.
std::optional<std::vector<std::string>> token_list(std::string_view value);

// name and name=value, white space around the parts forgiven. `value` is as it stands, quotes included.
struct NamedValue {
  std::string_view name;
  std::optional<std::string_view> value;
};
NamedValue split_named_value(std::string_view element);

// RFC 9110 §5.6.4: the content of a whole quoted string, escapes resolved; nullopt if it is none.
std::optional<std::string> unquote(std::string_view text);

// RFC 9111 §1.2.2: what is greater counts as this.
inline constexpr Seconds delta_seconds_max{2147483648};
// Digits only; nullopt for anything else.
std::optional<Seconds> parse_delta_seconds(std::string_view text);

}  // namespace larder::http
