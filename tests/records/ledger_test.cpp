// The metrics' ledger: every batch counts once, whatever becomes of it on the way, and roll-ups lose nothing.
#include "records/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/text.h"
#include "config/limits.h"
#include "records/calls.h"
#include "support/durable_objects.h"

namespace larder::records::ledger_test {
namespace {

using metrics::Tally;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
namespace limit = config::limit;

struct LedgerTest : ::testing::Test {
  template <typename Results, typename Arguments>
  std::optional<Results> ask(std::uint32_t method, const Arguments& asked) {
    return sim::ask<Results>(objects, now, "larder", method, asked);
  }
  // The kind of error that the object answers with.
  template <typename Arguments>
  ErrorKind refusal(std::uint32_t method, const Arguments& asked) {
    const auto reply = objects.call(now, "larder", method, encode(asked));
    return refusal_of(*reply, "ledger").kind;
  }
  ledger::flush_arguments batch(std::string isolate, std::uint64_t sequence, std::uint64_t count) {
    ledger::flush_arguments asked;
    asked.isolate = std::move(isolate);
    asked.sequence = sequence;
    Tally counted;
    counted.add("x_total", count);
    asked.counted = counted.encode();
    return asked;
  }
  void flush(const ledger::flush_arguments& asked) {
    EXPECT_TRUE(ask<ledger::flush_results>(ledger::flush_number, asked).has_value());
  }
  std::uint64_t total() {
    const auto totals = ask<ledger::totals_results>(ledger::totals_number, ledger::totals_arguments());
    return Tally::decode(totals->counted)->sum("x_total");
  }
  std::uint64_t window(std::uint32_t minutes_wanted) {
    ledger::windows_arguments asked;
    LedgerWindow wanted;
    wanted.minutes = minutes_wanted;
    asked.windows.push_back(wanted);
    const auto windows = ask<ledger::windows_results>(ledger::windows_number, asked);
    return Tally::decode(windows->windows.at(0).counted)->sum("x_total");
  }
  std::vector<LedgerBucket> history(BucketWidth width, Instant from, Instant until) {
    ledger::history_arguments asked;
    asked.width = static_cast<std::uint8_t>(width);
    asked.from = static_cast<std::uint64_t>(millis_since_epoch(from));
    asked.until = static_cast<std::uint64_t>(millis_since_epoch(until));
    asked.count_max = 1000;
    return ask<ledger::history_results>(ledger::history_number, asked)->buckets;
  }
  std::uint64_t sum(const std::vector<LedgerBucket>& buckets) {
    std::uint64_t sum = 0;
    for (const LedgerBucket& bucket : buckets) {
      sum += Tally::decode(bucket.counted)->sum("x_total");
    }
    return sum;
  }
  // Alarms that are due until then.
  void run_until(Instant then) {
    while (objects.alarm("larder") && *objects.alarm("larder") <= then) {
      now = std::max(now, *objects.alarm("larder"));
      objects.run_alarms(now);
    }
    now = then;
  }

