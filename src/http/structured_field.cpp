#include "http/structured_field.h"

#include <algorithm>

#include "base/text.h"
#include "http/syntax.h"

namespace larder::http {

namespace {

constexpr std::size_t integer_digits_max = 15;
constexpr std::size_t decimal_whole_digits_max = 12;
constexpr std::size_t decimal_fraction_digits_max = 3;

bool is_structured_token_character(char c) { return is_token_character(c) || c == ':' || c == '/'; }

// Those of the last digit of base64 that stand for no byte.
void clear_spare_bits(std::string& text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t count = std::min(text.find('='), text.size());
  const std::size_t spare = count % 4 == 2 ? 16 : count % 4 == 3 ? 4 : 1;
  if (count > 0) {
    const std::size_t last = digits.find(text[count - 1]);
    text[count - 1] = digits[last - last % spare];
  }
}

template <typename Value>
Value& slot(std::vector<std::pair<std::string, Value>>& map, std::string&& key) {
  for (auto& [name, value] : map) {
    if (name == key) {
      value = Value();
      return value;
    }
  }
  return map.emplace_back(std::move(key), Value()).second;
}

// RFC 9651 §4.2. Each function takes its production from the front of the rest and is false if it is not
// there.
class Parser {
 public:
  explicit Parser(std::string_view value) : rest_(value) {}

  bool dictionary(Dictionary& members) {
    return sequence([&] {
      std::string name;
      if (!key(name)) {
        return false;
      }
      Item& item = slot(members, std::move(name));
      return members.size() <= members_max && (take('=') ? member(item) : parameters(item.parameters));
    });
  }

  bool list(std::vector<Item>& members) {
    return sequence([&] { return members.size() < members_max && member(members.emplace_back()); });
  }

 private:
  // §4.2.1, §4.2.2: members, commas between them, nothing after the last.
  template <typename Member>
  bool sequence(Member one_member) {
    skip(" ");
    while (!rest_.empty()) {
      if (!one_member()) {
        return false;
      }
      skip(" \t");
      if (rest_.empty()) {
        return true;
      }
      if (!take(',')) {
        return false;
      }
      skip(" \t");
      if (rest_.empty()) {
        return false;
      }
    }
    return true;
  }

  bool member(Item& item) {
    return (peek('(') ? inner_list(item.value) : bare_item(item.value)) && parameters(item.parameters);
  }

  bool inner_list(BareItem& list) {
    list = BareItem(ItemKind::inner_list, 0, "");
    take('(');
    for (std::size_t count = 0; count <= inner_list_items_max; ++count) {
      skip(" ");
      if (take(')')) {
        return true;
      }
      Item ignored;
      if (!bare_item(ignored.value) || !parameters(ignored.parameters) || !(peek(' ') || peek(')'))) {
        return false;
      }
    }
    return false;
  }

  bool parameters(Parameters& found) {
    while (take(';')) {
      skip(" ");
      std::string name;
      if (!key(name)) {
        return false;
      }
      BareItem& value = slot(found, std::move(name));
      if (found.size() > parameters_max || (take('=') && !bare_item(value))) {
        return false;
      }
    }
    return true;
  }

  bool key(std::string& name) {
    const auto continues = [](char c) {
      return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '*';
    };
    if (!rest_.starts_with('*') && (rest_.empty() || !is_lower(rest_.front()))) {
      return false;
    }
    name = take_while(continues);
    return true;
  }

  bool bare_item(BareItem& item) {
    if (rest_.empty()) {
      return false;
    }
    const char first = rest_.front();
    if (first == '-' || is_digit(first)) {
      return number(item);
    }
    if (first == '"') {
      return string(item);
    }
    if (first == '*' || is_alpha(first)) {
      item = BareItem(ItemKind::token, 0, std::string(take_while(is_structured_token_character)));
      return true;
    }
    if (first == ':') {
      return byte_sequence(item);
    }
    if (first == '@') {
      return date(item);
    }
    if (first == '%') {
      return display_string(item);
    }
    return boolean(item);
  }

  bool number(BareItem& item) {
    const std::string_view from = rest_;
    const bool negative = take('-');
    const std::string_view whole = take_while(is_digit);
    if (whole.empty()) {
      return false;
    }
    if (!take('.')) {
      const auto magnitude = whole.size() <= integer_digits_max ? parse_unsigned(whole) : std::nullopt;
      const auto value = static_cast<std::int64_t>(magnitude.value_or(0));
      item = BareItem(ItemKind::integer, negative ? -value : value, "");
      return magnitude.has_value();
    }
    const std::string_view fraction = take_while(is_digit);
    item = BareItem(ItemKind::decimal, 0, std::string(from.substr(0, from.size() - rest_.size())));
    return whole.size() <= decimal_whole_digits_max && !fraction.empty() &&
           fraction.size() <= decimal_fraction_digits_max;
  }

