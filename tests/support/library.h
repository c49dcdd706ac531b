// A made-up library, and how Open Library answers for it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/random.h"
#include "support/world.h"

namespace larder::sim {

struct LibraryWork {
  std::string key;
  std::string title;
  std::vector<std::string> authors;
  std::string isbn;
  std::vector<std::string> subjects;
};

class Library {
 public:
  // Two or three works an author; a third of them with a second author. Every author has a genre, which the
  // works say in the ways of catalogues.
  Library(Random& random, std::size_t authors);

  // The reply to any of the searches. `cover` is a number that its works carry; 0: none.
  OriginReply answer(const std::string& url, std::uint64_t cover = 0) const;

  std::vector<LibraryWork> works_of(const std::string& author) const;
  // Who is reached from these in so many levels, themselves included.
  std::set<std::string> reached(const std::vector<std::string>& roots, std::uint32_t levels) const;

  // The same where who is known for the same genre is found as well.
  std::set<std::string> reached_by_subject(const std::vector<std::string>& roots, std::uint32_t levels) const;
  // What most of the author's works are; "" if they say nothing of it.
  std::string genre_of(const std::string& author) const;
  // The five who are found by an author's genre, the most often named first.
  std::vector<std::string> related_to(const std::string& author) const;

  std::vector<std::string> authors;
  std::vector<LibraryWork> works;
};

// The parameter of a URL's query, decoded; "" if there is none.
std::string query_parameter(const std::string& url, std::string_view name);
// The phrase of a search by subject; "" for any other.
std::string genre_asked(const std::string& url);

}  // namespace larder::sim
