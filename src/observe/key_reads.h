// How often an isolate is asked for each key, as Analytics Engine is to be told of it: a key by its hash at
// once when it is read for the first time, and then at most once in limit::analytics_key_quiet, with what was
// read meanwhile. So a key that is read seldom is told of at every read, and one that is read often costs a
// point an hour. Bounded: reads of keys that there is no room for are counted as lost, so that whoever asks
// Analytics Engine knows that its counts are not whole. Pure: time is an argument.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/units.h"

namespace larder::observe {

// What is to be told of a key.
struct KeyRead {
  std::uint64_t hash = 0;
  // Of config::Resource.
  std::uint16_t resource_number = 0;
  std::uint64_t reads = 0;
  Instant last_read;

  KeyRead() {}
};

class KeyReads {
 public:
  // `hash` as metrics::ghost_hash makes it.
  void add(std::uint64_t hash, std::uint16_t resource_number, std::uint64_t times, Instant now);
  // So many reads will never be told of.
  void lose(std::uint64_t times) { lost_ += times; }
  // Whether there is anything to tell.
  bool is_due(Instant now) const { return lost_ > 0 || now >= due_; }
  // At most so many, those that have waited longest first; they count as told.
  std::vector<KeyRead> take(std::size_t count_max, Instant now);
  // Reads of keys that there was no room for; they count as told.
  std::uint64_t take_lost();

 private:
  struct Remembered {
    std::uint64_t reads = 0;
    Instant last_read;
    // The epoch: not yet.
    Instant told;
    std::uint16_t resource_number = 0;

    Remembered() {}
  };

  bool make_room();

  std::unordered_map<std::uint64_t, Remembered> keys_;
  std::uint64_t lost_ = 0;
  // Before this there is nothing to tell of any key.
  Instant due_ = Instant::max();
  // Since the last take() there was no room to be made.
  bool is_full_ = false;
};

}  // namespace larder::observe
