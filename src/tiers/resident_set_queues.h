// Which entry leaves when a byte budget is full, for a window of a given share: without keys and values.
//
// W-TinyLFU (Einziger, Friedman and Manes, ACM TOS 2017) made size-aware. New entries wait in a window, an
// LRU. What the window has no room for is held against the entry that main would part with: the one that was
// asked for more often lately, for its size, stays. Main is a segmented LRU: what is asked for on probation
// is protected, up to four fifths of main. A small window keeps what is asked for often and lets scans and
// loops pass; a large one is an LRU.
//
// Deterministic: no clock, no randomness. Every operation is O(1). Sizes are in bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/units.h"
#include "tiers/frequency_sketch.h"

namespace larder::tiers {

enum class ResidentQueue : std::uint8_t {
  none,       // not resident
  window,     // new
  probation,  // main, not asked for since it came there
  guarded,    // main, asked for
};

// What an entry carries for the queues. The owner keeps it at one address while it is linked.
struct ResidentLink {
  ResidentLink* newer = nullptr;
  ResidentLink* older = nullptr;
  std::uint64_t hash = 0;  // of the key; names its counters in the sketch
  Bytes charge;            // what the entry takes of the budget; not zero, and fixed while linked
  ResidentQueue queue = ResidentQueue::none;
};

class ResidentQueues {
 public:
  // The window's share of the budget is in thousandths.
  ResidentQueues(Bytes budget, std::uint64_t window_permille)
      : budget_(budget), window_permille_(window_permille) {}

  Bytes budget() const { return budget_; }
  Bytes used() const { return window_.bytes + probation_.bytes + guarded_.bytes; }
  std::size_t count() const { return window_.count + probation_.count + guarded_.count; }

  // Links a new entry. Precondition: it is not linked, and there is room for it.
  void add(ResidentLink& entry);
  // Links an entry as the newest of a queue. Precondition: it is not linked and `queue` is not none.
  void link(ResidentLink& entry, ResidentQueue queue);
  void unlink(ResidentLink& entry);
  // The entry was asked for.
  void refer(ResidentLink& entry);
  // Takes out the entry that matters least, to make room for `incoming` bytes that will be added.
  // Precondition: count() > 0.
  ResidentLink& evict(const FrequencySketch& sketch, Bytes incoming);

  // Neither evicts: the caller does, while used() is above the budget. Another window fills, or empties into
  // main, with the entries that come.
  void set_budget(Bytes budget) { budget_ = budget; }
  void set_window(std::uint64_t window_permille) { window_permille_ = window_permille; }

  // A walk over all entries, the same in every build: newest first, the window, then main; nullptr at the
  // end.
  ResidentLink* first() const;
  ResidentLink* after(const ResidentLink& entry) const;

 private:
  struct Queue {
    ResidentLink* newest = nullptr;
    ResidentLink* oldest = nullptr;
    Bytes bytes;
    std::size_t count = 0;
  };

  Queue& queue_of(ResidentQueue queue);
  Bytes window_max() const;
  Bytes guarded_max() const;
  void move(ResidentLink& entry, ResidentQueue queue);

  Bytes budget_;
  std::uint64_t window_permille_;
  Queue window_;
  Queue probation_;
  Queue guarded_;
};

}  // namespace larder::tiers
