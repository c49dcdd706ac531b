#include "booklist/author_name.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/code_points.h"
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
  company,
  place,
  title,
  particle,
  glue,
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

constexpr std::uint32_t bit_of(WordKind kind) { return 1U << static_cast<unsigned>(kind); }

// The kinds that a normal form is of, as bits.
std::uint32_t kinds_of(std::string_view normal) {
  static const std::unordered_map<std::string_view, std::uint32_t> kinds = [] {
    std::unordered_map<std::string_view, std::uint32_t> made;
    for (const AuthorWord& word : author_words) {
      made[word.text] |= bit_of(word.kind);
    }
    return made;
  }();
  const auto found = kinds.find(normal);
  return found == kinds.end() ? 0 : found->second;
}

bool is_word(WordKind kind, std::string_view normal) { return (kinds_of(normal) & bit_of(kind)) != 0; }

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

// A line end as the separator that it is, unless one stands there already.
void end_line(std::string& tidied) {
  const bool is_after_space = !tidied.empty() && tidied.back() == ' ';
  const std::size_t text_bytes = tidied.size() - (is_after_space ? 1 : 0);
  if (text_bytes == 0) {
    return;
  }
  const char last = tidied[text_bytes - 1];
  if (last != ',' && last != ';' && last != '|') {
    tidied.resize(text_bytes);
    tidied.push_back(';');
  } else if (!is_after_space) {
    tidied.push_back(' ');
  }
}

