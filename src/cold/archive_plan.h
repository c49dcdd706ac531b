// Which entries of the shared tier move to R2, and what that saves. Pure.
//
// A gigabyte in KV costs $0.50 a month, in R2 $0.015; but a move writes KV once ($5.00 a million) and R2 once
// ($4.50 a million), so small entries never earn back what moving them costs. Money is in billionths of a
// dollar (nanodollars), by the price table (metrics/prices.def), without what the plan includes: whoever has
// used that up pays these prices, and whoever has not saves nothing by moving either.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "config/declaration.h"
#include "metrics/costs.h"

namespace larder::cold {

enum class Verdict : std::uint8_t {
#define LARDER_VERDICT(word, meaning) word,
#include "cold/verdicts.def"
#undef LARDER_VERDICT
};
std::string_view to_text(Verdict verdict);

// Nanodollars.
struct ArchivePrices {
  // Of a byte kept for a month.
  double hot_byte_month = 0;
  double cold_byte_month = 0;
  // Of moving an entry: two reads and a write of KV, a put and a look at R2, its lock.
  std::uint64_t move = 0;
  // Of its coming back: a read of R2, a read and a write of KV, its lock.
  std::uint64_t comeback = 0;
};
// By the price table.
ArchivePrices archive_prices();

// What is known of an entry.
struct Candidate {
  std::string storage_name;
  // As stored.
  Bytes size;
  Millis age{0};
  // How long it will be kept from now on.
  Millis kept{0};
  // Reads as the ledger's sketch counts them, and how long ago the last one was: Millis::max() for never.
  std::uint32_t reads = 0;
  Millis since_read = Millis::max();

  Candidate() {}
};

struct Judgement {
  Verdict verdict = Verdict::does_not_pay;
  // Over the rest of its life, the cost of the move and of its likely return taken off. Negative: it loses.
  std::int64_t saving = 0;
  std::uint64_t cost = 0;
  // After which time the move has paid for itself; Millis::max(): never.
  Millis pays_back = Millis::max();

  Judgement() {}
};

// By the resource's rules and the prices, whatever the budget.
Judgement judge(const Candidate& candidate, const config::ArchiveRules& rules, const ArchivePrices& prices);

struct PlannedMove {
  Candidate candidate;
  Judgement judgement;

  PlannedMove(Candidate candidate_, Judgement judgement_)
      : candidate(std::move(candidate_)), judgement(judgement_) {}
};
// Those whose verdict is `move`, those that save most first, `moves_max` at most.
std::vector<PlannedMove> within_budget(std::vector<PlannedMove> moves, std::size_t moves_max);

// What keeping these bytes for a month costs, in nanodollars.
std::uint64_t month_of(std::uint64_t hot_bytes, std::uint64_t cold_bytes, const ArchivePrices& prices);

}  // namespace larder::cold
