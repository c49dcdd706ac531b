// What is wrong with a text that a person wrote: a configuration or a request. A report holds every fault, so
// that one round of mending is enough.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/text.h"

namespace larder {

// `path` says where ("resources[2].match.path", "CACHE_IMPL"; empty for the text as a whole), `message` says
// what is wrong and what to do. Neither carries a secret.
struct Fault {
  std::string path;
  std::string message;

  Fault(std::string path_, std::string message_) : path(std::move(path_)), message(std::move(message_)) {}
  friend bool operator==(const Fault& a, const Fault& b) {
    return a.path == b.path && a.message == b.message;
  }
};
using Faults = std::vector<Fault>;

// A checked value, or at least one fault.
template <typename T>
class [[nodiscard]] Checked : public tl::expected<T, Faults> {
 public:
  using tl::expected<T, Faults>::expected;
};

// One line a fault, "path: message".
std::string to_text(const Faults& faults);

// `a, b or c` with each word quoted: what is on offer.
std::string any_of(const std::vector<std::string_view>& words);

// ` Did you mean "ttl"?` where one of `known` is a slip of the pen away, else nothing. Meant to be appended.
std::string did_you_mean(std::string_view given, const std::vector<std::string_view>& known);

// `text` in quotes, cut at 64 bytes, with control characters and broken UTF-8 replaced: fit for a message.
std::string in_quotes(std::string_view text);

}  // namespace larder
