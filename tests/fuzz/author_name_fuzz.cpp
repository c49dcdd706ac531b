// Any text as a field of authors, in every style: names are tidy UTF-8 within their limit, read again they
// are the same, and their normal forms are words with one space between them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/text.h"
#include "booklist/author_name.h"
#include "support/normal_text.h"

namespace {

using namespace larder;
using namespace larder::booklist;

// What is no UTF-8 never gets here: it is another character by then.
std::string as_utf8(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = utf8_length(bytes, at);
    text.append(length == 0 ? "?" : bytes.substr(at, length));
    at += length == 0 ? 1 : length;
  }
  return text;
}

void check_words(std::string_view words) {
  LARDER_ASSERT(is_utf8(words) && !words.starts_with(' ') && !words.ends_with(' '));
  LARDER_ASSERT(!contains(words, "  "));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string field = as_utf8(data, size);
  const NormalText platform = sim::normal_text;
  for (const NameStyle style :
       {NameStyle::one, NameStyle::comma_list, NameStyle::told_apart, NameStyle::ampersands}) {
    for (const AuthorName& name : read_authors(field, style, platform)) {
      check_words(name.display);
      LARDER_ASSERT(!name.display.empty() && name.display.size() <= name_bytes_max);
      const std::string normal = normal_name(name.display, platform);
      check_words(normal);
      LARDER_ASSERT(!normal.empty());
      LARDER_ASSERT(!tells_more(name.display, name.display));
      for (const NameStyle again : {style, NameStyle::one}) {
        const std::vector<AuthorName> same = read_authors(name.display, again, platform);
        LARDER_ASSERT(same.size() == 1 && same.front().display == name.display);
      }
    }
  }
  check_words(normal_name(field, platform));
  const AuthorRole role = read_role(field, platform);
  LARDER_ASSERT(role == AuthorRole::author || role == AuthorRole::contributor);
  return 0;
}
