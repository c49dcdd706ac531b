// What a read does next: a pure function of what is known of it so far. The engine (engine/reader.h) gathers
// the facts anew before each step, does the step, and asks again; so whatever changed while it waited, a
// purge or a setting, counts for the next step.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/decision.h"

namespace larder::policy {

// The newest copy at hand, as the purges that are known by now leave it.
enum class Held : std::uint8_t {
  nothing,
  answers,   // it may be served
  stale,     // past its time, and within its error time
  confirms,  // past all its times: its validators may spare a body
  variant,   // made for other request fields (Vary): a tier farther away may have the one for these
  part,      // a part of it, and not the one that is wanted: a tier farther away may have the whole
  unfit,     // a "there is none" past its time, or one that is not to be served; no tier has a better word
};

// The nearest tier that this read has not looked into.
enum class Unlooked : std::uint8_t { memory, farther, none };

// The request of this isolate that is fetching the same key.
enum class FlightState : std::uint8_t {
  none,      // requests do not share, or this one leads
  to_join,   // not looked for yet, or lost
  finished,  // its answer is at hand
  overdue,   // the wait for it is over
  over,      // there was nothing to share
};

enum class OriginState : std::uint8_t {
  ready,
  down,           // its breakers are open
  failed_lately,  // for this key, a moment ago
};

// The place among the requests that can wait.
enum class Turn : std::uint8_t { not_needed, to_take };

// The key's lock, which isolates share.
enum class LockState : std::uint8_t {
  not_needed,  // isolates do not share, or there is no lock to be had
  to_take,
  held,  // this read's
  busy,  // another isolate's, and the wait is over
};

// What the origin said.
enum class Answer : std::uint8_t {
  unasked,
  late,          // nothing within its soft time
  refused,       // it failed, or was not asked
  server_error,  // an answer that a copy is better than
  came,
};

// Whether the request takes the copy past its time (max-stale), where the copy does not forbid it.
enum class Staleness : std::uint8_t { is_not_taken, is_taken };

struct ReadFacts {
  Participation participation = Participation::full;
  // Why it is not full.
  Reason admission = Reason::absent;
  Held held = Held::nothing;
  // Why the copy answers, where it does.
  Reason hit = Reason::absent;
  // Why this request does not take it all the same; absent: it does.
  Reason objection = Reason::absent;
  Staleness staleness = Staleness::is_not_taken;
  Unlooked unlooked = Unlooked::memory;
  FlightState flight = FlightState::none;
  OriginState origin = OriginState::ready;
  Turn turn = Turn::not_needed;
  LockState lock = LockState::not_needed;
  Answer answer = Answer::unasked;
  // Why the origin refused.
  Reason refusal = Reason::absent;

  ReadFacts() {}
};

enum class Move : std::uint8_t {
  serve,                // the copy at hand
  look,                 // into the next tier
  join,                 // another request of this isolate, or lead
  join_late,            // the one further request of those that gave up
  share,                // what the other request brought
  take_turn,            // wait for the origin's polite rate
  lock,                 // take the key's lock
  ask,                  // the origin
  wait,                 // for the rest of its answer
  keep,                 // its answer
  serve_stale,          // the old copy in place of its answer
  serve_stale_at_once,  // the same, and nobody waits for the origin
  refuse,               // with its failure
  pass_on,              // the origin's answer, past the cache
};

struct Step {
  // Of the rule (read_rules.def).
  std::uint8_t rule;
  Move move;
  Reason reason;

  Step(std::uint8_t rule_, Move move_, Reason reason_) : rule(rule_), move(move_), reason(reason_) {}
};

Step next_step(const ReadFacts& facts);

// Why the rule of this number is one; "" for a number that none has.
std::string_view why_of_rule(std::uint8_t number);
std::string_view to_text(Move move);

}  // namespace larder::policy
