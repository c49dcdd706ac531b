// Holds ResidentSet against other policies on recorded traces: trace_gate FOLDER.
//
// A trace is a gzip file *.gz with one request a line: a key, or a key and its size in bytes. Each runs at
// four budgets, given as shares of what all its keys together would take, against an LRU of the same budget.
// It fails where ResidentSet is more than one percentage point below LRU, and where it is not above LRU on
// the mean of all runs.
//
// The traces of known_ratios also run with entries of one size, in the mean over some seeds. There it fails
// where ResidentSet is further below the best of three policies than its row allows, and where its mean is
// not above that of each of them.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "tiers/reference_policies.h"
#include "tiers/resident_set.h"

namespace {

using larder::Bytes;

struct Handle {};
using Set = larder::tiers::ResidentSet<Handle>;

// For traces without sizes: near what a small JSON answer takes.
constexpr Bytes unit_size(1000);
constexpr std::uint64_t budget_percents[] = {1, 5, 10, 25};
constexpr double loss_points_max = 1.0;
constexpr std::uint64_t seed_count = 12;
// With entries of one size, in the mean of the seeds: points below the best policy that others have written.
constexpr double known_loss_points_max = 0.5;

// Hits in per cent of policies that others have written, with entries of one size.
struct KnownRatios {
  const char* trace;
  std::size_t entry_count;
  double lru;
  double s3_fifo;
  double adaptive_tiny_lfu;
};
constexpr KnownRatios known_ratios[] = {
    {"lirs-glimpse", 500, 0.95, 16.13, 32.65},        {"lirs-glimpse", 1000, 11.21, 35.05, 50.79},
    {"lirs-glimpse", 2000, 57.41, 52.14, 57.96},      {"lirs-multi3", 600, 33.65, 43.70, 44.85},
    {"lirs-multi3", 1000, 37.70, 45.37, 51.38},       {"lirs-multi3", 1800, 44.49, 54.56, 59.13},
    {"lirs-sprite", 400, 70.77, 71.39, 69.21},        {"lirs-sprite", 1000, 90.64, 89.36, 88.31},
    {"lirs-2pools", 200, 36.79, 50.32, 50.40},        {"lirs-2pools", 450, 50.27, 51.65, 51.67},
    {"cache2k-web07", 300, 41.90, 46.64, 46.33},      {"cache2k-web07", 1200, 51.65, 55.09, 54.60},
    {"cache2k-web07", 3000, 58.54, 60.43, 59.75},     {"adaptsize-request", 1000, 27.95, 32.15, 31.74},
    {"adaptsize-request", 5000, 35.71, 38.71, 37.80},
};

struct Request {
  std::string key;
  Bytes size;
};

struct Ratios {
  double object_percent = 0;
  double byte_percent = 0;
};

Bytes charge_of(const Request& request) { return Set::overhead() + Bytes(request.key.size()) + request.size; }

class LeastRecentlyUsed {
 public:
  explicit LeastRecentlyUsed(Bytes budget) : budget_(budget) {}

  bool access(const Request& request) {
    const auto found = places_.find(request.key);
    if (found != places_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return true;
    }
    const Bytes charge = charge_of(request);
    if (charge > budget_) {
      return false;
    }
    while (used_ + charge > budget_) {
      used_ -= charge_of(*order_.back());
      places_.erase(order_.back()->key);
      order_.pop_back();
    }
    order_.push_front(&request);
    places_.emplace(request.key, order_.begin());
    used_ += charge;
    return false;
  }

 private:
  Bytes budget_;
  Bytes used_;
  std::list<const Request*> order_;
  std::unordered_map<std::string, std::list<const Request*>::iterator> places_;
};

class Resident {
 public:
  explicit Resident(Bytes budget) : set_(budget) {}

  bool access(const Request& request) {
    if (set_.find(request.key) != nullptr) {
      return true;
    }
    set_.put(request.key, Handle{}, request.size);
    return false;
  }

 private:
  Set set_;
};

template <typename Policy>
Ratios replay(const std::vector<Request>& requests, Bytes budget) {
  Policy policy(budget);
  std::uint64_t hit_count = 0;
  Bytes hit_bytes;
  Bytes all_bytes;
  for (const Request& request : requests) {
    all_bytes += request.size;
    if (policy.access(request)) {
      ++hit_count;
      hit_bytes += request.size;
    }
  }
  return {100.0 * static_cast<double>(hit_count) / static_cast<double>(requests.size()),
          100.0 * static_cast<double>(hit_bytes.count) / static_cast<double>(all_bytes.count)};
}

std::optional<Request> parse_request(std::string_view line) {
  const std::vector<std::string_view> fields = larder::split(larder::trim(line), ' ');
  if (fields.empty() || fields.front().empty()) {
    return std::nullopt;
  }
  Request request{std::string(fields.front()), unit_size};
  if (fields.size() > 1) {
    const std::optional<std::uint64_t> size = larder::parse_unsigned(fields[1]);
    if (!size) {
      return std::nullopt;
    }
    request.size = Bytes(std::max<std::uint64_t>(1, *size));
  }
  return request;
}

// Empty when gzip fails or a line is not a request.
std::vector<Request> read_trace(const std::filesystem::path& path) {
  std::vector<Request> requests;
  if (path.native().find('\'') != std::string::npos) {
    return requests;
  }
  FILE* const pipe = popen(("gzip -dc '" + path.native() + "'").c_str(), "r");
  if (pipe == nullptr) {
    return requests;
  }
  char line[1024];
  bool is_well_formed = true;
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    std::optional<Request> request = parse_request(line);
    if (request) {
      requests.push_back(std::move(*request));
    } else {
      is_well_formed = false;
    }
  }
  if (pclose(pipe) != 0 || !is_well_formed) {
    requests.clear();
  }
  return requests;
}

