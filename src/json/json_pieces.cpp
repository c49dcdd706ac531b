#include "json/json_pieces.h"

#include <algorithm>

#include "base/text.h"

namespace larder::json {

namespace {

// RFC 8259 §2.
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What an escape of one character stands for; nullopt for none.
std::optional<char> short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return std::nullopt;
  }
}

std::optional<unsigned> hex_digit(char c) {
  if (is_digit(c)) {
    return static_cast<unsigned>(c - '0');
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? std::optional(static_cast<unsigned>(lower - 'a') + 10) : std::nullopt;
}

// \u and four digits, for ASCII alone.
std::optional<char> long_escape(std::string_view digits) {
  unsigned code = 0;
  for (const char c : digits) {
    const auto digit = hex_digit(c);
    if (!digit) {
      return std::nullopt;
    }
    code = code * 16 + *digit;
  }
  return digits.size() == 4 && code < 0x80 ? std::optional(static_cast<char>(code)) : std::nullopt;
}

}  // namespace

JsonPieces::JsonPieces(std::string_view text, JsonHolder holder) : text_(text), holder_(holder) {
  if (!pass(static_cast<char>(holder_))) {
    state_ = State::fault;
  }
}

std::optional<JsonPiece> JsonPieces::next() {
  if (state_ == State::complete || state_ == State::fault) {
    return std::nullopt;
  }
  const bool further = state_ == State::further;
  if (pass(holder_ == JsonHolder::object ? '}' : ']')) {
    skip_space();
    state_ = at_ == text_.size() ? State::complete : State::fault;
    return std::nullopt;
  }
  auto piece = further && !pass(',') ? std::nullopt : read_piece();
  state_ = piece ? State::further : State::fault;
  return piece;
}

std::optional<JsonPiece> JsonPieces::read_piece() {
  std::string_view name;
  if (holder_ == JsonHolder::object) {
    skip_space();
    name = read_string();
    if (name.empty() || !pass(':')) {
      return std::nullopt;
    }
  }
  skip_space();
  const std::string_view value = read_value();
  return value.empty() ? std::nullopt : std::optional(JsonPiece(name, value));
}

void JsonPieces::skip_space() {
  while (at_ < text_.size() && is_space(text_[at_])) {
    ++at_;
  }
}

bool JsonPieces::pass(char c) {
  skip_space();
  const bool is_next = at_ < text_.size() && text_[at_] == c;
  at_ += is_next ? 1 : 0;
  return is_next;
}

std::string_view JsonPieces::read_string() {
  const std::size_t begin = at_;
  if (at_ == text_.size() || text_[at_] != '"') {
    return {};
  }
  for (++at_; at_ < text_.size(); ++at_) {
    at_ = text_.find_first_of("\"\\", at_);
    if (at_ == std::string_view::npos) {
      break;
    }
    if (text_[at_] == '"') {
      ++at_;
      return text_.substr(begin, at_ - begin);
    }
    // What is escaped closes nothing.
    ++at_;
  }
  at_ = text_.size();
  return {};
}

std::string_view JsonPieces::read_value() {
  const std::size_t begin = at_;
  std::size_t depth = 0;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"') {
      if (read_string().empty()) {
        return {};
      }
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at_;
    } else if (c == '}' || c == ']') {
      if (depth == 0) {
        break;
      }
      --depth;
      ++at_;
    } else if (depth == 0 && (c == ',' || is_space(c))) {
      break;
    } else {
      ++at_;
      continue;
    }
    if (depth == 0) {
      break;
    }
  }
  return depth == 0 ? text_.substr(begin, at_ - begin) : std::string_view();
}

bool decode_json_string(std::string& token) {
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') {
    return false;
  }
  std::size_t into = 0;
  const std::size_t end = token.size() - 1;
  for (std::size_t at = 1; at < end; ++at) {
    char c = token[at];
    if (c == '"' || is_control(c) || static_cast<unsigned char>(c) >= 0x80) {
      return false;
    }
    if (c == '\\') {
      ++at;
      const bool is_long = at < end && token[at] == 'u';
      const auto escaped =
          is_long
              ? long_escape(std::string_view(token).substr(at + 1, std::min<std::size_t>(4, end - at - 1)))
          : at < end ? short_escape(token[at])
                     : std::nullopt;
      if (!escaped) {
        return false;
      }
      at += is_long ? 4 : 0;
      c = *escaped;
    }
    token[into++] = c;
  }
  token.resize(into);
  return true;
}

}  // namespace larder::json
