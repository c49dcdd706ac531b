#include "sim/eventual_kv.h"

#include <algorithm>

namespace larder::sim {

void EventualKv::put(Instant now, std::size_t data_centre, const std::string& key, Stored stored) {
  Write write;
  for (std::size_t reader = 0; reader < caches_.size(); ++reader) {
    const bool at_once = reader == data_centre && !random_.percent(10);
    write.seen_from.push_back(now + (at_once ? Millis(0) : random_.between(Millis(0), behind_max)));
    if (at_once) {
      caches_[reader].erase(key);
    }
  }
  write.stored = stored;
  std::vector<Write>& writes = writes_[key];
  writes.push_back(std::move(write));
  // What all see is the past of nobody.
  const auto seen_by_all = [now](const Write& older) {
    return std::all_of(older.seen_from.begin(), older.seen_from.end(),
                       [now](Instant from) { return from <= now; });
  };
  while (writes.size() > 1 && seen_by_all(writes[1])) {
    writes.erase(writes.begin());
  }
  newest_[key] = std::move(stored);
}

EventualKv::Found EventualKv::get(Instant now, std::size_t data_centre, const std::string& key) {
  auto& cache = caches_[data_centre];
  const auto cached = cache.find(key);
  Found found;
  if (cached != cache.end() && now < cached->second.until) {
    found.stored = cached->second.stored;
  } else {
    const auto writes = writes_.find(key);
    if (writes != writes_.end()) {
      for (const Write& write : writes->second) {
        if (write.seen_from[data_centre] <= now) {
          found.stored = write.stored;
        }
      }
    }
    cache[key] = Cached{found.stored, now + cached_for};
  }
  if (found.stored && found.stored->expires <= now) {
    found.stored.reset();
  }
  const Stored* const last = newest(key);
  const bool alive = last != nullptr && last->expires > now;
  found.behind = alive && (!found.stored || found.stored->header != last->header);
  return found;
}

const Stored* EventualKv::peek(Instant now, std::size_t data_centre, const std::string& key) const {
  const auto& cache = caches_[data_centre];
  const auto cached = cache.find(key);
  const Stored* found = nullptr;
  if (cached != cache.end() && now < cached->second.until) {
    found = cached->second.stored ? &*cached->second.stored : nullptr;
  } else if (const auto writes = writes_.find(key); writes != writes_.end()) {
    for (const Write& write : writes->second) {
      found = write.seen_from[data_centre] <= now ? &write.stored : found;
    }
  }
  return found != nullptr && found->expires > now ? found : nullptr;
}

std::map<std::string, Stored> EventualKv::seen(Instant now, std::size_t data_centre) const {
  std::map<std::string, Stored> listed;
  for (const auto& [key, writes] : writes_) {
    const Stored* found = nullptr;
    for (const Write& write : writes) {
      found = write.seen_from[data_centre] <= now ? &write.stored : found;
    }
    if (found != nullptr && found->expires > now) {
      listed[key] = *found;
    }
  }
  return listed;
}

const Stored* EventualKv::newest(const std::string& key) const {
  const auto found = newest_.find(key);
  return found == newest_.end() ? nullptr : &found->second;
}

void EventualKv::replace(const std::string& key, Stored stored) {
  Write write;
  write.seen_from.assign(caches_.size(), Instant());
  write.stored = stored;
  writes_[key] = {std::move(write)};
  for (auto& cache : caches_) {
    cache.erase(key);
  }
  newest_[key] = std::move(stored);
}

}  // namespace larder::sim
