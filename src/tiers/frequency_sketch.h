// About how often each key was asked for lately, in sixteen to thirty-two bytes an entry.
//
// A count-min sketch of four-bit counters (Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache
// Admission Policy", ACM TOS 2017): a key has a counter in each of four rows, all in one block of 64 bytes,
// and its frequency is the least of them. An estimate is never too low but by aging: after nine additions for
// each resident entry all counters are halved.
//
// Deterministic. Additions and estimates are O(1), aging amortised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace larder::tiers {

class FrequencySketch {
 public:
  static constexpr std::uint64_t frequency_max = 15;

  FrequencySketch();

  void add(std::uint64_t hash, std::uint64_t count);
  std::uint64_t frequency(std::uint64_t hash) const;

  // Suits the sketch to so many resident entries; the estimates stay as they are, or become higher where it
  // shrinks.
  void fit(std::size_t entry_count);
  void clear();

 private:
  // Where a key's counter of a row is: a word, and the place of its four bits in it.
  struct Place {
    std::size_t word;
    unsigned shift;
  };

  std::size_t block_count() const;
  Place place_of(std::uint64_t hash, unsigned row) const;
  void halve();

  std::vector<std::uint64_t> words_;
  std::size_t entry_count_ = 0;
  std::uint64_t addition_count_ = 0;  // since the counters were halved
};

}  // namespace larder::tiers
