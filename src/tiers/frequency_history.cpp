#include "tiers/frequency_history.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace larder::tiers {
namespace {

// Accesses for each resident entry in which a frequency halves. Fewer forget what is popular at length, more
// keep what was popular for longer.
constexpr double half_life_per_entry = 4;
constexpr double natural_logarithm_of_two = 0.6931471805599453;
// With fewer entries the half-life is that of so many.
constexpr std::size_t half_life_entries_min = 16;

constexpr std::size_t history_cells_per_bucket = 8;
constexpr std::size_t history_cells_min = 64;
// A table is given back when it is larger than needed by this factor: growing and shrinking never alternate.
constexpr std::size_t history_slack = 4;

std::size_t history_cells_for(std::size_t entry_count) {
  return std::max(history_cells_min, std::bit_ceil(2 * entry_count));
}

std::uint32_t history_fingerprint(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

double power(double base, std::uint64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) {
      result *= base;
    }
    base *= base;
  }
  return result;
}

}  // namespace

void FrequencyHistory::advance(std::uint64_t access_count, std::size_t entry_count) {
  const double half_life =
      half_life_per_entry * static_cast<double>(std::max(entry_count, half_life_entries_min));
  const double growth = 1 + natural_logarithm_of_two / half_life;
  unit_ *= power(growth, std::min(access_count, static_cast<std::uint64_t>(half_life)));
}

void FrequencyHistory::scale_down() {
  unit_ /= scale;
  for (Cell& cell : cells_) {
    cell.frequency /= scale;
  }
}

std::size_t FrequencyHistory::bucket_start(std::uint32_t fingerprint) const {
  return (std::size_t{fingerprint} * history_cells_per_bucket) & (cells_.size() - 1);
}

void FrequencyHistory::write(Cell cell) {
  const auto start = cells_.begin() + static_cast<std::ptrdiff_t>(bucket_start(cell.fingerprint));
  const auto end = start + history_cells_per_bucket;
  auto target = std::find_if(start, end, [&](const Cell& each) {
    return each.frequency > 0 && each.fingerprint == cell.fingerprint;
  });
  if (target == end) {
    target =
        std::min_element(start, end, [](const Cell& a, const Cell& b) { return a.frequency < b.frequency; });
  }
  if (cell.frequency >= target->frequency) {
    *target = cell;
  }
}

void FrequencyHistory::rebuild(std::size_t cell_count) {
  const std::vector<Cell> former = std::exchange(cells_, std::vector<Cell>(cell_count));
  for (const Cell& cell : former) {
    if (cell.frequency > 0) {
      write(cell);
    }
  }
}

void FrequencyHistory::remember(std::uint64_t hash, float frequency, std::size_t entry_count) {
  if (cells_.size() < history_cells_for(entry_count)) {
    rebuild(history_cells_for(entry_count));
  }
  write(Cell{history_fingerprint(hash), frequency});
}

float FrequencyHistory::take(std::uint64_t hash) {
  if (cells_.empty()) {
    return 0;
  }
  const std::uint32_t fingerprint = history_fingerprint(hash);
  const std::size_t start = bucket_start(fingerprint);
  for (std::size_t index = start; index < start + history_cells_per_bucket; ++index) {
    Cell& cell = cells_[index];
    if (cell.fingerprint == fingerprint && cell.frequency > 0) {
      return std::exchange(cell, Cell{}).frequency;
    }
  }
  return 0;
}

void FrequencyHistory::shrink(std::size_t entry_count) {
  if (cells_.size() > history_slack * history_cells_for(entry_count)) {
    rebuild(history_cells_for(entry_count));
  }
}

void FrequencyHistory::clear() {
  cells_ = std::vector<Cell>();
  unit_ = 1;
}

}  // namespace larder::tiers
