#include "config/control_log.h"

#include "base/assert.h"

namespace larder::config {

std::string_view to_text(PurgeKind kind) {
  switch (kind) {
    case PurgeKind::key:
      return "key";
    case PurgeKind::tag:
      return "tag";
    case PurgeKind::prefix:
      return "prefix";
    case PurgeKind::pattern:
      return "pattern";
    case PurgeKind::all:
      return "all";
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::config
