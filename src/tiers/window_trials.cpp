#include "tiers/window_trials.h"

#include <algorithm>

namespace larder::tiers {
namespace {

// The first is the one to begin with.
constexpr std::uint64_t window_permilles[] = {8, 100, 320, 520, 990};
// Entries of a trial. Fewer decide by chance, more cost time and memory.
constexpr std::size_t entries_max = 1536;
constexpr std::size_t entries_min = 128;
// A trial may hold more than the cache, where it keeps smaller entries.
constexpr std::size_t entries_limit = 2 * entries_max;
constexpr unsigned halvings_max = 20;
// Bits of a hash that tell what is in the sample, apart from those that place it in the sketch.
constexpr unsigned sample_bits_begin = 20;
// What lately means: hits are halved after so many accesses for each entry of a trial.
constexpr std::uint64_t accesses_per_entry = 64;
constexpr std::uint64_t accesses_min = 1024;
// A trial has to be ahead of the one in use, since a change has its price and some of a lead is chance: by
// one in 2048 of the accesses, and the tenth part of their square root.
constexpr std::uint64_t lead_divisor = 2048;
constexpr std::uint64_t root_divisor = 10;
// Before that many accesses nothing is decided.
constexpr std::uint64_t accesses_before_choice = 64;
// Accesses that are reported in bulk count that often at most.
constexpr std::uint64_t count_max = 1024;
// An entry may take one part in so many of the budget of a trial, as it may of the cache's.
constexpr std::uint64_t entry_divisor = 8;

}  // namespace

WindowTrials::WindowTrials(Bytes budget)
    : trials_{Trial(window_permilles[0]), Trial(window_permilles[1]), Trial(window_permilles[2]),
              Trial(window_permilles[3]), Trial(window_permilles[4])},
      budget_(budget) {
  static_assert(std::size(window_permilles) == trial_count);
  for (Trial& trial : trials_) {
    trial.queues.set_budget(budget);
  }
}

std::uint64_t WindowTrials::window_permille() const { return window_permilles[chosen_]; }

bool WindowTrials::is_sampled(std::uint64_t hash) const {
  return (hash >> sample_bits_begin & ((std::uint64_t{1} << halvings_) - 1)) == 0;
}

bool WindowTrials::has_room_for(Bytes charge) const {
  return charge.count <= trials_.front().queues.budget().count / entry_divisor;
}

void WindowTrials::make_room(Trial& trial, Bytes charge, const FrequencySketch& sketch) {
  while (trial.queues.count() > 0 && trial.queues.used().count > trial.queues.budget().count - charge.count) {
    trial.entries.erase(trial.queues.evict(sketch, charge).hash);
  }
}

void WindowTrials::access(std::uint64_t hash, Bytes charge, std::uint64_t count,
                          const FrequencySketch& sketch) {
  if (!is_sampled(hash) || !has_room_for(charge)) {
    return;
  }
  const std::uint64_t counted = std::min(count, count_max);
  for (Trial& trial : trials_) {
    access(trial, hash, charge, counted, sketch);
  }
  access_count_ += counted;
  choose();
  if (access_count_ >= std::max(accesses_min, accesses_per_entry * trials_[chosen_].entries.size())) {
    halve();
  }
}

void WindowTrials::access(Trial& trial, std::uint64_t hash, Bytes charge, std::uint64_t count,
                          const FrequencySketch& sketch) {
  const auto found = trial.entries.find(hash);
  if (found != trial.entries.end() && found->second.charge == charge) {
    trial.queues.refer(found->second);
    trial.hits += count;
    return;
  }
  trial.hits += count - 1;
  if (found != trial.entries.end()) {
    // It was replaced by one of another size, and kept.
    ++trial.hits;
    trial.queues.unlink(found->second);
    trial.entries.erase(found);
  }
  make_room(trial, charge, sketch);
  ResidentLink& entry = trial.entries[hash];
  entry.hash = hash;
  entry.charge = charge;
  trial.queues.add(entry);
}

void WindowTrials::choose() {
  if (access_count_ < accesses_before_choice) {
    return;
  }
  std::size_t best = chosen_;
  for (std::size_t index = 0; index < trial_count; ++index) {
    if (trials_[index].hits > trials_[best].hits) {
      best = index;
    }
  }
  const std::uint64_t lead = trials_[best].hits - trials_[chosen_].hits;
  const std::uint64_t price = access_count_ / lead_divisor;
  if (lead > price && (lead - price) * (lead - price) * root_divisor * root_divisor > access_count_) {
    chosen_ = best;
  }
}

void WindowTrials::halve() {
  for (Trial& trial : trials_) {
    trial.hits /= 2;
  }
  access_count_ /= 2;
}

void WindowTrials::forget(std::uint64_t hash) {
  if (!is_sampled(hash)) {
    return;
  }
  for (Trial& trial : trials_) {
    const auto found = trial.entries.find(hash);
    if (found != trial.entries.end()) {
      trial.queues.unlink(found->second);
      trial.entries.erase(found);
    }
  }
}

// Takes what is no longer in the sample out of the trials, and what their budgets no longer hold.
void WindowTrials::sample(unsigned halvings, const FrequencySketch& sketch) {
  halvings_ = halvings;
  for (Trial& trial : trials_) {
    for (ResidentLink* link = trial.queues.first(); link != nullptr;) {
      ResidentLink& entry = *link;
      link = trial.queues.after(entry);
      if (!is_sampled(entry.hash)) {
        trial.queues.unlink(entry);
        trial.entries.erase(entry.hash);
      }
    }
    trial.queues.set_budget(Bytes(budget_.count >> halvings_));
    make_room(trial, Bytes(0), sketch);
  }
}

void WindowTrials::fit(std::size_t entry_count, const FrequencySketch& sketch) {
  std::size_t largest = 0;
  for (const Trial& trial : trials_) {
    largest = std::max(largest, trial.entries.size());
  }
  if (entry_count >> halvings_ > entries_max || largest > entries_limit) {
    if (halvings_ < halvings_max) {
      halve();
      sample(halvings_ + 1, sketch);
    }
  } else if (halvings_ > 0 && entry_count >> halvings_ < entries_min && largest < entries_max) {
    sample(halvings_ - 1, sketch);
  }
}

void WindowTrials::set_budget(Bytes budget, const FrequencySketch& sketch) {
  budget_ = budget;
  sample(halvings_, sketch);
}

void WindowTrials::clear() {
  for (Trial& trial : trials_) {
    while (trial.queues.first() != nullptr) {
      trial.queues.unlink(*trial.queues.first());
    }
    trial.entries.clear();
    trial.hits = 0;
    trial.queues.set_budget(budget_);
  }
  halvings_ = 0;
  access_count_ = 0;
  chosen_ = 0;
}

}  // namespace larder::tiers