// One space for every run of white space, none at the ends, nothing invisible; the separators of other
// scripts as the ASCII ones that they stand for.
std::string tidy(std::string_view text) {
  std::string tidied;
  tidied.reserve(text.size());
  while (!text.empty()) {
    const std::string_view rest = text;
    const char32_t point = take_point(text);
    if (is_line_end(point)) {
      end_line(tidied);
    } else if (is_any_space(point)) {
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

// At least two letters, all of them capital ASCII ones: "ONE", "F.A.C.P."
bool is_capitals(std::string_view text) {
  std::size_t capitals = 0;
  for (const char c : text) {
    if (is_lower(c) || static_cast<unsigned char>(c) >= 0x80) {
      return false;
    }
    capitals += is_upper(c) ? 1U : 0U;
  }
  return capitals >= 2;
}

// Where what is in brackets ends; `open` if nothing closes them.
std::size_t end_of_brackets(std::string_view text, std::size_t open) {
  const std::size_t close = text.find(text[open] == '(' ? ')' : ']', open);
  return close == std::string_view::npos ? open : close;
}

bool opens_brackets(char c) { return c == '(' || c == '['; }

// Pieces between commas, but not those within brackets.
std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> pieces;
  std::size_t from = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (opens_brackets(text[at])) {
      at = end_of_brackets(text, at);
    } else if (text[at] == ',') {
      pieces.push_back(text.substr(from, at - from));
      from = at + 1;
    }
  }
  pieces.push_back(text.substr(from));
  return pieces;
}

// Whether a normal form consists of words that stand where nobody is named, labels, and what holds them
// together: "unknown unknown", "author unknown", "bad author no name".
bool is_nobody(std::string_view normal) {
  constexpr std::size_t words_max = 4;
  // Whether the words before each can be made up so. A phrase ends where a word does.
  std::vector<std::size_t> reached = {0};
  for (std::size_t at = 0; at < normal.size();) {
    const std::size_t from = at;
    std::size_t end = from;
    for (std::size_t words = 0; words < words_max && end < normal.size(); ++words) {
      end = std::min(normal.find(' ', end == from ? end : end + 1), normal.size());
      const std::string_view phrase = normal.substr(from, end - from);
      if (is_word(WordKind::nobody, phrase) || is_word(WordKind::label, phrase) ||
          (from > 0 && is_word(WordKind::glue, phrase))) {
        reached.push_back(std::min(end + 1, normal.size()));
      }
    }
    // The nearest place that is reached and not yet passed.
    std::size_t next = normal.size() + 1;
    for (const std::size_t place : reached) {
      next = place > from ? std::min(next, place) : next;
    }
    if (next > normal.size()) {
      return false;
    }
    at = next;
  }
  return true;
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
      read_piece(trim(rest.substr(0, end)), AuthorRole::author);
      if (end == std::string_view::npos) {
        return std::move(found_);
      }
      rest.remove_prefix(end + 1);
    }
  }

 private:
  bool is(WordKind kind, std::string_view words) const {
    return is_word(kind, normal_name(words, normal_text_));
  }

  // A piece between ';' and '|', by people of this role unless it says another.
  void read_piece(std::string_view piece, AuthorRole role) {
    switch (style_) {
      case NameStyle::one:
        return read_person(piece, role);
      case NameStyle::comma_list:
        return read_between_commas(piece, role);
      case NameStyle::told_apart:
      case NameStyle::ampersands:
        return read_told_apart(piece, role);
    }
  }

  void read_told_apart(std::string_view piece, AuthorRole role) {
    std::string_view person = piece;
    for (std::size_t at = 0; at < person.size(); ++at) {
      if (opens_brackets(person[at])) {
        at = end_of_brackets(person, at);
      }
      const std::string_view rest = person.substr(at);
      const bool is_ampersand = rest.starts_with(" & ");
      const std::size_t length = is_ampersand ? 3 : rest.starts_with(" and ") ? 5 : 0;
      if (length == 0) {
        continue;
      }
      const std::string_view before = trim(person.substr(0, at));
      const std::string_view behind = trim(rest.substr(length));
      if ((is_ampersand && style_ == NameStyle::ampersands) || are_people(before, behind)) {
        read_people_of(before, role);
        person = behind;
        at = 0;
      }
    }
    read_people_of(person, role);
  }

  // "Terry Pratchett & Neil Gaiman", "ONE & Yusuke Murata", but neither "Ilona & Gordon Andrews" nor "Simon &
  // Schuster".
  bool are_people(std::string_view before, std::string_view behind) const {
    const std::size_t words_before = words_in(before);
    const std::size_t words_behind = words_in(behind);
    if (words_before >= 2) {
      const bool is_by_itself = words_behind == 1 && is_capitals(behind) && !is_capitals(before);
      return words_behind >= 2 || is_by_itself || is(WordKind::others, behind);
    }
    return words_behind >= 2 && is_capitals(before) && !is_capitals(behind);
  }

  void read_people_of(std::string_view piece, AuthorRole role) {
    if (commas_part_people(piece)) {
      read_between_commas(piece, role);
    } else {
      read_person(piece, role);
    }
  }

  // "Terry Pratchett, Neil Gaiman", but neither "Le Guin, Ursula K." nor "King, Martin Luther, Jr."
  bool commas_part_people(std::string_view piece) const {
    std::vector<std::string_view> names;
    for (const std::string_view person : people_between_commas(piece)) {
      names.push_back(trim(person.substr(0, person.find(','))));
    }
    if (names.size() < 2) {
      return false;
    }
    for (const std::string_view name : names) {
      if (words_in(name) < 2 && !begins_wide_script(name)) {
        return false;
      }
    }
    return names.size() > 2 ||
           (!is(WordKind::particle, first_word(names[0])) && !is_initials(last_word(names[1])));
  }

  // What a part between commas is, apart from names of people.
  enum class PartKind : std::uint8_t { name, generation, degree, company, title, role, label, no_letter };

  // `head` is what stands before it, "" for nothing; `is_full` says that it is more than a surname;
  // `is_after_degree`, that the part before it is one.
  PartKind kind_of(std::string_view part, bool is_full, bool is_after_degree) const {
    if (!has_letter(part)) {
      return PartKind::no_letter;
    }
    const std::string normal = normal_name(part, normal_text_);
    const std::uint32_t kinds = kinds_of(normal);
    for (const auto& [word, kind] :
         {std::pair(WordKind::generation, PartKind::generation), std::pair(WordKind::title, PartKind::title),
          std::pair(WordKind::role, PartKind::role), std::pair(WordKind::label, PartKind::label)}) {
      if ((kinds & bit_of(word)) != 0) {
        return kind;
      }
    }
    // Two letters behind a surname are initials ("Salinger, J.D.", "Byatt, A.S."), or a short name.
    const bool may_be_initials = normal.size() <= 2 && (!is_full || !is_capitals(part));
    if ((kinds & bit_of(WordKind::degree)) != 0 && !may_be_initials) {
      return PartKind::degree;
    }
    if ((kinds & bit_of(WordKind::company)) != 0 && !may_be_initials) {
      return PartKind::company;
    }
    // Degrees come in rows, and there are more of them than any table has.
    constexpr std::size_t degree_letters_max = 6;
    const bool looks_like_degree =
        words_in(part) == 1 && is_capitals(part) && normal.size() <= degree_letters_max;
    return is_after_degree && looks_like_degree ? PartKind::degree : PartKind::name;
  }

  // More than a surname: "Bessel van der Kolk", but neither "Salinger" nor "van der Kolk".
  bool is_full_name(std::string_view name) const {
    return words_in(name) >= 2 && !is(WordKind::particle, first_word(name));
  }

  bool is_place(std::string_view part) const { return is(WordKind::place, part); }

  // The people between commas, each with what belongs to the name behind its own commas: suffixes, titles,
  // roles, years, two or more places of a publisher.
  std::vector<std::string_view> people_between_commas(std::string_view piece) const {
    const std::vector<std::string_view> parts = split_at_commas(piece);
    std::vector<std::string_view> people;
    bool is_full = false;
    bool is_after_degree = false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::string_view part = trim(parts[i]);
      const PartKind kind = kind_of(part, is_full, is_after_degree);
      std::size_t places = 0;
      while (i + places < parts.size() && is_place(trim(parts[i + places]))) {
        ++places;
      }
      is_after_degree = kind == PartKind::degree;
      const bool belongs = kind != PartKind::name || places >= 2;
      if (belongs && people.empty()) {
        continue;
      }
      if (belongs) {
        i += places >= 2 ? places - 1 : 0;
        // Up to the end of this part: both lie in the same piece.
        const char* const begin = people.back().data();
        const char* const end = parts[i].data() + parts[i].size();
        people.back() = std::string_view(begin, static_cast<std::size_t>(end - begin));
        continue;
      }
      people.push_back(part);
      is_full = is_full_name(part);
    }
    return people;
  }

  void read_between_commas(std::string_view piece, AuthorRole role) {
    for (const std::string_view person : people_between_commas(piece)) {
      read_person(trim(person), role);
    }
  }

  void read_person(std::string_view text, AuthorRole role) {
    // With all its brackets and titles it may be longer than what is kept of it, but not by much.
    if (text.size() > 2 * name_bytes_max) {
      return;
    }
    std::string name(text);
    take_brackets(name, role);
    take_prefix(name, role);
    take_others(name);
    drop_last_dot(name);
    name = first_name_first(name, role);
    // What is taken off may uncover more of the kind, or people who were not told apart before.
    if (name != text) {
      return read_piece(name, role);
    }
    if (name.empty() || name.size() > name_bytes_max || !has_letter(name)) {
      return;
    }
    const std::string normal = normal_name(name, normal_text_);
    constexpr std::uint32_t no_names = bit_of(WordKind::role) | bit_of(WordKind::others) |
                                       bit_of(WordKind::generation) | bit_of(WordKind::degree) |
                                       bit_of(WordKind::company) | bit_of(WordKind::title);
    if (!normal.empty() && (kinds_of(normal) & no_names) == 0 && !is_nobody(normal)) {
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

  // What the parts of a name between commas are, in the order in which they are said.
  struct NameParts {
    std::string title;
    std::vector<std::string> names;
    std::string generation;
    std::string company;

    NameParts() {}
  };

  NameParts parts_of(std::string_view name, AuthorRole& role) const {
    NameParts parts;
    bool is_after_degree = false;
    for (const std::string_view piece : split(name, ',')) {
      const std::string_view part = trim(piece);
      const bool is_first = parts.names.empty();
      const bool is_full = parts.names.size() > 1 || (!is_first && is_full_name(parts.names.front()));
      const PartKind kind = kind_of(part, is_full, is_after_degree);
      is_after_degree = kind == PartKind::degree;
      if (kind == PartKind::generation) {
        parts.generation = part;
      } else if (kind == PartKind::no_letter) {
        continue;
      } else if (kind == PartKind::name || is_first) {
        parts.names.emplace_back(part);
      } else if (kind == PartKind::title) {
        parts.title = part;
      } else if (kind == PartKind::company) {
        parts.company = part;
      } else if (kind == PartKind::role) {
        role = AuthorRole::contributor;
      }
    }
    return parts;
  }

  // "Springer, Berlin, Heidelberg": a publisher, and where it is at home.
  void drop_places(std::vector<std::string>& names) const {
    std::size_t places = 0;
    while (places + 1 < names.size() && is_place(names[names.size() - 1 - places])) {
      ++places;
    }
    if (places >= 2) {
      names.resize(names.size() - places);
    }
  }

  // "Little, Brown and Company" is a name in its order.
  bool ends_as_company(const std::vector<std::string>& names) const {
    return names.size() > 1 && words_in(names.back()) > 1 && is(WordKind::company, last_word(names.back()));
  }

  // "Doyle, Arthur Conan, Sir" to "Sir Arthur Conan Doyle". The suffix of a generation ends the name wherever
  // it stood.
  std::string first_name_first(std::string_view name, AuthorRole& role) const {
    NameParts parts = parts_of(name, role);
    std::vector<std::string>& names = parts.names;
    drop_places(names);
    // "Vonnegut Jr., Kurt"
    if (names.size() > 1 && words_in(names[0]) > 1 && is(WordKind::generation, last_word(names[0]))) {
      parts.generation = last_word(names[0]);
      names[0].erase(names[0].rfind(' '));
    }
    if (names.size() > 1 && parts.company.empty() && !ends_as_company(names)) {
      std::rotate(names.begin(), names.begin() + 1, names.end());
    }
    std::vector<std::string> words;
    const auto add = [&](std::string word) {
      if (!word.empty()) {
        words.push_back(std::move(word));
      }
    };
    add(std::move(parts.title));
    for (std::string& part : names) {
      add(std::move(part));
    }
    add(std::move(parts.generation));
    add(std::move(parts.company));
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
