// What the analysis does on thousands of simulated experiments, and what a fixed-horizon test would have
// done, looked at as often:
//
//   simulation_gate [SCALE]     SCALE 1 runs them all; 10 a tenth of them, with wider bounds
//
// Seeded: the same numbers each time. It prints what it finds, and ends with "N passed, M failed".
#include <algorithm>
#include <array>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "config/limits.h"
#include "experiments/analysis.h"
#include "experiments/assignment.h"
#include "experiments/sample_ratio.h"

namespace larder::experiments {
namespace {

constexpr Millis day{86'400'000};
constexpr std::size_t days = 30;
constexpr std::size_t group_count = config::limit::experiment_groups;
constexpr double alpha = 0.05;

// SplitMix64: fast, and the same everywhere, unlike the distributions of <random>.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  // In [0, 1).
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  // One of `count`.
  std::uint64_t below(std::uint64_t count) { return ((bits() >> 32) * count) >> 32; }
  double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(1 - unit()));
    const double angle = 6.283185307179586 * unit();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }
  std::uint64_t poisson(double mean) {
    if (mean > 25) {
      return rounded(mean + std::sqrt(mean) * normal());
    }
    const double limit = std::exp(-mean);
    std::uint64_t count = 0;
    for (double product = unit(); product > limit; product *= unit()) {
      ++count;
    }
    return count;
  }
  std::uint64_t binomial(std::uint64_t n, double p) {
    const auto trials = static_cast<double>(n);
    if (trials * p * (1 - p) > 25) {
      return std::min(n, rounded(trials * p + std::sqrt(trials * p * (1 - p)) * normal()));
    }
    if (trials * std::min(p, 1 - p) < 25 && n > 64) {
      const std::uint64_t rare = std::min(n, poisson(trials * std::min(p, 1 - p)));
      return p < 0.5 ? rare : n - rare;
    }
    std::uint64_t count = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      count += unit() < p ? 1U : 0U;
    }
    return count;
  }

 private:
  static std::uint64_t rounded(double value) {
    return value <= 0 ? 0 : static_cast<std::uint64_t>(std::llround(value));
  }

  std::uint64_t state_;
  double spare_ = 0;
  bool has_spare_ = false;
};

// Keys with Zipf's traffic. Those of high rank are asked for one by one; of the others, keys whose traffic is
// within a few per cent of each other are a class, whose requests come all together.
struct KeyClass {
  std::uint64_t keys = 0;
  // Requests a day of each.
  double rate = 0;
};

std::vector<KeyClass> zipf_traffic(std::uint64_t keys, double exponent, double requests_per_day) {
  constexpr std::uint64_t alone = 200;
  double sum = 0;
  for (std::uint64_t rank = 1; rank <= keys; ++rank) {
    sum += std::pow(static_cast<double>(rank), -exponent);
  }
  std::vector<KeyClass> classes;
  for (std::uint64_t rank = 1; rank <= keys;) {
    const std::uint64_t last =
        rank <= alone ? rank : std::min(keys, rank + std::max<std::uint64_t>(rank / 8, 1));
    KeyClass one;
    one.keys = last - rank + 1;
    const double middle = static_cast<double>(rank + last) / 2;
    one.rate = requests_per_day * std::pow(middle, -exponent) / sum;
    classes.push_back(one);
    rank = last + 1;
  }
  return classes;
}

// How often a key of this traffic is a hit where entries live for that long: the chance that it was asked for
// within the time, in the long run.
double hit_rate_of(double requests_per_day, double lifetime_days) {
  const double asked = requests_per_day * lifetime_days;
  return asked / (1 + asked);
}

