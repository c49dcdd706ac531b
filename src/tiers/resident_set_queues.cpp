#include "tiers/resident_set_queues.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/assert.h"

namespace larder::tiers {
namespace {

// The share of the budget, in thousandths, that the recent queue has under each policy. second_chance: less
// starves entries that return late, more gives a scan too much room.
constexpr std::uint64_t recent_permille_by_frequency = 10;
constexpr std::uint64_t recent_permille_after_recency = 100;
constexpr std::uint64_t recent_permille_of_second_chance = 100;
// Entries that a queue above its share hands on in one operation, so that no change of the shares costs one
// operation much.
constexpr int moves_max = 2;
// What an inherited entry has to be asked for lately to stay in main: more than once.
constexpr float units_to_stay_in_main = 1.5F;
// References counted for an entry at most, so that old fame buys three rounds of main and not more.
constexpr std::uint8_t references_max = 3;
// Ghosts for each ten resident entries. More help loops and cost recency; ResidentSet charges their memory.
constexpr std::size_t ghosts_per_ten_entries = 9;
constexpr std::size_t ghosts_max_total = std::size_t{1} << 24;

constexpr std::size_t cells_per_bucket = 4;
constexpr std::size_t cells_min = 64;
// A table is given back when it is larger than needed by this factor: growing and shrinking never alternate.
constexpr std::size_t slack_before_shrinking = 4;

static_assert(cells_min % cells_per_bucket == 0);

// Twice the ghosts: with buckets of four, few are pushed out before their time.
std::size_t cells_for(std::size_t ghost_count) { return std::max(cells_min, std::bit_ceil(2 * ghost_count)); }

// Whether the candidate was asked for more often lately, for its size: by more than one access, since it has
// just had one that the victim may be about to have. In a loop all would put each other out otherwise.
bool is_worth_more(const ResidentLink& candidate, const ResidentLink& victim, float unit) {
  // What both would have, were they of one size.
  const float worth = (candidate.frequency - unit) * static_cast<float>(victim.charge.count);
  const float worth_of_victim = victim.frequency * static_cast<float>(candidate.charge.count);
  return worth > worth_of_victim;
}

std::uint32_t fingerprint_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

}  // namespace

bool ResidentGhosts::is_live(const Cell& cell, std::size_t count_max) const {
  return cell.stamp != 0 && stamp_ - cell.stamp < count_max;
}

std::size_t ResidentGhosts::bucket_start(std::uint32_t fingerprint) const {
  return (std::size_t{fingerprint} * cells_per_bucket) & (cells_.size() - 1);
}

void ResidentGhosts::write(Cell cell) {
  const std::size_t start = bucket_start(cell.fingerprint);
  std::size_t target = start;
  for (std::size_t index = start; index < start + cells_per_bucket; ++index) {
    const bool same = cells_[index].stamp != 0 && cells_[index].fingerprint == cell.fingerprint;
    if (same || cells_[index].stamp < cells_[target].stamp) {
      target = index;
    }
    if (same) {
      break;
    }
  }
  cells_[target] = cell;
}

void ResidentGhosts::rebuild(std::size_t cell_count, std::size_t count_max) {
  const std::vector<Cell> former = std::exchange(cells_, std::vector<Cell>(cell_count));
  for (const Cell& cell : former) {
    if (is_live(cell, count_max)) {
      write(cell);
    }
  }
}

void ResidentGhosts::remember(std::uint64_t hash, std::size_t count_max) {
  if (count_max == 0) {
    return;
  }
  if (cells_.size() < cells_for(count_max)) {
    rebuild(cells_for(count_max), count_max);
  } else {
    shrink(count_max);
  }
  if (++stamp_ == 0) {
    // Four thousand million evictions later stamps start again, and older ones would look young.
    clear();
    remember(hash, count_max);
    return;
  }
  write(Cell{fingerprint_of(hash), stamp_});
}

bool ResidentGhosts::take(std::uint64_t hash, std::size_t count_max) {
  if (cells_.empty()) {
    return false;
  }
  const std::uint32_t fingerprint = fingerprint_of(hash);
  const std::size_t start = bucket_start(fingerprint);
  for (std::size_t index = start; index < start + cells_per_bucket; ++index) {
    Cell& cell = cells_[index];
    if (cell.fingerprint == fingerprint && is_live(cell, count_max)) {
      cell = Cell{};
      return true;
    }
  }
  return false;
}

void ResidentGhosts::shrink(std::size_t count_max) {
  if (cells_.size() > slack_before_shrinking * cells_for(count_max)) {
    rebuild(cells_for(count_max), count_max);
  }
}

void ResidentGhosts::clear() {
  cells_ = std::vector<Cell>();
  stamp_ = 0;
}

ResidentQueues::Queue& ResidentQueues::queue_of(ResidentQueue queue) {
  LARDER_ASSERT(queue != ResidentQueue::none);
  if (queue == ResidentQueue::recent) {
    return recent_;
  }
  return queue == ResidentQueue::main ? main_ : guarded_;
}

Bytes ResidentQueues::recent_max() const {
  const auto share = [this](std::uint64_t permille) {
    return Bytes(budget_.count / 1000 * permille + budget_.count % 1000 * permille / 1000);
  };
  switch (policy_) {
    case ReplacementPolicy::frequency:
      return share(recent_permille_by_frequency);
    case ReplacementPolicy::frequency_after_recency:
      return share(recent_permille_after_recency);
    case ReplacementPolicy::second_chance:
      return share(recent_permille_of_second_chance);
    case ReplacementPolicy::recency:
      return budget_;
  }
  LARDER_UNREACHABLE();
}

std::size_t ResidentQueues::ghosts_max() const {
  const std::size_t whole_tens = count() / 10;
  return std::min(ghosts_max_total,
                  whole_tens * ghosts_per_ten_entries + count() % 10 * ghosts_per_ten_entries / 10);
}

// For a place in main: two near the mean size, one below, three above.
std::uint8_t ResidentQueues::references_to_enter(const ResidentLink& entry) const {
  const std::uint64_t mean_bytes = std::max<std::uint64_t>(1, used().count / count());
  if (entry.charge.count < mean_bytes - mean_bytes / 4) {
    return 1;
  }
  return entry.charge.count < mean_bytes + mean_bytes / 2 ? 2 : references_max;
}

// For a further round in main: one up to twice the mean size, one more for each further doubling.
std::uint8_t ResidentQueues::references_to_stay(const ResidentLink& entry) const {
  const std::uint64_t mean_bytes = std::max<std::uint64_t>(1, used().count / count());
  const auto doublings = std::bit_width(entry.charge.count / mean_bytes);
  return static_cast<std::uint8_t>(
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(doublings), 1, references_max));
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

void ResidentQueues::spill(Queue& queue, Bytes bytes_max) {
  for (int moves = 0; moves < moves_max && queue.count > 1 && queue.bytes > bytes_max; ++moves) {
    move(*queue.oldest, ResidentQueue::main);
  }
}

void ResidentQueues::add(ResidentLink& entry) {
  if (policy_ == ReplacementPolicy::second_chance) {
    const bool is_known = ghosts_.take(entry.hash, ghosts_max());
    link(entry, is_known ? ResidentQueue::main : ResidentQueue::recent);
    return;
  }
  link(entry, ResidentQueue::recent);
  spill(recent_, recent_max());
}

void ResidentQueues::refer(ResidentLink& entry, std::uint64_t reference_count) {
  const std::uint64_t room = static_cast<std::uint64_t>(references_max - entry.references);
  entry.references = static_cast<std::uint8_t>(entry.references + std::min(room, reference_count));
  entry.is_unsettled = true;
}

void ResidentQueues::settle(ResidentLink& entry) {
  entry.is_unsettled = false;
  if (policy_ == ReplacementPolicy::second_chance) {
    return;
  }
  if (policy_ == ReplacementPolicy::recency || entry.queue == ResidentQueue::recent) {
    move(entry, ResidentQueue::recent);
    return;
  }
  move(entry, ResidentQueue::guarded);
  const std::uint64_t main_max = budget_.count - recent_max().count;
  spill(guarded_, Bytes(main_max / 5 * 4));
}

ResidentLink& ResidentQueues::take_out(ResidentLink& entry) {
  unlink(entry);
  return entry;
}

ResidentLink* ResidentQueues::oldest_of_main() const {
  return main_.oldest != nullptr ? main_.oldest : guarded_.oldest;
}

ResidentLink& ResidentQueues::evict(Bytes incoming, ResidentQueue destination, float unit) {
  LARDER_ASSERT(count() > 0);
  switch (policy_) {
    case ReplacementPolicy::frequency:
    case ReplacementPolicy::frequency_after_recency:
      return evict_by_frequency(incoming, destination, unit);
    case ReplacementPolicy::second_chance:
      return evict_by_second_chance(unit);
    case ReplacementPolicy::recency:
      return evict_by_recency();
  }
  LARDER_UNREACHABLE();
}

// What another policy has left in main is older than what was asked for since.
ResidentLink& ResidentQueues::evict_by_recency() {
  while (true) {
    ResidentLink* const of_main = oldest_of_main();
    ResidentLink& oldest = of_main != nullptr ? *of_main : *recent_.oldest;
    if (!oldest.is_unsettled) {
      return take_out(oldest);
    }
    settle(oldest);
  }
}

// Whether the recent queue is above its share; one entry may always be there.
bool ResidentQueues::is_recent_over(Bytes incoming, ResidentQueue destination) const {
  const bool grows = destination == ResidentQueue::recent;
  return recent_.count + (grows ? 1 : 0) > 1 && recent_.bytes + (grows ? incoming : Bytes(0)) > recent_max();
}

ResidentLink& ResidentQueues::evict_by_frequency(Bytes incoming, ResidentQueue destination, float unit) {
  while (true) {
    ResidentLink* const candidate = recent_.oldest;
    ResidentLink* const victim = oldest_of_main();
    if (victim == nullptr && !candidate->is_unsettled) {
      return take_out(*candidate);
    }
    if (victim != nullptr && victim->is_unsettled) {
      settle(*victim);
    } else if (candidate != nullptr && candidate->is_unsettled) {
      settle(*candidate);
    } else if (candidate == nullptr || !is_recent_over(incoming, destination)) {
      return take_out(*victim);
    } else {
      if (!is_worth_more(*candidate, *victim, unit)) {
        return take_out(*candidate);
      }
      move(*candidate, ResidentQueue::main);
      return take_out(*victim);
    }
  }
}

void ResidentQueues::set_policy(ReplacementPolicy policy) {
  if (policy_ != policy) {
    inherited_count_ = main_.count + guarded_.count;
  }
  policy_ = policy;
}

ResidentLink& ResidentQueues::evict_by_second_chance(float unit) {
  spill(guarded_, Bytes(0));
  // What another policy has left in main is older than the recent queue, and need not have earned its place.
  for (; inherited_count_ > 0 && oldest_of_main() != nullptr; --inherited_count_) {
    ResidentLink& oldest = *oldest_of_main();
    if (oldest.frequency < units_to_stay_in_main * unit) {
      return take_out(oldest);
    }
    move(oldest, ResidentQueue::main);
  }
  if (oldest_of_main() == nullptr || recent_.bytes >= recent_max()) {
    if (ResidentLink* const victim = evict_from_probation(); victim != nullptr) {
      return *victim;
    }
  }
  // Ends, because every further round of an entry uses up at least one of its references.
  while (true) {
    if (ResidentLink* const victim = evict_or_renew_oldest(); victim != nullptr) {
      return *victim;
    }
  }
}

// nullptr when every entry of the recent queue has earned its place in main.
ResidentLink* ResidentQueues::evict_from_probation() {
  while (recent_.oldest != nullptr) {
    ResidentLink& oldest = *recent_.oldest;
    const bool has_earned_main = oldest.references >= references_to_enter(oldest);
    if (!has_earned_main) {
      ghosts_.remember(oldest.hash, ghosts_max());
      return &take_out(oldest);
    }
    oldest.references = 0;
    move(oldest, ResidentQueue::main);
  }
  return nullptr;
}

// nullptr when the oldest of main has bought a further round.
ResidentLink* ResidentQueues::evict_or_renew_oldest() {
  LARDER_ASSERT(oldest_of_main() != nullptr);
  ResidentLink& oldest = *oldest_of_main();
  const std::uint8_t price = references_to_stay(oldest);
  if (oldest.references < price) {
    return &take_out(oldest);
  }
  oldest.references = static_cast<std::uint8_t>(oldest.references - price);
  move(oldest, ResidentQueue::main);
  return nullptr;
}

void ResidentQueues::scale_down(float divisor) {
  for (ResidentLink* link = first(); link != nullptr; link = after(*link)) {
    link->frequency /= divisor;
  }
}

ResidentLink* ResidentQueues::first() const {
  for (const Queue* queue : {&recent_, &main_, &guarded_}) {
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
  return entry.queue == ResidentQueue::recent && main_.newest != nullptr ? main_.newest : guarded_.newest;
}

}  // namespace larder::tiers
