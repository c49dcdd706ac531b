#include "base/comparison.h"

#include "base/code_points.h"
#include "base/text.h"

namespace larder {

namespace {

constexpr bool is_apostrophe(char32_t point) {
  return point == '\'' || point == '`' || point == 0x2018 || point == 0x2019 || point == 0x02bc ||
         point == 0x02b9 || point == 0x2032;
}

constexpr bool is_latin_beyond_ascii(char32_t point) {
  return in_range(point, 0xc0, 0x24f) || in_range(point, 0x250, 0x2af) || in_range(point, 0x1e00, 0x1eff);
}

// Latin letters that are no base letter with a mark, in lower case, as people write them without the letter.
std::string_view plain_latin(char32_t point) {
  switch (point) {
    case 0xdf:
      return "ss";
    case 0xe6:
      return "ae";
    case 0xf0:
    case 0x111:
      return "d";
    case 0xf8:
      return "o";
    case 0xfe:
      return "th";
    case 0x127:
      return "h";
    case 0x131:
      return "i";
    case 0x142:
      return "l";
    case 0x153:
      return "oe";
    case 0x167:
      return "t";
    default:
      return "";
  }
}

// The words of a normal form, with runs of single characters joined.
std::string join_initials(std::string_view spaced) {
  std::string joined;
  bool after_single = false;
  for (const std::string_view word : split(spaced, ' ')) {
    if (word.empty()) {
      continue;
    }
    std::size_t characters = 0;
    for (std::string_view rest = word; !rest.empty();) {
      characters += is_combining(take_point(rest)) ? 0U : 1U;
    }
    const bool single = characters <= 1;
    if (!joined.empty() && !(single && after_single)) {
      joined.push_back(' ');
    }
    joined.append(word);
    after_single = single;
  }
  return joined;
}

// The same for ASCII, in one pass.
std::string ascii_form(std::string_view text) {
  std::string form;
  form.reserve(text.size());
  std::size_t word = 0;
  bool is_in_word = false;
  bool after_single = false;
  const auto end_word = [&] {
    if (!is_in_word) {
      return;
    }
    const bool single = form.size() - word == 1;
    if (single && after_single) {
      form.erase(word - 1, 1);
    }
    after_single = single;
    is_in_word = false;
  };
  for (const char c : text) {
    if (is_alpha(c) || is_digit(c)) {
      if (!is_in_word && !form.empty()) {
        form.push_back(' ');
      }
      word = is_in_word ? word : form.size();
      is_in_word = true;
      form.push_back(to_lower(c));
    } else if (!is_apostrophe(static_cast<unsigned char>(c)) &&
               !is_invisible(static_cast<unsigned char>(c))) {
      end_word();
    }
  }
  end_word();
  return form;
}

}  // namespace

std::string comparison_form(std::string_view text, const NormalText& normal_text) {
  if (is_ascii(text)) {
    return ascii_form(text);
  }
  const std::string lower = normal_text(text);
  std::string spaced;
  spaced.reserve(lower.size());
  bool marks_matter = false;
  for (std::string_view rest = lower; !rest.empty();) {
    const std::string_view before = rest;
    const char32_t point = take_point(rest);
    if (is_combining(point)) {
      if (marks_matter) {
        spaced.append(before, 0, before.size() - rest.size());
      }
      continue;
    }
    if (is_apostrophe(point) || is_invisible(point)) {
      continue;
    }
    const bool ascii = point < 0x80;
    const bool is_word_character =
        ascii ? is_alpha(static_cast<char>(point)) || is_digit(static_cast<char>(point))
              : !is_wide_space(point) && !is_wide_punctuation(point);
    marks_matter = is_word_character && !ascii && !is_latin_beyond_ascii(point);
    if (const std::string_view plain = plain_latin(point); !plain.empty()) {
      spaced.append(plain);
    } else if (is_word_character) {
      spaced.append(before, 0, before.size() - rest.size());
    } else {
      spaced.push_back(' ');
    }
  }
  return join_initials(spaced);
}

}  // namespace larder
