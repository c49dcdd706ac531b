// Knows what isolates have counted, and what of it the metrics' ledger has taken: their batches are counted
// once, whatever becomes of them on the way; no counter goes down; and minutes, hours and days add up to the
// total.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "metrics/tally.h"
#include "sim/journal.h"
#include "support/world.h"

namespace larder::sim {

class LedgerJudge {
 public:
  // Judges the ledger of this name from its first batch on.
  LedgerJudge(World& world, Journal& journal, std::string name);

  // The counter and the label by which an isolate counts.
  static constexpr std::string_view counter = "warming_letters_total";
  void counted(const std::string& isolate, std::uint64_t count) { counted_[isolate] += count; }
  // Once nothing is under way. `lives` tells isolates that have handed over all they had.
  template <typename Lives>
  void judge(Lives lives) {
    const metrics::Tally total = read_total();
    for (const auto& [isolate, count] : counted_) {
      const std::uint64_t found = total.sum(counter, 0, isolate);
      if (found > count || (lives(isolate) && found < count)) {
        differs(isolate, count, found);
      }
    }
    judge_buckets();
  }
  void judge_buckets();

 private:
  void took(std::string_view argument, std::string_view reply);
  void differs(std::string_view isolate, std::uint64_t counted, std::uint64_t found);
  metrics::Tally read_total();

  World& world_;
  Journal& journal_;
  std::string name_;
  // By isolate: what it has counted, handed over or not.
  std::map<std::string, std::uint64_t> counted_;
  // By the name that a batch gives its isolate: the number that was acknowledged last.
  std::map<std::string, std::uint64_t> taken_;
  // The sum of all batches that were acknowledged.
  metrics::Tally sum_;
};

}  // namespace larder::sim