  bool string(BareItem& item) {
    item = BareItem(ItemKind::string, 0, "");
    take('"');
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') {
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) {
        return false;
      }
      if (c != '\\') {
        item.text.push_back(c);
      } else if (peek('"') || peek('\\')) {
        item.text.push_back(rest_.front());
        rest_.remove_prefix(1);
      } else {
        return false;
      }
    }
    return false;
  }

  bool byte_sequence(BareItem& item) {
    take(':');
    const auto is_base64 = [](char c) {
      return is_alpha(c) || is_digit(c) || c == '+' || c == '/' || c == '=';
    };
    // Padding may be missing, and the bits that the last digit has to spare may be set (§4.2.7).
    std::string digits(take_while(is_base64));
    clear_spare_bits(digits);
    const auto bytes = from_base64(digits);
    item = BareItem(ItemKind::byte_sequence, 0, bytes.value_or(""));
    return bytes && take(':');
  }

  // §4.2.9: an Integer, no Decimal.
  bool date(BareItem& item) {
    take('@');
    const bool valid = number(item) && item.kind == ItemKind::integer;
    item.kind = ItemKind::date;
    return valid;
  }

  // §4.2.10: printable ASCII, in which lower-case escapes stand for the bytes of UTF-8.
  bool display_string(BareItem& item) {
    item = BareItem(ItemKind::display_string, 0, "");
    take('%');
    if (!take('"')) {
      return false;
    }
    while (!rest_.empty()) {
      const char c = rest_.front();
      const std::string_view escape = rest_.substr(0, 3);
      rest_.remove_prefix(1);
      if (c == '"') {
        return is_utf8(item.text);
      }
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) {
        return false;
      }
      if (c != '%') {
        item.text.push_back(c);
        continue;
      }
      const auto is_digit_of_it = [](char digit) {
        return is_digit(digit) || (digit >= 'a' && digit <= 'f');
      };
      const auto byte = percent_decode(escape, PlusSign::itself);
      if (escape.size() != 3 || !is_digit_of_it(escape[1]) || !is_digit_of_it(escape[2]) || !byte) {
        return false;
      }
      item.text.append(*byte);
      rest_.remove_prefix(2);
    }
    return false;
  }

  bool boolean(BareItem& item) {
    if (!take('?') || !(peek('0') || peek('1'))) {
      return false;
    }
    item = BareItem(ItemKind::boolean, rest_.front() - '0', "");
    rest_.remove_prefix(1);
    return true;
  }

  bool peek(char c) const { return !rest_.empty() && rest_.front() == c; }

  bool take(char c) {
    const bool there = peek(c);
    if (there) {
      rest_.remove_prefix(1);
    }
    return there;
  }

  template <typename Predicate>
  std::string_view take_while(Predicate wanted) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), wanted);
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }

  std::string_view rest_;
};

// §4.2 discards spaces at both ends; of white space the members themselves know SP and HTAB only.
std::string_view without_end_spaces(std::string_view value) {
  return value.substr(0, value.find_last_not_of(' ') + 1);
}

}  // namespace

std::optional<Dictionary> parse_dictionary(std::string_view value) {
  Dictionary members;
  const bool valid = Parser(without_end_spaces(value)).dictionary(members);
  return valid ? std::optional<Dictionary>(std::move(members)) : std::nullopt;
}

std::optional<std::vector<Item>> parse_list(std::string_view value) {
  std::vector<Item> members;
  const bool valid = Parser(without_end_spaces(value)).list(members);
  return valid ? std::optional<std::vector<Item>>(std::move(members)) : std::nullopt;
}

bool is_structured_token(std::string_view text) {
  return !text.empty() && (is_alpha(text.front()) || text.front() == '*') &&
         std::all_of(text.begin(), text.end(), is_structured_token_character);
}

std::string structured_string(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e) {
      quoted.append({'%', digits[byte >> 4], digits[byte & 15]});
    } else {
      if (c == '"' || c == '\\') {
        quoted.push_back('\\');
      }
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return quoted;
}

std::string structured_token_or_string(std::string_view text) {
  return is_structured_token(text) ? std::string(text) : structured_string(text);
}

}  // namespace larder::http
