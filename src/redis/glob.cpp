#include "redis/glob.h"

namespace larder::redis {

namespace {

std::string escaped(std::string_view text, std::string_view special) {
  std::string glob;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) {
      glob.push_back('\\');
    }
    glob.push_back(c);
  }
  return glob;
}

constexpr std::string_view special_but_star = "?[]\\";
constexpr std::string_view special = "*?[]\\";

}  // namespace

std::string glob_of_text(std::string_view text) { return escaped(text, special); }
std::string glob_of_prefix(std::string_view prefix) { return glob_of_text(prefix) + "*"; }
std::string glob_of_pattern(std::string_view pattern) { return escaped(pattern, special_but_star); }

}  // namespace larder::redis
