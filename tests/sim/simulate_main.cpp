// simulator [--seed N] [--seeds COUNT] [--steps M] [--mutant NAME]
// COUNT runs, of the seed and of those that follow it; one line tells of each that holds.
#include <cstdio>
#include <random>
#include <string>
#include <string_view>

#include "base/text.h"
#include "sim/simulator.h"

namespace larder::sim {
namespace {

void print(std::string_view line) {
  std::fprintf(stdout, "%.*s\n", static_cast<int>(line.size()), line.data());
}

int refuse(std::string_view why) {
  std::fprintf(stderr, "simulator: %.*s\n", static_cast<int>(why.size()), why.data());
  std::fprintf(stderr, "usage: simulator [--seed N] [--seeds COUNT] [--steps M] [--mutant NAME]\nmutants:");
#define LARDER_MUTATION(name, what) std::fprintf(stderr, " %s", #name);
#include "base/cold_mutations.def"
#include "base/mutations.def"
#include "base/orphan_mutations.def"
#undef LARDER_MUTATION
  std::fprintf(stderr, "\n");
  return 2;
}

bool choose_mutant(std::string_view name, Trial& run) {
#define LARDER_MUTATION(one, what) \
  if (name == #one) {              \
    run.mutation = Mutation::one;  \
    return true;                   \
  }
#include "base/cold_mutations.def"
#include "base/mutations.def"
#include "base/orphan_mutations.def"
#undef LARDER_MUTATION
  return false;
}

struct Options {
  Trial run;
  std::string mutant;
  std::uint64_t seeds = 1;
  bool is_seeded = false;
};

// False: the option or its value makes no sense.
bool take(std::string_view name, std::string_view value, Options& options) {
  const auto number = parse_unsigned(value);
  if (name == "--seed" && number) {
    options.run.seed = *number;
    options.is_seeded = true;
  } else if (name == "--seeds" && number && *number > 0) {
    options.seeds = *number;
  } else if (name == "--steps" && number) {
    options.run.steps = *number;
  } else if (name == "--mutant" && choose_mutant(value, options.run)) {
    options.mutant = value;
  } else {
    return false;
  }
  return true;
}

std::string digest_of(const Journal& journal) {
  char digest[32];
  std::snprintf(digest, sizeof digest, "%016llx", static_cast<unsigned long long>(journal.digest()));
  return digest;
}

// How many invariants and, in a full run, faults and probes the run has failed.
std::uint64_t failures_of(const Options& options, const Trial& run, const Journal& journal) {
  if (journal.violation()) {
    print(explain(run, *journal.violation()));
    print(concat({"again: npm run simulate -- --seed ", to_text(run.seed), " --steps ", to_text(run.steps),
                  options.mutant.empty() ? "" : " --mutant ", options.mutant}));
    return 1;
  }
  if (run.steps < steps_of_a_full_run) {
    return 0;
  }
  const auto never_seen = journal.never_seen();
  for (const std::string_view name : never_seen) {
    print(concat({"never came to: ", name}));
  }
  return never_seen.size();
}

bool holds_alone(const Options& options) {
  print(concat({"seed ", to_text(options.run.seed)}));
  const Journal journal = simulate(options.run);
  print(journal.summary());
  print(concat({"digest ", digest_of(journal)}));
  const std::uint64_t failed = failures_of(options, options.run, journal);
  const std::uint64_t passed = invariant_rows.size() - (journal.violation() ? 1 : 0);
  print(concat({to_text(passed), " passed, ", to_text(failed), " failed"}));
  return failed == 0;
}

bool all_hold(const Options& options) {
  std::uint64_t failed = 0;
  for (std::uint64_t i = 0; i < options.seeds; ++i) {
    Trial run = options.run;
    run.seed += i;
    const Journal journal = simulate(run);
    const bool holds = failures_of(options, run, journal) == 0;
    failed += holds ? 0 : 1;
    print(concat({"seed ", to_text(run.seed), ": ", to_text(journal.steps()), " steps, ",
                  to_text(journal.requests()), " requests, digest ", digest_of(journal),
                  holds ? ", holds" : ", fails"}));
    std::fflush(stdout);
  }
  print(concat({to_text(options.seeds - failed), " passed, ", to_text(failed), " failed"}));
  return failed == 0;
}

int main_of(int count, char** arguments) {
  Options options;
  options.run.steps = steps_of_a_full_run;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = arguments[i];
    if (i + 1 == count) {
      return refuse("every option has a value");
    }
    const std::string_view value = arguments[i + 1];
    if (!take(name, value, options)) {
      return refuse(concat({"what is ", name, " ", value, "?"}));
    }
  }
  if (!options.is_seeded) {
    // Outside of the run, which has no chance but the seed's.
    options.run.seed = std::random_device()();
  }
  return (options.seeds == 1 ? holds_alone(options) : all_hold(options)) ? 0 : 1;
}

}  // namespace
}  // namespace larder::sim

int main(int count, char** arguments) { return larder::sim::main_of(count, arguments); }
