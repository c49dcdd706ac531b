// An entry that is used again after a wait.
#pragma once

#include <utility>

#include "engine/control.h"
#include "tiers/cache.h"

namespace larder::engine {

// The entry as far as the purges let it be: itself, a stale form of it, or nullptr.
tiers::EntryPtr judged_by(const policy::PurgeBook& purges, std::string_view storage_name,
                          tiers::EntryPtr entry);

// While a read waits, purges may come. So a copy that is kept over a wait is never at hand by itself: it is
// opened with the control log's view of that moment, and what was purged by then is not in it any more.
class Copy {
 public:
  Copy() {}
  explicit Copy(tiers::EntryPtr entry) : entry_(std::move(entry)) {}

  // The entry as the purges leave it: itself, a stale form of it, or nullptr.
  tiers::EntryPtr open(const Control& control, const tiers::Key& key) const {
    return judged_by(control.purges(), key.storage_name, entry_);
  }
  // What the origin was asked about: a 304 confirms this one, purged meanwhile or not. The entry that is made
  // of it is judged again.
  const tiers::EntryPtr& as_asked() const { return entry_; }

 private:
  tiers::EntryPtr entry_;
};

}  // namespace larder::engine
