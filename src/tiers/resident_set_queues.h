// Which entry leaves when a byte budget is full: the replacement policy of ResidentSet, without keys and
// values.
//
// S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023) made size-aware. New
// entries wait in a short probation queue; those that are referenced there move to the main queue, the others
// leave and are remembered as ghosts for a while. A ghost that comes back goes straight to main. Main is a
// FIFO whose entries buy further rounds with the references they have collected. A scan passes through
// probation and leaves main alone. An entry larger than the mean needs more references to stay
// (references_needed), because it takes the room of several others. docs/architecture.md has the measurements
// behind the constants.
//
// Deterministic: no clock, no randomness. Every operation is O(1), amortised over references. Sizes are in
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/units.h"

namespace larder::tiers {

enum class ResidentQueue : std::uint8_t {
  none,       // not resident
  probation,  // new, not yet referenced enough
  main,       // proven
};

// What an entry carries for the queues. The owner keeps it at one address while it is linked.
struct ResidentLink {
  ResidentLink* newer = nullptr;
  ResidentLink* older = nullptr;
  std::uint64_t hash = 0;  // of the key; names the ghost
  Bytes charge;            // what the entry takes of the budget; not zero, and fixed while linked
  std::uint8_t references = 0;
  ResidentQueue queue = ResidentQueue::none;
};

// The hashes of entries that left probation lately. Four cells a bucket, a stamp in each: an entry counts as
// long as fewer than `count_max` others have left since. Two hashes that share their upper half pass for one,
// which costs no more than an undeserved place in main.
class ResidentGhosts {
 public:
  void remember(std::uint64_t hash, std::size_t count_max);
  // Whether the hash is remembered; it is forgotten by the same call.
  bool take(std::uint64_t hash, std::size_t count_max);
  // Gives back memory that `count_max` ghosts do not need.
  void shrink(std::size_t count_max);
  void clear();

 private:
  struct Cell {
    std::uint32_t fingerprint = 0;
    std::uint32_t stamp = 0;  // 0 for an empty cell
  };

  bool is_live(const Cell& cell, std::size_t count_max) const;
  std::size_t bucket_start(std::uint32_t fingerprint) const;
  void write(Cell cell);
  void rebuild(std::size_t cell_count, std::size_t count_max);

  std::vector<Cell> cells_;  // empty, or a power of two
  std::uint32_t stamp_ = 0;
};

class ResidentQueues {
 public:
  explicit ResidentQueues(Bytes budget) : budget_(budget) {}

  Bytes budget() const { return budget_; }
  Bytes used() const { return probation_.bytes + main_.bytes; }
  std::size_t count() const { return probation_.count + main_.count; }

  // The queue that a new entry with this hash belongs to. Forgets its ghost, so: once for each new entry.
  ResidentQueue queue_for(std::uint64_t hash);
  // Links an entry as the newest of a queue. Precondition: it is not linked and `queue` is not none.
  void link(ResidentLink& entry, ResidentQueue queue);
  // Takes an entry out, keeping its references. No ghost stays behind.
  void unlink(ResidentLink& entry);
  void refer(ResidentLink& entry, std::uint64_t reference_count);
  // Takes out the entry that matters least. Precondition: count() > 0.
  ResidentLink& evict();

  // Does not evict: the caller does, while used() is above the budget.
  void set_budget(Bytes budget) { budget_ = budget; }
  void shrink_ghosts() { ghosts_.shrink(ghosts_max()); }
  void clear_ghosts() { ghosts_.clear(); }

  // A walk over all entries, the same in every build: newest first, probation before main; nullptr at the
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
  std::size_t ghosts_max() const;
  std::uint8_t references_needed(const ResidentLink& entry) const;
  ResidentLink* evict_from_probation();
  ResidentLink& evict_from_main();

  Bytes budget_;
  Queue probation_;
  Queue main_;
  ResidentGhosts ghosts_;
};

}  // namespace larder::tiers
