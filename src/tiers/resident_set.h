// What stays in memory: a map from keys to values within a byte budget, with size-aware replacement that
// suits itself to the accesses (resident_set_queues.h has the policies, replacement_trials.h what chooses
// between them).
//
// A hit counts itself in the entry and notes the entry in two lists of fixed length, and no more. What
// follows from it, the entry's place in its queue and the access in the trials, waits for the next call that
// changes the set, which costs far more anyway. Of a long run of hits the latest move their entries, and the
// first of the sample reach the trials.
//
// The set owns its values; dropping a Value frees what it holds, so there is no eviction callback. A
// destructor of Value must not call the set. Sizes are in bytes. Every entry is charged its size, its key and
// overhead(), which covers the nodes, the ghosts and the history, so that used() is what the process spends,
// but for the bounded memory of the trials.
// Deterministic: the order of walks and evictions depends only on the calls and the seed. Nothing fails: a
// put that is refused says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/units.h"
#include "tiers/frequency_history.h"
#include "tiers/replacement_policy.h"
#include "tiers/replacement_trials.h"
#include "tiers/resident_set_queues.h"

namespace larder::tiers {

enum class PutOutcome : std::uint8_t {
  stored,             // the key is new
  replaced,           // the key was there, its former value is dropped
  refused_too_large,  // above entry_max(); a former value of the key is dropped all the same, as it is
                      // outdated
};

struct ResidentStatistics {
  std::uint64_t hits = 0;        // finds that found, and recorded accesses
  std::uint64_t misses = 0;      // finds that did not
  std::uint64_t insertions = 0;  // puts that stored a new key
  std::uint64_t evictions = 0;   // entries that left for want of room, not those erased or replaced
  std::uint64_t rejections = 0;  // puts refused
  Bytes bytes;                   // used() now
};

// XXH64. The seed keeps strangers from choosing keys that share a bucket.
struct SeededKeyHash {
  std::uint64_t seed = 0;
  std::uint64_t operator()(std::string_view key) const;
};

template <typename Value, typename KeyHash = SeededKeyHash>
class ResidentSet {
 public:
  // An entry may take one part in eight of the budget: one response never empties the set.
  static constexpr std::uint64_t entry_divisor = 8;
  // Hits that are kept until the next call that changes the set, which bounds what it does for them.
  static constexpr std::size_t latest_hits_max = 1024;
  static constexpr std::size_t sampled_hits_max = 1024;
  // Accesses of one report that count for what stays.
  static constexpr std::uint64_t accesses_counted_max = 1024;

  // A budget of zero is allowed and holds nothing.
  explicit ResidentSet(Bytes budget, std::uint64_t seed = 0)
      : hash_{seed}, trials_(budget), queues_(budget, trials_.policy()), entries_(0, MapHash{hash_}) {}

  ResidentSet(const ResidentSet&) = delete;
  ResidentSet& operator=(const ResidentSet&) = delete;

  // Counts as an access. The pointer is good until the next call that is not const; nullptr is a miss.
  const Value* find(std::string_view key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      ++statistics_.misses;
      return nullptr;
    }
    ++statistics_.hits;
    refer(found->second, 1);
    note_hit(found->second);
    return &found->second.value;
  }

  // As find(), but leaves no trace in the policy or the statistics.
  const Value* peek(std::string_view key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second.value;
  }

  // `size` is what the value holds beyond sizeof(Value). What has to leave, leaves first. A value that
  // replaces another keeps the references of its key. Putting is not an access.
  PutOutcome put(std::string_view key, Value value, Bytes size) {
    settle_hits();
    const auto found = entries_.find(key);
    if (!fits(key, size)) {
      ++statistics_.rejections;
      if (found != entries_.end()) {
        drop(found);
      }
      return PutOutcome::refused_too_large;
    }
    if (found != entries_.end()) {
      replace(found->second, std::move(value), charge_of(key, size));
      return PutOutcome::replaced;
    }
    insert(key, std::move(value), charge_of(key, size));
    return PutOutcome::stored;
  }

