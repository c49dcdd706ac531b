// Sums of series: what an isolate counted since it last said so, what a minute came to, what there is in all.
// A series is a metric's name with the values of its labels; its cells are one number for a counter or gauge,
// and for a histogram one for each bucket and, last, the sum. Pure; adding commutes, so batches may come in
// any order.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace larder::metrics {

using Cells = std::vector<std::uint64_t>;

// A series' name: the metric's and its labels' values, in the order of its row. Label values have no 0x1f.
std::string series_name(std::string_view metric, const std::vector<std::string_view>& labels);
struct SeriesParts {
  std::string_view metric;
  std::vector<std::string_view> labels;
};
SeriesParts parts_of(std::string_view series);

class Tally {
 public:
  // Series above this are left out, and counted as such.
  static constexpr std::size_t series_max = 4096;
  // A histogram's at most.
  static constexpr std::size_t cells_max = 64;

  // Adds cell by cell; sums stay at the largest number rather than wrap. A series whose number of cells has
  // changed (an upgrade changed its buckets) begins anew.
  void add(std::string_view series, const Cells& cells);
  void add(std::string_view series, std::uint64_t count) { add(series, Cells{count}); }
  void add(const Tally& more);
  // In place of what was there.
  void set(std::string_view series, std::uint64_t value) {
    series_.insert_or_assign(std::string(series), Cells{value});
  }

  const std::map<std::string, Cells, std::less<>>& series() const { return series_; }
  bool empty() const { return series_.empty(); }
  std::uint64_t left_out() const { return left_out_; }
  void clear() { *this = Tally(); }

  // Sums over all series of a metric whose label at `index` has this value (index below 0: any).
  std::uint64_t sum(std::string_view metric, int index = -1, std::string_view value = {}) const;
  // The cells of all such series added up; empty: there is none.
  Cells cells(std::string_view metric, int index = -1, std::string_view value = {}) const;

  std::string encode() const;
  // Errors: corrupt; too_large (more series or cells than the bounds).
  static Result<Tally> decode(std::string_view bytes);

 private:
  std::map<std::string, Cells, std::less<>> series_;
  std::uint64_t left_out_ = 0;
};

}  // namespace larder::metrics
