// Strong units. Time comes from the host only: nothing here reads a clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace larder {

using Millis = std::chrono::milliseconds;

// The wall clock of the host, in milliseconds since 1970-01-01T00:00:00Z. It has no now(): time is a
// parameter.
struct WallClock {
  using rep = Millis::rep;
  using period = Millis::period;
  using duration = Millis;
  using time_point = std::chrono::time_point<WallClock>;
  static constexpr bool is_steady = false;
};
using Instant = WallClock::time_point;

constexpr Instant instant_from_millis(std::int64_t millis_since_epoch) {
  return Instant(Millis(millis_since_epoch));
}
constexpr std::int64_t millis_since_epoch(Instant instant) { return instant.time_since_epoch().count(); }

// Whole seconds, rounded down: what HTTP's delta-seconds carry.
constexpr std::int64_t whole_seconds(Millis duration) {
  return std::chrono::floor<std::chrono::seconds>(duration).count();
}

// A size. Explicit, so that a count of things is never taken for a count of bytes.
struct Bytes {
  std::uint64_t count = 0;

  constexpr Bytes() = default;
  constexpr explicit Bytes(std::uint64_t count_) : count(count_) {}
  constexpr Bytes& operator+=(Bytes other) { return count += other.count, *this; }
  constexpr Bytes& operator-=(Bytes other) { return count -= other.count, *this; }
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return Bytes(a.count + b.count); }
  friend constexpr bool operator==(Bytes a, Bytes b) { return a.count == b.count; }
  friend constexpr bool operator<(Bytes a, Bytes b) { return a.count < b.count; }
  friend constexpr bool operator>(Bytes a, Bytes b) { return a.count > b.count; }
  friend constexpr bool operator<=(Bytes a, Bytes b) { return a.count <= b.count; }
  friend constexpr bool operator>=(Bytes a, Bytes b) { return a.count >= b.count; }
};

}  // namespace larder
