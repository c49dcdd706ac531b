// What is made of the texts of a list, once for each text. For the readers of this room.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace larder::booklist {

inline constexpr std::size_t text_word_bytes = 8;

inline std::uint64_t text_word_at(const char* place) {
  std::uint64_t word = 0;
  std::memcpy(&word, place, sizeof word);
  return word;
}

// Fewer than eight bytes.
inline std::uint64_t text_word_of(std::string_view bytes) {
  std::uint64_t word = 0;
  for (const char c : bytes) {
    word = word << 8U | static_cast<unsigned char>(c);
  }
  return word;
}

// Both take eight bytes at a time, the last eight perhaps again: in WebAssembly the library takes one.
struct TextHash {
  std::size_t operator()(std::string_view text) const {
    constexpr std::uint64_t factor = 0x9e3779b97f4a7c15;
    std::uint64_t hash = text.size() * factor;
    const auto mix = [&](std::uint64_t word) {
      hash = (hash ^ word) * factor;
      hash ^= hash >> 32U;
    };
    if (text.size() < text_word_bytes) {
      mix(text_word_of(text));
      return static_cast<std::size_t>(hash);
    }
    for (std::size_t at = 0; at + text_word_bytes < text.size(); at += text_word_bytes) {
      mix(text_word_at(text.data() + at));
    }
    mix(text_word_at(text.data() + text.size() - text_word_bytes));
    return static_cast<std::size_t>(hash);
  }
};

struct TextEqual {
  bool operator()(std::string_view a, std::string_view b) const {
    if (a.size() != b.size()) {
      return false;
    }
    if (a.size() < text_word_bytes) {
      return text_word_of(a) == text_word_of(b);
    }
    for (std::size_t at = 0; at + text_word_bytes < a.size(); at += text_word_bytes) {
      if (text_word_at(a.data() + at) != text_word_at(b.data() + at)) {
        return false;
      }
    }
    const std::size_t last = a.size() - text_word_bytes;
    return text_word_at(a.data() + last) == text_word_at(b.data() + last);
  }
};

// What is made of a text, once: fields repeat, since readers come back to authors, titles and shelves.
template <typename T>
class Memo {
 public:
  // `stays`: the text is valid for as long as this is. What it gives stays where it is.
  template <typename Make>
  const T& of(std::string_view text, bool stays, Make&& make) {
    const auto known = made_.find(text);
    if (known != made_.end()) {
      return known->second;
    }
    const std::string_view key = stays ? text : std::string_view(owned_.emplace_back(text));
    return made_.emplace(key, make()).first->second;
  }

 private:
  std::deque<std::string> owned_;
  std::unordered_map<std::string_view, T, TextHash, TextEqual> made_;
};

}  // namespace larder::booklist
