#include "sim/books.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "json/json_text.h"

namespace larder::sim {

namespace {

constexpr std::size_t authors = 40;
constexpr std::string_view unknown_isbn = "9780552137034";
constexpr std::array<std::string_view, authors_unknown> unknown_names = {"Nemo Anders", "Nemo Berg",
                                                                         "Nemo Carlsen"};
constexpr std::array<std::string_view, authors_refused> refused_names = {"Vetus Adams", "Vetus Brown"};

const std::vector<std::string>& titles() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> found;
    for (const LibraryWork& work : the_library().works) {
      if (std::find(found.begin(), found.end(), work.title) == found.end()) {
        found.push_back(work.title);
      }
    }
    return found;
  }();
  return all;
}

// "https://covers.openlibrary.org/b/id/{number}-M.jpg"
std::optional<std::uint64_t> number_of_cover(std::string_view url) {
  const std::string_view name = url.substr(url.rfind('/') + 1);
  return parse_unsigned(name.substr(0, name.find('-')));
}

std::vector<std::string> texts_of(const json::JsonText& json, std::string_view name) {
  std::vector<std::string> texts;
  for (const json::JsonText& item : json.items(name)) {
    texts.push_back(item.as_text().value_or(""));
  }
  return texts;
}

std::optional<ToldWork> read_work(const json::JsonText& json) {
  const auto ids = json.find("ids");
  const std::string id = ids ? ids->text("openlibrary") : "";
  const auto& works = the_library().works;
  const auto known = std::find_if(works.begin(), works.end(),
                                  [&](const LibraryWork& work) { return work.key.substr(7) == id; });
  const auto serial = number_of_cover(json.text("coverUrl"));
  if (known == works.end() || !serial || json.text("title") != known->title ||
      texts_of(json, "authors") != known->authors || texts_of(json, "isbn13") != std::vector{known->isbn}) {
    return std::nullopt;
  }
  ToldWork told;
  told.work = static_cast<std::size_t>(known - works.begin());
  told.serial = *serial;
  return told;
}

using Numbers = std::map<std::string, std::size_t>;

// `more`: of those behind what a client may draw of.
Numbers numbers_of(std::string_view query, std::size_t more) {
  Numbers numbers;
  for (std::size_t id = 0; id < book_subjects(query) + more; ++id) {
    numbers[to_lower(book_text(query, id))] = id;
  }
  return numbers;
}

}  // namespace

const Library& the_library() {
  static const Library library = [] {
    Random random(7);
    return Library(random, authors);
  }();
  return library;
}

std::size_t book_subjects(std::string_view query) {
  if (query == by_title) {
    return titles().size();
  }
  return query == by_isbn ? the_library().works.size() : the_library().authors.size();
}

std::string unknown_author(std::size_t number) { return std::string(unknown_names[number]); }
std::string refused_author(std::size_t number) { return std::string(refused_names[number]); }
bool is_refused_author(std::string_view name) {
  return std::any_of(refused_names.begin(), refused_names.end(),
                     [&](std::string_view refused) { return equals_ignoring_case(refused, name); });
}

std::string book_text(std::string_view query, std::size_t id) {
  if (query == by_title) {
    return titles()[id];
  }
  if (query == by_isbn) {
    return id < the_library().works.size() ? the_library().works[id].isbn : std::string(unknown_isbn);
  }
  const std::size_t known = the_library().authors.size();
  if (id < known) {
    return the_library().authors[id];
  }
  return id < known + authors_unknown ? unknown_author(id - known)
                                      : refused_author(id - known - authors_unknown);
}

std::optional<std::size_t> book_number(std::string_view query, std::string_view text) {
  static const Numbers titles = numbers_of(by_title, 0);
  static const Numbers isbns = numbers_of(by_isbn, 1);
  static const Numbers names = numbers_of(by_author, authors_unknown + authors_refused);
  const Numbers& numbers = query == by_title ? titles : query == by_isbn ? isbns : names;
  const auto found = numbers.find(to_lower(text));
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::size_t> works_about(std::string_view query, std::size_t id) {
  const std::string text = book_text(query, id);
  const auto& works = the_library().works;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < works.size(); ++i) {
    const bool is_about = query == by_title  ? works[i].title == text
                          : query == by_isbn ? works[i].isbn == text
                                             : std::find(works[i].authors.begin(), works[i].authors.end(),
                                                         text) != works[i].authors.end();
    if (is_about) {
      found.push_back(i);
    }
  }
  return found;
}

bool is_shared_title(std::string_view title) { return title.starts_with("Shared"); }

std::optional<ToldBooks> read_told_books(std::string_view body) {
  const auto json = json::JsonText::parse(body);
  if (!json || !json->is_object() || json->text("source") != "openlibrary") {
    return std::nullopt;
  }
  ToldBooks told;
  told.query = json->text("query");
  if (json->number("status") == 404) {
    return told;
  }
  for (const json::JsonText& item : json->items("works")) {
    const auto work = read_work(item);
    const bool twice = work && std::any_of(told.works.begin(), told.works.end(),
                                           [&](const ToldWork& other) { return other.work == work->work; });
    if (!work || twice) {
      return std::nullopt;
    }
    told.works.push_back(*work);
  }
  return told.works.empty() ? std::nullopt : std::optional(std::move(told));
}

}  // namespace larder::sim
