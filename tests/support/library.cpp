#include "support/library.h"

#include <algorithm>
#include <array>

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
      return percent_decode(pair.substr(wanted.size()), true).value_or("");
    }
  }
  return "";
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

OriginReply Library::answer(const std::string& url, std::uint64_t cover) const {
  const std::string author = query_parameter(url, "author");
  const std::string title = query_parameter(url, "title");
  const std::string isbn = query_parameter(url, "isbn");
  JsonWriter json;
  json.begin_object().key("docs").begin_array();
  std::size_t count = 0;
  for (const LibraryWork& work : works) {
    if ((!author.empty() && has_author(work, author)) || equals_ignoring_case(work.title, title) ||
        work.isbn == isbn) {
      ++count;
      json.begin_object().key("key").value(work.key).key("title").value(work.title);
      json.key("author_name").texts(work.authors).key("isbn").texts({work.isbn});
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
