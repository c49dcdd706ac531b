#include "http/syntax.h"

#include <algorithm>

#include "base/text.h"

namespace larder::http {

namespace {

constexpr bool is_field_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Index of the quote that closes the one at `open`; npos if there is none.
std::size_t closing_quote(std::string_view text, std::size_t open) {
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool is_token_character(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return is_alpha(c) || is_digit(c) || marks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

std::string_view trim_whitespace(std::string_view text) {
  while (!text.empty() && is_field_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_field_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::vector<std::string_view> split_outside_quotes(std::string_view value, char separator) {
  std::vector<std::string_view> pieces;
  std::size_t from = 0;
  // After one quote that never closes no later one does: looking again would cost quadratic time.
  bool quotes_close = true;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == separator) {
      pieces.push_back(trim_whitespace(value.substr(from, i - from)));
      from = i + 1;
    } else if (value[i] == '"' && quotes_close) {
      const std::size_t close = closing_quote(value, i);
      quotes_close = close != std::string_view::npos;
      i = quotes_close ? close : i;
    }
  }
  pieces.push_back(trim_whitespace(value.substr(from)));
  return pieces;
}

std::vector<std::string_view> list_elements(std::string_view value) {
  std::vector<std::string_view> elements = split_outside_quotes(value, ',');
  elements.erase(std::remove(elements.begin(), elements.end(), std::string_view()), elements.end());
  return elements;
}

std::optional<std::vector<std::string>> token_list(std::string_view value) {
  std::vector<std::string> tokens;
  for (const std::string_view element : list_elements(value)) {
    if (!is_token(element)) {
      return std::nullopt;
    }
    tokens.push_back(to_lower(element));
  }
  return tokens.empty() ? std::nullopt : std::optional<std::vector<std::string>>(std::move(tokens));
}

NamedValue split_named_value(std::string_view element) {
  NamedValue pair;
  const std::size_t equals = element.find('=');
  pair.name = trim_whitespace(element.substr(0, equals));
  if (equals != std::string_view::npos) {
    pair.value = trim_whitespace(element.substr(equals + 1));
  }
  return pair;
}

std::optional<std::string> unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || closing_quote(text, 0) != text.size() - 1) {
    return std::nullopt;
  }
  std::string content;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    }
    if (is_control(text[i]) && text[i] != '\t') {
      return std::nullopt;
    }
    content.push_back(text[i]);
  }
  return content;
}

std::optional<Seconds> parse_delta_seconds(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  const auto seconds = parse_unsigned(text);
  if (!seconds || *seconds > static_cast<std::uint64_t>(delta_seconds_max.count())) {
    return delta_seconds_max;
  }
  return Seconds(static_cast<Seconds::rep>(*seconds));
}

}  // namespace larder::http
