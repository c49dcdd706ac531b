// Reading a JSON tree into values, with the place of everything that is wrong.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/faults.h"
#include "base/words.h"
#include "simdjson.h"

namespace larder::json {

// A value of the text and where it stands. It borrows from the parsed document.
struct Place {
  simdjson::dom::element element;
  std::string path;

  Place(simdjson::dom::element element_, std::string path_) : element(element_), path(std::move(path_)) {}
};

// The members of an object. The constructor adds a fault for what is no object, for members that are not
// known and for members given twice; find() then gives what is there.
class Members {
 public:
  Members(const Place& place, const std::vector<std::string_view>& known, Faults& faults);

  bool is_object() const { return is_object_; }
  std::optional<Place> find(std::string_view name) const;
  // As find(), with a fault where there is none.
  std::optional<Place> require(std::string_view name, Faults& faults) const;
  // Where a member is or would be.
  std::string path_of(std::string_view name) const;

 private:
  std::string path_;
  bool is_object_ = false;
  std::vector<std::pair<std::string_view, simdjson::dom::element>> members_;
};

// Each reads one value or adds a fault at its place.
std::optional<std::string> read_text(const Place& place, Faults& faults);
std::optional<bool> read_boolean(const Place& place, Faults& faults);
std::optional<std::uint64_t> read_integer(const Place& place, std::uint64_t least, std::uint64_t most,
                                          Faults& faults);
// The items of an array of at most `count_max`.
std::vector<Place> read_items(const Place& place, std::size_t count_max, Faults& faults);
// All members of an object whose names are free, for example header fields.
std::vector<std::pair<std::string, Place>> read_free_members(const Place& place, std::size_t count_max,
                                                             Faults& faults);

// What is wrong with a text that did not parse, with its line and column. `depth_max` is how deep it may
// nest.
Faults syntax_faults(std::string_view json, simdjson::error_code error, std::size_t depth_max);
// At most `count_max` faults, the last of which says how many more there are.
Faults shortened(Faults faults, std::size_t count_max);

// One word of a closed set.
template <typename Word, std::size_t count>
std::optional<Word> read_word(const Place& place, const std::array<Word, count>& set, Faults& faults) {
  const auto text = read_text(place, faults);
  if (!text) {
    return std::nullopt;
  }
  const auto word = find_word(set, *text);
  if (!word) {
    const auto words = words_of(set);
    faults.emplace_back(place.path, in_quotes(*text) + " is not offered; use " + any_of(words) + "." +
                                        did_you_mean(*text, words));
  }
  return word;
}

}  // namespace larder::json
