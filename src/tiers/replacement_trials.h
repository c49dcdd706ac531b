// Which replacement policy ResidentQueues should follow.
//
// No policy suits all accesses, so each is tried, all the time: on a sample of the keys, and with a budget as
// much smaller, ResidentQueues run with it over entries without values. The policy whose trial has had the
// most hits lately is the one to follow.
//
// Up to 1,024 entries all keys are in the sample, above that every second, fourth, and so on, so that the
// cost of an access falls with the size of the cache. A key takes about 230 bytes, however many trials hold
// it. With entries of one size there are 4,096 keys at most, a megabyte, and mostly half as many; with sizes
// that differ much, twice that at most. Deterministic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/units.h"
#include "tiers/replacement_policy.h"
#include "tiers/resident_set_queues.h"

namespace larder::tiers {

class ReplacementTrials {
 public:
  explicit ReplacementTrials(Bytes budget);
  ReplacementTrials(const ReplacementTrials&) = delete;
  ReplacementTrials& operator=(const ReplacementTrials&) = delete;

  // An entry was asked for, whether it was resident or not; `frequency` counts that. An access now adds
  // `unit` to a frequency.
  void access(std::uint64_t hash, Bytes charge, float frequency, float unit);
  // An entry was erased: to the trials, too, it is new when it comes again.
  void forget(std::uint64_t hash);
  // Suits the sample to so many resident entries.
  void adjust(std::size_t entry_count, float unit);
  void set_budget(Bytes budget, float unit);
  // Divides all frequencies.
  void scale_down(float divisor);
  void clear();

  bool is_sampled(std::uint64_t hash) const { return (hash & sample_mask_) == 0; }
  // The policy to follow now.
  ReplacementPolicy policy() const { return replacement_policies[chosen_]; }
  // Keys that at least one trial holds.
  std::size_t key_count() const { return keys_.size(); }

 private:
  static constexpr std::size_t trial_count = replacement_policies.size();

  // The hashes of keys, which are mixed well enough.
  struct AsItIs {
    std::size_t operator()(std::uint64_t hash) const { return static_cast<std::size_t>(hash); }
  };

  struct Trial {
    explicit Trial(ReplacementPolicy policy) : queues(Bytes(0), policy) {}

    ResidentQueues queues;
    std::uint64_t hits = 0;
  };

  struct Key;
  // A key's entry in one trial, linked where the trial holds it.
  struct Copy : ResidentLink {
    Key* owner = nullptr;
  };
  struct Key {
    std::array<Copy, trial_count> copies;
    std::size_t holder_count = 0;  // trials that hold it
  };

  void make_room(std::size_t index, Bytes charge, ResidentQueue destination, float unit);
  void access(std::size_t index, Copy& copy, Bytes charge, float unit);
  void unlink(Key& key);
  void sample(unsigned halvings, float unit);
  void choose();
  void age();

  std::array<Trial, trial_count> trials_;
  std::unordered_map<std::uint64_t, Key, AsItIs> keys_;
  Bytes budget_;
  unsigned halvings_ = 0;          // of the sample: it has one key of 2 to that power
  std::uint64_t sample_mask_ = 0;  // the bits that the hash of a key in the sample does not have
  std::size_t chosen_ = 0;
  std::uint64_t access_count_ = 0;  // halved when the hits are
};

}  // namespace larder::tiers
