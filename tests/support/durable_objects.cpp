#include "support/durable_objects.h"

namespace larder::sim {

std::optional<std::string> MapStore::get(std::string_view key) {
  ++rows_read;
  const auto found = rows.find(key);
  return found == rows.end() ? std::nullopt : std::optional<std::string>(found->second);
}

void MapStore::wrote(std::string_view key) {
  if (writes_until_trap && (*writes_until_trap)-- == 0) {
    writes_until_trap.reset();
    throw Trap();
  }
  ++rows_written;
  const auto found = rows.find(key);
  before_.emplace(key, found == rows.end() ? std::nullopt : std::optional<std::string>(found->second));
}

void MapStore::put(std::string_view key, std::string_view value) {
  wrote(key);
  rows.insert_or_assign(std::string(key), std::string(value));
}

void MapStore::erase(std::string_view key) {
  wrote(key);
  const auto found = rows.find(key);
  if (found != rows.end()) {
    rows.erase(found);
  }
}

std::vector<records::Row> MapStore::range(const records::Range& range) {
  std::vector<records::Row> found;
  const auto start = rows.lower_bound(range.start);
  const auto end = range.start < range.end ? rows.lower_bound(range.end) : start;
  if (range.order == records::Order::ascending) {
    for (auto at = start; at != end && found.size() < range.count_max; ++at) {
      found.emplace_back(at->first, at->second);
    }
  } else {
    for (auto at = end; at != start && found.size() < range.count_max;) {
      --at;
      found.emplace_back(at->first, at->second);
    }
  }
  rows_read += found.size();
  return found;
}

void MapStore::begin() {
  before_.clear();
  memory_before_ = memory;
  rows_read = 0;
  rows_written = 0;
}

void MapStore::roll_back() {
  for (auto& [key, value] : before_) {
    if (value) {
      rows.insert_or_assign(key, std::move(*value));
    } else {
      rows.erase(key);
    }
  }
  memory = memory_before_;
}

std::optional<std::string> DurableObjects::run(Instant now, Object& object, std::uint32_t method,
                                               std::string_view argument) {
  object.store.begin();
  records::Reply reply;
  try {
    reply = records::run(kind_, method, argument, object.store, now);
  } catch (const MapStore::Trap&) {
    object.store.roll_back();
    return std::nullopt;
  }
  object.store.writes_until_trap.reset();
  switch (reply.wish) {
    case records::Wish::none:
      break;
    case records::Wish::alarm:
      object.alarm = reply.alarm_at;
      break;
    case records::Wish::give_back:
      object.store.rows.clear();
      object.alarm.reset();
      break;
  }
  return reply.bytes;
}

std::optional<std::string> DurableObjects::call(Instant now, const std::string& name, std::uint32_t method,
                                                std::string_view argument) {
  if (method == records::size_method) {
    std::uint64_t size = 0;
    for (const auto& [key, value] : objects_[name].store.rows) {
      size += key.size() + value.size();
    }
    RecordWriter record;
    record.u64(size);
    return std::string(1, '\0').append(record.bytes());
  }
  const auto reply = run(now, objects_[name], method, argument);
  if (reply) {
    for (const Listener& listener : called) {
      listener(name, method, argument, *reply);
    }
  }
  return reply;
}

void DurableObjects::run_alarms(Instant now) {
  for (auto& [name, object] : objects_) {
    while (object.alarm && *object.alarm <= now) {
      object.alarm.reset();
      // One that traps comes again.
      if (!run(now, object, records::alarm_method, "")) {
        object.alarm = now;
      }
    }
  }
}

std::map<std::string, DurableObjects> all_objects() {
  std::map<std::string, DurableObjects> objects;
#define LARDER_OBJECT(object, number, Class, binding, kept, names, migration) \
  objects.emplace(#binding, DurableObjects(records::ObjectKind::object));
#include "records/objects.def"
  return objects;
}

}  // namespace larder::sim
