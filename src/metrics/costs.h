// What a deployment costs: usage of what is billed, priced by prices.def. Pure.
//
// Money is in microdollars (millionths of a US dollar).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "metrics/tally.h"

namespace larder::metrics {

enum class BilledItem : std::uint8_t {
#define LARDER_PRICE(item, unit, included, microdollars, per, read, what) item,
#include "metrics/prices.def"
#undef LARDER_PRICE
};

struct PriceRow {
  BilledItem item;
  std::string_view name;
  std::string_view unit;
  std::uint64_t included;
  std::uint64_t microdollars;
  std::uint64_t per;
  std::string_view read;
  std::string_view what;
};
const std::vector<PriceRow>& price_rows();
inline constexpr std::size_t billed_items = 0
#define LARDER_PRICE(item, unit, included, microdollars, per, read, what) +1
#include "metrics/prices.def"
#undef LARDER_PRICE
    ;

// Units of each item, by its number.
using Usage = std::array<std::uint64_t, billed_items>;

// What was counted. CPU time, and what R2 and objects keep, are not among it.
Usage usage_of(const Tally& counted);

// What the plan itself costs in a month: $5 (Workers Paid, read 2026-11).
inline constexpr std::uint64_t plan_microdollars = 5'000'000;

// What `units` of a month cost above what is included, rounded to the nearest microdollar.
std::uint64_t monthly_cost(const PriceRow& price, std::uint64_t units);
// Without what is included: what the next such units cost where that is used up.
std::uint64_t marginal_cost(const PriceRow& price, std::uint64_t units);
// The sum over all items of a month, without the plan itself.
std::uint64_t monthly_cost(const Usage& usage);

// Bytes that are kept for so many seconds, as a mean over a month.
std::uint64_t byte_months(std::uint64_t byte_seconds);

// The mean number of bytes that were kept where `byte_seconds` came together between `since` and `now`. At
// least one minute counts as such.
std::uint64_t mean_bytes(std::uint64_t byte_seconds, Instant since, Instant now);

// A month's usage where `usage` is what came together between `since` and `now`, at the same rate. At least
// one minute of observation counts as such, so that a young deployment is not extrapolated from a moment.
Usage forecast_month(const Usage& usage, Instant since, Instant now);

// The source document's own estimate for comparison: about $0.13 a month, for 10,000 entries of 5 KB with
// 100,000 reads and 5,000 writes a month, in which a KV write costs a tenth of today's price.
inline constexpr std::uint64_t source_estimate_microdollars = 130'000;

}  // namespace larder::metrics
