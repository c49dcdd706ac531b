// Which keys this isolate is refreshing, and which it leaves alone for a while: a stale copy is served to
// many, and only the first of them asks.
#pragma once

#include <string>
#include <unordered_map>

#include "base/units.h"
#include "config/limits.h"

namespace larder::engine {

class RefreshBook {
 public:
  // True: no other request refreshes it and no pause lasts; the caller does, until `deadline` or until it
  // calls pause() or done().
  bool begin(const std::string& key, Instant now, Instant deadline) {
    if (is_busy(key, now)) {
      return false;
    }
    make_room(now);
    until_[key] = deadline;
    return true;
  }
  // Another isolate refreshes it.
  void leave(const std::string& key, Instant until) {
    if (until_.size() >= config::limit::refresh_keys_max && until_.find(key) == until_.end()) {
      until_.erase(until_.begin());
    }
    until_[key] = until;
  }
  // The origin failed, or is slow to answer: until then its copy may stand in for it.
  void pause(const std::string& key, Instant until) {
    leave(key, until);
    if (failed_until_.size() >= config::limit::refresh_keys_max) {
      failed_until_.clear();
    }
    failed_until_[key] = until;
  }
  void done(const std::string& key) {
    until_.erase(key);
    failed_until_.erase(key);
  }
  bool has_failed(const std::string& key, Instant now) const {
    const auto found = failed_until_.find(key);
    return found != failed_until_.end() && now < found->second;
  }
  bool is_busy(const std::string& key, Instant now) const {
    const auto found = until_.find(key);
    return found != until_.end() && now < found->second;
  }
  std::size_t count() const { return until_.size(); }

 private:
  void make_room(Instant now) {
    if (until_.size() < config::limit::refresh_keys_max) {
      return;
    }
    std::erase_if(until_, [&](const auto& pair) { return pair.second <= now; });
    if (until_.size() >= config::limit::refresh_keys_max) {
      until_.erase(until_.begin());
    }
  }

  std::unordered_map<std::string, Instant> until_;
  std::unordered_map<std::string, Instant> failed_until_;
};

}  // namespace larder::engine
