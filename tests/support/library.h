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
};

class Library {
 public:
  // Two or three works an author; a third of them with a second author.
  Library(Random& random, std::size_t authors);

  // The reply to any of the searches. `cover` is a number that its works carry; 0: none.
  OriginReply answer(const std::string& url, std::uint64_t cover = 0) const;

  std::vector<LibraryWork> works_of(const std::string& author) const;
  // Who is reached from these in so many levels, themselves included.
  std::set<std::string> reached(const std::vector<std::string>& roots, std::uint32_t levels) const;

  std::vector<std::string> authors;
  std::vector<LibraryWork> works;
};

// The parameter of a URL's query, decoded; "" if there is none.
std::string query_parameter(const std::string& url, std::string_view name);

}  // namespace larder::sim
