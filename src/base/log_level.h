// How important a log line is, in order: LOG_LEVEL writes lines of its own level and of all later ones.
#pragma once

#include <cstdint>
#include <string_view>

namespace larder {

enum class LogLevel : std::uint8_t {
  debug,  // every decision
  info,   // every request
  warn,   // what degraded
  error,  // what failed
  off,    // nothing
};

std::string_view to_text(LogLevel level);

}  // namespace larder
