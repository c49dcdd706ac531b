// Which share of the budget the window of ResidentQueues should have.
//
// No share suits all: a small window is best where few keys are popular or accesses loop, a large one where
// what was asked for last is asked for next. So each of a few shares is tried, all the time: on a sample of
// the keys, and with a budget as much smaller, ResidentQueues run with it over entries without values. The
// share whose trial has had the most hits lately is the one to use.
//
// Up to 1,536 entries all keys are in the sample, above that every second, fourth, and so on, so that the
// cost of an access falls with the size of the cache. An entry of a trial takes about 90 bytes; so all take
// 700 KB at most, and twice that where entries are of very different sizes. Deterministic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/units.h"
#include "tiers/frequency_sketch.h"
#include "tiers/resident_set_queues.h"

namespace larder::tiers {

class WindowTrials {
 public:
  explicit WindowTrials(Bytes budget);
  WindowTrials(const WindowTrials&) = delete;
  WindowTrials& operator=(const WindowTrials&) = delete;

  // An entry was asked for so many times, whether it was resident or not.
  void access(std::uint64_t hash, Bytes charge, std::uint64_t count, const FrequencySketch& sketch);
  // An entry was erased: to the trials, too, it is new when it comes again.
  void forget(std::uint64_t hash);
  // Suits the sample to so many resident entries.
  void fit(std::size_t entry_count, const FrequencySketch& sketch);
  void set_budget(Bytes budget, const FrequencySketch& sketch);
  void clear();

  // The share to use now, in thousandths of the budget.
  std::uint64_t window_permille() const;

 private:
  static constexpr std::size_t trial_count = 5;

  // The hashes of keys, which are mixed well enough.
  struct AsItIs {
    std::size_t operator()(std::uint64_t hash) const { return static_cast<std::size_t>(hash); }
  };

  struct Trial {
    explicit Trial(std::uint64_t window_permille) : queues(Bytes(0), window_permille) {}

    ResidentQueues queues;
    std::unordered_map<std::uint64_t, ResidentLink, AsItIs> entries;
    std::uint64_t hits = 0;
  };

  bool is_sampled(std::uint64_t hash) const;
  bool has_room_for(Bytes charge) const;
  static void make_room(Trial& trial, Bytes charge, const FrequencySketch& sketch);
  static void access(Trial& trial, std::uint64_t hash, Bytes charge, std::uint64_t count,
                     const FrequencySketch& sketch);
  void sample(unsigned halvings, const FrequencySketch& sketch);
  void halve();
  void choose();

  std::array<Trial, trial_count> trials_;
  Bytes budget_;
  unsigned halvings_ = 0;  // of the sample: it has one key of 2 to that power
  std::size_t chosen_ = 0;
  std::uint64_t access_count_ = 0;  // halved when the hits are
};

}  // namespace larder::tiers
