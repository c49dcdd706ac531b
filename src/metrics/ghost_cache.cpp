#include "metrics/ghost_cache.h"

#include <algorithm>
#include <cmath>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/text.h"
#include "base/wire.h"

namespace larder::metrics {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::uint8_t ghost_version = 1;
constexpr std::string_view other = "other";
constexpr std::uint64_t whole = 1000;  // one access, in thousandths

// Time 0 says "never".
std::uint32_t seconds_of(Instant at) {
  const std::int64_t seconds = millis_since_epoch(at) / 1000;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 1, UINT32_MAX));
}

std::uint32_t seconds_of(Millis duration) { return static_cast<std::uint32_t>(duration.count() / 1000); }

bool is_within(std::uint32_t filled, Millis ttl, std::uint32_t now) {
  return filled != 0 && now < std::uint64_t{filled} + seconds_of(ttl);
}

}  // namespace

const std::array<Millis, ghost_ttl_count>& ghost_ttls() {
  static const std::array<Millis, ghost_ttl_count> ttls = {minutes(1), minutes(5), minutes(15),
                                                           hours(1),   hours(24),  hours(7 * 24)};
  return ttls;
}

std::uint64_t ghost_hash(std::string_view scope, std::string_view storage_name) {
  return XXH64(storage_name.data(), storage_name.size(), XXH64(scope.data(), scope.size(), 0));
}

std::string hash_text(std::uint64_t hash) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(hash >> shift & 0xff));
  }
  return to_hex(bytes);
}

void add(GhostEstimate& sum, const GhostEstimate& more) {
  sum.accesses += more.accesses;
  sum.keys += more.keys;
  sum.first = std::min(sum.first, more.first);
  sum.last = std::max(sum.last, more.last);
  for (std::size_t i = 0; i < ghost_ttl_count; ++i) {
    GhostTtl& ttl = sum.ttls[i];
    const GhostTtl& other_ttl = more.ttls[i];
    ttl.misses += other_ttl.misses;
    // Errors of independent samples.
    ttl.misses_error = static_cast<std::uint64_t>(std::llround(
        std::hypot(static_cast<double>(ttl.misses_error), static_cast<double>(other_ttl.misses_error))));
    ttl.entries += other_ttl.entries;
    ttl.memory += other_ttl.memory;
  }
}

GhostCache::GhostCache(std::size_t keys_max) : keys_max_(keys_max) {}

std::uint32_t GhostCache::pattern_number(std::string_view name) {
  const auto known = pattern_numbers_.find(name);
  if (known != pattern_numbers_.end()) {
    return known->second;
  }
  if (patterns_.size() + 1 >= patterns_max && name != other) {
    return pattern_number(other);
  }
  const auto number = static_cast<std::uint32_t>(patterns_.size());
  patterns_.emplace_back();
  patterns_.back().name = name;
  pattern_numbers_.emplace(name, number);
  return number;
}

void GhostCache::count(std::string_view name, std::uint64_t accesses, Instant at) {
  Pattern& pattern = patterns_[pattern_number(name)];
  pattern.first = pattern.accesses == 0 ? at : std::min(pattern.first, at);
  pattern.last = std::max(pattern.last, at);
  pattern.accesses += accesses;
}

std::uint64_t GhostCache::weight() const { return whole * positions / threshold_; }

void GhostCache::observe(std::string_view name, const GhostAccess& access) {
  if (!samples(access.hash, threshold_)) {
    return;
  }
  const std::uint32_t number = pattern_number(name);
  const auto [found, is_new] = keys_.try_emplace(access.hash);
  Key& key = found->second;
  key.pattern = number;
  key.size = static_cast<std::uint32_t>(std::min<std::uint64_t>(access.size.count, UINT32_MAX));
  const std::uint32_t newest = *std::max_element(key.filled.begin(), key.filled.end());
  const std::uint32_t now = std::max(seconds_of(access.at), newest);
  for (std::size_t i = 0; i < ghost_ttl_count; ++i) {
    if (!is_within(key.filled[i], ghost_ttls()[i], now)) {
      // Of several accesses within so short a while the first one fills.
      key.filled[i] = now;
      patterns_[number].misses[i][access.hash % groups] += weight();
    }
  }
  if (is_new && keys_.size() > keys_max_) {
    forget_idle(access.at);
    thin();
  }
}

// A key that every cache would have lost says no more than one that was never seen.
void GhostCache::forget_idle(Instant now) {
  const std::uint32_t at = seconds_of(now);
  for (auto key = keys_.begin(); key != keys_.end();) {
    const bool is_idle = !is_within(key->second.filled.back(), ghost_ttls().back(), at);
    key = is_idle ? keys_.erase(key) : std::next(key);
  }
}

void GhostCache::thin() {
  if (keys_.size() <= keys_max_) {
    return;
  }
  // An eighth at once, so that a stream of new keys is not a walk over all of them each time.
  const std::size_t kept = keys_max_ - keys_max_ / 8;
  auto first_gone = keys_.begin();
  std::advance(first_gone, static_cast<std::ptrdiff_t>(kept));
  threshold_ = std::max(position_of(first_gone->first), 1U);
  keys_.erase(keys_.lower_bound(std::uint64_t{threshold_} << 40), keys_.end());
}