Bytes charge_of_all_keys(const std::vector<Request>& requests) {
  std::unordered_map<std::string_view, Bytes> charges;
  Bytes total;
  for (const Request& request : requests) {
    if (charges.emplace(request.key, charge_of(request)).second) {
      total += charge_of(request);
    }
  }
  return total;
}

std::vector<std::filesystem::path> traces_in(const char* folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".gz") {
      paths.push_back(entry->path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

struct Tally {
  int passed_count = 0;
  int failed_count = 0;
  int run_count = 0;
  double gain_points_total = 0;
  // Of the known rows.
  int known_count = 0;
  double resident_total = 0;
  KnownRatios known_total = {"", 0, 0, 0, 0};

  void check(bool passed) { ++(passed ? passed_count : failed_count); }
};

larder::tiers::NumberedTrace numbered(const std::vector<Request>& requests) {
  larder::tiers::NumberedTrace trace;
  std::unordered_map<std::string_view, larder::tiers::NumberedKey> numbers;
  for (const Request& request : requests) {
    const auto number = static_cast<larder::tiers::NumberedKey>(numbers.size());
    trace.accesses.push_back(numbers.emplace(request.key, number).first->second);
  }
  trace.key_count = numbers.size();
  return trace;
}

void run_known(const std::filesystem::path& path, Tally& tally) {
  const std::string name = path.stem().stem().string();
  larder::tiers::NumberedTrace trace;
  for (const KnownRatios& known : known_ratios) {
    if (name != known.trace) {
      continue;
    }
    if (trace.accesses.empty()) {
      trace = numbered(read_trace(path));
    }
    double mean = 0;
    double least = 100;
    for (std::uint64_t seed = 0; seed < seed_count; ++seed) {
      const double percent = larder::tiers::resident_percent(trace, known.entry_count, seed);
      mean += percent / seed_count;
      least = std::min(least, percent);
    }
    const double best = std::max({known.lru, known.s3_fifo, known.adaptive_tiny_lfu});
    const bool passed = mean >= best - known_loss_points_max;
    std::printf("%-26s %5zu %9.2f %9.2f %9.2f %9.2f %9.2f %+9.2f %9.2f%s\n", known.trace, known.entry_count,
                mean, least, known.lru, known.s3_fifo, known.adaptive_tiny_lfu, mean - best,
                -known_loss_points_max, passed ? "" : "  below its floor");
    tally.check(passed);
    ++tally.known_count;
    tally.resident_total += mean;
    tally.known_total.lru += known.lru;
    tally.known_total.s3_fifo += known.s3_fifo;
    tally.known_total.adaptive_tiny_lfu += known.adaptive_tiny_lfu;
  }
}

void run_trace(const std::filesystem::path& path, Tally& tally) {
  const std::vector<Request> requests = read_trace(path);
  const std::string name = path.filename().string();
  if (requests.empty()) {
    std::printf("%-26s cannot be read\n", name.c_str());
    tally.check(false);
    return;
  }
  const Bytes all = charge_of_all_keys(requests);
  for (const std::uint64_t percent : budget_percents) {
    const Bytes budget(all.count / 100 * percent);
    const Ratios resident = replay<Resident>(requests, budget);
    const Ratios recent = replay<LeastRecentlyUsed>(requests, budget);
    const double gain_points = resident.object_percent - recent.object_percent;
    const bool passed = gain_points >= -loss_points_max;
    std::printf("%-26s %3llu%% %9.2f %9.2f %9.2f %9.2f%s\n", name.c_str(),
                static_cast<unsigned long long>(percent), resident.object_percent, recent.object_percent,
                resident.byte_percent, recent.byte_percent, passed ? "" : "  below LRU");
    tally.check(passed);
    tally.gain_points_total += gain_points;
    ++tally.run_count;
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: trace_gate FOLDER\n");
    return 2;
  }
  Tally tally;
  std::printf("%-26s %4s %9s %9s %9s %9s\n", "trace", "size", "objects", "LRU", "bytes", "LRU");
  for (const std::filesystem::path& path : traces_in(arguments[1])) {
    run_trace(path, tally);
  }
  const double gain_points_mean = tally.run_count == 0 ? 0 : tally.gain_points_total / tally.run_count;
  std::printf("mean gain over LRU: %.2f points of objects\n", gain_points_mean);
  tally.check(gain_points_mean > 0);
  std::printf("\nentries of one size, mean and least of %llu seeds\n",
              static_cast<unsigned long long>(seed_count));
  std::printf("%-26s %5s %9s %9s %9s %9s %9s %9s %9s\n", "trace", "held", "mean", "least", "LRU", "S3-FIFO",
              "W-TinyLFU", "to best", "floor");
  for (const std::filesystem::path& path : traces_in(arguments[1])) {
    run_known(path, tally);
  }
  if (tally.known_count > 0) {
    const KnownRatios& known = tally.known_total;
    const int count = tally.known_count;
    std::printf("mean, entries of one size: %.2f (LRU %.2f, S3-FIFO %.2f, adaptive W-TinyLFU %.2f)\n",
                tally.resident_total / count, known.lru / count, known.s3_fifo / count,
                known.adaptive_tiny_lfu / count);
    tally.check(tally.resident_total > std::max({known.lru, known.s3_fifo, known.adaptive_tiny_lfu}));
  }
  std::printf("%d passed, %d failed\n", tally.passed_count, tally.failed_count);
  return tally.failed_count == 0 ? 0 : 1;
}
