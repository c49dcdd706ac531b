#include "support/library.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/json_writer.h"
#include "base/text.h"

namespace larder::sim {

namespace {

constexpr std::array<std::string_view, 16> first_names = {
    "Ada",   "Boris", "Clara", "Denis", "Elena", "Felix", "Greta", "Henry",
    "Irene", "Jonas", "Katja", "Lukas", "Marta", "Nils",  "Olga",  "Pavel"};
constexpr std::array<std::string_view, 16> last_names = {
    "Abbot",  "Barlow", "Conrad",  "Dorset", "Everett", "Fulton", "Graham", "Holden",
    "Irving", "Jarvis", "Kimball", "Larsen", "Mercer",  "Norton", "Osborn", "Parker"};

constexpr std::array<std::string_view, 7> genres = {"fantasy", "science fiction", "gardening", "poetry",
                                                    "horror",  "travel",          ""};

// As catalogues write it: each of these says the genre, or nothing.
std::vector<std::string> subjects_of(std::string_view genre, std::size_t number) {
  std::vector<std::string> subjects = {"Fiction", "Accessible book", "nyt:fiction=2015-10-25"};
  if (genre.empty()) {
    return subjects;
  }
  switch (number % 3) {
    case 0:
      subjects.push_back(concat({"Fiction, ", genre, ", general"}));
      break;
    case 1:
      subjects.emplace_back(genre);
      break;
    default:
      subjects.push_back(concat({"FICTION / ", genre}));
      break;
  }
  return subjects;
}

bool has_subject(const LibraryWork& work, std::string_view subject) {
  return std::any_of(work.subjects.begin(), work.subjects.end(),
                     [&](const std::string& one) { return contains(to_lower(one), subject); });
}

std::string isbn_of(std::size_t number) {
  std::string digits = "97809" +
                       std::string(7 - std::min<std::size_t>(7, std::to_string(number).size()), '0') +
                       std::to_string(number);
  int sum = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    sum += (digits[i] - '0') * (i % 2 == 0 ? 1 : 3);
  }
  return digits + std::to_string((10 - sum % 10) % 10);
}

bool has_author(const LibraryWork& work, std::string_view author) {
  return std::any_of(work.authors.begin(), work.authors.end(),
                     [&](const std::string& one) { return equals_ignoring_case(one, author); });
}

}  // namespace

std::string query_parameter(const std::string& url, std::string_view name) {
  const std::string wanted = concat({name, "="});
  const std::size_t question = url.find('?');
  for (const std::string_view pair : split(std::string_view(url).substr(question + 1), '&')) {
    if (pair.starts_with(wanted)) {
      return percent_decode(pair.substr(wanted.size()), PlusSign::space).value_or("");
    }
  }
  return "";
}

std::string genre_asked(const std::string& url) {
  const std::string query = query_parameter(url, "q");
  constexpr std::string_view head = "subject:\"";
  if (!query.starts_with(head) || !query.ends_with('"')) {
    return "";
  }
  return query.substr(head.size(), query.size() - head.size() - 1);
}

Library::Library(Random& random, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    authors.push_back(concat({first_names[i % 16], " ", last_names[i / 16 % 16]}));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t own = 2 + random.index(2);
    for (std::size_t k = 0; k < own; ++k) {
      LibraryWork work;
      const std::string number = std::to_string(works.size() + 1);
      work.key = concat({"/works/OL", number, "W"});
      // Some titles are shared by authors who never met.
      work.title = random.percent(20) ? concat({"Shared Title ", std::to_string(random.below(5))})
                                      : concat({"Title ", number});
      work.authors.push_back(authors[i]);
      if (random.percent(33) && count > 1) {
        work.authors.push_back(authors[(i + 1 + random.index(count - 1)) % count]);
      }
      work.isbn = isbn_of(works.size() + 1);
      work.subjects = subjects_of(genres[i % genres.size()], works.size());
      works.push_back(std::move(work));
    }
  }
}