  // Accesses that were served from here without a find, reported in bulk. They are hits even if the entry has
  // left in the meantime.
  void record_accesses(std::string_view key, std::uint64_t access_count) {
    statistics_.hits += access_count;
    const auto found = entries_.find(key);
    if (found == entries_.end() || access_count == 0) {
      return;
    }
    settle_hits();
    const std::uint64_t counted = access_count < accesses_counted_max ? access_count : accesses_counted_max;
    refer(found->second, counted);
    queues_.settle(found->second);
    try_access(found->second);
    advance(counted);
  }

  // Whether the key was there.
  bool erase(std::string_view key) {
    settle_hits();
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      return false;
    }
    drop(found);
    return true;
  }

  // Drops what `predicate(key, value)` is true for and returns how many. The predicate must not call the set.
  template <typename Predicate>
  std::size_t erase_if(Predicate predicate) {
    settle_hits();
    const std::size_t count_before = count();
    for (ResidentLink* link = queues_.first(); link != nullptr;) {
      const Entry& entry = static_cast<const Entry&>(*link);
      link = queues_.after(*link);
      if (predicate(std::string_view(*entry.key), entry.value)) {
        drop(entries_.find(*entry.key));
      }
    }
    adjust();
    return count_before - count();
  }

  // Puts what `revision(key, value)` returns, of the same size, in the place of every value. The revision
  // must not call the set.
  template <typename Revision>
  void revise(Revision revision) {
    for (ResidentLink* link = queues_.first(); link != nullptr; link = queues_.after(*link)) {
      Entry& entry = static_cast<Entry&>(*link);
      entry.value = revision(std::string_view(*entry.key), entry.value);
    }
  }

  // Calls `visit(key, value, charge)` for every entry, in a fixed order. The visitor must not call the set.
  template <typename Visitor>
  void for_each(Visitor visit) const {
    for (const ResidentLink* link = queues_.first(); link != nullptr; link = queues_.after(*link)) {
      const Entry& entry = static_cast<const Entry&>(*link);
      visit(std::string_view(*entry.key), entry.value, entry.charge);
    }
  }

  // Forgets the entries and all accesses. The statistics go on.
  void clear() {
    erase_if([](std::string_view, const Value&) { return true; });
    queues_.clear_ghosts();
    history_.clear();
    trials_.clear();
    queues_.set_policy(trials_.policy());
    entries_.rehash(0);
  }

  // Evicts what a smaller budget does not hold.
  void resize(Bytes budget) {
    settle_hits();
    queues_.set_budget(budget);
    make_room(Bytes(0), ResidentQueue::none);
    trials_.set_budget(budget, history_.unit());
    adjust();
    entries_.rehash(0);
  }

  Bytes budget() const { return queues_.budget(); }
  Bytes used() const { return queues_.used(); }
  std::size_t count() const { return entries_.size(); }
  // What one entry may be charged at most, overhead and key included.
  Bytes entry_max() const { return Bytes(budget().count / entry_divisor); }

  // Charged for every entry on top of its key and size: the map's node and bucket, allocator headers, the
  // links and the entry's share of the ghosts and the history. The measure of a 64-bit build, so that all
  // builds decide alike.
  static constexpr Bytes overhead() { return Bytes(192 + sizeof(Value)); }

  ResidentStatistics statistics() const {
    ResidentStatistics now = statistics_;
    now.bytes = used();
    return now;
  }

 private:
  struct Entry : ResidentLink {
    Entry(const ResidentLink& link, Value value_) : ResidentLink(link), value(std::move(value_)) {}
    const std::string* key = nullptr;  // the map's; nodes of the map do not move
    Value value;
  };

  struct MapHash {
    using is_transparent = void;
    KeyHash hash;
    std::size_t operator()(std::string_view key) const { return static_cast<std::size_t>(hash(key)); }
  };

  using Map = std::unordered_map<std::string, Entry, MapHash, std::equal_to<>>;

  static Bytes charge_of(std::string_view key, Bytes size) { return overhead() + Bytes(key.size()) + size; }

  // Sizes are checked before they are added, so that no sum wraps around.
  bool fits(std::string_view key, Bytes size) const {
    const std::uint64_t fixed = overhead().count + key.size();
    return fixed <= entry_max().count && size.count <= entry_max().count - fixed;
  }

  // Precondition: the charge is at most the budget, and hits are settled.
  void make_room(Bytes charge, ResidentQueue destination) {
    while (used().count > budget().count - charge.count) {
      const Entry& victim = static_cast<const Entry&>(queues_.evict(charge, destination, history_.unit()));
      history_.remember(victim.hash, victim.frequency, count());
      entries_.erase(entries_.find(*victim.key));
      ++statistics_.evictions;
    }
  }

  void refer(Entry& entry, std::uint64_t access_count) {
    ResidentQueues::refer(entry, access_count);
    entry.frequency += history_.unit() * static_cast<float>(access_count);
  }

  void note_hit(Entry& entry) {
    latest_hits_[hit_count_++ % latest_hits_.size()] = &entry;
    // Written and then counted or not, as what is in the sample cannot be foreseen by the branch predictor.
    sampled_hits_[sampled_hit_count_] = &entry;
    const bool counts = trials_.is_sampled(entry.hash) && sampled_hit_count_ < sampled_hits_max;
    sampled_hit_count_ += static_cast<std::size_t>(counts);
  }

  // Does what follows from the hits since it was last called. Whatever may drop an entry calls it first, so
  // that no hit names an entry that is gone.
  void settle_hits() {
    const std::uint64_t kept = latest_hits_.size();
    for (std::uint64_t hit = hit_count_ > kept ? hit_count_ - kept : 0; hit < hit_count_; ++hit) {
      queues_.settle(*latest_hits_[static_cast<std::size_t>(hit % kept)]);
    }
    for (std::size_t hit = 0; hit < sampled_hit_count_; ++hit) {
      try_access(*sampled_hits_[hit]);
    }
    advance(hit_count_);
    hit_count_ = 0;
    sampled_hit_count_ = 0;
  }

  // An access, of what is resident or is about to be.
  void try_access(const ResidentLink& entry) {
    trials_.access(entry.hash, entry.charge, entry.frequency, history_.unit());
    queues_.set_policy(trials_.policy());
  }

  void advance(std::uint64_t access_count) {
    history_.advance(access_count, count());
    if (history_.is_due_for_scaling()) {
      history_.scale_down();
      queues_.scale_down(FrequencyHistory::scale);
      trials_.scale_down(FrequencyHistory::scale);
    }
  }

  void adjust() {
    history_.shrink(count());
    trials_.adjust(count(), history_.unit());
    queues_.shrink_ghosts();
  }

  void insert(std::string_view key, Value value, Bytes charge) {
    ResidentLink link;
    link.hash = hash_(key);
    link.charge = charge;
    link.frequency = history_.take(link.hash) + history_.unit();
    try_access(link);
    make_room(charge, ResidentQueue::recent);
    const auto placed = entries_.emplace(std::string(key), Entry(link, std::move(value))).first;
    Entry& entry = placed->second;
    entry.key = &placed->first;
    queues_.add(entry);
    advance(1);
    adjust();
    ++statistics_.insertions;
  }

  // The entry is out of the queues while room is made, so that it does not make room for itself.
  void replace(Entry& entry, Value value, Bytes charge) {
    const ResidentQueue queue = entry.queue;
    queues_.unlink(entry);
    make_room(charge, queue);
    entry.value = std::move(value);
    entry.charge = charge;
    queues_.link(entry, queue);
  }

  void drop(typename Map::iterator position) {
    queues_.unlink(position->second);
    trials_.forget(position->second.hash);
    entries_.erase(position);
  }

  KeyHash hash_;
  FrequencyHistory history_;
  ReplacementTrials trials_;
  ResidentQueues queues_;
  Map entries_;
  // The hits since they were last settled: the latest, as a ring, and the first of the sample.
  std::array<Entry*, latest_hits_max> latest_hits_ = {};
  std::array<Entry*, sampled_hits_max + 1> sampled_hits_ = {};
  std::uint64_t hit_count_ = 0;
  std::size_t sampled_hit_count_ = 0;
  ResidentStatistics statistics_;
};

}  // namespace larder::tiers