  sim::DurableObjects objects{ObjectKind::ledger};
  // On the hour.
  const Instant start = instant_from_millis(1'790'002'800'000);
  Instant now = start;
};

TEST_F(LedgerTest, ABatchCountsOnceHoweverOftenItComes) {
  flush(batch("a", 1, 5));
  flush(batch("a", 1, 5));
  EXPECT_EQ(total(), 5U);
  flush(batch("a", 2, 7));
  // Late, and in the wrong order.
  flush(batch("a", 1, 5));
  EXPECT_EQ(total(), 12U);
  flush(batch("b", 1, 100));
  EXPECT_EQ(total(), 112U);
  // What came between was lost with its isolate's patience.
  flush(batch("a", 9, 1));
  EXPECT_EQ(total(), 113U);
}

TEST_F(LedgerTest, MalformedBatchesAreRefusedWhole) {
  for (const ledger::flush_arguments& asked : {batch("", 1, 5), batch("a", 0, 5)}) {
    EXPECT_EQ(refusal(ledger::flush_number, asked), ErrorKind::invalid);
  }
  ledger::flush_arguments broken = batch("a", 1, 5);
  broken.counted.pop_back();
  EXPECT_EQ(refusal(ledger::flush_number, broken), ErrorKind::invalid);
  ledger::flush_arguments many = batch("a", 1, 5);
  many.samples.resize(limit::ledger_batch_samples_max + 1);
  EXPECT_EQ(refusal(ledger::flush_number, many), ErrorKind::invalid);
  EXPECT_EQ(total(), 0U);
}

TEST_F(LedgerTest, GaugesAreThoseOfIsolatesThatWereHeardOfLately) {
  const auto gauge = [&] {
    const auto totals = ask<ledger::totals_results>(ledger::totals_number, ledger::totals_arguments());
    return Tally::decode(totals->gauges)->sum("locks_in_flight");
  };
  Tally gauges;
  gauges.set("locks_in_flight", 3);
  ledger::flush_arguments one = batch("a", 1, 1);
  one.gauges = gauges.encode();
  flush(one);
  gauges.set("locks_in_flight", 4);
  now += seconds(30);
  ledger::flush_arguments other = batch("b", 1, 1);
  other.gauges = gauges.encode();
  flush(other);
  EXPECT_EQ(gauge(), 7U);
  now += seconds(31);
  EXPECT_EQ(gauge(), 4U);
}

TEST_F(LedgerTest, RollUpsLoseNothing) {
  std::mt19937_64 random(7);
  std::uint64_t counted = 0;
  std::uint64_t sequence = 0;
  // Four days, at random times.
  while (now < start + hours(96)) {
    const std::uint64_t count = random() % 10;
    counted += count;
    flush(batch("a", ++sequence, count));
    run_until(now + minutes(random() % 20) + seconds(random() % 60));
  }
  EXPECT_EQ(total(), counted);
  // Days, then the hours of the days that are not over, then the minutes of the hour that is not over.
  run_until(start + hours(97) + minutes(5));
  const std::uint64_t day = 86'400'000;
  const std::uint64_t hour = 3'600'000;
  const auto at = [](std::uint64_t millis) { return instant_from_millis(static_cast<std::int64_t>(millis)); };
  const std::uint64_t today = static_cast<std::uint64_t>(millis_since_epoch(now)) / day * day;
  const std::uint64_t this_hour = static_cast<std::uint64_t>(millis_since_epoch(now)) / hour * hour;
  EXPECT_EQ(sum(history(BucketWidth::day, start - hours(24), at(today))) +
                sum(history(BucketWidth::hour, at(today), at(this_hour))) +
                sum(history(BucketWidth::minute, at(this_hour), now + minutes(1))),
            counted);
  // Minutes are kept for three days.
  EXPECT_TRUE(history(BucketWidth::minute, start, start + hours(24)).empty());
  EXPECT_FALSE(history(BucketWidth::minute, now - hours(70), now).empty());
}

TEST_F(LedgerTest, WindowsAddUpMinutesAndHours) {
  for (std::uint64_t i = 0; i < 300; ++i) {
    flush(batch("a", i + 1, 1));
    run_until(now + minutes(1));
  }
  // The minute under way has none yet.
  EXPECT_EQ(window(10), 10U);
  EXPECT_EQ(window(61), 61U);
  EXPECT_EQ(window(250), 250U);
  EXPECT_EQ(window(4320), 300U);
}

// A month is made of days, hours and minutes that are no part of one another.
TEST_F(LedgerTest, AMonthCountsEachBatchOnce) {
  constexpr std::uint32_t month = 30 * 24 * 60;
  for (std::uint64_t i = 0; i < 40 * 24; ++i) {
    flush(batch("a", i + 1, 1));
    run_until(now + hours(1));
  }
  EXPECT_EQ(window(month), 720U);
  flush(batch("a", 2000, 1));
  EXPECT_EQ(window(month), 721U);
  // Its first hour counts whole, since its minutes are gone.
  now += minutes(30);
  EXPECT_EQ(window(month), 721U);
}

TEST_F(LedgerTest, AClockThatIsSetBackOpensNoHourAgain) {
  now = start + minutes(59);
  flush(batch("a", 1, 1));
  run_until(start + minutes(62));
  now = start + minutes(58);
  flush(batch("a", 2, 10));
  now = start + minutes(65);
  EXPECT_EQ(total(), 11U);
  EXPECT_EQ(window(120), 11U);
}

TEST_F(LedgerTest, AfterALongSilenceTheHoursGoOnInSteps) {
  flush(batch("a", 1, 3));
  // The platform's alarm came to nothing for ten days.
  now = start + hours(240);
  flush(batch("a", 2, 4));
  run_until(now + hours(2));
  EXPECT_EQ(sum(history(BucketWidth::hour, start, now)), 7U);
  // The day under way is added up from its hours and minutes.
  EXPECT_EQ(sum(history(BucketWidth::day, start - hours(24), start + hours(24))), 3U);
  EXPECT_EQ(sum(history(BucketWidth::day, start - hours(24), now)), 7U);
}

TEST_F(LedgerTest, AHistoryCountsWhatIsNotRolledUpYet) {
  // The platform's alarms came to nothing, so there are minutes alone.
  for (std::uint64_t i = 0; i < 30; ++i) {
    flush(batch("a", i + 1, 1));
    now += hours(1);
  }
  EXPECT_EQ(history(BucketWidth::hour, start, now).size(), 30U);
  EXPECT_EQ(sum(history(BucketWidth::hour, start, now)), 30U);
  EXPECT_EQ(sum(history(BucketWidth::day, start - hours(24), now)), 30U);
  run_until(now + hours(2));
  EXPECT_EQ(history(BucketWidth::hour, start, now).size(), 30U);
  EXPECT_EQ(sum(history(BucketWidth::hour, start, now)), 30U);
  EXPECT_EQ(sum(history(BucketWidth::day, start - hours(24), now)), 30U);
}

TEST_F(LedgerTest, AHistoryComesInPagesOfSoManyBucketsAndBytes) {
  const auto pages_of = [&](std::uint32_t count_max) {
    ledger::history_arguments asked;
    asked.from = static_cast<std::uint64_t>(millis_since_epoch(start));
    asked.until = static_cast<std::uint64_t>(millis_since_epoch(now));
    asked.count_max = count_max;
    std::vector<std::size_t> pages;
    for (bool has_more = true; has_more;) {
      const auto page = ask<ledger::history_results>(ledger::history_number, asked);
      pages.push_back(page->buckets.size());
      has_more = page->next > asked.from;
      asked.from = page->next;
    }
    return pages;
  };
  for (std::uint64_t i = 0; i < 70; ++i) {
    flush(batch("a", i + 1, 1));
    now += minutes(1);
  }
  EXPECT_THAT(pages_of(100), ::testing::ElementsAre(70U));
  EXPECT_THAT(pages_of(30), ::testing::ElementsAre(30U, 30U, 10U));
  EXPECT_THAT(pages_of(70), ::testing::ElementsAre(70U));
  // Minutes of a megabyte and a half: a page ends with the one that reaches four.
  Tally large;
  for (std::size_t i = 0; i < 3000; ++i) {
    large.add(concat({"y", to_text(i), std::string(480, '.')}), 1);
  }
  for (std::uint64_t i = 0; i < 4; ++i) {
    ledger::flush_arguments asked = batch("b", i + 1, 1);
    asked.counted = large.encode();
    flush(asked);
    now += minutes(1);
  }
  EXPECT_THAT(pages_of(100), ::testing::ElementsAre(73U, 1U));
}

TEST_F(LedgerTest, AnIsolateIsForgottenAfterAnHour) {
  flush(batch("a", 1, 1));
  flush(batch("b", 1, 1));
  for (int i = 0; i < 200; ++i) {
    now += minutes(1);
    run_until(now);
    flush(batch("b", static_cast<std::uint64_t>(i) + 2, 1));
  }
  std::size_t isolates = 0;
  for (const auto& [key, value] : objects.store("larder").rows) {
    isolates += key.starts_with("isolate/") ? 1 : 0;
  }
  EXPECT_EQ(isolates, 1U);
}

// More than one alarm goes over, among them some that are heard of all the time.
TEST_F(LedgerTest, IsolatesAreForgottenHoweverManyThereWere) {
  constexpr std::size_t gone = 1'200;
  const auto name = [](std::string_view kind, std::size_t number) {
    return concat({kind, to_text(std::uint64_t{10'000 + number})});
  };
  const auto isolates = [&] {
    std::size_t count = 0;
    for (const auto& [key, value] : objects.store("larder").rows) {
      count += key.starts_with("isolate/") ? 1 : 0;
    }
    return count;
  };
  const std::size_t heard = limit::rows_at_once;
  for (std::size_t i = 0; i < heard; ++i) {
    flush(batch(name("a", i), 1, 1));
  }
  for (std::size_t i = 0; i < gone; ++i) {
    flush(batch(name("b", i), 1, 1));
  }
  EXPECT_EQ(isolates(), heard + gone);
  for (std::uint64_t half_hour = 0; half_hour < 6; ++half_hour) {
    run_until(now + minutes(30));
    for (std::size_t i = 0; i < heard; ++i) {
      flush(batch(name("a", i), half_hour + 2, 1));
    }
  }
  run_until(now + minutes(30));
  EXPECT_EQ(isolates(), heard);
  EXPECT_EQ(total(), heard * 7 + gone);
}

TEST_F(LedgerTest, GaugesAreThoseOfTheIsolatesThatBeganLast) {
  Tally gauges;
  gauges.set("locks_in_flight", 1);
  for (std::size_t i = 0; i < ledger::isolates_read_max + 10; ++i) {
    ledger::flush_arguments one = batch(concat({"a", to_text(std::uint64_t{10'000 + i})}), 1, 1);
    one.gauges = gauges.encode();
    // All but the last 600 are gone when they are asked for.
    now += i == ledger::isolates_read_max - 590 ? Millis(limit::ledger_isolate_heard) : Millis(0);
    now += i == ledger::isolates_read_max - 590 ? Millis(1) : Millis(0);
    flush(one);
  }
  const auto totals = ask<ledger::totals_results>(ledger::totals_number, ledger::totals_arguments());
  EXPECT_EQ(Tally::decode(totals->gauges)->sum("locks_in_flight"), 600U);
}

// Ghost cache -----------------------------------------------------------------------------------------------

TEST_F(LedgerTest, SampledAccessesOfAllIsolatesMakeOneGhostCache) {
  const auto access = [&](std::string isolate, std::uint64_t sequence, std::uint64_t hash) {
    ledger::flush_arguments asked = batch(std::move(isolate), sequence, 1);
    GhostSample sample;
    sample.pattern = "title";
    sample.hash = hash;
    sample.at = static_cast<std::uint64_t>(millis_since_epoch(now));
    sample.count = 1;
    sample.size = 500;
    asked.samples.push_back(sample);
    PatternCount count;
    count.pattern = "title";
    count.count = 1;
    asked.accesses.push_back(count);
    flush(asked);
    flush(asked);
  };
  access("a", 1, 42);
  now += seconds(40);
  access("b", 1, 42);
  now += seconds(40);
  access("a", 2, 43);
  now += minutes(2);
  access("b", 2, 42);
  const auto ghost = ask<ledger::ghost_results>(ledger::ghost_number, ledger::ghost_arguments());
  const auto estimates = metrics::GhostCache::decode(ghost->state)->estimates(now);
  ASSERT_EQ(estimates.size(), 1U);
  // With the last access, which waits to be put in.
  EXPECT_EQ(estimates[0].accesses, 4U);
  EXPECT_EQ(estimates[0].ttls[0].misses, 3U);
  EXPECT_EQ(ghost->hours, 1U);
  // Whoever looks changes nothing: the one that waits is put in once, with the next batch.
  now += minutes(1);
  access("a", 3, 44);
  const auto later = ask<ledger::ghost_results>(ledger::ghost_number, ledger::ghost_arguments());
  EXPECT_EQ(metrics::GhostCache::decode(later->state)->estimates(now).at(0).accesses, 5U);
  EXPECT_EQ(ghost->since, static_cast<std::uint64_t>(millis_since_epoch(start)));
}

TEST_F(LedgerTest, ReadsOfAMinuteAreWrittenTogetherAndKnownAtOnce) {
  std::uint64_t sequence = 0;
  const auto read = [&](std::uint64_t hash, std::uint32_t count) {
    ledger::flush_arguments asked = batch("a", ++sequence, 1);
    KeyRead one;
    one.hash = hash;
    one.count = count;
    asked.reads.push_back(one);
    flush(asked);
    flush(asked);
  };
  const auto reads_of = [&](std::uint64_t hash) {
    ledger::reads_arguments asked;
    KeyHash key;
    key.hash = hash;
    asked.keys.push_back(key);
    return ask<ledger::reads_results>(ledger::reads_number, asked)->uses.at(0).reads;
  };
  const auto sketch = [&] { return objects.store("larder").rows["reads/"]; };
  const auto waiting = [&] {
    std::size_t count = 0;
    for (const auto& [key, value] : objects.store("larder").rows) {
      count += key.starts_with("reads-waiting/") ? 1 : 0;
    }
    return count;
  };
  // An object that has just begun does not know what waits.
  read(7, 1);
  const std::string first = sketch();
  EXPECT_EQ(waiting(), 0U);
  for (int i = 0; i < 5; ++i) {
    now += seconds(10);
    read(7, 2);
    EXPECT_EQ(sketch(), first);
  }
  EXPECT_EQ(waiting(), 5U);
  EXPECT_EQ(reads_of(7), 11U);
  EXPECT_EQ(reads_of(8), 0U);
  // A minute after the oldest of them.
  now += seconds(20);
  read(8, 3);
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(reads_of(7), 11U);
  EXPECT_EQ(reads_of(8), 3U);
  // What is lost is how many wait, and none of them.
  read(7, 4);
  EXPECT_EQ(waiting(), 1U);
  objects.reset("larder");
  read(7, 5);
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(reads_of(7), 20U);
  for (int i = 0; i < 200; ++i) {
    read(9, 1);
  }
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(reads_of(9), 200U);
}

// Alerts ----------------------------------------------------------------------------------------------------

struct AlertsTest : LedgerTest {
  std::uint32_t letters(double count, std::vector<std::string> transports = {"mail", "hook"}) {
    metrics::Measurements measured;
    measured[static_cast<std::size_t>(metrics::Signal::dead_letters)] = count;
    ledger::evaluate_arguments asked;
    asked.measured = metrics::encode(measured);
    asked.transports = std::move(transports);
    return ask<ledger::evaluate_results>(ledger::evaluate_number, asked)->news;
  }
  std::vector<AlertMessage> take() {
    ledger::take_messages_arguments asked;
    asked.count_max = 10;
    return ask<ledger::take_messages_results>(ledger::take_messages_number, asked)->messages;
  }
  void settle(std::uint64_t id, Delivery outcome, std::uint64_t retry_after_millis = 0) {
    ledger::settle_message_arguments asked;
    asked.id = id;
    asked.outcome = static_cast<std::uint8_t>(outcome);
    asked.retry_after_millis = retry_after_millis;
    asked.fault = "503";
    EXPECT_TRUE(ask<ledger::settle_message_results>(ledger::settle_message_number, asked).has_value());
  }
};

TEST_F(AlertsTest, WhatFiresIsOneMessageForEachTransport) {
  EXPECT_EQ(letters(11), 1U);
  EXPECT_EQ(letters(12), 0U);
  const auto messages = take();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].transport, "mail");
  EXPECT_EQ(messages[1].transport, "hook");
  const auto notices = metrics::decode_notices(messages[0].notices);
  ASSERT_EQ(notices->size(), 1U);
  EXPECT_EQ(notices->at(0).alert, metrics::Alert::dead_letters_high);
  EXPECT_EQ(notices->at(0).value, 11);
  settle(messages[0].id, Delivery::delivered);
  settle(messages[1].id, Delivery::delivered);
  settle(messages[1].id, Delivery::delivered);
  now += hours(1);
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(letters(3), 0U);
  now += metrics::clear_hold_min;
  EXPECT_EQ(letters(3), 1U);
  EXPECT_EQ(take().size(), 2U);
}

TEST_F(AlertsTest, AMessageIsTakenByOneAndComesAgainWhereThatOneWasLost) {
  letters(11, {"mail"});
  EXPECT_EQ(take().size(), 1U);
  EXPECT_TRUE(take().empty());
  now += ledger::alert_message_lease;
  EXPECT_EQ(take().size(), 1U);
}

TEST_F(AlertsTest, ATransportThatIsDownForAnHourDeliversAfterwardsInOrder) {
  letters(11, {"mail"});
  Instant end = now + hours(1);
  std::uint64_t tries = 0;
  while (now < end) {
    for (const AlertMessage& message : take()) {
      ++tries;
      settle(message.id, Delivery::retry);
    }
    now += minutes(5);
    if (now == start + minutes(5) || now == start + minutes(20)) {
      EXPECT_EQ(letters(1, {"mail"}), now == start + minutes(20) ? 1U : 0U);
    }
  }
  EXPECT_EQ(tries, 4U);
  std::vector<metrics::AlertNews> told;
  for (int i = 0; i < 24; ++i) {
    for (const AlertMessage& message : take()) {
      told.push_back(metrics::decode_notices(message.notices)->at(0).news);
      settle(message.id, Delivery::delivered);
    }
    now += minutes(5);
  }
  EXPECT_EQ(told, (std::vector<metrics::AlertNews>{metrics::AlertNews::fired, metrics::AlertNews::resolved}));
}

TEST_F(AlertsTest, WhatIsRefusedOrTooOldIsKeptAsUndelivered) {
  letters(11, {"mail", "hook"});
  const auto messages = take();
  settle(messages[0].id, Delivery::refused);
  now += ledger::alert_message_kept;
  settle(messages[1].id, Delivery::retry);
  const auto all = ask<ledger::alerts_results>(ledger::alerts_number, ledger::alerts_arguments());
  EXPECT_TRUE(all->waiting.empty());
  ASSERT_EQ(all->undelivered.size(), 2U);
  EXPECT_EQ(all->undelivered[0].transport, "hook");
  EXPECT_EQ(all->undelivered[0].fault, "503");
}

TEST_F(AlertsTest, WaitingMessagesAreBounded) {
  for (std::size_t i = 0; i < ledger::alert_messages_max; ++i) {
    letters(11, {"mail"});
    letters(1, {"mail"});
    now += metrics::clear_hold_min;
    letters(1, {"mail"});
  }
  const auto all = ask<ledger::alerts_results>(ledger::alerts_number, ledger::alerts_arguments());
  EXPECT_EQ(all->waiting.size(), ledger::alert_messages_max);
  EXPECT_EQ(all->waiting.front().id, 2 * ledger::alert_messages_max);
  // None is lost without a word.
  ASSERT_EQ(all->undelivered.size(), ledger::alert_undelivered_max);
  EXPECT_EQ(all->undelivered.front().id, ledger::alert_messages_max);
  EXPECT_EQ(all->undelivered.front().fault, "So many messages wait that the oldest was given up. ");
}

TEST_F(AlertsTest, ADecisionIsAnnouncedOnce) {
  ledger::announce_arguments asked;
  asked.transports = {"slack", "webhook"};
  Announcement one;
  one.topic = "ttl";
  one.serial = 2;
  one.at = static_cast<std::uint64_t>(millis_since_epoch(now));
  one.headline = "is promoted";
  one.reason = "It wins.";
  asked.announcements.push_back(one);
  const auto announce = [&] { return ask<ledger::announce_results>(ledger::announce_number, asked)->news; };
  EXPECT_EQ(announce(), 1U);
  EXPECT_EQ(announce(), 0U);
  const auto waiting = [&] {
    return ask<ledger::alerts_results>(ledger::alerts_number, ledger::alerts_arguments())->waiting;
  };
  ASSERT_EQ(waiting().size(), 2U);
  const auto notices = metrics::decode_notices(waiting().front().notices);
  ASSERT_EQ(notices->size(), 1U);
  EXPECT_EQ(notices->front().topic, "ttl");
  EXPECT_EQ(notices->front().reason, "It wins.");
  // The next decision on it, and one on another.
  asked.announcements.front().serial = 3;
  one.topic = "tiers";
  asked.announcements.push_back(one);
  EXPECT_EQ(announce(), 2U);
  // An experiment of the name that was declared anew.
  asked.announcements.front().serial = 1;
  asked.announcements.front().at += 1;
  EXPECT_EQ(announce(), 1U);
  asked.announcements.front().topic = "";
  EXPECT_EQ(refusal(ledger::announce_number, asked), ErrorKind::invalid);
  asked.announcements.assign(limit::experiments_max + 1, one);
  EXPECT_EQ(refusal(ledger::announce_number, asked), ErrorKind::invalid);
}

TEST_F(AlertsTest, ASilenceIsKept) {
  ledger::silence_arguments asked;
  asked.alert = "dead_letters_high";
  asked.until = static_cast<std::uint64_t>(millis_since_epoch(now + hours(1)));
  EXPECT_TRUE(ask<ledger::silence_results>(ledger::silence_number, asked).has_value());
  EXPECT_EQ(letters(11), 0U);
  now += hours(1);
  EXPECT_EQ(letters(11), 1U);
  asked.alert = "nothing";
  EXPECT_EQ(refusal(ledger::silence_number, asked), ErrorKind::not_found);
  asked.alert = "hit_rate_low";
  asked.until += static_cast<std::uint64_t>(limit::alert_silence_max.count()) + 1;
  EXPECT_EQ(refusal(ledger::silence_number, asked), ErrorKind::invalid);
}

}  // namespace
}  // namespace larder::records::ledger_test
