#include "tiers/synthetic_traces.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>

namespace larder::tiers {
namespace {

using Random = std::mt19937_64;

// From 0 up to 1, of the generator's bits alone, so that every library gives the same.
double fraction(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

// How far away something is that comes about once in `mean`.
std::size_t distance(Random& random, double mean) {
  return static_cast<std::size_t>(-std::log(1.0 - fraction(random)) * mean);
}

// Ranks from 0, each as likely as its place to the power of -exponent.
class Zipf {
 public:
  Zipf(std::size_t count, double exponent) {
    double sum = 0;
    for (std::size_t rank = 1; rank <= count; ++rank) {
      sum += std::pow(static_cast<double>(rank), -exponent);
      sums_.push_back(sum);
    }
  }

  std::uint64_t draw(Random& random) const {
    const double point = fraction(random) * sums_.back();
    return static_cast<std::uint64_t>(std::lower_bound(sums_.begin(), sums_.end(), point) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

// The key of each access in turn; those from different origins do not meet.
using Accesses = std::function<std::uint64_t(std::size_t position, Random& random)>;

constexpr std::uint64_t strangers = std::uint64_t{1} << 40;
constexpr std::uint64_t circle = std::uint64_t{1} << 41;

Accesses popular(std::size_t count, double exponent) {
  return [zipf = Zipf(count, exponent)](std::size_t, Random& random) { return zipf.draw(random); };
}

Accesses loop(std::size_t length) {
  return [length](std::size_t position, Random&) { return circle + position % length; };
}

Accesses with_scans(std::size_t length) {
  return [zipf = Zipf(7'000, 0.9), length](std::size_t position, Random& random) {
    return position % (3 * length) < 2 * length ? zipf.draw(random) : strangers + position;
  };
}

Accesses with_strangers(double share) {
  return [zipf = Zipf(4'000, 0.85), share](std::size_t position, Random& random) {
    return fraction(random) < share ? strangers + position : zipf.draw(random);
  };
}

Accesses with_loop(std::size_t length) {
  return [zipf = Zipf(5'000, 0.95), length](std::size_t position, Random& random) {
    return fraction(random) < 0.5 ? zipf.draw(random) : circle + position % length;
  };
}

// What is popular moves on by a key for so many accesses.
Accesses drifting(std::size_t accesses_per_key) {
  return [zipf = Zipf(4'000, 0.9), accesses_per_key](std::size_t position, Random& random) {
    return zipf.draw(random) + position / accesses_per_key;
  };
}

// Other keys are popular all at once.
Accesses replaced(std::size_t accesses_per_set) {
  return [zipf = Zipf(5'000, 1.0), accesses_per_set](std::size_t position, Random& random) {
    return zipf.draw(random) + position / accesses_per_set * 5'000;
  };
}

// Asked for a few times, soon after the first.
Accesses bursts(double mean_distance) {
  return [mean_distance](std::size_t position, Random& random) {
    const std::size_t back = fraction(random) < 0.35 ? 0 : distance(random, mean_distance);
    return strangers + position - std::min(position, back);
  };
}

// What is popular wanders, forth and back.
Accesses walk() {
  return [](std::size_t position, Random& random) {
    const auto time = static_cast<double>(position);
    double place = 20'000 + time / 25 + 1'500 * std::sin(time / 3'000);
    for (int step = 0; step < 6; ++step) {
      place += 500 * (fraction(random) - 0.5);
    }
    return static_cast<std::uint64_t>(place);
  };
}

// Distances of which none is typical.
Accesses all_distances() {
  return [](std::size_t position, Random& random) {
    const double back = 3 * std::pow(1.0 - fraction(random), -1 / 0.6);
    const bool is_new = fraction(random) < 0.15 || back > static_cast<double>(position);
    return strangers + position - (is_new ? 0 : static_cast<std::size_t>(back));
  };
}

Accesses bursts_and_popular() {
  return [zipf = Zipf(3'000, 1.0), burst = bursts(250)](std::size_t position, Random& random) {
    return fraction(random) < 0.5 ? zipf.draw(random) : burst(position, random);
  };
}

// Two sets of popular keys in turn.
Accesses by_day_and_night(std::size_t length) {
  return [zipf = Zipf(4'000, 0.9), length](std::size_t position, Random& random) {
    return zipf.draw(random) + (position / length % 2 == 0 ? 0 : circle);
  };
}

Accesses phases(std::size_t length) {
  const std::vector<Accesses> each = {popular(6'000, 0.9), loop(2'000), bursts(300)};
  return [each, length](std::size_t position, Random& random) {
    return each[position / length % each.size()](position, random);
  };
}

NumberedTrace make(std::string name, const Accesses& accesses, std::uint64_t seed, std::size_t access_count) {
  Random random(seed);
  NumberedTrace trace;
  trace.name = std::move(name);
  std::unordered_map<std::uint64_t, NumberedKey> numbers;
  for (std::size_t position = 0; position < access_count; ++position) {
    const auto number = static_cast<NumberedKey>(numbers.size());
    trace.accesses.push_back(numbers.emplace(accesses(position, random), number).first->second);
  }
  trace.key_count = numbers.size();
  return trace;
}

}  // namespace

std::vector<NumberedTrace> synthetic_traces(std::uint64_t seed, std::size_t access_count) {
  const std::pair<const char*, Accesses> kinds[] = {
      {"zipf 0.7", popular(10'000, 0.7)},
      {"zipf 0.9", popular(10'000, 0.9)},
      {"zipf 1.1", popular(10'000, 1.1)},
      {"zipf and scans", with_scans(1500)},
      {"zipf and strangers", with_strangers(0.4)},
      {"zipf and loop", with_loop(2200)},
      {"loop of 1,200", loop(1200)},
      {"loop of 3,000", loop(3000)},
      {"slow drift", drifting(25)},
      {"fast drift", drifting(5)},
      {"other keys", replaced(access_count / 6)},
      {"bursts", bursts(500)},
      {"phases", phases(access_count / 6)},
      {"walk", walk()},
      {"all distances", all_distances()},
      {"bursts and zipf", bursts_and_popular()},
      {"day and night", by_day_and_night(access_count / 8)},
  };
  std::vector<NumberedTrace> traces;
  for (const auto& [name, accesses] : kinds) {
    traces.push_back(make(name, accesses, seed + traces.size(), access_count));
  }
  return traces;
}

}  // namespace larder::tiers