// The lifetime at which all the traffic has that hit rate.
double lifetime_for(const std::vector<KeyClass>& traffic, double wanted) {
  double low = 1e-6;
  double high = 1e6;
  for (int i = 0; i < 200; ++i) {
    const double middle = std::sqrt(low * high);
    double hits = 0;
    double requests = 0;
    for (const KeyClass& one : traffic) {
      const double rate = static_cast<double>(one.keys) * one.rate;
      hits += rate * hit_rate_of(one.rate, middle);
      requests += rate;
    }
    (hits / requests < wanted ? low : high) = middle;
  }
  return low;
}

struct Cell {
  // By class: how many of its keys the group has.
  std::vector<std::uint32_t> keys;
};
using Cells = std::array<std::vector<Cell>, 2>;

Cells lay_out(const std::vector<KeyClass>& traffic, Random& random) {
  Cells cells;
  for (auto& variant : cells) {
    variant.resize(group_count);
    for (Cell& cell : variant) {
      cell.keys.resize(traffic.size());
    }
  }
  for (std::size_t i = 0; i < traffic.size(); ++i) {
    for (std::uint64_t key = 0; key < traffic[i].keys; ++key) {
      const std::uint64_t place = random.below(2 * group_count);
      ++cells[place % 2][place / 2].keys[i];
    }
  }
  return cells;
}

Experiment experiment_of(double smallest_effect) {
  Experiment experiment;
  experiment.name = "simulated";
  for (const char* name : {"A", "B"}) {
    Variant variant;
    variant.name = name;
    variant.share = 50;
    experiment.variants.push_back(variant);
  }
  experiment.ramp = {Step(100, day)};
  Primary primary;
  primary.smallest_effect = smallest_effect;
  experiment.primary = primary;
  experiment.duration = static_cast<int>(days) * day;
  return experiment;
}

Look empty_look() {
  Look look;
  look.shares = {50, 50};
  look.gathered.resize(2);
  for (Gathered& gathered : look.gathered) {
    gathered.groups.resize(group_count);
  }
  return look;
}

// Whether a test at a fixed horizon, looked at today, would call it a win.
bool is_fixed_win(const Experiment& experiment, const Look& look, double quantile) {
  const Metric metric = experiment.primary->metric;
  const Estimate found = compare(Side(pairs_of(metric, look.gathered[0].groups), look.shares[0]),
                                 Side(pairs_of(metric, look.gathered[1].groups), look.shares[1]))
                             .difference;
  const double better = experiment.primary->direction == Direction::up ? found.value : -found.value;
  return better > quantile * std::sqrt(found.variance);
}

struct Outcome {
  std::size_t promoted_on = 0;
  Call call = Call::go_on;
  // The interval ever lay on the better side of zero: more than a promotion asks for.
  bool shown_better = false;
  bool fixed_daily = false;
  bool fixed_once = false;
};

// Looks every day until something is decided; a fixed-horizon test looks on.
Outcome run(const Experiment& experiment, const std::function<void(Look&)>& one_day) {
  static const double quantile = boost::math::quantile(boost::math::normal(), 1 - alpha / 2);
  Look look = empty_look();
  Outcome outcome;
  for (std::size_t today = 1; today <= days; ++today) {
    one_day(look);
    look.running = static_cast<int>(today) * day;
    look.at_step = look.running;
    const bool fixed = is_fixed_win(experiment, look, quantile);
    outcome.fixed_daily = outcome.fixed_daily || fixed;
    outcome.fixed_once = fixed;
    if (outcome.call == Call::go_on) {
      const Analysis found = analyse(experiment, look);
      outcome.call = found.call;
      const Effect& effect = *found.variants[1].primary;
      const bool is_up = experiment.primary->direction == Direction::up;
      outcome.shown_better = outcome.shown_better || (is_up ? effect.low > 0 : effect.high < 0);
      if (found.call == Call::promote) {
        outcome.promoted_on = today;
      }
    }
  }
  return outcome;
}

int passed = 0;
int failed = 0;

void check(bool holds, const std::string& what) {
  std::printf("  %s  %s\n", holds ? "ok    " : "FAILED", what.c_str());
  ++(holds ? passed : failed);
}

