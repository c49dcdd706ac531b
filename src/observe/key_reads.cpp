#include "observe/key_reads.h"

#include <algorithm>

#include "config/limits.h"

namespace larder::observe {

namespace limit = config::limit;

void KeyReads::add(std::uint64_t hash, std::uint16_t resource_number, std::uint64_t times, Instant now) {
  auto found = keys_.find(hash);
  if (found == keys_.end()) {
    if (keys_.size() >= limit::analytics_keys_max && !make_room()) {
      lost_ += times;
      return;
    }
    found = keys_.emplace(hash, Remembered()).first;
  }
  Remembered& key = found->second;
  key.resource_number = resource_number;
  key.reads += times;
  key.last_read = std::max(key.last_read, now);
  due_ = std::min(due_, key.told == Instant() ? now : key.told + limit::analytics_key_quiet);
}

// What was told of, and not read since, may be forgotten: it is told of at once when it is read again.
bool KeyReads::make_room() {
  if (is_full_) {
    return false;
  }
  for (auto at = keys_.begin(); at != keys_.end();) {
    at = at->second.reads == 0 ? keys_.erase(at) : std::next(at);
  }
  is_full_ = keys_.size() >= limit::analytics_keys_max;
  return !is_full_;
}

std::vector<KeyRead> KeyReads::take(std::size_t count_max, Instant now) {
  std::vector<KeyRead> due;
  Instant next = Instant::max();
  for (const auto& [hash, key] : keys_) {
    if (key.reads == 0) {
      continue;
    }
    const Instant at = key.told == Instant() ? Instant() : key.told + limit::analytics_key_quiet;
    if (at > now) {
      next = std::min(next, at);
      continue;
    }
    KeyRead one;
    one.hash = hash;
    one.resource_number = key.resource_number;
    one.reads = key.reads;
    one.last_read = key.last_read;
    due.push_back(one);
  }
  const auto told = [this](const KeyRead& one) { return keys_.find(one.hash)->second.told; };
  std::sort(due.begin(), due.end(), [&](const KeyRead& one, const KeyRead& other) {
    const Instant first = told(one);
    const Instant second = told(other);
    return first != second ? first < second : one.hash < other.hash;
  });
  if (due.size() > count_max) {
    due.erase(due.begin() + static_cast<std::ptrdiff_t>(count_max), due.end());
    next = now;
  }
  for (const KeyRead& one : due) {
    Remembered& key = keys_.find(one.hash)->second;
    key.reads = 0;
    key.told = now;
  }
  due_ = next;
  is_full_ = is_full_ && due.empty();
  return due;
}

std::uint64_t KeyReads::take_lost() {
  const std::uint64_t lost = lost_;
  lost_ = 0;
  return lost;
}

}  // namespace larder::observe
