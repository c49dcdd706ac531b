#include "origin/contradiction.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "origin/provider_support.h"

namespace larder::origin {

namespace {

// Shorter words are initials and particles.
constexpr std::size_t telling_letters_min = 3;

std::vector<std::string> words_of(std::string_view text, const NormalText& normal_text) {
  const std::string form = comparison_form(text, normal_text);
  std::vector<std::string> words;
  for (const std::string_view word : split(form, ' ')) {
    if (!word.empty()) {
      words.emplace_back(word);
    }
  }
  return words;
}

bool has_word(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// One within the other, whatever stands between words: "spider man" and "spiderman", and scripts that write
// none.
bool is_within(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const std::string one = join(a, "");
  const std::string other = join(b, "");
  return !one.empty() && !other.empty() && (contains(one, other) || contains(other, one));
}

bool is_title_of(const std::vector<std::string>& asked, const Work& work, const NormalText& normal_text) {
  const std::vector<std::string> words = words_of(concat({work.title, " ", work.subtitle}), normal_text);
  const auto shared = std::count_if(asked.begin(), asked.end(),
                                    [&](const std::string& word) { return has_word(words, word); });
  return 2 * static_cast<std::size_t>(shared) >= asked.size() || is_within(asked, words);
}

bool is_named_in(const std::vector<std::string>& asked, const Work& work, const NormalText& normal_text) {
  for (const std::string& author : work.authors) {
    const std::vector<std::string> words = words_of(author, normal_text);
    const bool shares = std::any_of(asked.begin(), asked.end(), [&](const std::string& word) {
      return word.size() >= telling_letters_min && has_word(words, word);
    });
    if (shares || is_within(asked, words)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool contradicts(const Lookup& lookup, const std::vector<Work>& works, const NormalText& normal_text) {
  if (works.empty() || lookup.kind == LookupKind::subject) {
    return false;
  }
  if (lookup.kind == LookupKind::isbn) {
    const std::string wanted = wanted_isbn(lookup);
    return std::none_of(works.begin(), works.end(),
                        [&](const Work& work) { return has_word(work.isbn13, wanted); });
  }
  const std::vector<std::string> asked = words_of(lookup.text, normal_text);
  // Punctuation alone ("???") can neither be found nor missed.
  if (asked.empty()) {
    return false;
  }
  return std::none_of(works.begin(), works.end(), [&](const Work& work) {
    return lookup.kind == LookupKind::title ? is_title_of(asked, work, normal_text)
                                            : is_named_in(asked, work, normal_text);
  });
}

}  // namespace larder::origin
