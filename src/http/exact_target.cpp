#include "http/exact_target.h"

#include <utility>
#include <vector>

#include "base/text.h"
#include "http/message.h"
#include "http/path.h"

namespace larder::http {

namespace {

Failure refuse_target(std::string_view message) {
  return fail(ErrorKind::invalid, "http", std::string(message));
}

bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// RFC 3986 §2.2.
bool is_reserved_character(char c) {
  return std::string_view(":/?#[]@!$&'()*+,;=").find(c) != std::string_view::npos;
}

// Every byte of `text`, a valid one of a URL or escaped, through `put(byte, was_escaped)`. `text` has no
// broken escape.
template <typename Put>
void each_byte(std::string_view text, Put put) {
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '%') {
      put(percent_decode(text.substr(at, 3), PlusSign::itself)->front(), true);
      at += 3;
    } else {
      put(text[at], false);
      ++at;
    }
  }
}

std::string escaped(char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  return {'%', digits[value >> 4], digits[value & 15]};
}

// What a URL may hold stays, escapes as they are.
std::string sent(std::string_view text) {
  std::string url;
  for (const char c : text) {
    if (c == '%' || is_unreserved(c) || is_reserved_character(c) || (c > ' ' && c < '\x7f')) {
      url.push_back(c);
    } else {
      url.append(escaped(c));
    }
  }
  return url;
}

std::string plain_query(std::string_view text) {
  std::string plain;
  each_byte(text, [&](char byte, bool was_escaped) {
    const bool stays = is_unreserved(byte) || (is_reserved_character(byte) && !was_escaped);
    plain.append(stays ? std::string(1, byte) : escaped(byte));
  });
  return plain;
}

std::string plain_path(std::string_view text) {
  std::string plain;
  each_byte(text, [&](char byte, bool was_escaped) {
    const bool stays = byte != '%' && !(is_reserved_character(byte) && was_escaped);
    plain.append(stays ? std::string(1, byte) : escaped(byte));
  });
  return plain;
}

Result<std::string> decoded_path(std::string_view raw) {
  if (!raw.starts_with('/')) {
    return refuse_target("The path must start with a slash.");
  }
  if (has_dot_segment(raw)) {
    return refuse_target("The path has a \".\" or \"..\" segment; write where it leads.");
  }
  std::string path;
  for (const std::string_view piece : split(raw.substr(1), '/')) {
    auto segment = decode_segment(piece);
    if (!segment) {
      return segment;
    }
    path.append("/").append(*segment);
  }
  return path;
}

}  // namespace

std::string_view raw_path_of(std::string_view url) {
  const std::string_view rest = without_origin(url);
  const std::string_view path = rest.substr(0, rest.find_first_of("?#"));
  return path.empty() ? std::string_view("/") : path;
}

Result<ExactTarget> parse_exact_target(std::string_view url) {
  std::string_view rest = without_origin(url);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t question = rest.find('?');
  const std::string_view raw_path = raw_path_of(url);
  const std::string_view raw_query =
      question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  auto path = decoded_path(raw_path);
  if (!path) {
    return tl::make_unexpected(path.error());
  }
  const auto query = percent_decode(raw_query, PlusSign::itself);
  if (!query || !is_utf8(*query)) {
    return refuse_target(
        "The query has a broken percent escape or is not UTF-8; encode it as UTF-8 and escape it.");
  }
  for (const char c : raw_query) {
    if (is_control(c) || c == ' ') {
      return refuse_target("The query has a control character or a space; escape it.");
    }
  }
  ExactTarget target;
  target.path = std::move(*path);
  target.sent_path = sent(raw_path);
  target.sent_query = sent(raw_query);
  target.plain_path = plain_path(raw_path);
  target.plain_query = plain_query(raw_query);
  return target;
}

}  // namespace larder::http
