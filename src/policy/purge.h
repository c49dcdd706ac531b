// Which entries the purges of the control log reach. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/control_log.h"
#include "entry/header.h"

namespace larder::policy {

enum class PurgeVerdict : std::uint8_t {
  kept,      // no purge reaches it
  softened,  // its header now says stale from the purge on
  dropped,   // as if it were not there
};

// The purges, arranged for looking up: an entry is compared with those of its key and tags, with every prefix
// and every pattern, and with the newest of everything.
class PurgeBook {
 public:
  PurgeBook() {}
  explicit PurgeBook(const std::vector<config::Purge>& purges);

  // A purge reaches what was asked for before it, as far as the asking isolate did not know of it yet: a
  // store that was under way is older than the purge, whenever it arrives. `header` is changed where the
  // verdict is `softened`.
  PurgeVerdict judge(std::string_view storage_name, entry::Header& header) const;

  // The newest purge that names this key or these tags; 0 if none does. Locks carry it in their names, so
  // that no request is handed an answer from before the purge.
  std::uint64_t generation(std::string_view storage_name, const std::vector<std::string>& tags) const;

  std::size_t size() const { return count_; }

 private:
  struct Rule {
    std::uint64_t sequence = 0;
    Instant at;
  };
  // The newest hard one and the newest soft one of one thing; sequence 0 is none.
  struct Rules {
    Rule hard;
    Rule soft;

    Rules() {}
  };
  static void judge_by(const Rules& rules, entry::Header& header, PurgeVerdict& verdict);
  template <typename Visit>
  void visit(std::string_view storage_name, const std::vector<std::string>& tags, Visit visit) const;

  std::unordered_map<std::string, Rules> keys_;
  std::unordered_map<std::string, Rules> tags_;
  std::vector<std::pair<std::string, Rules>> prefixes_;
  std::vector<std::pair<std::string, Rules>> patterns_;
  Rules all_;
  std::size_t count_ = 0;
};

// `*` is any run of characters, which may be empty; everything else is itself.
bool fits_pattern(std::string_view text, std::string_view pattern);

}  // namespace larder::policy
