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

std::string_view why_of_rule(std::uint8_t number) {
  switch (number) {
#define LARDER_READ_RULE(row, condition, step, reason, why) \
  case row:                                                 \
    return why;
#include "policy/read_rules.def"
#undef LARDER_READ_RULE
    default:
      return "";
  }
}

std::string_view to_text(Move move) {
  switch (move) {
    case Move::serve:
      return "serve";
    case Move::look:
      return "look";
    case Move::join:
      return "join";
    case Move::join_late:
      return "join-late";
    case Move::share:
      return "share";
    case Move::take_turn:
      return "take-turn";
    case Move::lock:
      return "lock";
    case Move::ask:
      return "ask";
    case Move::wait:
      return "wait";
    case Move::keep:
      return "keep";
    case Move::serve_stale:
      return "serve-stale";
    case Move::serve_stale_at_once:
      return "serve-stale-at-once";
    case Move::refuse:
      return "refuse";
    case Move::pass_on:
      return "pass-on";
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::policy
