#include "origin/work_builder.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace larder::origin {

namespace {

// What most works have at most, so that a list of numbers seldom grows.
constexpr std::size_t isbns_likely = 8;

bool holds(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Whether clean() leaves the text as it is, which it does with nearly all of them.
bool is_clean(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max || text.ends_with(' ')) {
    return false;
  }
  char before = ' ';
  for (const char c : text) {
    if (is_control(c) || (c == ' ' && before == ' ')) {
      return false;
    }
    before = c;
  }
  return true;
}

// Without control characters and superfluous space, at most `bytes_max`.
std::string clean(std::string_view text, std::size_t bytes_max) {
  // Far more than is kept, far less than the megabytes that one string may have.
  std::string spaced(utf8_prefix(text, bytes_max * 4));
  for (char& c : spaced) {
    if (is_control(c)) {
      c = ' ';
    }
  }
  return std::string(trim(utf8_prefix(collapse_spaces(spaced), bytes_max)));
}

void set_text(std::string& target, std::string_view text, std::size_t bytes_max) {
  if (text.empty()) {
    return;
  }
  if (is_clean(text, bytes_max)) {
    target = text;
    return;
  }
  if (std::string cleaned = clean(text, bytes_max); !cleaned.empty()) {
    target = std::move(cleaned);
  }
}

void add_text(std::vector<std::string>& list, std::string_view text, std::size_t bytes_max,
              std::size_t count_max) {
  if (list.size() >= count_max || text.empty()) {
    return;
  }
  if (is_clean(text, bytes_max)) {
    if (!holds(list, text)) {
      list.emplace_back(text);
    }
    return;
  }
  if (std::string cleaned = clean(text, bytes_max); !cleaned.empty() && !holds(list, cleaned)) {
    list.push_back(std::move(cleaned));
  }
}

bool is_id(std::string_view text) {
  const auto allowed = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; };
  return !text.empty() && text.size() <= id_bytes_max && std::all_of(text.begin(), text.end(), allowed);
}

// "OL…W" or "OL…M".
bool is_openlibrary_id(std::string_view text) {
  if (text.size() < 4 || text.size() > id_bytes_max || text.substr(0, 2) != "OL") {
    return false;
  }
  const std::string_view digits = text.substr(2, text.size() - 3);
  return (text.back() == 'W' || text.back() == 'M') && std::all_of(digits.begin(), digits.end(), is_digit);
}

bool is_url_character(char c) {
  return c > ' ' && c <= '~' && c != '"' && c != '<' && c != '>' && c != '\\' && c != '`';
}

// The only name in a statement of responsibility; "" if it may hold more than one, or something else.
std::string single_name(std::string_view statement) {
  std::string name = clean(statement, author_bytes_max);
  if (equals_ignoring_case(name.substr(0, 3), "by ")) {
    name.erase(0, 3);
  }
  if (!name.empty() && name.back() == '.') {
    name.pop_back();
  }
  const bool is_list = name.find_first_of(";,:&/[]()0123456789") != std::string::npos;
  const std::string lower = to_lower(name);
  const bool joins = contains(lower, " and ") || contains(lower, " by ") || contains(lower, "edited");
  return is_list || joins ? "" : name;
}

void take_id(std::string_view id, std::string& kept) {
  if (is_id(id)) {
    kept = std::string(id);
  }
}

void take_openlibrary_id(std::string_view key, std::string& kept) {
  const std::string_view id = key.substr(key.rfind('/') + 1);
  if (!is_openlibrary_id(id)) {
    return;
  }
  const bool has_work = !kept.empty() && kept.back() == 'W';
  if (id.back() == 'W' || !has_work) {
    kept = std::string(id);
  }
}

}  // namespace

void WorkBuilder::title(std::string_view text) { set_text(work_.title, text, title_bytes_max); }

void WorkBuilder::subtitle(std::string_view text) { set_text(work_.subtitle, text, title_bytes_max); }

void WorkBuilder::author(std::string_view name) {
  add_text(work_.authors, name, author_bytes_max, authors_per_work_max);
}

