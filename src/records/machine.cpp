#include "records/machine.h"

namespace larder::records {

void Machine::wake_by(Instant at) {
  // The platform gives an alarm up that has failed several times: one that is so late will not come.
  constexpr Millis late{3'600'000};
  const auto asked = store_.get(alarm_key);
  if (asked) {
    RecordReader reader(*asked);
    const Instant due = instant_from_millis(static_cast<std::int64_t>(reader.u64()));
    if (reader.complete() && due <= at && now_ < due + late) {
      return;
    }
  }
  RecordWriter record;
  record.u64(static_cast<std::uint64_t>(millis_since_epoch(at)));
  store_.put(alarm_key, record.bytes());
  wish_ = Wish::alarm;
  alarm_at_ = at;
}

void Machine::give_back() { wish_ = Wish::give_back; }

std::size_t Machine::erase_range(std::string start, std::string end, std::size_t count_max) {
  const std::vector<Row> rows = store_.range(Range(std::move(start), std::move(end), count_max));
  for (const Row& row : rows) {
    store_.erase(row.key);
  }
  return rows.size();
}

}  // namespace larder::records
