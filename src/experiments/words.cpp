// Effects in plain words.
#include <cmath>

#include "base/text.h"
#include "experiments/analysis.h"

namespace larder::experiments {

namespace {

// With one decimal where that shows something, else with up to four.
std::string amount(double value) {
  const double size = std::fabs(value);
  int decimals = 1;
  while (decimals < 4 && size > 0 && size < std::pow(10, 1 - decimals)) {
    ++decimals;
  }
  const double scale = std::pow(10, decimals);
  const auto parts = static_cast<std::uint64_t>(std::llround(size * scale));
  const auto unit = static_cast<std::uint64_t>(scale);
  std::string fraction = to_text(parts % unit);
  fraction.insert(0, static_cast<std::size_t>(decimals) - fraction.size(), '0');
  while (fraction.size() > 1 && fraction.back() == '0') {
    fraction.pop_back();
  }
  const std::string whole = to_text(parts / unit);
  return fraction == "0" ? whole : concat({whole, ".", fraction});
}

std::string end_of(double value) {
  return concat({amount(value), value < 0 ? " less" : value > 0 ? " more" : ""});
}

}  // namespace

std::string in_words(std::string_view variant, const Effect& effect) {
  const MetricRow& row = row_of(effect.metric);
  const bool is_more = effect.value >= 0;
  const std::string said = concat(
      {"Variant ", variant, " ", row.does, " ", amount(effect.value), " ", is_more ? row.more : row.less});
  if (!std::isfinite(effect.low) || !std::isfinite(effect.high)) {
    return concat({said, "; how sure that is cannot be said yet."});
  }
  if (effect.low < 0 && effect.high > 0) {
    return concat(
        {said, ", between ", end_of(effect.low), " and ", end_of(effect.high), ": no difference is shown."});
  }
  const double least = std::fmin(std::fabs(effect.low), std::fabs(effect.high));
  const double most = std::fmax(std::fabs(effect.low), std::fabs(effect.high));
  return concat({said, ", between ", amount(least), " and ", amount(most), "."});
}

}  // namespace larder::experiments
