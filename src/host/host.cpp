#include "host/host.h"

#include "base/assert.h"

namespace larder::host {

std::string encode(const Answer& answer) {
  RecordWriter record;
  record.u32(answer.status);
  record.pairs(answer.headers);
  record.u32(static_cast<std::uint32_t>(answer.body));
  return std::move(record).take();
}

std::string encode(const HeadParts& parts) {
  RecordWriter record;
  record.u32(parts.status);
  record.pairs(parts.headers);
  record.text(parts.before_ttl);
  record.text(parts.after_ttl);
  record.u32(static_cast<std::uint32_t>(parts.body));
  record.texts(parts.guards);
  return std::move(record).take();
}

}  // namespace larder::host