std::string percent(double part, double of) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", 100 * part / of);
  return text.data();
}

// A/A: variants that differ in nothing. `make`: a day's worth of one experiment, from its own seed.
using Make = std::function<std::function<void(Look&)>(Random&)>;
void run_aa(const char* name, const Experiment& experiment, std::size_t runs, const Make& make) {
  std::size_t promoted = 0;
  std::size_t better = 0;
  std::size_t harmed = 0;
  std::size_t daily = 0;
  std::size_t once = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    Random random(1000 + i);
    const Outcome outcome = run(experiment, make(random));
    promoted += outcome.call == Call::promote ? 1 : 0;
    better += outcome.shown_better ? 1 : 0;
    harmed += outcome.call == Call::stop_harmed ? 1 : 0;
    daily += outcome.fixed_daily ? 1 : 0;
    once += outcome.fixed_once ? 1 : 0;
  }
  const auto n = static_cast<double>(runs);
  std::printf("A/A, %s: %zu experiments, %zu daily looks\n", name, runs, days);
  std::printf("    ever promoted %s; ever shown to be better by anything %s, to be worse %s\n",
              percent(static_cast<double>(promoted), n).c_str(),
              percent(static_cast<double>(better), n).c_str(),
              percent(static_cast<double>(harmed), n).c_str());
  std::printf("    a fixed-horizon test would have promoted %s looked at daily, %s looked at once\n",
              percent(static_cast<double>(daily), n).c_str(), percent(static_cast<double>(once), n).c_str());
  check(static_cast<double>(promoted) <= 0.05 * n, "at most 5 % ever promote");
  check(static_cast<double>(better + harmed) <= 0.05 * n, "at most 5 % ever show any difference");
}

void add_request_outcomes(Sums& sums, std::uint64_t requests, std::uint64_t hits) {
  sums.requests += requests;
  sums.hits += hits;
}

// Each unit asks once: two proportions. 200 new units a day and variant.
Make proportions() {
  return [](Random& random) {
    return [&random](Look& look) {
      for (Gathered& gathered : look.gathered) {
        gathered.units += 200;
        for (int i = 0; i < 200; ++i) {
          add_request_outcomes(gathered.groups[random.below(group_count)], 1, random.unit() < 0.7 ? 1 : 0);
        }
      }
    };
  };
}

// Log-normal latencies with a sigma of 2: a mean seven times the median, and a variance fifty times its
// square.
Make heavy_means() {
  return [](Random& random) {
    return [&random](Look& look) {
      for (Gathered& gathered : look.gathered) {
        gathered.units += 200;
        for (int i = 0; i < 200; ++i) {
          Sums& sums = gathered.groups[random.below(group_count)];
          ++sums.requests;
          sums.millis += static_cast<std::uint64_t>(std::exp(4 + 2 * random.normal()));
        }
      }
    };
  };
}

// Keys with Zipf's traffic, each with its own hit rate: the busiest are nearly always hits.
std::function<void(Look&)> keyed(const std::vector<KeyClass>& traffic, std::array<double, 2> lifetimes,
                                 Random& random, double errors = 0, double treated_errors = 0) {
  auto cells = std::make_shared<Cells>(lay_out(traffic, random));
  bool is_first = true;
  return [=, &traffic, &random](Look& look) mutable {
    for (std::size_t variant = 0; variant < 2; ++variant) {
      std::vector<double> chances;
      for (const KeyClass& one : traffic) {
        chances.push_back(hit_rate_of(one.rate, lifetimes[variant]));
      }
      for (std::size_t group = 0; group < group_count; ++group) {
        const Cell& cell = (*cells)[variant][group];
        Sums& sums = look.gathered[variant].groups[group];
        for (std::size_t i = 0; i < traffic.size(); ++i) {
          if (cell.keys[i] == 0) {
            continue;
          }
          const std::uint64_t requests = random.poisson(cell.keys[i] * traffic[i].rate);
          add_request_outcomes(sums, requests, random.binomial(requests, chances[i]));
          const double error_rate = variant == 0 ? errors : treated_errors;
          sums.errors += error_rate > 0 ? random.binomial(requests, error_rate) : 0;
          look.gathered[variant].units += is_first ? cell.keys[i] : 0;
        }
      }
    }
    is_first = false;
  };
}

