// The bounds of limits.def as constants (config::limit::url_bytes_max) and as a table (config::limits).
// `bytes` and `count` are std::size_t, so that they compare with sizes as they are; `millis` is Millis.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/units.h"

namespace larder::config {

namespace limit_unit {
using bytes = std::size_t;
using count = std::size_t;
using millis = Millis;
}  // namespace limit_unit

namespace limit {
#define LARDER_LIMIT(name, unit, value, why) inline constexpr limit_unit::unit name{value};
#include "config/limits.def"
#undef LARDER_LIMIT
}  // namespace limit

struct Limit {
  std::string_view name;
  std::string_view unit;
  std::uint64_t value;
  std::string_view why;
};

// What operations take as their time limit.
constexpr std::uint64_t millis_of(Millis duration) { return static_cast<std::uint64_t>(duration.count()); }

inline constexpr Limit limits[] = {
#define LARDER_LIMIT(name, unit, value, why) Limit{#name, #unit, std::uint64_t{value}, why},
#include "config/limits.def"
#undef LARDER_LIMIT
};

// How the limits hang together.
namespace limit {

// "{prefix}:{resource}:v{u32}:sha256-{64 hex digits}" always fits, whatever the fields are.
static_assert(prefix_bytes_max + 1 + resource_name_bytes_max + 2 + 10 + 1 + 7 + 64 <= key_bytes_max);
static_assert(query_value_bytes_max <= url_bytes_max);
static_assert(analytics_points_max <= analytics_invocation_points_max);
// A resource's name is its entries' key pattern.
static_assert(resource_name_bytes_max <= pattern_bytes_max);
// Every resource can be counted apart, and the last bucket is left for the rest.
static_assert(resources_max <= pattern_cardinality_max);
// A full key, the fixed part of a header (144 bytes are ample) and a content type fit the metadata as
// base64url.
static_assert((entry_header_key_bytes_max + 144 + 64) * 4 / 3 + 4 <= entry_header_bytes_max);
// "sha256-", 64 hex digits, ":" and the key's first bytes fit where a full key fits.
static_assert(7 + 64 + 1 + 96 <= entry_header_key_bytes_max);
// "sha256-" and 32 hex digits fit where a tag fits.
static_assert(7 + 32 <= tag_bytes_max);
static_assert(entry_header_bytes_max <= header_value_bytes_max);
static_assert(value_bytes_default <= memory_value_bytes_max);
static_assert(value_bytes_default <= kv_value_bytes_max);
static_assert(compress_threshold_bytes_default <= value_bytes_default);
static_assert(memory_value_bytes_max * 8 <= memory_budget_bytes_max);
static_assert(kv_value_bytes_max <= body_bytes_max);
static_assert(redis_value_bytes_max <= reply_bytes_max);
static_assert(redis_connect_wait + redis_command_wait <= tier_patience);
// Who waits for a lock sees every word that its holder leaves.
static_assert(backoff_max < redis_alone_kept);
static_assert(edge_value_bytes_max <= body_bytes_max);
static_assert(reply_bytes_max <= body_bytes_max);
static_assert(origin_timeout_soft_default < origin_timeout_hard_default);
static_assert(origin_timeout_hard_default < origin_timeout_max);
static_assert(single_flight_wait < origin_timeout_hard_default);
static_assert(lock_wait <= single_flight_wait);
static_assert(origin_timeout_soft_default < single_flight_wait);
static_assert(negative_ttl_default <= duration_declared_max);
// Warming gives up the look-up of a subject long before it gives up the author.
static_assert(warming_subject_patience * 2 < warming_patience);
// Two declared lifetimes added up are still far from what counts as corruption.
static_assert(duration_declared_max * 2 < duration_stored_max);

// No batch is sent again once the ledger may have forgotten that it was counted.
static_assert(flush_batch_kept + object_patience + clock_skew < ledger_isolate_kept);
// A stub is written while its lock lasts, and an object is looked at again when KV has told of its stub.
static_assert(cold_move_time_max + r2_wait + lock_margin < cold_lock_kept);
static_assert(cold_lock_kept < cold_forget_delay);
// What was put before the first look has a stub by the second, which everybody sees; a minute is left for the
// write itself.
static_assert(cold_move_time_max + r2_wait + kv_told_everybody + Millis(60'000) < cold_forget_delay);
static_assert(cold_step_time_max + cold_move_time_max < cold_lease);
static_assert(cold_lease < cold_quiet);
static_assert((cold_step_moves_max - 1 + cold_page_keys) * 3 + cold_step_pages_max < 1000);
static_assert(streamed_body_bytes_min >= memory_value_bytes_max);

// A history reads buckets that the ledger still has, and of a shard no more than one answer holds.
static_assert(history_minutes_span <= ledger_minutes_kept);
static_assert(history_hours_span <= ledger_hours_kept);
static_assert(history_minutes_span < ledger_page_buckets_max * std::chrono::minutes(1));
static_assert(history_hours_span < ledger_page_buckets_max * std::chrono::hours(1));
static_assert(ledger_shards_max < history_calls_max);

// What counts as heard of is flushed several times meanwhile.
static_assert(flush_interval * 3 < ledger_isolate_heard);

}  // namespace limit

}  // namespace larder::config
