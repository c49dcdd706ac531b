#include "base/log_level.h"

#include "base/assert.h"

namespace larder {

std::string_view to_text(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      return "off";
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder
