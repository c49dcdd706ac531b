// A line of the log: {"level": "warn", "event": "batch_not_settled", …}. Never a secret, a body, or a
// reader's name.
//
//   LogLine(host, LogLevel::warn, "unknown_messages").add("queue", queue).add("count", count).write();
#pragma once

#include <cstdint>
#include <string_view>

#include "base/json_writer.h"
#include "base/log_level.h"
#include "host/host.h"

namespace larder::host {

enum class Written : std::uint8_t {
  by_level,  // where LOG_LEVEL lets it
  always,    // whatever LOG_LEVEL says
};

class LogLine {
 public:
  LogLine(Host& host, LogLevel level, std::string_view event, Written written = Written::by_level);

  // A text, a number or a flag.
  template <typename Value>
  LogLine& add(std::string_view name, const Value& value) {
    if (is_written_) {
      json_.key(name).value(value);
    }
    return *this;
  }
  // `json` is valid JSON.
  LogLine& add_json(std::string_view name, std::string_view json);
  // Once, after all else.
  void write();

 private:
  Host& host_;
  LogLevel level_;
  bool is_written_;
  JsonWriter json_;
};

}  // namespace larder::host
