#include "sim/simulator.h"

#include <algorithm>

#include "base/text.h"

namespace larder::sim {

Journal simulate(const Trial& run) {
  active_mutation = run.mutation;
  Random random(run.seed);
  Journal journal;
  while (journal.steps() < run.steps && !journal.violation()) {
    Epoch epoch(random, journal);
    epoch.run(std::min(journal.steps() + steps_per_epoch, run.steps));
  }
  active_mutation = Mutation::none;
  return journal;
}

std::string explain(const Trial& run, const Violation& violation) {
  const TableRow& row = invariant_rows[static_cast<std::size_t>(violation.invariant)];
  std::string text = concat({"violated: ", row.text, " (", row.what, ")\n", violation.explanation, "\nseed ",
                             to_text(run.seed), ", step ", to_text(violation.step), ", key ",
                             violation.key.empty() ? "(none)" : violation.key, "\n"});
  for (const std::string& line : violation.story) {
    text += concat({"  ", line, "\n"});
  }
  return text;
}

}  // namespace larder::sim
