// Which entry leaves when a byte budget is full: the replacement policies of ResidentSet, without keys and
// values.
//
// Three queues serve all policies (replacement_policy.h), so that a change of policy moves nothing at once:
//
// - recency, LRU: all entries are in the recent queue, in the order of their last access.
// - second_chance, S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023): new
//   entries wait in the recent queue, a FIFO of a tenth of the budget. Those that are referenced there move
//   to main, the others leave and are remembered as ghosts for a while; a ghost that comes back goes straight
//   to main. Main is a FIFO whose entries buy further rounds with the references they have collected.
// - frequency and frequency_after_recency, W-TinyLFU (Einziger, Friedman and Manes, ACM TOS 2017): the recent
//   queue is a small LRU. What it has no room for is held against what main would part with: the one that was
//   asked for more often lately stays. Main is a segmented LRU: what is asked for there is guarded, up to
//   four fifths.
//
// All but recency are size-aware: under second_chance an entry larger than the mean needs more references,
// and frequencies are compared for the size. docs/architecture.md has the measurements behind the constants.
//
// Deterministic: no clock, no randomness. Every operation is O(1), amortised over references. Sizes are in
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/units.h"
#include "tiers/replacement_policy.h"

namespace larder::tiers {

enum class ResidentQueue : std::uint8_t {
  none,     // not resident
  recent,   // new; under recency, all
  main,     // proven under second_chance, admitted under the frequencies
  guarded,  // asked for while in main, under the frequencies
};

// What an entry carries for the queues. The owner keeps it at one address while it is linked.
struct ResidentLink {
  ResidentLink* newer = nullptr;
  ResidentLink* older = nullptr;
  std::uint64_t hash = 0;       // of the key; names the ghost
  Bytes charge;                 // what the entry takes of the budget; not zero, and fixed while linked
  float frequency = 0;          // as FrequencyHistory counts it
  std::uint8_t references = 0;  // counted up to a small maximum
  bool is_unsettled = false;    // referenced since settle()
  ResidentQueue queue = ResidentQueue::none;
};

// The hashes of entries that left the recent queue lately. Four cells a bucket, a stamp in each: an entry
// counts as long as fewer than `count_max` others have left since. Two hashes that share their upper half
// pass for one, which costs no more than an undeserved place in main.
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
  ResidentQueues(Bytes budget, ReplacementPolicy policy) : budget_(budget), policy_(policy) {}

  Bytes budget() const { return budget_; }
  Bytes used() const { return recent_.bytes + main_.bytes + guarded_.bytes; }
  std::size_t count() const { return recent_.count + main_.count + guarded_.count; }
  ReplacementPolicy policy() const { return policy_; }

  // Links a new entry where the policy wants it. Precondition: it is not linked, and there is room for it.
  void add(ResidentLink& entry);
  // Links an entry as the newest of a queue. Precondition: it is not linked and `queue` is not none.
  void link(ResidentLink& entry, ResidentQueue queue);
  // Takes an entry out, keeping its references. No ghost stays behind.
  void unlink(ResidentLink& entry);
  // Counts references in the entry, and no more: cheap enough for every hit.
  static void refer(ResidentLink& entry, std::uint64_t reference_count);
  // Moves a referenced entry to where the policy wants it. Where that is not called after a reference, the
  // entry is moved when it would leave.
  void settle(ResidentLink& entry);
  // Takes out the entry that matters least, to make room for `incoming` bytes in the queue `destination`;
  // none where nothing comes. An access now adds `unit` to a frequency. Precondition: count() > 0.
  ResidentLink& evict(Bytes incoming, ResidentQueue destination, float unit);
  // Divides all frequencies.
  void scale_down(float divisor);

  // Neither evicts: the caller does, while used() is above the budget. The queues take the shares of another
  // policy over the next operations.
  void set_budget(Bytes budget) { budget_ = budget; }
  void set_policy(ReplacementPolicy policy);
  void shrink_ghosts() { ghosts_.shrink(ghosts_max()); }
  void clear_ghosts() { ghosts_.clear(); }

  // A walk over all entries, the same in every build: newest first, recent before main before guarded;
  // nullptr at the end.
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
  Bytes recent_max() const;
  std::size_t ghosts_max() const;
  std::uint8_t references_to_enter(const ResidentLink& entry) const;
  std::uint8_t references_to_stay(const ResidentLink& entry) const;
  void move(ResidentLink& entry, ResidentQueue queue);
  // Moves the oldest of a queue that is above `bytes_max` to main, a few at a time.
  void spill(Queue& queue, Bytes bytes_max);
  ResidentLink& take_out(ResidentLink& entry);
  ResidentLink* oldest_of_main() const;
  bool is_recent_over(Bytes incoming, ResidentQueue destination) const;
  ResidentLink& evict_by_recency();
  ResidentLink& evict_by_frequency(Bytes incoming, ResidentQueue destination, float unit);
  ResidentLink& evict_by_second_chance(float unit);
  ResidentLink* evict_from_probation();
  ResidentLink* evict_or_renew_oldest();

  Bytes budget_;
  ReplacementPolicy policy_;
  std::size_t inherited_count_ = 0;  // under second_chance: of main, what another policy left there unproven
  Queue recent_;
  Queue main_;
  Queue guarded_;
  ResidentGhosts ghosts_;
};

}  // namespace larder::tiers
