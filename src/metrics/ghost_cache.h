// What a cache would have answered, for each key pattern and each of several times to live, measured without
// storing anything: keys are sampled by their hash (spatial sampling: SHARDS, Waldspurger and others, FAST
// '15), and of a sampled key only the times are kept at which each of the imagined caches would have filled
// it.
//
// The imagined caches are shared by all readers, hold any number of keys, and give an entry its time to live
// when it is filled. The sum of all accesses is known exactly; only misses are extrapolated from the sample.
// A key that is asked for very often adds few misses, so whether it is in the sample or not hardly moves the
// estimate (the correction that the paper calls SHARDS-adj).
//
// Bounded: at most `keys_max` keys, `patterns_max` patterns. Where more keys come, the sample is thinned:
// those with the largest hashes leave, and each access that is left counts for more. Pure: time is an
// argument. The state can be written to bytes and read back.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace larder::metrics {

inline constexpr std::size_t ghost_ttl_count = 6;
// One minute, 5, 15, one hour, a day, seven days.
const std::array<Millis, ghost_ttl_count>& ghost_ttls();

// Accesses to one key within a short while (shorter than the shortest time to live).
struct GhostAccess {
  // The same for a key in every isolate (ghost_hash).
  std::uint64_t hash = 0;
  Instant at;
  // At least 1.
  std::uint32_t count = 1;
  // What an entry of the key takes, as stored.
  Bytes size;
};

// Where a key lies in the sample. `scope` keeps deployments with different prefixes apart.
std::uint64_t ghost_hash(std::string_view scope, std::string_view storage_name);
// 16 lower-case hexadecimal digits.
std::string hash_text(std::uint64_t hash);

// What one time to live would come to.
struct GhostTtl {
  Millis ttl{0};
  // Estimated, at most `accesses`, and the standard error of that (from how much groups of keys differ; 0
  // where every key is sampled).
  std::uint64_t misses = 0;
  std::uint64_t misses_error = 0;
  // Entries that are within their time at the moment of asking, and what they take.
  std::uint64_t entries = 0;
  Bytes memory;
};

struct GhostEstimate {
  std::string pattern;
  // Exact.
  std::uint64_t accesses = 0;
  // Sampled keys that are remembered at the moment of asking.
  std::uint64_t keys = 0;
  Instant first;
  Instant last;
  std::array<GhostTtl, ghost_ttl_count> ttls;
};

// Two caches' estimates of one pattern as one: as of caches side by side.
void add(GhostEstimate& sum, const GhostEstimate& more);

class GhostCache {
 public:
  static constexpr std::size_t keys_max_default = 16384;
  static constexpr std::size_t patterns_max = 128;

  explicit GhostCache(std::size_t keys_max = keys_max_default);

  // Whether accesses to a key are wanted. An isolate asks with the threshold that it was last told; a larger
  // one than the present does no harm.
  static bool samples(std::uint64_t hash, std::uint32_t threshold) { return position_of(hash) < threshold; }
  // Of `positions`: the part of all keys that is sampled.
  std::uint32_t threshold() const { return threshold_; }
  static constexpr std::uint32_t positions = 1U << 24;

  // All accesses of a pattern, sampled or not: exact.
  void count(std::string_view name, std::uint64_t accesses, Instant at);
  // An access to a key of the sample; one that is not in it is passed over. In any order of time: an access
  // from before what is known is taken for one at the newest known time.
  void observe(std::string_view name, const GhostAccess& access);

  // Patterns in the order of their names.
  std::vector<GhostEstimate> estimates(Instant now) const;

  std::size_t keys() const { return keys_.size(); }

  std::string encode() const;
  // Errors: corrupt.
  static Result<GhostCache> decode(std::string_view bytes, std::size_t keys_max = keys_max_default);

 private:
  struct Key {
    std::uint32_t pattern = 0;
    std::uint32_t size = 0;
    // In seconds since the epoch: when each imagined cache filled it; 0: never.
    std::array<std::uint32_t, ghost_ttl_count> filled{};
  };
  // Keys are told apart in so many random groups, whose differences show how sure an estimate is.
  static constexpr std::size_t groups = 8;
  struct Pattern {
    std::string name;
    std::uint64_t accesses = 0;
    Instant first;
    Instant last;
    // In thousandths of an access.
    std::array<std::array<std::uint64_t, groups>, ghost_ttl_count> misses{};
  };

  static std::uint32_t position_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 40); }
  std::uint32_t pattern_number(std::string_view name);
  void thin();
  void forget_idle(Instant now);
  // How many accesses one sampled access stands for, in thousandths.
  std::uint64_t weight() const;

  std::size_t keys_max_;
  std::uint32_t threshold_ = positions;
  std::vector<Pattern> patterns_;
  std::map<std::string, std::uint32_t, std::less<>> pattern_numbers_;
  // By hash: the largest leave first.
  std::map<std::uint64_t, Key> keys_;
};

}  // namespace larder::metrics
