#include "tiers/resident_set_queues.h"

#include <algorithm>

#include "base/assert.h"

namespace larder::tiers {
namespace {

// Entries that a queue above its share hands on in one operation, so that a change of the shares costs none
// much.
constexpr int moves_max = 2;

// From this frequency on, chance lets a candidate in now and then where it would lose: main may be full of
// entries that were popular once, and counters are shared.
constexpr std::uint64_t frequency_of_chance = 6;
constexpr std::uint64_t odds_of_chance = 128;

// Whether the candidate is worth more than the victim: asked for more often, for its size.
bool is_worth_more(const ResidentLink& candidate, const ResidentLink& victim, const FrequencySketch& sketch) {
  const std::uint64_t frequency = sketch.frequency(candidate.hash);
  // What both would have, were they of one size.
  const double worth = static_cast<double>(frequency) * static_cast<double>(victim.charge.count);
  const double worth_of_victim =
      static_cast<double>(sketch.frequency(victim.hash)) * static_cast<double>(candidate.charge.count);
  const bool by_chance =
      frequency >= frequency_of_chance && (candidate.hash ^ victim.hash * 31) % odds_of_chance == 0;
  return worth > worth_of_victim || by_chance;
}

}  // namespace

ResidentQueues::Queue& ResidentQueues::queue_of(ResidentQueue queue) {
  LARDER_ASSERT(queue != ResidentQueue::none);
  if (queue == ResidentQueue::window) {
    return window_;
  }
  return queue == ResidentQueue::probation ? probation_ : guarded_;
}

Bytes ResidentQueues::window_max() const {
  return Bytes(budget_.count / 1000 * window_permille_ + budget_.count % 1000 * window_permille_ / 1000);
}

Bytes ResidentQueues::guarded_max() const {
  const std::uint64_t main = budget_.count - window_max().count;
  return Bytes(main / 5 * 4);
}

void ResidentQueues::link(ResidentLink& entry, ResidentQueue queue) {
  LARDER_ASSERT(entry.queue == ResidentQueue::none && entry.charge.count > 0);
  Queue& target = queue_of(queue);
  entry.queue = queue;
  entry.newer = nullptr;
  entry.older = target.newest;
  (target.newest != nullptr ? target.newest->newer : target.oldest) = &entry;
  target.newest = &entry;
  target.bytes += entry.charge;
  ++target.count;
}

void ResidentQueues::unlink(ResidentLink& entry) {
  Queue& source = queue_of(entry.queue);
  (entry.newer != nullptr ? entry.newer->older : source.newest) = entry.older;
  (entry.older != nullptr ? entry.older->newer : source.oldest) = entry.newer;
  source.bytes -= entry.charge;
  --source.count;
  entry.newer = nullptr;
  entry.older = nullptr;
  entry.queue = ResidentQueue::none;
}

void ResidentQueues::move(ResidentLink& entry, ResidentQueue queue) {
  unlink(entry);
  link(entry, queue);
}

void ResidentQueues::add(ResidentLink& entry) {
  link(entry, ResidentQueue::window);
  for (int moves = 0; moves < moves_max && window_.count > 1 && window_.bytes > window_max(); ++moves) {
    move(*window_.oldest, ResidentQueue::probation);
  }
}

void ResidentQueues::refer(ResidentLink& entry) {
  if (entry.queue == ResidentQueue::window) {
    move(entry, ResidentQueue::window);
    return;
  }
  move(entry, ResidentQueue::guarded);
  for (int moves = 0; moves < moves_max && guarded_.count > 1 && guarded_.bytes > guarded_max(); ++moves) {
    move(*guarded_.oldest, ResidentQueue::probation);
  }
}

ResidentLink& ResidentQueues::evict(const FrequencySketch& sketch, Bytes incoming) {
  LARDER_ASSERT(count() > 0);
  ResidentLink* const candidate = window_.oldest;
  ResidentLink* const victim = probation_.oldest != nullptr ? probation_.oldest : guarded_.oldest;
  const std::uint64_t window_room = window_max().count - std::min(window_max(), incoming).count;
  const bool window_is_full = candidate != nullptr && window_.bytes.count > window_room;
  if (victim == nullptr || (window_is_full && !is_worth_more(*candidate, *victim, sketch))) {
    unlink(*candidate);
    return *candidate;
  }
  if (window_is_full) {
    move(*candidate, ResidentQueue::probation);
  }
  unlink(*victim);
  return *victim;
}

ResidentLink* ResidentQueues::first() const {
  for (const Queue* queue : {&window_, &probation_, &guarded_}) {
    if (queue->newest != nullptr) {
      return queue->newest;
    }
  }
  return nullptr;
}

ResidentLink* ResidentQueues::after(const ResidentLink& entry) const {
  if (entry.older != nullptr || entry.queue == ResidentQueue::guarded) {
    return entry.older;
  }
  return entry.queue == ResidentQueue::window && probation_.newest != nullptr ? probation_.newest
                                                                              : guarded_.newest;
}

}  // namespace larder::tiers
