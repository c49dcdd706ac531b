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

std::string_view origin_part(std::string_view tag) {
  constexpr std::size_t digits = 8;
  for (const std::string_view kind : {"url:", "group:"}) {
    const std::size_t end = kind.size() + digits;
    if (!tag.starts_with(kind) || tag.size() <= end || tag[end] != ':') {
      continue;
    }
    const std::string_view origin = tag.substr(kind.size(), digits);
    return origin.find_first_not_of("0123456789abcdef") == std::string_view::npos ? tag.substr(0, end) : "";
  }
  return "";
}

std::uint64_t serial_of(std::string_view published) {
  return parse_unsigned(published.substr(0, published.find(' '))).value_or(0);
}

}  // namespace larder::config
