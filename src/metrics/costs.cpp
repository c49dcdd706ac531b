#include "metrics/costs.h"

#include <algorithm>
#include <cmath>

namespace larder::metrics {

namespace {

constexpr std::chrono::hours month{30 * 24};

// units × price ÷ per, rounded; split so that no product overflows.
std::uint64_t priced(const PriceRow& price, std::uint64_t units) {
  const std::uint64_t whole = units / price.per;
  const std::uint64_t rest = units % price.per;
  return whole * price.microdollars + (rest * price.microdollars + price.per / 2) / price.per;
}

}  // namespace

const std::vector<PriceRow>& price_rows() {
  static const std::vector<PriceRow> rows = {
#define LARDER_PRICE(item, unit, included, microdollars, per, read, what) \
  {BilledItem::item, #item, #unit, included, microdollars, per, read, what},
#include "metrics/prices.def"
#undef LARDER_PRICE
  };
  return rows;
}

Usage usage_of(const Tally& counted) {
  Usage usage{};
  for (const PriceRow& price : price_rows()) {
    std::uint64_t& units = usage[static_cast<std::size_t>(price.item)];
    units = counted.sum("billed_operations_total", 0, price.name);
    units += byte_months(counted.sum("kept_byte_seconds_total", 0, price.name));
  }
  return usage;
}

std::uint64_t marginal_cost(const PriceRow& price, std::uint64_t units) { return priced(price, units); }

std::uint64_t monthly_cost(const PriceRow& price, std::uint64_t units) {
  return units > price.included ? priced(price, units - price.included) : 0;
}

std::uint64_t monthly_cost(const Usage& usage) {
  std::uint64_t sum = 0;
  for (const PriceRow& price : price_rows()) {
    sum += monthly_cost(price, usage[static_cast<std::size_t>(price.item)]);
  }
  return sum;
}

std::uint64_t byte_months(std::uint64_t byte_seconds) {
  return byte_seconds / static_cast<std::uint64_t>(std::chrono::seconds(month).count());
}

std::uint64_t mean_bytes(std::uint64_t byte_seconds, Instant since, Instant now) {
  const Millis observed = std::max<Millis>(now - since, std::chrono::minutes(1));
  return byte_seconds / static_cast<std::uint64_t>(observed.count() / 1000);
}

Usage forecast_month(const Usage& usage, Instant since, Instant now) {
  const Millis observed = std::max<Millis>(now - since, std::chrono::minutes(1));
  const double factor = static_cast<double>(Millis(month).count()) / static_cast<double>(observed.count());
  Usage forecast{};
  for (std::size_t i = 0; i < usage.size(); ++i) {
    forecast[i] = static_cast<std::uint64_t>(std::round(static_cast<double>(usage[i]) * factor));
  }
  return forecast;
}

}  // namespace larder::metrics
