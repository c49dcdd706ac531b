// The library that the tenants' look-ups of books ask, by the simulator's numbers: which title, ISBN or
// author has which number, and what an answer says of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/library.h"

namespace larder::sim {

// The same in every run: what differs is who asks for what.
const Library& the_library();

// How a resource looks books up; as declarations name it.
inline constexpr std::string_view by_title = "title";
inline constexpr std::string_view by_isbn = "isbn";
inline constexpr std::string_view by_author = "author";

// How many a client may draw of. Behind them are those that nobody knows: one ISBN, some authors.
std::size_t book_subjects(std::string_view query);
inline constexpr std::size_t authors_unknown = 3;
// And behind these those that the origin refuses for good.
inline constexpr std::size_t authors_refused = 2;
std::string unknown_author(std::size_t number);
std::string refused_author(std::size_t number);
bool is_refused_author(std::string_view name);

// As a client writes it.
std::string book_text(std::string_view query, std::size_t id);
// Which one this is, however it is capitalised.
std::optional<std::size_t> book_number(std::string_view query, std::string_view text);
// Indices of the works that are about it.
std::vector<std::size_t> works_about(std::string_view query, std::size_t id);
// A title that authors who never met have in common.
bool is_shared_title(std::string_view title);

// One work of an answer of Larder's.
struct ToldWork {
  std::size_t work = 0;
  // Of the origin's reply that it comes from.
  std::uint64_t serial = 0;
};
// What a look-up's answer says: the text that was asked for, and works; none where nobody knows it.
struct ToldBooks {
  std::string query;
  std::vector<ToldWork> works;
};
// nullopt: no answer about books, or one that says of a work what the library does not.
std::optional<ToldBooks> read_told_books(std::string_view body);

}  // namespace larder::sim
