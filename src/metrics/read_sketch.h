// How often keys are read, and when last, in a room that does not grow with them: a count-min sketch (Cormode
// and Muthukrishnan, Journal of Algorithms 2005) whose counts are halved again and again, with the day of the
// last read beside each count. Keys that share their cells make one another look read oftener and later,
// never less: what looks cold is cold. Pure: time is an argument.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace larder::metrics {

// Of one key. `reads` counts a read half after `half_life`, a quarter after two, and 255 at most.
struct ReadUse {
  std::uint32_t reads = 0;
  // The beginning of its day (UTC); the epoch: never.
  Instant last_read{};
};

class ReadSketch {
 public:
  // `width` is a power of two.
  ReadSketch(std::size_t width, Millis half_life);

  // `hash`: the same for a key in every isolate (ghost_hash), evenly spread.
  void add(std::uint64_t hash, std::uint32_t count, Instant now);
  ReadUse use(std::uint64_t hash, Instant now) const;

  std::string encode() const;
  // Errors: corrupt, for what encode() of a sketch of this shape does not write.
  static Result<ReadSketch> decode(std::string_view bytes, std::size_t width, Millis half_life);

 private:
  static constexpr std::size_t rows = 2;

  std::size_t cell(std::size_t row, std::uint64_t hash) const;
  std::uint32_t halvings(Instant now) const;

  std::size_t width_;
  Millis half_life_;
  // How many half-lives had passed since the epoch when the counts were halved last.
  std::uint64_t period_ = 0;
  // Row by row.
  std::vector<std::uint8_t> counts_;
  std::vector<std::uint16_t> days_;
};

}  // namespace larder::metrics
