// What ResidentSet keeps, against three policies that are exact where it estimates, on made-up traces
// of every kind.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "tiers/reference_policies.h"
#include "tiers/synthetic_traces.h"

namespace larder::tiers::replacement_test {
namespace {

constexpr std::size_t access_count = 30'000;
constexpr std::size_t entry_counts[] = {250, 1000};
// In points of hits, of one run.
constexpr double loss_points_max = 1.5;
constexpr double loss_points_of_most = 0.5;
constexpr int most_of_34 = 32;
constexpr double gain_points_mean_min = 3.0;

struct Ratios {
  double lru = 0;
  double s3_fifo = 0;
  double adaptive_tiny_lfu = 0;

  double best() const { return std::max({lru, s3_fifo, adaptive_tiny_lfu}); }
};

TEST(Replacement, IsNearTheBestOnEveryTraceAndAboveEachOnTheMean) {
  Ratios total;
  double resident_total = 0;
  int run_count = 0;
  int near_count = 0;
  for (const NumberedTrace& trace : synthetic_traces(20'261'128, access_count)) {
    for (const std::size_t entry_count : entry_counts) {
      const Ratios others = {lru_percent(trace, entry_count), s3_fifo_percent(trace, entry_count),
                             adaptive_tiny_lfu_percent(trace, entry_count)};
      const double resident = resident_percent(trace, entry_count, 1);
      EXPECT_GE(resident, others.best() - loss_points_max) << trace.name << ", " << entry_count << " entries";
      near_count += resident >= others.best() - loss_points_of_most ? 1 : 0;
      resident_total += resident;
      total.lru += others.lru;
      total.s3_fifo += others.s3_fifo;
      total.adaptive_tiny_lfu += others.adaptive_tiny_lfu;
      ++run_count;
    }
  }
  EXPECT_EQ(run_count, 34);
  EXPECT_GE(near_count, most_of_34);
  EXPECT_GE((resident_total - total.best()) / run_count, gain_points_mean_min);
}

TEST(Replacement, TheSameAccessesAndSeedKeepTheSame) {
  const std::vector<NumberedTrace> once = synthetic_traces(7, 5'000);
  const std::vector<NumberedTrace> again = synthetic_traces(7, 5'000);
  for (std::size_t index = 0; index < once.size(); ++index) {
    EXPECT_EQ(once[index].accesses, again[index].accesses);
    EXPECT_EQ(resident_percent(once[index], 200, 3), resident_percent(again[index], 200, 3));
  }
}

}  // namespace
}  // namespace larder::tiers::replacement_test
