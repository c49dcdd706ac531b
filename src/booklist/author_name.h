// Names of authors as lists of books write them, and the form in which two spellings of one name are equal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/comparison.h"

namespace larder::booklist {

// How a field names authors. In every style "Last, First" becomes "First Last", and ';', '|', "、" and line
// ends stand between people (not a line end behind a comma).
enum class NameStyle : std::uint8_t {
  one,         // a comma is part of the name: "Herbert, Frank", "Martin Luther King, Jr."
  comma_list,  // commas stand between people, but not before "Jr."
  told_apart,  // people between commas, " & " or " and " if both sides look like whole names, else as `one`
  ampersands,  // " & " always stands between people; between them, as `told_apart`
};
inline constexpr std::size_t name_styles = 4;

// The part of a person in a book: a contributor translated, edited, illustrated, read … it.
enum class AuthorRole : std::uint8_t { author, contributor };

struct AuthorName {
  // For people, and for asking an origin: one space between words, without roles, labels and degrees.
  std::string display;
  AuthorRole role;

  AuthorName(std::string display_, AuthorRole role_) : display(std::move(display_)), role(role_) {}
  friend bool operator==(const AuthorName& a, const AuthorName& b) {
    return a.display == b.display && a.role == b.role;
  }
};

// A display form is at most this long; what is longer is no name.
inline constexpr std::size_t name_bytes_max = 256;

// What is read of a field; two dozen people take a fifth of it.
inline constexpr std::size_t author_field_bytes_max = 4096;

// The people of one field, in its order. "Various", "Unknown, Unknown", "N/A" and the like, and text without
// a letter, are nobody. A company keeps the order of its name: "Orchard Books, Inc." is "Orchard Books Inc.".
// A name that came of it, read again in any style, is that name. `field` is UTF-8.
std::vector<AuthorName> read_authors(std::string_view field, NameStyle style, const NormalText& normal_text);

// Whether the words, as a column of roles has them ("Translator", "Illustrator, Editor"), name something else
// than writing.
AuthorRole read_role(std::string_view words, const NormalText& normal_text);

// The form in which names and titles are compared.
inline std::string normal_name(std::string_view name, const NormalText& normal_text) {
  return comparison_form(name, normal_text);
}

// Which of two spellings with the same normal form tells more: neither all capitals nor all small letters,
// then the one with more bytes that are not spaces (initials with their dots, letters with their diacritics).
// True: `other` is the better one. Of equals the first stays.
bool tells_more(std::string_view other, std::string_view current);

}  // namespace larder::booklist