void WorkBuilder::author_statement(std::string_view text) { author_statement_ = single_name(text); }

void WorkBuilder::subject(std::string_view text) {
  add_text(work_.subjects, text, subject_bytes_max, subjects_per_work_max);
}

void WorkBuilder::isbn(std::string_view text) {
  const auto number = isbn13_number(text);
  if (!number || std::find(isbns_.begin(), isbns_.end(), *number) != isbns_.end()) {
    return;
  }
  if (isbns_.size() < isbns_per_work_max) {
    if (isbns_.empty()) {
      isbns_.reserve(isbns_likely);
    }
    isbns_.push_back(*number);
  } else if (isbn13_of(*number) == wanted_isbn13_) {
    isbns_.back() = *number;
  }
}

void WorkBuilder::year(std::int64_t number) {
  if (number >= year_min && number <= year_max) {
    work_.first_publish_year = static_cast<std::int32_t>(number);
  }
}

void WorkBuilder::year_in(std::string_view date) {
  const std::string_view text = date.substr(0, 64);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) {
      ++end;
    }
    if (end - at == 4) {
      year(static_cast<std::int64_t>(parse_unsigned(text.substr(at, 4)).value_or(0)));
      return;
    }
    at = end + 1;
  }
}

void WorkBuilder::cover(std::string_view url) {
  constexpr std::string_view secure = "https://";
  constexpr std::string_view plain = "http://";
  const bool is_secure = equals_ignoring_case(url.substr(0, secure.size()), secure);
  const bool is_plain = equals_ignoring_case(url.substr(0, plain.size()), plain);
  if (!is_secure && !is_plain) {
    return;
  }
  const std::string_view rest = url.substr(is_secure ? secure.size() : plain.size());
  if (rest.empty() || secure.size() + rest.size() > cover_url_bytes_max ||
      !std::all_of(rest.begin(), rest.end(), is_url_character)) {
    return;
  }
  work_.cover_url = concat({secure, rest});
}

void WorkBuilder::openlibrary_cover(std::int64_t number) {
  if (number > 0) {
    work_.cover_url = concat({"https://covers.openlibrary.org/b/id/", to_text(number), "-L.jpg"});
  }
}

#define LARDER_WORK_ID(name, take) \
  void WorkBuilder::name##_id(std::string_view id) { take(id, work_.ids.name); }
#include "origin/work_ids.def"

std::optional<Work> WorkBuilder::finish() && {
  return has_title() ? std::optional<Work>(std::move(*this).finish_titled()) : std::nullopt;
}

Work WorkBuilder::finish_titled() && {
  work_.isbn13.reserve(isbns_.size());
  work_.isbn10.reserve(isbns_.size());
  for (const std::uint64_t number : isbns_) {
    if (std::optional<std::string> isbn10 = isbn10_of(number)) {
      work_.isbn10.push_back(std::move(*isbn10));
    }
    work_.isbn13.push_back(isbn13_of(number));
  }
  if (work_.authors.empty() && !author_statement_.empty()) {
    work_.authors.push_back(std::move(author_statement_));
  }
  return std::move(work_);
}

void put_first(std::vector<Work>& works, std::string_view wanted_isbn13) {
  if (wanted_isbn13.empty()) {
    return;
  }
  auto front = works.begin();
  for (auto work = works.begin(); work != works.end(); ++work) {
    if (holds(work->isbn13, wanted_isbn13)) {
      std::rotate(front, work, std::next(work));
      ++front;
    }
  }
}

void leave_out_others(std::vector<Work>& works, std::string_view wanted_isbn13) {
  const auto is_wanted = [&](const Work& work) { return holds(work.isbn13, wanted_isbn13); };
  if (wanted_isbn13.empty() || std::any_of(works.begin(), works.end(), is_wanted)) {
    return;
  }
  const auto is_other = [](const Work& work) { return !work.isbn13.empty(); };
  works.erase(std::remove_if(works.begin(), works.end(), is_other), works.end());
}

}  // namespace larder::origin
