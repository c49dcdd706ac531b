#include "operators/visible_key.h"

#include "base/assert.h"

namespace larder::operators {

std::string visible_key(std::string_view key, Role role) {
  switch (role) {
    case Role::none:
    case Role::viewer:
    case Role::admin:
      // No resource has such a key yet.
      return std::string(key);
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::operators
