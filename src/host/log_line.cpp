#include "host/log_line.h"

namespace larder::host {

LogLine::LogLine(Host& host, LogLevel level, std::string_view event, Written written)
    : host_(host), level_(level), is_written_(written == Written::always || host.logs(level)) {
  if (is_written_) {
    json_.begin_object().key("level").value(to_text(level)).key("event").value(event);
  }
}

LogLine& LogLine::add_json(std::string_view name, std::string_view json) {
  if (is_written_) {
    json_.key(name).raw(json);
  }
  return *this;
}

void LogLine::write() {
  if (is_written_) {
    host_.log(level_, json_.end_object().text());
  }
}

}  // namespace larder::host
