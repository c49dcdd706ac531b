#include "policy/read_plan.h"

#include "base/assert.h"

namespace larder::policy {

Step next_step(const ReadFacts& facts) {
#define LARDER_READ_RULE(number, condition, step, reason, why) \
  if (condition) {                                             \
    return Step(number, Move::step, reason);                   \
  }
#include "policy/read_rules.def"
#undef LARDER_READ_RULE
  LARDER_UNREACHABLE();
}

}  // namespace larder::policy
