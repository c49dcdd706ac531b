#include "config/control_log.h"

#include "base/assert.h"
#include "base/text.h"

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

std::uint64_t serial_of(std::string_view published) {
  return parse_unsigned(published.substr(0, published.find(' '))).value_or(0);
}

}  // namespace larder::config
