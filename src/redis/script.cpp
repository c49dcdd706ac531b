#include "redis/script.h"

namespace larder::redis {

const ScriptRow& row_of(Script script) {
  static constexpr std::array rows = {
#define LARDER_REDIS_SCRIPT(name, sha1, text) ScriptRow{sha1, text},
#include "redis/scripts.def"
  };
  return rows[static_cast<std::size_t>(script)];
}

}  // namespace larder::redis
