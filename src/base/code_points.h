// Code points of UTF-8 text, and what some of them are (Unicode 15.1). What needs tables of all of Unicode is
// the platform's to know (NormalText).
#pragma once

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace larder {

// Takes the first code point off `text`, which is not empty; a byte that begins none stands for itself.
inline char32_t take_point(std::string_view& text) {
  const std::size_t length = std::max<std::size_t>(utf8_length(text, 0), 1);
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  char32_t point = byte(0);
  if (length > 1) {
    point &= 0xffU >> (length + 1);
    for (std::size_t i = 1; i < length; ++i) {
      point = point << 6 | (byte(i) & 0x3fU);
    }
  }
  text.remove_prefix(length);
  return point;
}

constexpr bool in_range(char32_t point, char32_t first, char32_t last) {
  return point >= first && point <= last;
}

// White_Space beyond ASCII.
constexpr bool is_wide_space(char32_t point) {
  return point == 0x85 || point == 0xa0 || point == 0x1680 || in_range(point, 0x2000, 0x200a) ||
         point == 0x2028 || point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000;
}

constexpr bool is_any_space(char32_t point) {
  return point < 0x80 ? is_space(static_cast<char>(point)) : is_wide_space(point);
}

// Of a line, or of what stands in for one (Unicode Standard, 5.8).
constexpr bool is_line_end(char32_t point) {
  return in_range(point, '\n', '\r') || point == 0x85 || point == 0x2028 || point == 0x2029;
}

// Without width or effect on a text: soft hyphen, joiners, marks of direction, byte order mark, and controls.
constexpr bool is_invisible(char32_t point) {
  return point == 0xad || in_range(point, 0x200b, 0x200f) || in_range(point, 0x202a, 0x202e) ||
         in_range(point, 0x2060, 0x206f) || point == 0xfeff || in_range(point, 0x7f, 0x9f);
}

constexpr bool is_combining(char32_t point) { return in_range(point, 0x300, 0x36f); }

constexpr bool is_wide_punctuation(char32_t point) {
  return in_range(point, 0xa1, 0xbf) || point == 0xd7 || point == 0xf7 || in_range(point, 0x2010, 0x205e) ||
         in_range(point, 0x3001, 0x3003) || in_range(point, 0x3008, 0x3011) || point == 0x30fb ||
         point == 0xfffd;
}

}  // namespace larder
