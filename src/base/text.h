// Text without locale: ASCII rules only, as HTTP and JSON want them. Nothing here allocates more than its
// result.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_alpha(char c) { return is_upper(c) || is_lower(c); }
constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool contains(std::string_view text, std::string_view part);
bool is_ascii(std::string_view text);

// Without ASCII white space at both ends.
std::string_view trim(std::string_view text);
// Trimmed, and every inner run of ASCII white space made one space.
std::string collapse_spaces(std::string_view text);
// Pieces between separators, empty ones included; "" gives one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string concat(std::initializer_list<std::string_view> parts);

// Decimal digits only, no sign, no space; nullopt for anything else and for what does not fit.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);
// A finite decimal number in JSON's grammar; nullopt for anything else.
std::optional<double> parse_decimal(std::string_view text);
std::string to_text(std::uint64_t value);
std::string to_text(std::int64_t value);

// RFC 3629: no surrogates, no overlong forms, at most U+10FFFF.
bool is_utf8(std::string_view text);
// Bytes of the code point that starts at `at` (below the text's size); 0 if none starts there.
std::size_t utf8_length(std::string_view text, std::size_t at);
// Bytes of the longest prefix of at most `bytes_max` that does not cut a code point. `text` is UTF-8.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

std::string to_hex(std::string_view bytes);
// RFC 4648 §5, without padding.
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);
// RFC 4648 §4, or §5; padding may be absent, and white space between characters (as a MIME body has it) is
// passed over.
std::optional<std::string> from_base64(std::string_view text);

// What a + stands for.
enum class PlusSign : std::uint8_t {
  itself,  // in a path
  space,   // in application/x-www-form-urlencoded
};

// RFC 3986 §2.1. A broken escape gives nullopt.
std::optional<std::string> percent_decode(std::string_view text, PlusSign plus);
// Escapes everything but the unreserved characters of RFC 3986 §2.3.
std::string percent_encode(std::string_view text);

}  // namespace larder
