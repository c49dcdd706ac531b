// What a deployment did over time: the ledger's buckets made into the points of a chart. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "base/units.h"
#include "metrics/tally.h"

namespace larder::metrics {

struct TierLooks {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
};

// Of what one bucket counts, as much as a point is made of. Buckets of several shards are added up.
struct HistoryBucket {
  Instant at;
  // Reads, and those of them that a fresh or stale copy answered: each is an origin request that was saved.
  std::uint64_t reads = 0;
  std::uint64_t hits = 0;
  std::uint64_t origin_requests = 0;
  // Tiers that were looked into, by name.
  std::map<std::string, TierLooks, std::less<>> tiers;
  // Of answer_duration_seconds over all outcomes, without the sum; empty: nothing was answered.
  Cells answers;

  HistoryBucket() {}
  // `latency_buckets` is the number of answer_duration_seconds' buckets with the one above all bounds;
  // a histogram of another shape, from a version that had other bounds, is left out.
  void add(const Tally& counted, std::size_t latency_buckets);
  // Nothing was counted that a point shows.
  bool empty() const;
};

// The quantiles are in seconds, as far as the buckets tell them.
struct Latency {
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
};

// `latency_bounds` are the upper bounds of answer_duration_seconds' buckets, in milliseconds. nullopt:
// nothing was answered.
std::optional<Latency> latency_of(const HistoryBucket& bucket,
                                  const std::vector<std::uint64_t>& latency_bounds);
// nullopt: there was no read.
std::optional<double> hit_ratio_of(const HistoryBucket& bucket);
// The share of all reads that a tier answered: at most 1, though a tier is also asked for what is no read (a
// refresh, an operator's look). nullopt: there was no read.
std::optional<double> tier_ratio_of(const HistoryBucket& bucket, const TierLooks& looks);

struct HistorySpan {
  Instant from;
  Instant until;
  Millis bucket{0};

  HistorySpan() {}
};

// {"from": "…Z", "until": "…Z", "bucketSeconds": 60, "points": [{"at": "…Z", "reads": 4, "hits": 3, …}, …]};
// buckets are in order of time, and those without anything in them are left out.
void write(JsonWriter& json, const HistorySpan& span, const std::vector<HistoryBucket>& buckets,
           const std::vector<std::uint64_t>& latency_bounds);

}  // namespace larder::metrics
