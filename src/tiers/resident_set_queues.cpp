#include "tiers/resident_set_queues.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/assert.h"

namespace larder::tiers {
namespace {

// Probation's share of the budget: 1/10. Less starves entries that return late, more gives a scan too much
// room.
constexpr std::uint64_t probation_divisor = 10;
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
  return queue == ResidentQueue::main ? main_ : probation_;
}

std::size_t ResidentQueues::ghosts_max() const {
  const std::size_t whole_tens = count() / 10;
  return std::min(ghosts_max_total,
                  whole_tens * ghosts_per_ten_entries + count() % 10 * ghosts_per_ten_entries / 10);
}

// One up to the mean size and twice as much, one more for each further doubling.
std::uint8_t ResidentQueues::references_needed(const ResidentLink& entry) const {
  const std::uint64_t mean_bytes = std::max<std::uint64_t>(1, used().count / count());
  const auto doublings = std::bit_width(entry.charge.count / mean_bytes);
  return static_cast<std::uint8_t>(
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(doublings), 1, references_max));
}

ResidentQueue ResidentQueues::queue_for(std::uint64_t hash) {
  return ghosts_.take(hash, ghosts_max()) ? ResidentQueue::main : ResidentQueue::probation;
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

void ResidentQueues::refer(ResidentLink& entry, std::uint64_t reference_count) {
  const std::uint64_t room = static_cast<std::uint64_t>(references_max - entry.references);
  entry.references = static_cast<std::uint8_t>(entry.references + std::min(room, reference_count));
}

ResidentLink& ResidentQueues::evict() {
  LARDER_ASSERT(count() > 0);
  if (main_.count == 0 || probation_.bytes.count >= budget_.count / probation_divisor) {
    if (ResidentLink* const victim = evict_from_probation(); victim != nullptr) {
      return *victim;
    }
  }
  return evict_from_main();
}

// nullptr when every entry of probation has earned its place in main.
ResidentLink* ResidentQueues::evict_from_probation() {
  while (probation_.oldest != nullptr) {
    ResidentLink& oldest = *probation_.oldest;
    const bool has_earned_main = oldest.references >= references_needed(oldest);
    if (!has_earned_main) {
      ghosts_.remember(oldest.hash, ghosts_max());
      unlink(oldest);
      return &oldest;
    }
    unlink(oldest);
    oldest.references = 0;
    link(oldest, ResidentQueue::main);
  }
  return nullptr;
}

// Ends, because every further round of an entry uses up at least one of its references.
ResidentLink& ResidentQueues::evict_from_main() {
  while (true) {
    LARDER_ASSERT(main_.oldest != nullptr);
    ResidentLink& oldest = *main_.oldest;
    const std::uint8_t price = references_needed(oldest);
    const bool stays = oldest.references >= price;
    unlink(oldest);
    if (!stays) {
      return oldest;
    }
    oldest.references = static_cast<std::uint8_t>(oldest.references - price);
    link(oldest, ResidentQueue::main);
  }
}

ResidentLink* ResidentQueues::first() const {
  return probation_.newest != nullptr ? probation_.newest : main_.newest;
}

ResidentLink* ResidentQueues::after(const ResidentLink& entry) const {
  const bool is_last_of_probation = entry.older == nullptr && entry.queue == ResidentQueue::probation;
  return is_last_of_probation ? main_.newest : entry.older;
}

}  // namespace larder::tiers
