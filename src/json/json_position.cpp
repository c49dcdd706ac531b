#include "json/json_position.h"

#include "base/text.h"

namespace larder::json {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// Walks over one JSON text. Every step returns true, or notes what it wanted at `at_` and returns false.
class Walk {
 public:
  Walk(std::string_view text, std::size_t depth_max) : text_(text), depth_max_(depth_max) {}

  bool document() {
    if (text_.starts_with(byte_order_mark)) {
      at_ = byte_order_mark.size();
    }
    if (!value(0)) {
      return false;
    }
    space();
    return at_ == text_.size() || refuse("something follows the end of the JSON value.");
  }
  std::size_t at() const { return at_; }
  std::string_view wanted() const { return wanted_; }

 private:
  bool refuse(std::string_view wanted) {
    wanted_ = wanted;
    return false;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void space() {
    while (at_ < text_.size() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) {
      ++at_;
    }
  }
  bool value(std::size_t depth);
  bool object(std::size_t depth);
  bool array(std::size_t depth);
  bool string();
  bool escape();
  bool number();
  bool word(std::string_view expected);

  std::string_view text_;
  std::size_t depth_max_;
  std::size_t at_ = 0;
  std::string_view wanted_;
};

bool Walk::value(std::size_t depth) {
  space();
  if (depth > depth_max_) {
    return refuse("the nesting is too deep.");
  }
  switch (peek()) {
    case '{':
      return object(depth);
    case '[':
      return array(depth);
    case '"':
      return string();
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    case '/':
      return refuse("JSON has no comments; remove it.");
    case '\'':
      return refuse("texts stand in double quotes.");
    default:
      break;
  }
  if (peek() == '-' || is_digit(peek())) {
    return number();
  }
  return refuse(at_ == text_.size() ? "the text ends where a value should be." : "a value should be here.");
}

bool Walk::object(std::size_t depth) {
  ++at_;
  space();
  if (peek() == '}') {
    return ++at_, true;
  }
  for (;;) {
    space();
    if (peek() != '"') {
      return refuse(peek() == '}' ? "remove the comma before this bracket."
                                  : "a member name in double quotes should be here.");
    }
    if (!string()) {
      return false;
    }
    space();
    if (peek() != ':') {
      return refuse("a colon should be here.");
    }
    ++at_;
    if (!value(depth + 1)) {
      return false;
    }
    space();
    if (peek() == '}') {
      return ++at_, true;
    }
    if (peek() != ',') {
      return refuse("a comma or a closing brace should be here.");
    }
    ++at_;
  }
}

bool Walk::array(std::size_t depth) {
  ++at_;
  space();
  if (peek() == ']') {
    return ++at_, true;
  }
  for (;;) {
    space();
    if (peek() == ']') {
      return refuse("remove the comma before this bracket.");
    }
    if (!value(depth + 1)) {
      return false;
    }
    space();
    if (peek() == ']') {
      return ++at_, true;
    }
    if (peek() != ',') {
      return refuse("a comma or a closing bracket should be here.");
    }
    ++at_;
  }
}

bool Walk::string() {
  ++at_;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"') {
      return ++at_, true;
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      return refuse(
          "a line end or control character stands in a text; close the quotes or write it as an escape.");
    }
    if (c == '\\') {
      if (!escape()) {
        return false;
      }
      continue;
    }
    const std::size_t length = utf8_length(text_, at_);
    if (length == 0) {
      return refuse("this byte is not UTF-8; save the file as UTF-8.");
    }
    at_ += length;
  }
  return refuse("the text ends inside double quotes.");
}

bool Walk::escape() {
  const std::string_view rest = text_.substr(at_ + 1);
  if (!rest.empty() && contains("\"\\/bfnrt", rest.substr(0, 1))) {
    at_ += 2;
    return true;
  }
  if (rest.size() < 5 || rest[0] != 'u' ||
      rest.substr(1, 4).find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
    return refuse("this escape is not one of JSON's.");
  }
  at_ += 6;
  return true;
}

bool Walk::number() {
  std::size_t end = at_;
  while (end < text_.size() && (is_alpha(text_[end]) || is_digit(text_[end]) || text_[end] == '.' ||
                                text_[end] == '-' || text_[end] == '+')) {
    ++end;
  }
  if (!parse_decimal(text_.substr(at_, end - at_))) {
    return refuse("this is no number as JSON writes them.");
  }
  at_ = end;
  return true;
}

bool Walk::word(std::string_view expected) {
  if (!text_.substr(at_).starts_with(expected)) {
    return refuse("only true, false and null stand without quotes.");
  }
  at_ += expected.size();
  return true;
}

}  // namespace

std::optional<SyntaxFault> find_syntax_fault(std::string_view text, std::size_t depth_max) {
  Walk walk(text, depth_max);
  if (walk.document()) {
    return std::nullopt;
  }
  SyntaxFault fault{1, 1, std::string(walk.wanted())};
  const std::size_t start = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  for (std::size_t i = start; i < walk.at(); ++i) {
    const bool continues_character = (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
    if (text[i] == '\n') {
      ++fault.line;
      fault.column = 1;
    } else if (!continues_character) {
      ++fault.column;
    }
  }
  return fault;
}

}  // namespace larder::json