void run_power(std::size_t runs) {
  // Breslau and others (INFOCOM 1999) found exponents from 0.64 to 0.83 in web traffic.
  const std::vector<KeyClass> traffic = zipf_traffic(100'000, 0.75, 400'000);
  const std::array<double, 2> lifetimes = {lifetime_for(traffic, 0.70), lifetime_for(traffic, 0.75)};
  std::vector<std::size_t> decided;
  std::size_t harmed = 0;
  const Experiment experiment = experiment_of(1);
  for (std::size_t i = 0; i < runs; ++i) {
    Random random(500'000 + i);
    const Outcome outcome = run(experiment, keyed(traffic, lifetimes, random));
    if (outcome.call == Call::promote) {
      decided.push_back(outcome.promoted_on);
    }
    harmed += outcome.call == Call::stop_harmed ? 1 : 0;
  }
  std::sort(decided.begin(), decided.end());
  std::printf(
      "Power: 5 points of hit rate (70 to 75 %%), 100,000 keys, Zipf 0.75, 400,000 requests a day, %zu "
      "runs\n",
      runs);
  std::printf("    promoted %s, stopped for harm %s, median day of the decision %zu\n",
              percent(static_cast<double>(decided.size()), static_cast<double>(runs)).c_str(),
              percent(static_cast<double>(harmed), static_cast<double>(runs)).c_str(),
              decided.empty() ? 0 : decided[decided.size() / 2]);
  check(static_cast<double>(decided.size()) >= 0.8 * static_cast<double>(runs), "at least 80 % are found");
}

void run_guardrail(std::size_t runs) {
  const std::vector<KeyClass> traffic = zipf_traffic(100'000, 0.75, 400'000);
  const std::array<double, 2> lifetimes = {lifetime_for(traffic, 0.70), lifetime_for(traffic, 0.78)};
  Experiment experiment = experiment_of(1);
  experiment.guardrails = {Guardrail(Metric::error_rate, 0.5)};
  std::size_t promoted = 0;
  std::size_t stopped = 0;
  std::size_t unharmed = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    Random random(900'000 + i);
    const Call harmed = run(experiment, keyed(traffic, lifetimes, random, 0.005, 0.02)).call;
    promoted += harmed == Call::promote ? 1 : 0;
    stopped += harmed == Call::stop_harmed ? 1 : 0;
    Random other(950'000 + i);
    unharmed +=
        run(experiment, keyed(traffic, lifetimes, other, 0.005, 0.005)).call == Call::promote ? 1U : 0U;
  }
  std::printf("Guardrail: errors go from 0.5 to 2 %% while the hit rate wins by 8 points, %zu runs\n", runs);
  std::printf("    promoted %zu, stopped %zu; with errors as they were, promoted %zu\n", promoted, stopped,
              unharmed);
  check(promoted == 0, "none is promoted");
  check(stopped == runs, "all are stopped");
  check(static_cast<double>(unharmed) >= 0.9 * static_cast<double>(runs),
        "without the harm they are promoted");
}

// Units come day by day; their variant is a fair draw, but for the part of one variant's that is lost.
struct RatioRun {
  bool alarmed = false;
  std::size_t on_day = 0;
};
// The object counts a unit where its place is nobody's yet (records/experiments.h).
constexpr double unit_places = 4'194'304;
RatioRun run_ratio(Random& random, std::uint64_t units_a_day, double lost) {
  RatioRun found;
  std::vector<SampleRatio> ratios = {SampleRatio(0, 50), SampleRatio(0, 50)};
  for (std::size_t today = 1; today <= days; ++today) {
    const double free = 1 - static_cast<double>(ratios[0].units + ratios[1].units) / unit_places;
    const std::uint64_t first = random.binomial(units_a_day, 0.5);
    ratios[0].units += random.binomial(first, free);
    ratios[1].units += random.binomial(units_a_day - first, (1 - lost) * free);
    if (!found.alarmed && log_evidence_of_mismatch(ratios) > -std::log(0.01)) {
      found.alarmed = true;
      found.on_day = today;
    }
  }
  return found;
}

// A chi-square test with the level that peers use (p < 0.001), looked at as often.
bool chi_square_alarms(Random& random, std::uint64_t units_a_day) {
  double first = 0;
  double all = 0;
  bool alarmed = false;
  for (std::size_t today = 1; today <= days; ++today) {
    first += static_cast<double>(random.binomial(units_a_day, 0.5));
    all += static_cast<double>(units_a_day);
    const double z = (first - all / 2) / std::sqrt(all / 4);
    alarmed = alarmed || z * z > 10.828;
  }
  return alarmed;
}

void run_sample_ratio(std::size_t runs, std::size_t injected) {
  std::size_t false_alarms = 0;
  std::size_t chi_alarms = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    Random random(2'000'000 + i);
    false_alarms += run_ratio(random, 5000, 0).alarmed ? 1U : 0U;
    Random other(2'500'000 + i);
    chi_alarms += chi_square_alarms(other, 5000) ? 1U : 0U;
  }
  std::printf("Sample ratio: %zu runs without a mismatch, %zu daily looks\n", runs, days);
  std::printf("    false alarms %s; a chi-square test at p < 0.001 %s\n",
              percent(static_cast<double>(false_alarms), static_cast<double>(runs)).c_str(),
              percent(static_cast<double>(chi_alarms), static_cast<double>(runs)).c_str());
  check(static_cast<double>(false_alarms) <= 0.01 * static_cast<double>(runs), "at most 1 % false alarms");
  std::size_t found = 0;
  std::vector<std::size_t> on_day;
  for (std::size_t i = 0; i < injected; ++i) {
    Random random(3'000'000 + i);
    const RatioRun one = run_ratio(random, 50'000, 0.01);
    found += one.alarmed ? 1 : 0;
    if (one.alarmed) {
      on_day.push_back(one.on_day);
    }
  }
  std::sort(on_day.begin(), on_day.end());
  std::printf(
      "    1 %% of one variant's units lost, 50,000 units a day: found in %zu of %zu, median day %zu\n",
      found, injected, on_day.empty() ? 0 : on_day[on_day.size() / 2]);
  check(static_cast<double>(found) >= 0.95 * static_cast<double>(injected), "a mismatch of 1 % is found");
}

int run_all(std::size_t scale) {
  const std::size_t many = 2000 / scale;
  const std::size_t some = 500 / scale;
  Experiment experiment = experiment_of(0.5);
  run_aa("proportions", experiment, many, proportions());
  const std::vector<KeyClass> traffic = zipf_traffic(20'000, 1.0, 100'000);
  const double lifetime = lifetime_for(traffic, 0.70);
  run_aa("ratios of keys with Zipf's traffic (exponent 1)", experiment, many,
         [&](Random& random) { return keyed(traffic, {lifetime, lifetime}, random); });
  experiment.primary->metric = Metric::latency_mean;
  experiment.primary->direction = Direction::down;
  experiment.primary->smallest_effect = 10;
  run_aa("means with heavy tails", experiment, many, heavy_means());
  run_power(some);
  run_guardrail(std::max<std::size_t>(100 / scale, 5));
  run_sample_ratio(many, std::max<std::size_t>(200 / scale, 20));
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace larder::experiments

int main(int argc, char** argv) {
  const long scale = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1;
  return larder::experiments::run_all(scale < 1 ? 1 : static_cast<std::size_t>(scale));
}
