#include "policy/read_plan.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

namespace larder::policy::read_plan_test {
namespace {

struct RuleCase {
  int rule;
  Move move;
  Reason reason;
  std::function<void(ReadFacts&)> facts;
};

// Facts of a read that has come as far as the origin's door: nothing in any tier, no flight, no lock.
ReadFacts at_the_door() {
  ReadFacts facts;
  facts.unlooked = Unlooked::none;
  return facts;
}

// The copy answers others, and this request does not take it.
std::function<void(ReadFacts&)> objects(Reason objection) {
  return [objection](ReadFacts& facts) {
    facts.held = Held::answers;
    facts.hit = Reason::memory;
    facts.objection = objection;
    facts.lock = LockState::held;
  };
}

const std::vector<RuleCase>& cases() {
  static const std::vector<RuleCase> all = {
      {1, Move::serve_stale, Reason::slow_origin,
       [](ReadFacts& facts) {
         facts.answer = Answer::late;
         facts.held = Held::stale;
       }},
      {2, Move::wait, Reason::absent,
       [](ReadFacts& facts) {
         // Its copy was purged meanwhile.
         facts.answer = Answer::late;
       }},
      {3, Move::serve_stale, Reason::rate_limited,
       [](ReadFacts& facts) {
         facts.answer = Answer::refused;
         facts.refusal = Reason::rate_limited;
         facts.held = Held::stale;
       }},
      {4, Move::refuse, Reason::origin_down,
       [](ReadFacts& facts) {
         facts.answer = Answer::refused;
         facts.refusal = Reason::origin_down;
         facts.held = Held::confirms;
       }},
      {5, Move::serve_stale, Reason::stale_if_error,
       [](ReadFacts& facts) {
         facts.answer = Answer::server_error;
         facts.held = Held::stale;
       }},
      {6, Move::keep, Reason::absent,
       [](ReadFacts& facts) {
         facts.answer = Answer::came;
         facts.held = Held::stale;
       }},
      {6, Move::keep, Reason::absent, [](ReadFacts& facts) { facts.answer = Answer::server_error; }},
      {7, Move::pass_on, Reason::disabled,
       [](ReadFacts& facts) {
         // Switched off while it waited: not even an entry at hand is served.
         facts.participation = Participation::pass_through;
         facts.admission = Reason::disabled;
         facts.held = Held::answers;
       }},
      {7, Move::pass_on, Reason::observed,
       [](ReadFacts& facts) {
         facts.participation = Participation::observe_only;
         facts.admission = Reason::observed;
       }},
      {8, Move::serve, Reason::edge,
       [](ReadFacts& facts) {
         facts.held = Held::answers;
         facts.hit = Reason::edge;
         facts.unlooked = Unlooked::farther;
       }},
      {10, Move::join, Reason::shared,
       [](ReadFacts& facts) {
         facts.flight = FlightState::to_join;
         facts.unlooked = Unlooked::memory;
       }},
      {11, Move::share, Reason::shared, [](ReadFacts& facts) { facts.flight = FlightState::finished; }},
      {12, Move::look, Reason::absent,
       [](ReadFacts& facts) {
         facts.flight = FlightState::overdue;
         facts.unlooked = Unlooked::memory;
       }},
      {13, Move::serve_stale, Reason::slow_origin,
       [](ReadFacts& facts) {
         facts.flight = FlightState::overdue;
         facts.unlooked = Unlooked::farther;
         facts.held = Held::stale;
       }},
      {14, Move::join_late, Reason::absent,
       [](ReadFacts& facts) {
         facts.flight = FlightState::overdue;
         facts.held = Held::confirms;
       }},
      {15, Move::ask, Reason::absent,
       [](ReadFacts& facts) {
         facts.flight = FlightState::over;
         facts.unlooked = Unlooked::farther;
         facts.lock = LockState::to_take;
       }},
      {16, Move::look, Reason::absent, [](ReadFacts& facts) { facts.unlooked = Unlooked::memory; }},
      {16, Move::look, Reason::absent,
       [](ReadFacts& facts) {
         // A newer one may be there, even where the origin is down.
         facts.unlooked = Unlooked::farther;
         facts.held = Held::stale;
         facts.origin = OriginState::down;
       }},
      {17, Move::serve_stale_at_once, Reason::origin_down,
       [](ReadFacts& facts) {
         facts.held = Held::stale;
         facts.origin = OriginState::down;
         facts.lock = LockState::to_take;
       }},
      {18, Move::serve_stale_at_once, Reason::slow_origin,
       [](ReadFacts& facts) {
         facts.held = Held::stale;
         facts.origin = OriginState::failed_lately;
         facts.lock = LockState::to_take;
       }},
      {19, Move::take_turn, Reason::absent,
       [](ReadFacts& facts) {
         facts.turn = Turn::to_take;
         facts.lock = LockState::to_take;
       }},
      {16, Move::look, Reason::absent,
       [](ReadFacts& facts) {
         // Another variant is at hand.
         facts.held = Held::variant;
         facts.unlooked = Unlooked::farther;
       }},
      {16, Move::look, Reason::absent,
       [](ReadFacts& facts) {
         // Another part is.
         facts.held = Held::part;
         facts.unlooked = Unlooked::farther;
       }},
      {20, Move::lock, Reason::absent,
       [](ReadFacts& facts) {
         // An unfit copy: no tier has a better word.
         facts.held = Held::unfit;
         facts.unlooked = Unlooked::farther;
         facts.lock = LockState::to_take;
       }},
      {21, Move::serve_stale, Reason::slow_origin,
       [](ReadFacts& facts) {
         facts.lock = LockState::busy;
         facts.held = Held::stale;
       }},
      {22, Move::ask, Reason::absent, [](ReadFacts& facts) { facts.lock = LockState::busy; }},
      {27, Move::ask, Reason::absent, [](ReadFacts& facts) { facts.lock = LockState::held; }},
      {27, Move::ask, Reason::absent, [](ReadFacts& facts) { facts.held = Held::confirms; }},
      {9, Move::serve, Reason::request_max_stale,
       [](ReadFacts& facts) {
         facts.held = Held::confirms;
         facts.staleness = Staleness::is_taken;
         facts.flight = FlightState::to_join;
       }},
      {16, Move::look, Reason::absent,
       [](ReadFacts& facts) {
         // A newer one is better than one past its time.
         facts.held = Held::confirms;
         facts.staleness = Staleness::is_taken;
         facts.unlooked = Unlooked::farther;
       }},
      {16, Move::look, Reason::absent,
       [](ReadFacts& facts) {
         // A tier farther away may have one that is young enough.
         facts.held = Held::answers;
         facts.objection = Reason::request_max_age;
         facts.unlooked = Unlooked::farther;
       }},
      {23, Move::ask, Reason::request_no_cache, objects(Reason::request_no_cache)},
      {24, Move::ask, Reason::request_max_age, objects(Reason::request_max_age)},
      {25, Move::ask, Reason::request_min_fresh, objects(Reason::request_min_fresh)},
      {26, Move::ask, Reason::unshared, objects(Reason::unshared)},
  };
  return all;
}

TEST(ReadPlan, EachRuleByItsNumber) {
  std::set<int> proved;
  for (const RuleCase& one : cases()) {
    ReadFacts facts = at_the_door();
    one.facts(facts);
    const Step step = next_step(facts);
    EXPECT_EQ(int{step.rule}, one.rule);
    EXPECT_EQ(step.move, one.move) << "rule " << one.rule;
    EXPECT_EQ(step.reason, one.reason) << "rule " << one.rule;
    proved.insert(one.rule);
  }
  std::set<int> rules;
  int last = 0;
#define LARDER_READ_RULE(number, condition, step, reason, why)  \
  EXPECT_EQ(number, last + 1) << "rules are numbered in order"; \
  last = number;                                                \
  rules.insert(number);
#include "policy/read_rules.def"
#undef LARDER_READ_RULE
  EXPECT_EQ(proved, rules);
}

// What a request may want of the copy at hand.
template <typename Visit>
void visit_wishes(ReadFacts facts, Visit visit) {
  visit(facts);
  if (facts.held == Held::answers) {
    for (const Reason objection :
         {Reason::request_no_cache, Reason::request_max_age, Reason::request_min_fresh, Reason::unshared}) {
      facts.objection = objection;
      visit(facts);
    }
  } else if (facts.held == Held::stale || facts.held == Held::confirms) {
    facts.staleness = Staleness::is_taken;
    visit(facts);
  }
}

// All that a read may know at once, whether it comes to that or not.
template <typename Visit>
void for_all_facts(Visit visit) {
  const auto each = [](auto last, auto body) {
    using Enum = decltype(last);
    for (int i = 0; i <= static_cast<int>(last); ++i) {
      body(static_cast<Enum>(i));
    }
  };
  ReadFacts facts;
  facts.admission = Reason::disabled;
  facts.hit = Reason::memory;
  facts.refusal = Reason::origin_down;
  each(Participation::pass_through, [&](Participation participation) {
    each(Held::unfit, [&](Held held) {
      each(Unlooked::none, [&](Unlooked unlooked) {
        each(FlightState::over, [&](FlightState flight) {
          each(OriginState::failed_lately, [&](OriginState origin) {
            each(Turn::to_take, [&](Turn turn) {
              each(LockState::busy, [&](LockState lock) {
                each(Answer::came, [&](Answer answer) {
                  facts.participation = participation;
                  facts.held = held;
                  facts.unlooked = unlooked;
                  facts.flight = flight;
                  facts.origin = origin;
                  facts.turn = turn;
                  facts.lock = lock;
                  facts.answer = answer;
                  visit_wishes(facts, visit);
                });
              });
            });
          });
        });
      });
    });
  });
}

TEST(ReadPlan, WhateverIsKnownTheStepIsOneThatCanBeDone) {
  std::map<int, std::size_t> reached;
  for_all_facts([&](const ReadFacts& facts) {
    const Step step = next_step(facts);
    ++reached[step.rule];
    const bool is_asked = facts.answer != Answer::unasked;
    switch (step.move) {
      case Move::serve:
        ASSERT_TRUE(facts.staleness == Staleness::is_taken ||
                    (facts.held == Held::answers && facts.objection == Reason::absent));
        ASSERT_EQ(facts.participation, Participation::full);
        break;
      case Move::serve_stale:
      case Move::serve_stale_at_once:
        ASSERT_EQ(facts.held, Held::stale);
        break;
      case Move::look:
        ASSERT_NE(facts.unlooked, Unlooked::none);
        ASSERT_FALSE(is_asked);
        break;
      case Move::lock:
        ASSERT_EQ(facts.lock, LockState::to_take);
        ASSERT_FALSE(is_asked);
        break;
      case Move::take_turn:
        ASSERT_EQ(facts.turn, Turn::to_take);
        ASSERT_FALSE(is_asked);
        break;
      case Move::join:
      case Move::join_late:
      case Move::share:
        ASSERT_NE(facts.flight, FlightState::none);
        ASSERT_FALSE(is_asked);
        break;
      // The origin is asked once.
      case Move::ask:
      case Move::pass_on:
        ASSERT_FALSE(is_asked);
        break;
      case Move::wait:
        ASSERT_EQ(facts.answer, Answer::late);
        break;
      case Move::refuse:
        ASSERT_EQ(facts.answer, Answer::refused);
        break;
      case Move::keep:
        ASSERT_TRUE(facts.answer == Answer::came || facts.answer == Answer::server_error);
        break;
    }
  });
  // Every rule decides something.
  EXPECT_EQ(reached.size(), 27U);
}

}  // namespace
}  // namespace larder::policy::read_plan_test
