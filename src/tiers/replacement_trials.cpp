#include "tiers/replacement_trials.h"

#include <algorithm>

namespace larder::tiers {
namespace {

// Entries of a trial. Fewer decide by chance, more cost time and memory.
constexpr std::size_t entries_max = 1024;
constexpr std::size_t entries_min = 128;
// A trial may hold more than the cache, where it keeps smaller entries.
constexpr std::size_t entries_limit = 2 * entries_max;
constexpr unsigned halvings_max = 20;
// The first bit of a hash that tells what is in the sample, apart from those that place it in the sketch.
constexpr unsigned sample_bits_begin = 20;
// What lately means: hits are halved after so many accesses for each entry of a trial.
constexpr std::uint64_t accesses_per_entry = 8;
constexpr std::uint64_t accesses_min = 2048;
// A trial has to be ahead of the one in use, since a change has its price and some of a lead is chance: by
// one in 256 of the accesses, and the fourth part of their square root.
constexpr std::uint64_t lead_divisor = 256;
constexpr std::uint64_t root_divisor = 4;
// Before that many accesses nothing is decided.
constexpr std::uint64_t accesses_before_choice = 64;
// An entry may take one part in so many of the budget of a trial, as it may of the cache's.
constexpr std::uint64_t entry_divisor = 8;

}  // namespace

ReplacementTrials::ReplacementTrials(Bytes budget)
    : trials_{Trial(replacement_policies[0]), Trial(replacement_policies[1]), Trial(replacement_policies[2]),
              Trial(replacement_policies[3])},
      budget_(budget) {
  for (Trial& trial : trials_) {
    trial.queues.set_budget(budget);
  }
}

void ReplacementTrials::make_room(std::size_t index, Bytes charge, ResidentQueue destination, float unit) {
  ResidentQueues& queues = trials_[index].queues;
  while (queues.count() > 0 && queues.used().count > queues.budget().count - charge.count) {
    Key& owner = *static_cast<Copy&>(queues.evict(charge, destination, unit)).owner;
    if (--owner.holder_count == 0) {
      keys_.erase(owner.copies.front().hash);
    }
  }
}

void ReplacementTrials::access(std::uint64_t hash, Bytes charge, float frequency, float unit) {
  const Bytes entry_max(trials_.front().queues.budget().count / entry_divisor);
  if (!is_sampled(hash) || charge > entry_max) {
    return;
  }
  Key& key = keys_[hash];
  for (std::size_t index = 0; index < trial_count; ++index) {
    Copy& copy = key.copies[index];
    copy.owner = &key;
    copy.hash = hash;
    copy.frequency = frequency;
    access(index, copy, charge, unit);
  }
  ++access_count_;
  choose();
  if (access_count_ >= std::max(accesses_min, accesses_per_entry * trials_[chosen_].queues.count())) {
    age();
  }
}

void ReplacementTrials::access(std::size_t index, Copy& copy, Bytes charge, float unit) {
  Trial& trial = trials_[index];
  const ResidentQueue queue = copy.queue;
  if (queue == ResidentQueue::none) {
    make_room(index, charge, ResidentQueue::recent, unit);
    copy.charge = charge;
    copy.references = 0;
    trial.queues.add(copy);
    ++copy.owner->holder_count;
    return;
  }
  ++trial.hits;
  if (copy.charge.count != charge.count) {
    trial.queues.unlink(copy);
    make_room(index, charge, queue, unit);
    copy.charge = charge;
    trial.queues.link(copy, queue);
  }
  ResidentQueues::refer(copy, 1);
  trial.queues.settle(copy);
}

void ReplacementTrials::choose() {
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

void ReplacementTrials::age() {
  for (Trial& trial : trials_) {
    trial.hits /= 2;
  }
  access_count_ /= 2;
}

void ReplacementTrials::unlink(Key& key) {
  for (std::size_t index = 0; index < trial_count; ++index) {
    if (key.copies[index].queue != ResidentQueue::none) {
      trials_[index].queues.unlink(key.copies[index]);
    }
  }
}

void ReplacementTrials::forget(std::uint64_t hash) {
  const auto found = keys_.find(hash);
  if (found != keys_.end()) {
    unlink(found->second);
    keys_.erase(found);
  }
}

// Takes what is no longer in the sample out of the trials, and what their budgets no longer hold.
void ReplacementTrials::sample(unsigned halvings, float unit) {
  halvings_ = halvings;
  sample_mask_ = ((std::uint64_t{1} << halvings) - 1) << sample_bits_begin;
  for (auto key = keys_.begin(); key != keys_.end();) {
    if (is_sampled(key->first)) {
      ++key;
    } else {
      unlink(key->second);
      key = keys_.erase(key);
    }
  }
  for (std::size_t index = 0; index < trial_count; ++index) {
    trials_[index].queues.set_budget(Bytes(budget_.count >> halvings_));
    make_room(index, Bytes(0), ResidentQueue::none, unit);
    trials_[index].queues.shrink_ghosts();
  }
}

void ReplacementTrials::adjust(std::size_t entry_count, float unit) {
  std::size_t largest = 0;
  for (const Trial& trial : trials_) {
    largest = std::max(largest, trial.queues.count());
  }
  if (entry_count >> halvings_ > entries_max || largest > entries_limit) {
    if (halvings_ < halvings_max) {
      age();
      sample(halvings_ + 1, unit);
    }
  } else if (halvings_ > 0 && entry_count >> halvings_ < entries_min && largest < entries_max) {
    sample(halvings_ - 1, unit);
  }
}

void ReplacementTrials::set_budget(Bytes budget, float unit) {
  budget_ = budget;
  sample(halvings_, unit);
}

void ReplacementTrials::scale_down(float divisor) {
  for (Trial& trial : trials_) {
    trial.queues.scale_down(divisor);
  }
}

void ReplacementTrials::clear() {
  for (auto& [hash, key] : keys_) {
    unlink(key);
  }
  keys_.clear();
  for (Trial& trial : trials_) {
    trial.hits = 0;
    trial.queues.clear_ghosts();
    trial.queues.set_budget(budget_);
  }
  halvings_ = 0;
  sample_mask_ = 0;
  access_count_ = 0;
  chosen_ = 0;
}

}  // namespace larder::tiers
