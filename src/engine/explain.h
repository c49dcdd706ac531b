// What would happen to a request for a resource now, and why. The facts are gathered and judged as a read
// does it (serving.h), and the plan is the read's own (policy/read_plan.h), but no step is done: the origin
// is not asked, no lock is taken, no flight is led, nothing is stored or promoted, and no look counts as one.
#pragma once

#include <optional>
#include <vector>

#include "engine/serving.h"

namespace larder::engine {

// What one tier has under the key.
struct TierCopy {
  config::Tier tier;
  // nullptr: nothing.
  tiers::EntryPtr entry;
  // The tier gave no answer.
  std::optional<Error> failure;

  explicit TierCopy(config::Tier tier_) : tier(tier_) {}
};

struct PlannedStep {
  policy::Step step;
  // Of a look.
  std::optional<config::Tier> tier;

  explicit PlannedStep(policy::Step step_) : step(step_) {}
};

// The step that would follow an answer of the origin.
struct Outlook {
  policy::Answer answer;
  policy::Step step;

  Outlook(policy::Answer answer_, policy::Step step_) : answer(answer_), step(step_) {}
};

struct Explanation {
  // The nearest first, as they are there: purges have not been applied.
  std::vector<TierCopy> copies;
  // Up to the answer, or to the question to the origin.
  std::vector<PlannedStep> steps;
  // Where the origin would be asked.
  std::vector<Outlook> outlooks;
  // Of the answer; where the origin would be asked, as far as it is known before.
  http::CacheStatus status;
  // Those of the control log that are about this key or the tags of the request, whether or not a copy is
  // newer.
  std::vector<config::Purge> purges;

  Explanation() {}
};

// `query` is the caller's frame's.
host::Task<Explanation> explain(host::Context here, Parts& parts, const Query& query);

}  // namespace larder::engine
