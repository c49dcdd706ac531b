#include "booklist/author_name.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace larder::booklist {

namespace {

enum class WordKind : std::uint8_t {
  nobody,
  role,
  label,
  prefix,
  role_prefix,
  others,
  generation,
  degree,
  title,
  particle,
};

struct AuthorWord {
  WordKind kind;
  std::string_view text;
};

constexpr AuthorWord author_words[] = {
#define LARDER_AUTHOR_WORD(kind, text) {WordKind::kind, text},
#include "booklist/author_words.def"
#undef LARDER_AUTHOR_WORD
};

bool is_word(WordKind kind, std::string_view normal) {
  for (const AuthorWord& word : author_words) {
    if (word.kind == kind && word.text == normal) {
      return true;
    }
  }
  return false;
}

// Code points
// --------------------------------------------------------------------------------------------------------

// Takes the first code point off `text`, which is UTF-8; a byte that begins none stands for itself.
char32_t take_point(std::string_view& text) {
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

// Unicode's White_Space beyond ASCII.
constexpr bool is_wide_space(char32_t point) {
  return point == 0x85 || point == 0xa0 || point == 0x1680 || in_range(point, 0x2000, 0x200a) ||
         point == 0x2028 || point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000;
}

// Without width or effect on a name: soft hyphen, joiners, marks of direction, byte order mark, and controls.
constexpr bool is_invisible(char32_t point) {
  return point == 0xad || in_range(point, 0x200b, 0x200f) || in_range(point, 0x202a, 0x202e) ||
         in_range(point, 0x2060, 0x206f) || point == 0xfeff || in_range(point, 0x7f, 0x9f);
}

constexpr bool is_apostrophe(char32_t point) {
  return point == '\'' || point == '`' || point == 0x2018 || point == 0x2019 || point == 0x02bc ||
         point == 0x02b9 || point == 0x2032;
}

constexpr bool is_combining(char32_t point) { return in_range(point, 0x300, 0x36f); }

constexpr bool is_latin_beyond_ascii(char32_t point) {
  return in_range(point, 0xc0, 0x24f) || in_range(point, 0x250, 0x2af) || in_range(point, 0x1e00, 0x1eff);
}

constexpr bool is_wide_punctuation(char32_t point) {
  return in_range(point, 0xa1, 0xbf) || point == 0xd7 || point == 0xf7 || in_range(point, 0x2010, 0x205e) ||
         in_range(point, 0x3001, 0x3003) || in_range(point, 0x3008, 0x3011) || point == 0x30fb ||
         point == 0xfffd;
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

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// At least one letter. Beyond ASCII everything that is neither space, punctuation nor invisible passes for
// one.
bool has_letter(std::string_view text) {
  while (!text.empty()) {
    const char32_t point = take_point(text);
    if (point < 0x80 ? is_alpha(static_cast<char>(point))
                     : !is_wide_space(point) && !is_invisible(point) && !is_wide_punctuation(point)) {
      return true;
    }
  }
  return false;
}

// Layout of a field
// --------------------------------------------------------------------------------------------------------

// One space for every run of white space, none at the ends, nothing invisible; the separators of other
// scripts as the ASCII ones that they stand for.
std::string tidy(std::string_view text) {
  std::string tidied;
  tidied.reserve(text.size());
  while (!text.empty()) {
    const std::string_view rest = text;
    const char32_t point = take_point(text);
    if (is_wide_space(point) || (point < 0x80 && is_space(static_cast<char>(point)))) {
      if (!tidied.empty() && tidied.back() != ' ') {
        tidied.push_back(' ');
      }
    } else if (point == 0xff0c || point == 0x060c) {
      tidied.push_back(',');
    } else if (point == 0xff1b || point == 0x3001 || point == 0x061b) {
      tidied.push_back(';');
    } else if (!is_invisible(point) && point >= 0x20) {
      tidied.append(rest, 0, rest.size() - text.size());
    }
  }
  if (!tidied.empty() && tidied.back() == ' ') {
    tidied.pop_back();
  }
  return tidied;
}

std::size_t words_in(std::string_view tidied) {
  return tidied.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(tidied.begin(), tidied.end(), ' '));
}

std::string_view first_word(std::string_view tidied) { return tidied.substr(0, tidied.find(' ')); }

std::string_view last_word(std::string_view tidied) {
  const std::size_t space = tidied.rfind(' ');
  return space == std::string_view::npos ? tidied : tidied.substr(space + 1);
}

// "K.", "K", "J.R.R."
bool is_initials(std::string_view word) {
  return word.size() == 1 || (!word.empty() && word.size() <= 6 && word.back() == '.');
}

bool begins_wide_script(std::string_view text) {
  return !text.empty() && static_cast<unsigned char>(text.front()) >= 0xe3;
}

// Reads the fields of one list: keeps what all steps need.
class FieldReader {
 public:
  FieldReader(NameStyle style, const NormalText& normal_text) : style_(style), normal_text_(normal_text) {}

  std::vector<AuthorName> read(std::string_view field) {
    const std::string tidied = tidy(utf8_prefix(field, author_field_bytes_max));
    std::string_view rest = tidied;
    for (;;) {
      const std::size_t end = rest.find_first_of(";|");
      read_piece(trim(rest.substr(0, end)));
      if (end == std::string_view::npos) {
        return std::move(found_);
      }
      rest.remove_prefix(end + 1);
    }
  }

  bool is(WordKind kind, std::string_view words) const {
    return is_word(kind, normal_name(words, normal_text_));
  }

 private:
  // A piece between ';' and '|'.
  void read_piece(std::string_view piece) {
    switch (style_) {
      case NameStyle::one:
        return read_person(piece);
      case NameStyle::comma_list:
        return read_between_commas(piece);
      case NameStyle::told_apart:
        return read_told_apart(piece);
    }
  }

  void read_told_apart(std::string_view piece) {
    std::string_view person = piece;
    for (std::size_t at = 0; at < person.size(); ++at) {
      const std::string_view rest = person.substr(at);
      const std::size_t length = rest.starts_with(" & ") ? 3 : rest.starts_with(" and ") ? 5 : 0;
      if (length == 0) {
        continue;
      }
      const std::string_view before = trim(person.substr(0, at));
      const std::string_view behind = trim(rest.substr(length));
      if (words_in(before) >= 2 && (words_in(behind) >= 2 || is(WordKind::others, behind))) {
        read_people_of(before);
        person = behind;
        at = 0;
      }
    }
    read_people_of(person);
  }

  void read_people_of(std::string_view piece) {
    return commas_part_people(piece) ? read_between_commas(piece) : read_person(piece);
  }

  // "Terry Pratchett, Neil Gaiman", but neither "Le Guin, Ursula K." nor "King, Martin Luther, Jr."
  bool commas_part_people(std::string_view piece) const {
    const std::vector<std::string_view> parts = name_parts(piece);
    if (parts.size() < 2) {
      return false;
    }
    for (const std::string_view part : parts) {
      if (words_in(part) < 2 && !begins_wide_script(part)) {
        return false;
      }
    }
    return parts.size() > 2 ||
           (!is(WordKind::particle, first_word(parts[0])) && !is_initials(last_word(parts[1])));
  }

  // Between commas, without those that are no names of their own: suffixes, titles, roles, years.
  std::vector<std::string_view> name_parts(std::string_view piece) const {
    std::vector<std::string_view> parts;
    for (const std::string_view part : split(piece, ',')) {
      const std::string_view trimmed = trim(part);
      if (!trimmed.empty() && !belongs_to_name(trimmed)) {
        parts.push_back(trimmed);
      }
    }
    return parts;
  }

  bool belongs_to_name(std::string_view part) const {
    const std::string normal = normal_name(part, normal_text_);
    return !has_letter(part) || is_word(WordKind::generation, normal) || is_word(WordKind::degree, normal) ||
           is_word(WordKind::title, normal) || is_word(WordKind::role, normal) ||
           is_word(WordKind::label, normal);
  }

  void read_between_commas(std::string_view piece) {
    std::string_view person;
    for (const std::string_view part : split(piece, ',')) {
      if (!person.empty() && belongs_to_name(trim(part))) {
        // Up to the end of this part: both lie in the same piece.
        person = std::string_view(person.data(),
                                  static_cast<std::size_t>(part.data() + part.size() - person.data()));
        continue;
      }
      read_person(trim(person));
      person = trim(part);
    }
    read_person(trim(person));
  }

  void read_person(std::string_view text) {
    // With all its brackets and titles it may be longer than what is kept of it, but not by much.
    if (text.size() > 2 * name_bytes_max) {
      return;
    }
    AuthorRole role = AuthorRole::author;
    std::string name(text);
    take_brackets(name, role);
    take_prefix(name, role);
    take_others(name);
    drop_last_dot(name);
    name = first_name_first(name, role);
    if (name.empty() || name.size() > name_bytes_max || !has_letter(name)) {
      return;
    }
    const std::string normal = normal_name(name, normal_text_);
    for (const WordKind kind : {WordKind::nobody, WordKind::role, WordKind::others, WordKind::generation,
                                WordKind::degree, WordKind::title}) {
      if (is_word(kind, normal)) {
        return;
      }
    }
    if (!normal.empty()) {
      found_.emplace_back(std::move(name), role);
    }
  }

  // "(Translator)", "[ed.]", and what else is in brackets: other names, notes.
  void take_brackets(std::string& name, AuthorRole& role) const {
    for (std::size_t open = name.find_first_of("(["); open != std::string::npos;
         open = name.find_first_of("([")) {
      const char closing = name[open] == '(' ? ')' : ']';
      const std::size_t close = std::min(name.find(closing, open), name.size() - 1);
      const std::string inside = name.substr(open + 1, close - open - (name[close] == closing ? 1 : 0));
      if (read_role(inside, normal_text_) == AuthorRole::contributor) {
        role = AuthorRole::contributor;
      }
      name.erase(open, close - open + 1);
    }
    name = collapse_spaces(name);
  }

  void take_prefix(std::string& name, AuthorRole& role) const {
    for (const AuthorWord& word : author_words) {
      const bool is_prefix = word.kind == WordKind::prefix || word.kind == WordKind::role_prefix;
      if (is_prefix && name.size() > word.text.size() && name[word.text.size()] == ' ' &&
          equals_ignoring_case(std::string_view(name).substr(0, word.text.size()), word.text)) {
        name.erase(0, word.text.size() + 1);
        role = word.kind == WordKind::role_prefix ? AuthorRole::contributor : role;
        return;
      }
    }
  }

  // "… et al.", "… and others".
  void take_others(std::string& name) const {
    if (words_in(name) < 3) {
      return;
    }
    const std::size_t last = name.rfind(' ');
    const std::size_t before = name.rfind(' ', last - 1);
    if (before != std::string::npos && is(WordKind::others, std::string_view(name).substr(before + 1))) {
      name.erase(before);
      while (!name.empty() && (name.back() == ',' || name.back() == ' ')) {
        name.pop_back();
      }
    }
  }

  // "Doyle, Arthur Conan, Sir" to "Sir Arthur Conan Doyle". The suffix of a generation ends the name wherever
  // it stood.
  std::string first_name_first(std::string_view name, AuthorRole& role) const {
    std::vector<std::string> parts;
    std::string title;
    std::string generation;
    for (const std::string_view piece : split(name, ',')) {
      const std::string_view part = trim(piece);
      const std::string normal = normal_name(part, normal_text_);
      if (is_word(WordKind::generation, normal)) {
        generation = part;
      } else if (is_word(WordKind::title, normal) && !parts.empty()) {
        title = part;
      } else if (is_word(WordKind::role, normal) && !parts.empty()) {
        role = AuthorRole::contributor;
      } else if (has_letter(part) && !(parts.size() > 0 && (is_word(WordKind::degree, normal) ||
                                                            is_word(WordKind::label, normal)))) {
        parts.emplace_back(part);
      }
    }
    // "Vonnegut Jr., Kurt"
    if (parts.size() > 1 && words_in(parts[0]) > 1 && is(WordKind::generation, last_word(parts[0]))) {
      generation = last_word(parts[0]);
      parts[0].erase(parts[0].rfind(' '));
    }
    std::vector<std::string> words;
    const auto add = [&](std::string word) {
      if (!word.empty()) {
        words.push_back(std::move(word));
      }
    };
    add(std::move(title));
    if (!parts.empty()) {
      std::rotate(parts.begin(), parts.begin() + 1, parts.end());
    }
    for (std::string& part : parts) {
      add(std::move(part));
    }
    add(std::move(generation));
    return join(words, " ");
  }

  // Of "Herbert, Frank." in catalogues; initials and suffixes keep theirs.
  void drop_last_dot(std::string& name) const {
    const std::string_view last = last_word(name);
    if (last.size() >= 5 && last.back() == '.' && last.find('.') == last.size() - 1 &&
        !is(WordKind::generation, last)) {
      name.pop_back();
    }
  }

  NameStyle style_;
  const NormalText& normal_text_;
  std::vector<AuthorName> found_;
};

// The words of a normal form, with runs of single characters joined.
std::string join_initials(std::string_view spaced) {
  std::string joined;
  bool after_single = false;
  for (std::string_view word : split(spaced, ' ')) {
    if (word.empty()) {
      continue;
    }
    std::size_t characters = 0;
    for (std::string_view rest = word; !rest.empty();) {
      characters += is_combining(take_point(rest)) ? 0 : 1;
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

bool has_mixed_case(std::string_view text) {
  const bool small = std::any_of(text.begin(), text.end(), is_lower);
  const bool capital = std::any_of(text.begin(), text.end(), is_upper);
  return small == capital;
}

}  // namespace

std::vector<AuthorName> read_authors(std::string_view field, NameStyle style, const NormalText& normal_text) {
  return FieldReader(style, normal_text).read(field);
}

AuthorRole read_role(std::string_view words, const NormalText& normal_text) {
  bool writes = false;
  bool contributes = false;
  std::string_view rest = words;
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_of(",;/&");
    const std::string normal = normal_name(rest.substr(0, end), normal_text);
    writes = writes || is_word(WordKind::label, normal);
    contributes = contributes || is_word(WordKind::role, normal);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return contributes && !writes ? AuthorRole::contributor : AuthorRole::author;
}

std::string normal_name(std::string_view name, const NormalText& normal_text) {
  // What normal_text promises for ASCII, without a call to the host.
  const std::string lower = is_ascii(name) ? to_lower(name) : normal_text(name);
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

bool tells_more(std::string_view other, std::string_view current) {
  const bool other_mixed = has_mixed_case(other);
  if (other_mixed != has_mixed_case(current)) {
    return other_mixed;
  }
  const auto bytes = [](std::string_view text) {
    return static_cast<std::ptrdiff_t>(text.size()) - std::count(text.begin(), text.end(), ' ');
  };
  return bytes(other) > bytes(current);
}

}  // namespace larder::booklist
