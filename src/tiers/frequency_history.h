// How often keys were asked for lately.
//
// The frequency of a key is the sum of its accesses, each worth half as much when four other accesses for
// every resident entry have followed it. Not the sums fade: unit(), what an access adds, grows instead, so an
// access touches one number only. A resident entry has its own (ResidentLink); this class has the unit, and
// for a while the frequencies of keys that have left: two to four for each resident entry, in sixteen to
// thirty-two bytes, of which the least make room.
//
// Deterministic, and the same in every build: only additions and multiplications of IEEE numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace larder::tiers {

class FrequencyHistory {
 public:
  // Frequencies may be divided by this factor, all at once, when the unit has become this large.
  static constexpr float scale = 0x1p60F;

  float unit() const { return static_cast<float>(unit_); }
  // So many accesses have been counted at the present unit, with so many entries resident. The unit doubles
  // at most, so that a long run of hits does not make itself old.
  void advance(std::uint64_t access_count, std::size_t entry_count);
  // Whether every frequency and the unit are due to be divided by `scale`.
  bool is_due_for_scaling() const { return unit_ >= scale; }
  // Divides those that are kept here, and the unit.
  void scale_down();

  // An entry has left.
  void remember(std::uint64_t hash, float frequency, std::size_t entry_count);
  // Zero where the key is not remembered; it is forgotten by the same call. Two hashes that share their upper
  // half pass for one.
  float take(std::uint64_t hash);
  // Gives back memory that so many resident entries do not need.
  void shrink(std::size_t entry_count);
  void clear();
  std::size_t cell_count() const { return cells_.size(); }

 private:
  struct Cell {
    std::uint32_t fingerprint = 0;
    float frequency = 0;  // 0 for an empty cell
  };

  std::size_t bucket_start(std::uint32_t fingerprint) const;
  void write(Cell cell);
  void rebuild(std::size_t cell_count);

  std::vector<Cell> cells_;  // empty, or a power of two
  double unit_ = 1;
};

}  // namespace larder::tiers
