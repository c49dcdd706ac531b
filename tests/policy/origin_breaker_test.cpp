#include "policy/origin_breaker.h"

#include <string>

#include <gtest/gtest.h>

#include "base/text.h"

namespace larder::policy::origin_breaker_test {
namespace {

constexpr Millis open_first{2'000};
constexpr Millis open_max{30'000};

struct OriginBreakerTest : ::testing::Test {
  // Asks, and reports what came of it; false: it was not asked.
  bool ask(std::string_view key, CallOutcome outcome, Millis stay_away = Millis(0),
           std::string_view resource = "item", std::string_view group = "") {
    const OriginCall call(resource, key, group);
    if (!breaker.admit(now, call)) {
      return false;
    }
    breaker.report(now, call, outcome, stay_away);
    return true;
  }
  bool fails(const std::string& key) { return ask(key, CallOutcome::failed); }
  bool works(const std::string& key) { return ask(key, CallOutcome::good); }
  // All keys of a kind, one after the other.
  void each(std::string_view kind, int count, CallOutcome outcome) {
    for (int i = 0; i < count; ++i) {
      ask(concat({kind, std::to_string(i)}), outcome);
    }
  }
  bool may(std::string_view key, std::string_view resource = "item") {
    return breaker.may_ask(now, OriginCall(resource, key, ""));
  }

  Instant now = instant_from_millis(1'790'000'000'000);
  OriginBreaker breaker{OriginBreakerRules(BreakerRules(5, open_first, open_max, Millis(30'000)))};
};

// 20 times a second for 10 s, beside 81 others: none of them is refused.
TEST_F(OriginBreakerTest, AKeyThatFailsCostsNoOtherKey) {
  int bad_asked = 0;
  int others_refused = 0;
  for (int i = 0; i < 200; ++i) {
    bad_asked += fails("bad") ? 1 : 0;
    if (i % 5 == 0) {
      others_refused += works("good" + std::to_string(i)) ? 0 : 1;
      others_refused += works("good" + std::to_string(i) + "b") ? 0 : 1;
    }
    now += Millis(50);
  }
  EXPECT_EQ(others_refused, 0);
  // Five times, then after 2 and after 4 more seconds.
  EXPECT_EQ(bad_asked, 7);
}

TEST_F(OriginBreakerTest, EverNewKeysThatFailCostNoKeyWhileOthersAreAnswered) {
  for (int i = 0; i < 400; ++i) {
    if (i % 20 == 0) {
      EXPECT_TRUE(works("good" + std::to_string(i))) << i;
    }
    EXPECT_TRUE(fails("bad" + std::to_string(i))) << i;
    now += Millis(50);
  }
}

TEST_F(OriginBreakerTest, OpensWhenNothingIsAnsweredAndEnoughKeysFail) {
  each("key", 4, CallOutcome::failed);
  fails("key3");
  EXPECT_TRUE(may("new")) << "four keys";
  fails("key4");
  EXPECT_FALSE(may("new"));
  EXPECT_EQ(breaker.open_until(now, OriginCall("item", "new", "")), now + open_first);
  now += open_first;
  EXPECT_TRUE(may("new"));
}

TEST_F(OriginBreakerTest, OpensWhenHalfOfTheKeysThatWorkedFail) {
  each("key", 20, CallOutcome::good);
  each("key", 9, CallOutcome::failed);
  EXPECT_TRUE(may("new")) << "9 of 20";
  fails("key9");
  EXPECT_FALSE(may("new"));
}

TEST_F(OriginBreakerTest, WhatIsLongAgoCountsNoLonger) {
  each("key", 4, CallOutcome::failed);
  now += Millis(10'001);
  fails("key4");
  EXPECT_TRUE(may("new"));
}

TEST_F(OriginBreakerTest, OpensWhenTheKeysThatWereFastAreSlow) {
  each("key", 12, CallOutcome::good);
  each("key", 9, CallOutcome::slow);
  EXPECT_TRUE(may("new"));
  fails("key9");
  EXPECT_FALSE(may("new")) << "10 of 12";
}

TEST_F(OriginBreakerTest, AnOriginThatWasNeverFastIsNotUnwell) {
  each("key", 40, CallOutcome::slow);
  each("key", 40, CallOutcome::slow);
  EXPECT_TRUE(may("new"));
}

// The path is one fault, whatever its queries; the others go on.
TEST_F(OriginBreakerTest, APathCountsOnceHoweverManyOfItsQueriesFail) {
  for (const CallOutcome outcome : {CallOutcome::good, CallOutcome::failed}) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(ask("/broken?" + std::to_string(i), outcome, Millis(0), "page", "/broken"));
    }
    EXPECT_TRUE(ask("/well", CallOutcome::good, Millis(0), "page", "/well"));
  }
  EXPECT_TRUE(may("/other", "page"));
}

TEST_F(OriginBreakerTest, AResourceThatFailsLeavesTheOthersOpen) {
  for (int i = 0; i < 6; ++i) {
    ask("key" + std::to_string(i), CallOutcome::failed, Millis(0), "one");
  }
  EXPECT_FALSE(may("new", "one"));
  EXPECT_TRUE(may("new", "two"));
  // A second one fails too: it is the origin.
  ask("other", CallOutcome::failed, Millis(0), "two");
  EXPECT_FALSE(may("new", "two"));
  EXPECT_FALSE(may("new", "three"));
}

TEST_F(OriginBreakerTest, HalfOpenItLetsAFewProbesThrough) {
  each("key", 5, CallOutcome::failed);
  now += open_first;
  for (const std::string_view key : {"a", "b", "c"}) {
    EXPECT_TRUE(breaker.admit(now, OriginCall("item", key, "")));
  }
  EXPECT_FALSE(may("d"));
  breaker.report(now, OriginCall("item", "a", ""), CallOutcome::good, Millis(0));
  EXPECT_FALSE(may("d")) << "one success is not enough, and a place is kept for what has worked";
  EXPECT_TRUE(may("a"));
  breaker.report(now, OriginCall("item", "b", ""), CallOutcome::good, Millis(0));
  EXPECT_TRUE(may("d"));
}

// After an idle time nobody is refused for what happened before it, though several come at once: not the key
// that failed, which two may ask for, nor others.
TEST_F(OriginBreakerTest, WhereNobodyAskedForLongItIsClosed) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(fails("key0"));
  }
  each("key", 5, CallOutcome::failed);
  now += open_first + open_max - Millis(1);
  for (const std::string_view key : {"a", "b", "c"}) {
    EXPECT_TRUE(breaker.admit(now, OriginCall("item", key, "")));
  }
  EXPECT_FALSE(may("d"));
  now += Millis(1);
  for (const std::string_view key : {"d", "e", "f", "g", "key0", "key0"}) {
    EXPECT_TRUE(breaker.admit(now, OriginCall("item", key, ""))) << key;
  }
  each("new", 4, CallOutcome::failed);
  EXPECT_TRUE(may("h")) << "it counts from nought again";
  fails("new4");
  EXPECT_FALSE(may("h"));
  EXPECT_EQ(breaker.open_until(now, OriginCall("item", "h", "")), now + open_first)
      << "open as long as at first";
}

TEST_F(OriginBreakerTest, FailedProbesDoubleItsTimeUpToItsBound) {
  each("key", 5, CallOutcome::failed);
  int probe = 0;
  for (const int seconds : {2, 4, 8, 16, 30, 30}) {
    EXPECT_EQ(breaker.open_until(now, OriginCall("item", "new", "")), now + Millis(seconds * 1'000));
    now += Millis(seconds * 1'000);
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(fails("probe" + std::to_string(++probe)));
    }
  }
}

// Who floods it with failures takes no place from a key that has worked before.
TEST_F(OriginBreakerTest, AKeyThatHasWorkedFindsAPlaceAndClosesItAtOnce) {
  works("proven");
  each("proven", 5, CallOutcome::good);
  each("proven", 5, CallOutcome::failed);
  EXPECT_FALSE(may("proven"));
  now += open_first;
  EXPECT_TRUE(breaker.admit(now, OriginCall("item", "a", "")));
  EXPECT_TRUE(breaker.admit(now, OriginCall("item", "b", "")));
  EXPECT_FALSE(may("c"));
  EXPECT_TRUE(works("proven"));
  EXPECT_TRUE(may("c"));
}

// Opened by keys that never worked: the first that has is asked even before the time is over.
TEST_F(OriginBreakerTest, WhereNothingThatWorkedHasFailedItIsAskedAtOnce) {
  works("proven");
  now += Millis(10'001);
  each("bad", 5, CallOutcome::failed);
  EXPECT_FALSE(may("new"));
  EXPECT_TRUE(breaker.admit(now, OriginCall("item", "proven", "")));
  EXPECT_FALSE(may("proven")) << "one at a time";
  breaker.report(now, OriginCall("item", "proven", ""), CallOutcome::good, Millis(0));
  EXPECT_TRUE(may("new"));
}

TEST_F(OriginBreakerTest, WhereItFailsTooTheOthersWaitNoLongerThanTheyWouldHave) {
  works("proven");
  now += Millis(10'001);
  each("bad", 5, CallOutcome::failed);
  EXPECT_TRUE(fails("proven"));
  now += open_first - Millis(1);
  EXPECT_FALSE(may("proven"));
  now += Millis(1);
  EXPECT_TRUE(may("proven"));
}

TEST_F(OriginBreakerTest, AProbeThatIsGivenBackOrLostBlocksNobodyForEver) {
  each("key", 5, CallOutcome::failed);
  now += open_first;
  for (const std::string_view key : {"a", "b", "c"}) {
    EXPECT_TRUE(breaker.admit(now, OriginCall("item", key, "")));
  }
  breaker.withdraw(OriginCall("item", "a", ""));
  EXPECT_TRUE(breaker.admit(now, OriginCall("item", "d", "")));
  EXPECT_FALSE(may("e"));
  now += Millis(30'000);
  EXPECT_TRUE(may("e"));
}

TEST_F(OriginBreakerTest, RetryAfterHoldsItsKeyAlone) {
  EXPECT_TRUE(ask("told", CallOutcome::failed, Millis(20'000)));
  EXPECT_FALSE(may("told"));
  EXPECT_TRUE(works("other"));
  now += Millis(19'999);
  EXPECT_FALSE(may("told"));
  now += Millis(1);
  EXPECT_TRUE(may("told"));
  EXPECT_TRUE(ask("told", CallOutcome::failed, Millis(3'600'000)));
  EXPECT_EQ(breaker.open_until(now, OriginCall("item", "told", "")), now + open_max);
}

TEST_F(OriginBreakerTest, RetryAfterHoldsAResourceWhenSeveralKeysSaySoAndNoneIsAnswered) {
  ask("a", CallOutcome::failed, Millis(20'000));
  ask("b", CallOutcome::failed, Millis(10'000));
  works("c");
  ask("d", CallOutcome::failed, Millis(10'000));
  EXPECT_TRUE(may("new")) << "one was answered in between";
  ask("e", CallOutcome::failed, Millis(7'000));
  ask("f", CallOutcome::failed, Millis(20'000));
  EXPECT_FALSE(may("new"));
  EXPECT_FALSE(may("c"));
  EXPECT_TRUE(may("new", "other"));
  now += Millis(7'000);
  EXPECT_TRUE(may("new"));
  // A probe is told again: nobody else has to find out.
  ask("new", CallOutcome::failed, Millis(5'000));
  EXPECT_FALSE(may("newer"));
}

TEST_F(OriginBreakerTest, OfTheKeysThatItHoldsTheOldestIsForgottenForANewOne) {
  works("good");
  for (int i = 0; i < 5; ++i) {
    fails("oldest");
  }
  for (int i = 0; i < 255; ++i) {
    now += Millis(1);
    fails("bad" + std::to_string(i));
  }
  EXPECT_FALSE(may("oldest"));
  now += Millis(1);
  fails("one more");
  EXPECT_TRUE(may("oldest"));
}

}  // namespace
}  // namespace larder::policy::origin_breaker_test
