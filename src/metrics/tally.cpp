#include "metrics/tally.h"

#include <limits>

#include "base/text.h"
#include "base/wire.h"

namespace larder::metrics {

namespace {

constexpr char separator = '\x1f';
constexpr std::uint8_t tally_version = 1;

std::uint64_t added(std::uint64_t a, std::uint64_t b) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  return a > most - b ? most : a + b;
}

void add_cells(Cells& to, const Cells& more) {
  if (to.size() != more.size()) {
    to = more;
    return;
  }
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = added(to[i], more[i]);
  }
}

}  // namespace

std::string series_name(std::string_view metric, const std::vector<std::string_view>& labels) {
  std::string name(metric);
  for (const std::string_view label : labels) {
    name.push_back(separator);
    name.append(label);
  }
  return name;
}

SeriesParts parts_of(std::string_view series) {
  SeriesParts parts;
  std::vector<std::string_view> pieces = split(series, separator);
  parts.metric = pieces.front();
  parts.labels.assign(pieces.begin() + 1, pieces.end());
  return parts;
}

void Tally::add(std::string_view series, const Cells& cells) {
  const auto found = series_.find(series);
  if (found != series_.end()) {
    add_cells(found->second, cells);
  } else if (series_.size() < series_max) {
    series_.emplace(series, cells);
  } else {
    ++left_out_;
  }
}

void Tally::add(const Tally& more) {
  for (const auto& [series, cells] : more.series_) {
    add(series, cells);
  }
  left_out_ = added(left_out_, more.left_out_);
}

Cells Tally::cells(std::string_view metric, int index, std::string_view value) const {
  Cells sum;
  for (auto one = series_.lower_bound(metric); one != series_.end(); ++one) {
    const SeriesParts parts = parts_of(one->first);
    if (parts.metric != metric) {
      if (!std::string_view(one->first).starts_with(metric)) {
        break;
      }
      continue;
    }
    if (index >= 0 && (parts.labels.size() <= static_cast<std::size_t>(index) ||
                       parts.labels[static_cast<std::size_t>(index)] != value)) {
      continue;
    }
    if (sum.empty()) {
      sum = one->second;
    } else if (sum.size() == one->second.size()) {
      add_cells(sum, one->second);
    }
  }
  return sum;
}

std::uint64_t Tally::sum(std::string_view metric, int index, std::string_view value) const {
  const Cells all = cells(metric, index, value);
  return all.empty() ? 0 : all.front();
}

std::string Tally::encode() const {
  RecordWriter record;
  record.u8(tally_version);
  record.u64(left_out_);
  record.u32(static_cast<std::uint32_t>(series_.size()));
  for (const auto& [series, cells] : series_) {
    record.text(series);
    record.u8(static_cast<std::uint8_t>(cells.size()));
    for (const std::uint64_t cell : cells) {
      record.u64(cell);
    }
  }
  return std::move(record).take();
}

Result<Tally> Tally::decode(std::string_view bytes) {
  const auto corrupt = [] {
    return fail(ErrorKind::corrupt, "metrics", "The sums of metrics do not decode.");
  };
  RecordReader record(bytes);
  if (record.u8() != tally_version) {
    return corrupt();
  }
  Tally tally;
  tally.left_out_ = record.u64();
  const std::uint32_t count = record.u32();
  if (count > series_max) {
    return fail(ErrorKind::too_large, "metrics", "There are more series than a batch may have.");
  }
  for (std::uint32_t i = 0; i < count && record.ok(); ++i) {
    const std::string series = record.text();
    const std::uint8_t cell_count = record.u8();
    if (cell_count == 0 || cell_count > cells_max) {
      return corrupt();
    }
    Cells cells(cell_count);
    for (std::uint64_t& cell : cells) {
      cell = record.u64();
    }
    tally.add(series, cells);
  }
  if (!record.complete()) {
    return corrupt();
  }
  return tally;
}

}  // namespace larder::metrics