std::vector<LibraryWork> Library::works_of(const std::string& author) const {
  std::vector<LibraryWork> found;
  for (const LibraryWork& work : works) {
    if (has_author(work, author)) {
      found.push_back(work);
    }
  }
  return found;
}

std::set<std::string> Library::reached(const std::vector<std::string>& roots, std::uint32_t levels) const {
  std::set<std::string> all(roots.begin(), roots.end());
  for (std::uint32_t level = 1; level < levels; ++level) {
    std::set<std::string> next = all;
    for (const LibraryWork& work : works) {
      if (std::any_of(work.authors.begin(), work.authors.end(),
                      [&](const std::string& author) { return all.count(author) == 1; })) {
        next.insert(work.authors.begin(), work.authors.end());
      }
    }
    all = std::move(next);
  }
  return all;
}

std::string Library::genre_of(const std::string& author) const {
  std::map<std::string_view, std::pair<std::size_t, std::size_t>> counts;
  for (const LibraryWork& work : works_of(author)) {
    for (const std::string_view genre : genres) {
      if (!genre.empty() && has_subject(work, genre)) {
        ++counts[genre].first;
      }
    }
  }
  std::string_view best;
  for (const auto& [genre, count] : counts) {
    best = best.empty() || count.first > counts[best].first ? genre : best;
  }
  return std::string(best);
}

std::vector<std::string> Library::related_to(const std::string& author) const {
  const std::string genre = genre_of(author);
  std::set<std::string> known = {author};
  for (const LibraryWork& work : works_of(author)) {
    known.insert(work.authors.begin(), work.authors.end());
  }
  std::vector<std::string> named;
  std::map<std::string, std::size_t> places;
  std::map<std::string, std::size_t> counts;
  std::size_t answered = 0;
  for (const LibraryWork& work : works) {
    if (genre.empty() || !has_subject(work, genre) || ++answered > 100) {
      continue;
    }
    for (const std::string& one : work.authors) {
      if (known.count(one) == 0 && ++counts[one] == 1) {
        places[one] = named.size();
        named.push_back(one);
      }
    }
  }
  std::sort(named.begin(), named.end(), [&](const std::string& a, const std::string& b) {
    return counts[a] != counts[b] ? counts[a] > counts[b] : places[a] < places[b];
  });
  named.resize(std::min<std::size_t>(named.size(), 5));
  return named;
}

std::set<std::string> Library::reached_by_subject(const std::vector<std::string>& roots,
                                                  std::uint32_t levels) const {
  std::set<std::string> all(roots.begin(), roots.end());
  for (std::uint32_t level = 1; level < levels; ++level) {
    std::set<std::string> next = reached({all.begin(), all.end()}, 2);
    for (const std::string& author : all) {
      const std::vector<std::string> related = related_to(author);
      next.insert(related.begin(), related.end());
    }
    all = std::move(next);
  }
  return all;
}

OriginReply Library::answer(const std::string& url, std::uint64_t cover) const {
  const std::string author = query_parameter(url, "author");
  const std::string title = query_parameter(url, "title");
  const std::string isbn = query_parameter(url, "isbn");
  const std::string subject = genre_asked(url);
  JsonWriter json;
  json.begin_object().key("docs").begin_array();
  std::size_t count = 0;
  for (const LibraryWork& work : works) {
    const bool is_wanted = (!author.empty() && has_author(work, author)) ||
                           equals_ignoring_case(work.title, title) || work.isbn == isbn ||
                           (!subject.empty() && has_subject(work, subject));
    if (is_wanted && count < 100) {
      ++count;
      json.begin_object().key("key").value(work.key).key("title").value(work.title);
      json.key("author_name").texts(work.authors).key("isbn").texts({work.isbn});
      json.key("subject").texts(work.subjects);
      if (cover > 0) {
        json.key("cover_i").value(cover);
      }
      json.end_object();
    }
  }
  json.end_array().key("numFound").value(count).end_object();
  OriginReply reply;
  reply.headers = {{"content-type", "application/json"}};
  reply.content = json.text();
  return reply;
}

}  // namespace larder::sim
