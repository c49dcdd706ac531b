// simulator [--seed N] [--steps M] [--mutant NAME]
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
  std::fprintf(stderr, "usage: simulator [--seed N] [--steps M] [--mutant NAME]\nmutants:");
#define LARDER_MUTATION(name, what) std::fprintf(stderr, " %s", #name);
#include "base/mutations.def"
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
#include "base/mutations.def"
#undef LARDER_MUTATION
  return false;
}

int main_of(int count, char** arguments) {
  Trial run;
  run.steps = steps_of_a_full_run;
  std::string mutant;
  bool seeded = false;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = arguments[i];
    if (i + 1 == count) {
      return refuse("every option has a value");
    }
    const std::string_view value = arguments[i + 1];
    const auto number = parse_unsigned(value);
    if (name == "--seed" && number) {
      run.seed = *number;
      seeded = true;
    } else if (name == "--steps" && number) {
      run.steps = *number;
    } else if (name == "--mutant" && choose_mutant(value, run)) {
      mutant = value;
    } else {
      return refuse(concat({"what is ", name, " ", value, "?"}));
    }
  }
  if (!seeded) {
    // Outside of the run, which has no chance but the seed's.
    run.seed = std::random_device()();
  }
  print(concat({"seed ", to_text(run.seed)}));
  const Journal journal = simulate(run);
  print(journal.summary());
  char digest[32];
  std::snprintf(digest, sizeof digest, "%016llx", static_cast<unsigned long long>(journal.digest()));
  print(concat({"digest ", digest}));

  std::uint64_t failed = 0;
  if (journal.violation()) {
    print(explain(run, *journal.violation()));
    print(concat({"again: npm run simulate -- --seed ", to_text(run.seed), " --steps ", to_text(run.steps),
                  mutant.empty() ? "" : " --mutant ", mutant}));
    ++failed;
  } else if (run.steps >= steps_of_a_full_run) {
    for (const std::string_view name : journal.never_seen()) {
      print(concat({"never came to: ", name}));
      ++failed;
    }
  }
  const std::uint64_t passed = invariant_rows.size() - (journal.violation() ? 1 : 0);
  print(concat({to_text(passed), " passed, ", to_text(failed), " failed"}));
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace larder::sim

int main(int count, char** arguments) { return larder::sim::main_of(count, arguments); }
