#include "base/faults.h"

#include <algorithm>

#include "base/text.h"

namespace larder {

namespace {

// Restricted Damerau-Levenshtein distance: insertions, deletions, substitutions and swaps of neighbours.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = to_lower(a[i - 1]) == to_lower(b[j - 1]) ? 0 : 1;
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(current);
  }
  return last[b.size()];
}

}  // namespace

std::string to_text(const Faults& faults) {
  std::string report;
  for (const Fault& fault : faults) {
    report.append(fault.path).append(fault.path.empty() ? "" : ": ").append(fault.message).append("\n");
  }
  return report;
}

std::string any_of(const std::vector<std::string_view>& words) {
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i) {
    list.append(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ").append(in_quotes(words[i]));
  }
  return list;
}

std::string did_you_mean(std::string_view given, const std::vector<std::string_view>& known) {
  if (given.size() > 64) {
    return {};
  }
  // A third of a short word is no longer the same word.
  std::size_t fewest = std::min<std::size_t>(2, given.size() / 3) + 1;
  std::string_view nearest;
  for (const std::string_view word : known) {
    if (const std::size_t edits = edits_between(given, word); edits < fewest) {
      fewest = edits;
      nearest = word;
    }
  }
  return nearest.empty() ? std::string() : concat({" Did you mean ", in_quotes(nearest), "?"});
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t bytes_max = 64;
  std::string quote = "\"";
  std::size_t at = 0;
  while (at < text.size() && at < bytes_max) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0 || is_control(text[at])) {
      quote.append("\xef\xbf\xbd");
      ++at;
    } else {
      quote.append(text.substr(at, length));
      at += length;
    }
  }
  return quote.append(at < text.size() ? "\xe2\x80\xa6\"" : "\"");
}

}  // namespace larder
