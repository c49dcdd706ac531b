// KV as Cloudflare has it: one store, read through every data centre's cache. A write is seen elsewhere
// within a minute, and each data centre remembers what a look-up found, or that it found nothing, for a
// minute.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/random.h"
#include "support/world.h"

namespace larder::sim {

class EventualKv {
 public:
  static constexpr Millis behind_max{60'000};
  static constexpr Millis cached_for{60'000};

  struct Found {
    std::optional<Stored> stored;
    // A look-up's cached result, while the store itself says otherwise.
    bool behind = false;
  };

  EventualKv(Random& random, std::size_t data_centres) : random_(random), caches_(data_centres) {}

  void put(Instant now, std::size_t data_centre, const std::string& key, Stored stored);
  // Travels as writes do.
  void remove(Instant now, std::size_t data_centre, const std::string& key) {
    put(now, data_centre, key, Stored());
  }
  Found get(Instant now, std::size_t data_centre, const std::string& key);
  // What get() finds, without its being remembered; nullptr: nothing that is not over.
  const Stored* peek(Instant now, std::size_t data_centre, const std::string& key) const;
  // What a list shows, which goes past the cache of look-ups.
  std::map<std::string, Stored> seen(Instant now, std::size_t data_centre) const;
  // The newest write, whatever anyone can see of it; nullptr if there is none.
  const Stored* newest(const std::string& key) const;
  // In place of the newest write, at once and everywhere: for what other versions and broken disks leave.
  void replace(const std::string& key, Stored stored);
  const std::map<std::string, Stored>& all() const { return newest_; }

 private:
  struct Write {
    Stored stored;
    // By data centre.
    std::vector<Instant> seen_from;
  };
  struct Cached {
    std::optional<Stored> stored;
    Instant until;
  };

  Random& random_;
  std::map<std::string, std::vector<Write>> writes_;
  std::map<std::string, Stored> newest_;
  std::vector<std::map<std::string, Cached>> caches_;
};

}  // namespace larder::sim
