#include "cold/archive_plan.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "config/limits.h"

namespace larder::cold {

namespace {

namespace limit = config::limit;
using metrics::BilledItem;

constexpr double nanodollars_in_microdollar = 1000;
constexpr double millis_of_month = 30.0 * 86'400'000;

double price_of(BilledItem item) {
  const metrics::PriceRow& row = metrics::price_rows()[static_cast<std::size_t>(item)];
  LARDER_ASSERT(row.item == item);
  return static_cast<double>(row.microdollars) * nanodollars_in_microdollar / static_cast<double>(row.per);
}

double months_of(Millis duration) { return static_cast<double>(duration.count()) / millis_of_month; }

// How likely it is that an entry is read again while it is kept: reads come at the rate that the sketch has
// seen, of which it holds two half-lives' worth.
double chance_of_return(const Candidate& candidate) {
  const double half_lives =
      static_cast<double>(candidate.kept.count()) / static_cast<double>(limit::reads_half_life.count());
  return 1 - std::exp(-static_cast<double>(candidate.reads) / 2 * half_lives);
}

}  // namespace

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
#define LARDER_VERDICT(word, meaning) \
  case Verdict::word:                 \
    return #word;
#include "cold/verdicts.def"
#undef LARDER_VERDICT
  }
  LARDER_UNREACHABLE();
}

ArchivePrices archive_prices() {
  ArchivePrices prices;
  prices.hot_byte_month = price_of(BilledItem::kv_bytes);
  prices.cold_byte_month = price_of(BilledItem::r2_bytes);
  const double lock = 2 * price_of(BilledItem::object_requests);
  const double move = 2 * price_of(BilledItem::kv_reads) + price_of(BilledItem::kv_writes) +
                      price_of(BilledItem::r2_class_a) + price_of(BilledItem::r2_class_b) + lock;
  const double comeback = price_of(BilledItem::kv_reads) + price_of(BilledItem::kv_writes) +
                          price_of(BilledItem::r2_class_b) + lock;
  prices.move = static_cast<std::uint64_t>(std::ceil(move));
  prices.comeback = static_cast<std::uint64_t>(std::ceil(comeback));
  return prices;
}

Judgement judge(const Candidate& candidate, const config::ArchiveRules& rules, const ArchivePrices& prices) {
  Judgement judgement;
  const double bytes = static_cast<double>(candidate.size.count);
  const double saved_a_month = bytes * (prices.hot_byte_month - prices.cold_byte_month);
  const double chance = chance_of_return(candidate);
  // Where it comes back, it does so half-way, as far as anybody knows.
  const double months = months_of(candidate.kept) * (1 - chance / 2);
  judgement.cost = prices.move + static_cast<std::uint64_t>(chance * static_cast<double>(prices.comeback));
  judgement.saving =
      static_cast<std::int64_t>(saved_a_month * months) - static_cast<std::int64_t>(judgement.cost);
  const double pays_back =
      saved_a_month > 0 ? static_cast<double>(judgement.cost) / saved_a_month * millis_of_month : 1e18;
  judgement.pays_back = pays_back < 1e15 ? Millis(static_cast<std::int64_t>(pays_back)) : Millis::max();
  if (rules.archiving == config::Archiving::never) {
    judgement.verdict = Verdict::never;
  } else if (candidate.age < rules.age_min) {
    judgement.verdict = Verdict::too_young;
  } else if (candidate.reads > rules.reads_max || candidate.since_read < rules.age_min) {
    judgement.verdict = Verdict::read_lately;
  } else if (candidate.size < rules.bytes_min) {
    judgement.verdict = Verdict::too_small;
  } else {
    judgement.verdict = judgement.saving > 0 ? Verdict::move : Verdict::does_not_pay;
  }
  return judgement;
}

std::vector<PlannedMove> within_budget(std::vector<PlannedMove> moves, std::size_t moves_max) {
  const auto stays = [](const PlannedMove& one) { return one.judgement.verdict != Verdict::move; };
  moves.erase(std::remove_if(moves.begin(), moves.end(), stays), moves.end());
  std::sort(moves.begin(), moves.end(), [](const PlannedMove& one, const PlannedMove& other) {
    return one.judgement.saving != other.judgement.saving
               ? one.judgement.saving > other.judgement.saving
               : one.candidate.storage_name < other.candidate.storage_name;
  });
  if (moves.size() > moves_max) {
    moves.erase(moves.begin() + static_cast<std::ptrdiff_t>(moves_max), moves.end());
  }
  return moves;
}

std::uint64_t month_of(std::uint64_t hot_bytes, std::uint64_t cold_bytes, const ArchivePrices& prices) {
  return static_cast<std::uint64_t>(std::llround(static_cast<double>(hot_bytes) * prices.hot_byte_month +
                                                 static_cast<double>(cold_bytes) * prices.cold_byte_month));
}

}  // namespace larder::cold
