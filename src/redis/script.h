// The scripts of scripts.def.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace larder::redis {

enum class Script : std::uint8_t {
#define LARDER_REDIS_SCRIPT(name, sha1, text) name,
#include "redis/scripts.def"
};
inline constexpr std::array all_scripts = {
#define LARDER_REDIS_SCRIPT(name, sha1, text) Script::name,
#include "redis/scripts.def"
};

struct ScriptRow {
  // Lower-case hex.
  std::string_view sha1;
  std::string_view text;
};
const ScriptRow& row_of(Script script);

}  // namespace larder::redis
