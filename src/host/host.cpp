#include "host/host.h"

#include "base/assert.h"

namespace larder::host {

std::string encode(const Answer& answer) {
  RecordWriter record;
  record.u32(answer.status);
  record.pairs(answer.headers);
  record.u32(static_cast<std::uint32_t>(answer.body));
  record.u32(answer.lane ? answer.lane->id : 0);
  if (answer.lane) {
    record.u64(static_cast<std::uint64_t>(millis_since_epoch(answer.lane->until)));
    record.texts(answer.lane->guards);
  }
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
