#include "tiers/frequency_sketch.h"

#include <algorithm>
#include <bit>

namespace larder::tiers {
namespace {

constexpr unsigned row_count = 4;
constexpr std::size_t words_per_block = 8;
// Thirty-two counters of four bits for each entry, with four entries a block: fewer take loops for popular
// keys.
constexpr std::size_t entries_per_block = 4;
constexpr std::size_t blocks_min = 8;
// Blocks are given back when there are more than needed by this factor: growing and shrinking never
// alternate.
constexpr std::size_t slack_before_shrinking = 4;
// More keep what was popular for longer, fewer forget what is popular at length.
constexpr std::uint64_t additions_per_entry = 9;
constexpr std::uint64_t all_but_the_upper_bits = 0x7777'7777'7777'7777;

}  // namespace

FrequencySketch::FrequencySketch() : words_(blocks_min * words_per_block) {}

std::size_t FrequencySketch::block_count() const { return words_.size() / words_per_block; }

// The block by the lower half of the hash, the counter of each row by a byte of the upper half.
FrequencySketch::Place FrequencySketch::place_of(std::uint64_t hash, unsigned row) const {
  const std::size_t block = static_cast<std::size_t>(hash) & (block_count() - 1);
  const auto byte = static_cast<unsigned>(hash >> (32 + 8 * row)) & 255;
  return {block * words_per_block + 2 * row + (byte & 1), (byte >> 1 & 15) * 4};
}

std::uint64_t FrequencySketch::frequency(std::uint64_t hash) const {
  std::uint64_t least = frequency_max;
  for (unsigned row = 0; row < row_count; ++row) {
    const Place place = place_of(hash, row);
    least = std::min(least, words_[place.word] >> place.shift & frequency_max);
  }
  return least;
}

void FrequencySketch::add(std::uint64_t hash, std::uint64_t count) {
  const std::uint64_t added = std::min(count, frequency_max);
  for (unsigned row = 0; row < row_count; ++row) {
    const Place place = place_of(hash, row);
    std::uint64_t& word = words_[place.word];
    const std::uint64_t room = frequency_max - (word >> place.shift & frequency_max);
    word += std::min(added, room) << place.shift;
  }
  addition_count_ += added;
  const std::size_t entry_count = std::max(entry_count_, blocks_min * entries_per_block);
  if (addition_count_ >= additions_per_entry * entry_count) {
    halve();
  }
}

void FrequencySketch::halve() {
  for (std::uint64_t& word : words_) {
    word = word >> 1 & all_but_the_upper_bits;
  }
  addition_count_ /= 2;
}

void FrequencySketch::fit(std::size_t entry_count) {
  entry_count_ = entry_count;
  const std::size_t needed =
      std::max(blocks_min, std::bit_ceil((entry_count + entries_per_block - 1) / entries_per_block));
  // Twice the blocks: either half has what the whole had, since a hash keeps its block but for one bit.
  while (block_count() < needed) {
    const std::size_t half = words_.size();
    words_.resize(2 * half);
    std::copy_n(words_.begin(), half, words_.begin() + static_cast<std::ptrdiff_t>(half));
  }
  if (block_count() <= slack_before_shrinking * needed) {
    return;
  }
  while (block_count() > needed) {
    const std::size_t half = words_.size() / 2;
    for (std::size_t index = 0; index < half; ++index) {
      std::uint64_t larger = 0;
      for (unsigned shift = 0; shift < 64; shift += 4) {
        larger |=
            std::max(words_[index] >> shift & frequency_max, words_[half + index] >> shift & frequency_max)
            << shift;
      }
      words_[index] = larger;
    }
    words_.resize(half);
  }
  words_.shrink_to_fit();
}

void FrequencySketch::clear() {
  words_ = std::vector<std::uint64_t>(blocks_min * words_per_block);
  entry_count_ = 0;
  addition_count_ = 0;
}

}  // namespace larder::tiers
