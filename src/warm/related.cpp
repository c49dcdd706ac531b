#include "warm/related.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace larder::warm {

namespace {

enum class SubjectWord : std::uint8_t { broad, nothing, mark };

struct SubjectWordRow {
  SubjectWord kind;
  std::string_view text;
};

struct SubjectNameRow {
  std::string_view text;
  std::string_view meant;
};

constexpr std::array subject_words = {
#define LARDER_SUBJECT_WORD(kind, text) SubjectWordRow{SubjectWord::kind, text},
#include "warm/subject_words.def"
};

constexpr std::array subject_names = {
#define LARDER_SUBJECT_NAME(text, meant) SubjectNameRow{text, meant},
#include "warm/subject_words.def"
};

bool is_word(SubjectWord kind, std::string_view text) {
  return std::any_of(subject_words.begin(), subject_words.end(),
                     [&](const SubjectWordRow& row) { return row.kind == kind && row.text == text; });
}

bool is_named_genre(std::string_view text) {
  return std::any_of(subject_names.begin(), subject_names.end(),
                     [&](const SubjectNameRow& row) { return row.text == text || row.meant == text; });
}

std::string_view meant_by(std::string_view genre) {
  for (const SubjectNameRow& row : subject_names) {
    if (row.text == genre) {
      return row.meant;
    }
  }
  return genre;
}

bool has_mark(std::string_view text) {
  return std::any_of(subject_words.begin(), subject_words.end(), [&](const SubjectWordRow& row) {
    return row.kind == SubjectWord::mark && contains(text, row.text);
  });
}

// A time, a code, a machine's mark, a place or person with its kind.
bool is_of_no_genre_by_shape(std::string_view text) {
  return text.find_first_of("0123456789()[]_:=") != std::string_view::npos;
}

// The parts of "Fiction, fantasy, general", "FICTION / Fantasy / Epic" and "Fiction -- Fantasy".
std::vector<std::string_view> parts_of(std::string_view heading) {
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  for (std::size_t at = 0; at <= heading.size(); ++at) {
    const bool is_dash = at + 1 < heading.size() && heading[at] == '-' && heading[at + 1] == '-';
    if (at == heading.size() || heading[at] == ',' || heading[at] == '/' || is_dash) {
      parts.push_back(trim(heading.substr(from, at - from)));
      at += is_dash ? 1 : 0;
      from = at + 1;
    }
  }
  return parts;
}

// What of a heading, in lower case, says a genre; "" if nothing does. A list says it below a broad shelf, at
// its head where slashes part it, as booksellers do, and there as well where that is the name of a genre
// ("Fantasy fiction, English"). Other lists are people ("Shakespeare, William") and what a book happens to be
// about ("Orphans, fiction").
std::string_view genre_in(std::string_view heading) {
  if (is_of_no_genre_by_shape(heading) || has_mark(heading)) {
    return {};
  }
  const std::vector<std::string_view> parts = parts_of(heading);
  const bool says_at_head = parts.size() == 1 || contains(heading, "/") || is_named_genre(parts.front());
  if (!says_at_head && !is_word(SubjectWord::broad, parts.front())) {
    return {};
  }
  for (const std::string_view part : parts) {
    if (!part.empty() && !is_word(SubjectWord::broad, part)) {
      return is_word(SubjectWord::nothing, part) ? std::string_view() : part;
    }
  }
  return {};
}

bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return is_alpha(c) || static_cast<unsigned char>(c) >= 0x80; });
}

struct Heard {
  std::size_t works = 0;
  std::size_t headings = 0;
  // The work that was counted last.
  std::size_t work = 0;
  // Of several spellings the first by its bytes.
  std::string spelling;
};

// Under what a genre is counted, and how it is spelt.
std::pair<std::string, std::string> genre_of(std::string_view subject, const NormalText& normal_text) {
  // Of ASCII the normal form is lower case and nothing else: no need to ask the host for it.
  std::string lower = collapse_spaces(to_lower(subject));
  if (!lower.empty() && lower.back() == '.') {
    lower.pop_back();
  }
  const std::string_view genre = genre_in(lower);
  std::string spelling(has_letter(genre) ? meant_by(genre) : std::string_view());
  std::string counted = is_ascii(spelling) ? spelling : normal_text(spelling);
  return {std::move(counted), std::move(spelling)};
}

}  // namespace

std::vector<Person> people_of(const origin::Work& work, const NormalText& normal_text) {
  std::vector<Person> people;
  for (const std::string& text : work.authors) {
    for (const booklist::AuthorName& name :
         booklist::read_authors(text, booklist::NameStyle::one, normal_text)) {
      std::string key = booklist::normal_name(name.display, normal_text);
      if (!key.empty()) {
        people.emplace_back(std::move(key), name.display);
      }
    }
  }
  return people;
}

std::string telling_subject(const std::vector<origin::Work>& works, const NormalText& normal_text) {
  std::map<std::string, Heard> heard;
  for (std::size_t i = 0; i < works.size(); ++i) {
    for (const std::string& subject : works[i].subjects) {
      auto [counted, spelling] = genre_of(subject, normal_text);
      if (counted.empty()) {
        continue;
      }
      Heard& one = heard[std::move(counted)];
      one.headings += 1;
      if (one.works == 0 || one.work != i) {
        one.works += 1;
        one.work = i;
      }
      if (one.spelling.empty() || spelling < one.spelling) {
        one.spelling = std::move(spelling);
      }
    }
  }
  const Heard* best = nullptr;
  for (const auto& [counted, one] : heard) {
    const bool is_better = best == nullptr || one.works > best->works ||
                           (one.works == best->works && one.headings > best->headings);
    best = is_better ? &one : best;
  }
  return best == nullptr ? "" : best->spelling;
}

std::vector<Person> most_named(const std::vector<origin::Work>& works, const std::set<std::string>& known,
                               std::size_t count_max, const NormalText& normal_text) {
  struct Named {
    Person person;
    // The first to be named has the lowest.
    std::size_t place;
    // The work that was counted last.
    std::size_t work;
    std::size_t works = 1;

    Named(Person person_, std::size_t place_, std::size_t work_)
        : person(std::move(person_)), place(place_), work(work_) {}
  };
  std::vector<Named> named;
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < works.size(); ++i) {
    for (Person& person : people_of(works[i], normal_text)) {
      if (known.count(person.key) == 1) {
        continue;
      }
      const auto [at, is_new] = places.emplace(person.key, named.size());
      if (is_new) {
        named.emplace_back(std::move(person), named.size(), i);
      } else if (Named& one = named[at->second]; one.work != i) {
        one.works += 1;
        one.work = i;
      }
    }
  }
  std::sort(named.begin(), named.end(), [](const Named& a, const Named& b) {
    return a.works != b.works ? a.works > b.works : a.place < b.place;
  });
  std::vector<Person> people;
  for (std::size_t i = 0; i < named.size() && i < count_max; ++i) {
    people.push_back(std::move(named[i].person));
  }
  return people;
}

}  // namespace larder::warm
