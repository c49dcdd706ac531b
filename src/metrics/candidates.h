// What is worth caching, and for how long: the ghost cache's estimates turned into a recommendation for each
// key pattern. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "metrics/ghost_cache.h"

namespace larder::metrics {

// What the source's guide calls of high value: above any of these.
inline constexpr std::uint64_t requests_per_hour_high = 1000;
inline constexpr std::uint64_t accesses_per_minute_high = 100;
inline constexpr double origin_millis_high = 500;
// Below this many requests a minute a route is no candidate by its traffic.
inline constexpr std::uint64_t requests_per_minute_candidate = 100;
// A pattern's rate is taken over no less than this, or since the deployment counts.
inline constexpr Millis rate_window_min = std::chrono::hours(1);
// A recommendation is final when the window is as long.
inline constexpr Millis window_final = std::chrono::hours(7 * 24);

enum class Priority : std::uint8_t { high, medium, low };
std::string_view to_text(Priority priority);

// How a pattern is declared today.
enum class Declared : std::uint8_t {
  cached,    // a resource that is cached
  observed,  // a resource that is not: CACHE_IMPL or CACHE_PATTERN_WHITELIST says so
  no,        // requests that match no resource, by the beginning of their path
};

struct CandidateFacts {
  GhostEstimate estimate;
  // In which its accesses came.
  Millis window{0};
  // Of what an origin took for this pattern; nullopt: it was not asked.
  std::optional<double> origin_millis_mean;
  Declared declared = Declared::no;

  CandidateFacts() {}
};

struct Candidate {
  std::string pattern;
  std::uint64_t requests = 0;
  // In which they came, a minute at least.
  Millis window{0};
  double per_minute = 0;
  std::optional<double> origin_millis_mean;
  Declared declared = Declared::no;
  Priority priority = Priority::low;
  // An index of ghost_ttls(): the shortest after which the next one answers less than two points more.
  std::size_t ttl = 0;
  // Its share of requests that would be hits, and the standard error of that share.
  double hit_ratio = 0;
  double hit_ratio_error = 0;
  // One sentence.
  std::string why;
  // Of a declared one: its member of larder.json with the recommended time to live, as JSON.
  std::string member;
  GhostEstimate estimate;

  Candidate() {}
};

Candidate recommend(const CandidateFacts& facts);

struct CandidateWindow {
  Instant since;
  Instant until;
  // Hours of the window with any traffic, and all of them.
  std::uint64_t hours_covered = 0;
  std::uint64_t hours = 0;

  CandidateWindow() {}
  bool is_final() const { return until - since >= window_final; }
};

// {"window": …, "candidates": […]}: the most valuable first (by the origin time that is saved).
void write(JsonWriter& json, const CandidateWindow& window, std::vector<Candidate> candidates);

// "1m", "15m", "1h", "7d": a time to live as larder.json takes it.
std::string ttl_text(Millis ttl);

}  // namespace larder::metrics