std::vector<GhostEstimate> GhostCache::estimates(Instant now) const {
  std::vector<GhostEstimate> estimates;
  estimates.reserve(patterns_.size());
  const double left_out = 1.0 - static_cast<double>(threshold_) / positions;
  for (const Pattern& pattern : patterns_) {
    GhostEstimate& estimate = estimates.emplace_back();
    estimate.pattern = pattern.name;
    estimate.accesses = pattern.accesses;
    estimate.first = pattern.first;
    estimate.last = pattern.last;
    for (std::size_t i = 0; i < ghost_ttl_count; ++i) {
      const auto& by_group = pattern.misses[i];
      std::uint64_t sum = 0;
      for (const std::uint64_t misses : by_group) {
        sum += misses;
      }
      const double mean = static_cast<double>(sum) / groups;
      double squares = 0;
      for (const std::uint64_t misses : by_group) {
        const double apart = static_cast<double>(misses) - mean;
        squares += apart * apart;
      }
      GhostTtl& ttl = estimate.ttls[i];
      ttl.ttl = ghost_ttls()[i];
      ttl.misses = std::min(pattern.accesses, (sum + whole / 2) / whole);
      ttl.misses_error = static_cast<std::uint64_t>(
          std::llround(std::sqrt(left_out * squares * groups / (groups - 1)) / static_cast<double>(whole)));
    }
  }
  const std::uint32_t at = seconds_of(now);
  for (const auto& [hash, key] : keys_) {
    GhostEstimate& estimate = estimates[key.pattern];
    ++estimate.keys;
    for (std::size_t i = 0; i < ghost_ttl_count; ++i) {
      if (is_within(key.filled[i], ghost_ttls()[i], at)) {
        estimate.ttls[i].entries += weight();
        estimate.ttls[i].memory += Bytes(key.size * weight());
      }
    }
  }
  for (GhostEstimate& estimate : estimates) {
    for (GhostTtl& ttl : estimate.ttls) {
      ttl.entries = (ttl.entries + whole / 2) / whole;
      ttl.memory = Bytes((ttl.memory.count + whole / 2) / whole);
    }
  }
  std::sort(estimates.begin(), estimates.end(),
            [](const GhostEstimate& a, const GhostEstimate& b) { return a.pattern < b.pattern; });
  return estimates;
}

std::string GhostCache::encode() const {
  RecordWriter record;
  record.u8(ghost_version);
  record.u32(threshold_);
  record.u32(static_cast<std::uint32_t>(patterns_.size()));
  for (const Pattern& pattern : patterns_) {
    record.text(pattern.name);
    record.u64(pattern.accesses);
    record.u64(static_cast<std::uint64_t>(millis_since_epoch(pattern.first)));
    record.u64(static_cast<std::uint64_t>(millis_since_epoch(pattern.last)));
    for (const auto& by_group : pattern.misses) {
      for (const std::uint64_t misses : by_group) {
        record.u64(misses);
      }
    }
  }
  record.u32(static_cast<std::uint32_t>(keys_.size()));
  for (const auto& [hash, key] : keys_) {
    record.u64(hash);
    record.u32(key.pattern);
    record.u32(key.size);
    for (const std::uint32_t filled : key.filled) {
      record.u32(filled);
    }
  }
  return std::move(record).take();
}

Result<GhostCache> GhostCache::decode(std::string_view bytes, std::size_t keys_max) {
  const auto corrupt = [] {
    return fail(ErrorKind::corrupt, "ghost", "The ghost cache's state does not decode; it begins anew.");
  };
  RecordReader record(bytes);
  GhostCache cache(keys_max);
  if (record.u8() != ghost_version) {
    return corrupt();
  }
  cache.threshold_ = record.u32();
  const std::uint32_t pattern_count = record.u32();
  if (cache.threshold_ == 0 || cache.threshold_ > positions || pattern_count > patterns_max) {
    return corrupt();
  }
  for (std::uint32_t i = 0; i < pattern_count && record.ok(); ++i) {
    const std::string name = record.text();
    if (cache.pattern_number(name) != i) {
      return corrupt();
    }
    Pattern& pattern = cache.patterns_.back();
    pattern.accesses = record.u64();
    pattern.first = instant_from_millis(static_cast<std::int64_t>(record.u64()));
    pattern.last = instant_from_millis(static_cast<std::int64_t>(record.u64()));
    for (auto& by_group : pattern.misses) {
      for (std::uint64_t& misses : by_group) {
        misses = record.u64();
      }
    }
  }
  const std::uint32_t key_count = record.u32();
  for (std::uint32_t i = 0; i < key_count && record.ok(); ++i) {
    const std::uint64_t hash = record.u64();
    Key key;
    key.pattern = record.u32();
    key.size = record.u32();
    for (std::uint32_t& filled : key.filled) {
      filled = record.u32();
    }
    if (key.pattern >= pattern_count || !samples(hash, cache.threshold_)) {
      return corrupt();
    }
    cache.keys_.emplace(hash, key);
  }
  if (!record.complete()) {
    return corrupt();
  }
  cache.thin();
  return cache;
}

}  // namespace larder::metrics
