#include "metrics/read_sketch.h"

#include <algorithm>

#include "base/assert.h"
#include "base/wire.h"

namespace larder::metrics {

namespace {

constexpr std::int64_t millis_of_day = 86'400'000;
constexpr std::uint32_t count_max = 255;

std::uint64_t millis_of(Instant at) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(millis_since_epoch(at), 0));
}

}  // namespace

ReadSketch::ReadSketch(std::size_t width, Millis half_life)
    : width_(width), half_life_(half_life), counts_(rows * width), days_(rows * width) {
  LARDER_ASSERT(width > 0 && (width & (width - 1)) == 0 && half_life > Millis(0));
}

std::size_t ReadSketch::cell(std::size_t row, std::uint64_t hash) const {
  const std::uint64_t part = row == 0 ? hash : hash >> 32;
  return row * width_ + static_cast<std::size_t>(part & (width_ - 1));
}

std::uint32_t ReadSketch::halvings(Instant now) const {
  const std::uint64_t period = millis_of(now) / static_cast<std::uint64_t>(half_life_.count());
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(period > period_ ? period - period_ : 0, 8));
}

void ReadSketch::add(std::uint64_t hash, std::uint32_t count, Instant now) {
  if (const std::uint32_t halved = halvings(now); halved > 0) {
    for (std::uint8_t& one : counts_) {
      one = static_cast<std::uint8_t>(one >> halved);
    }
    period_ = millis_of(now) / static_cast<std::uint64_t>(half_life_.count());
  }
  const auto day = static_cast<std::uint16_t>(millis_of(now) / millis_of_day);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t at = cell(row, hash);
    counts_[at] = static_cast<std::uint8_t>(std::min(counts_[at] + std::min(count, count_max), count_max));
    days_[at] = std::max(days_[at], day);
  }
}

ReadUse ReadSketch::use(std::uint64_t hash, Instant now) const {
  std::uint32_t reads = count_max;
  std::uint16_t day = UINT16_MAX;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t at = cell(row, hash);
    reads = std::min<std::uint32_t>(reads, counts_[at]);
    day = std::min(day, days_[at]);
  }
  ReadUse use;
  use.reads = reads >> halvings(now);
  use.last_read = instant_from_millis(day * millis_of_day);
  return use;
}

std::string ReadSketch::encode() const {
  std::string days;
  days.reserve(days_.size() * 2);
  for (const std::uint16_t day : days_) {
    days.push_back(static_cast<char>(day & 0xff));
    days.push_back(static_cast<char>(day >> 8));
  }
  RecordWriter record;
  record.u64(period_);
  record.text(std::string_view(reinterpret_cast<const char*>(counts_.data()), counts_.size()));
  record.text(days);
  return std::move(record).take();
}

Result<ReadSketch> ReadSketch::decode(std::string_view bytes, std::size_t width, Millis half_life) {
  RecordReader record(bytes);
  ReadSketch sketch(width, half_life);
  sketch.period_ = record.u64();
  const std::string counts = record.text();
  const std::string days = record.text();
  if (!record.complete() || counts.size() != sketch.counts_.size() ||
      days.size() != 2 * sketch.days_.size()) {
    return fail(ErrorKind::corrupt, "metrics", "The sketch of reads does not decode.");
  }
  std::copy(counts.begin(), counts.end(), sketch.counts_.begin());
  for (std::size_t i = 0; i < sketch.days_.size(); ++i) {
    const auto low = static_cast<std::uint8_t>(days[2 * i]);
    const auto high = static_cast<std::uint8_t>(days[2 * i + 1]);
    sketch.days_[i] = static_cast<std::uint16_t>(low | high << 8);
  }
  return sketch;
}

}  // namespace larder::metrics
