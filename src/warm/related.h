// The subject that an author is known for, and the other authors known for it. Pure: from works to a subject,
// and from the works on that subject to people. The same works give the same answer, in whatever order a
// queue delivers.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "booklist/author_name.h"
#include "origin/work.h"

namespace larder::warm {

// A person whom a work names. Neither is empty.
struct Person {
  // The normal form, by which people are told apart.
  std::string key;
  // As people write it.
  std::string name;

  Person(std::string key_, std::string name_) : key(std::move(key_)), name(std::move(name_)) {}
  friend bool operator==(const Person& a, const Person& b) { return a.key == b.key && a.name == b.name; }
};

// The people named as a work's authors, in its order, without "Various" and the like.
std::vector<Person> people_of(const origin::Work& work, const NormalText& normal_text);

// The subject that says most about these works, as an origin is asked for it (in lower case, as far as it is
// ASCII): the one that most of them have; of equals the one that they name most often, in whatever words; of
// equals the first by the alphabet. What says nothing of a genre does not count, see subject_words.def. "":
// there is none.
std::string telling_subject(const std::vector<origin::Work>& works, const NormalText& normal_text);

// The people whom most of these works name, without those of `known` (by key), at most `count_max`. The most
// often named first, of equals the one that is named first: where works come in the order of how well they
// are known, so do people.
std::vector<Person> most_named(const std::vector<origin::Work>& works, const std::set<std::string>& known,
                               std::size_t count_max, const NormalText& normal_text);

}  // namespace larder::warm
