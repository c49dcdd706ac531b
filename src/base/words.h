// Closed sets of words: enums whose values to_text() names.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace larder {

// The words of a set, as they are written.
template <typename Word, std::size_t count>
std::vector<std::string_view> words_of(const std::array<Word, count>& set) {
  std::vector<std::string_view> words;
  for (const Word word : set) {
    words.push_back(to_text(word));
  }
  return words;
}

// The word of a set that is written as `text`.
template <typename Word, std::size_t count>
std::optional<Word> find_word(const std::array<Word, count>& set, std::string_view text) {
  for (const Word word : set) {
    if (to_text(word) == text) {
      return word;
    }
  }
  return std::nullopt;
}

}  // namespace larder
