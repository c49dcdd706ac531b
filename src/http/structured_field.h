// Structured fields (RFC 9651, which replaces RFC 8941): the dictionaries and lists that RFC 9213 and RFC
// 9211 are written in. The parser is the strict one of §4.2: any fault makes the whole field absent
// (nullopt).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace larder::http {

enum class ItemKind : std::uint8_t {
  integer,         // §3.3.1, in `integer`
  decimal,         // §3.3.2, as written in `text`
  string,          // §3.3.3, unescaped in `text`
  token,           // §3.3.4, in `text`
  byte_sequence,   // §3.3.5, the bytes in `text`
  boolean,         // §3.3.6, 0 or 1 in `integer`
  date,            // §3.3.7, seconds since 1970-01-01 in `integer`
  display_string,  // §3.3.8, UTF-8 in `text`
  inner_list,      // §3.1.1, checked; its items are dropped, nothing here reads them
};

struct BareItem {
  ItemKind kind = ItemKind::boolean;
  std::int64_t integer = 1;
  std::string text;

  BareItem() {}
  BareItem(ItemKind kind_, std::int64_t integer_, std::string text_)
      : kind(kind_), integer(integer_), text(std::move(text_)) {}
  bool is_false() const { return kind == ItemKind::boolean && integer == 0; }
};

// In order of first appearance; a later value of a key replaces the earlier one, as §4.2.3.2 and §4.2.2 want.
using Parameters = std::vector<std::pair<std::string, BareItem>>;

struct Item {
  BareItem value;
  Parameters parameters;

  Item() {}
};

using Dictionary = std::vector<std::pair<std::string, Item>>;

// The counts that §3.1, §3.2, §3.1.1 and §3.1.2 oblige a parser to take; more is refused.
inline constexpr std::size_t members_max = 1024;
inline constexpr std::size_t inner_list_items_max = 256;
inline constexpr std::size_t parameters_max = 256;

std::optional<Dictionary> parse_dictionary(std::string_view value);
std::optional<std::vector<Item>> parse_list(std::string_view value);

bool is_structured_token(std::string_view text);
// A String (§4.1.6). Strings are printable ASCII only: every other byte is written as a percent escape.
std::string structured_string(std::string_view text);
// A Token where `text` is one, else a String.
std::string structured_token_or_string(std::string_view text);

}  // namespace larder::http
