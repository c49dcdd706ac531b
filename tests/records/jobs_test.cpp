// The jobs' object: each item is accounted for once, however often it is spoken of, and no call goes over
// more rows than it may, however large a job is.
#include "records/jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "support/durable_objects.h"

namespace larder::records::jobs_test {
namespace {

namespace limit = config::limit;

constexpr Instant start = instant_from_millis(1'790'000'000'000);

JobItem item(std::string key, std::uint32_t depth = 1, std::uint32_t depth_max = 2) {
  JobItem made;
  made.name = "Name of " + key;
  made.key = std::move(key);
  made.depth = depth;
  made.depth_max = depth_max;
  return made;
}

ItemAccount account(std::string key, ItemState outcome, std::uint64_t works = 3, std::uint32_t remaining = 1,
                    std::string job = "j") {
  ItemAccount made;
  made.job = std::move(job);
  made.key = std::move(key);
  made.remaining = remaining;
  made.outcome = static_cast<std::uint8_t>(outcome);
  made.works = works;
  if (outcome == ItemState::failed) {
    made.reason = "unavailable";
    made.message = "It is down.";
  }
  return made;
}

struct JobsTest : ::testing::Test {
  template <typename Results, typename Arguments>
  std::optional<Results> call(std::uint32_t method, const Arguments& arguments) {
    auto results = sim::ask<Results>(objects, now, "larder", method, arguments);
    rows_written_max = std::max(rows_written_max, store().rows_written);
    rows_read_max = std::max(rows_read_max, store().rows_read);
    return results;
  }
  jobs::open_results open(std::string id, std::vector<std::string> keys, std::uint64_t pending_max = 10,
                          std::string digest = "") {
    jobs::open_arguments asked;
    asked.digest = digest.empty() ? "digest of " + id : std::move(digest);
    asked.id = std::move(id);
    asked.terms.depth_max = 2;
    asked.pending_max = pending_max;
    asked.item_count = keys.size();
    for (const std::string& key : keys) {
      asked.items.push_back(item(key));
    }
    return call<jobs::open_results>(jobs::open_number, asked).value();
  }
  std::string begin(const std::vector<std::string>& keys, const std::string& job = "j") {
    jobs::begin_arguments asked;
    for (const std::string& key : keys) {
      ItemReference reference;
      reference.job = job;
      reference.key = key;
      reference.remaining = 1;
      asked.items.push_back(reference);
    }
    return flags(call<jobs::begin_results>(jobs::begin_number, asked).value().open);
  }
  std::string discover(const std::string& parent, JobItems items, std::uint64_t items_max = 100) {
    jobs::discover_arguments asked;
    asked.job = "j";
    asked.parent = parent;
    asked.items_max = items_max;
    asked.items = std::move(items);
    return flags(call<jobs::discover_results>(jobs::discover_number, asked).value().send);
  }
  jobs::settle_results settle(ItemAccounts items) {
    jobs::settle_arguments asked;
    asked.items = std::move(items);
    return call<jobs::settle_results>(jobs::settle_number, asked).value();
  }
  std::optional<JobRow> show(const std::string& job = "j") {
    jobs::show_arguments asked;
    asked.job = job;
    const auto shown = call<jobs::show_results>(jobs::show_number, asked);
    return shown ? std::optional(shown->job) : std::nullopt;
  }
  JobState state(const std::string& job = "j") { return static_cast<JobState>(show(job).value().state); }
  jobs::list_results list(std::uint64_t cursor = 0, std::uint32_t count_max = 10) {
    jobs::list_arguments asked;
    asked.cursor = cursor;
    asked.count_max = count_max;
    return call<jobs::list_results>(jobs::list_number, asked).value();
  }
  std::optional<jobs::cancel_results> cancel(const std::string& job) {
    jobs::cancel_arguments asked;
    asked.job = job;
    return call<jobs::cancel_results>(jobs::cancel_number, asked);
  }
  jobs::walk_results walk(std::uint64_t from, std::uint64_t step = 2, std::uint32_t count_max = 10) {
    jobs::walk_arguments asked;
    asked.job = "j";
    asked.from = from;
    asked.step = step;
    asked.count_max = count_max;
    return call<jobs::walk_results>(jobs::walk_number, asked).value();
  }
  void keep(const std::string& key, const std::string& body = "{}") {
    jobs::keep_arguments asked;
    asked.key = key;
    asked.body = body;
    asked.reason = "unknown";
    asked.message = "What is it?";
    ASSERT_TRUE(call<jobs::keep_results>(jobs::keep_number, asked));
  }
  jobs::letters_results letters(std::uint64_t cursor = 0, std::uint32_t count_max = 10) {
    jobs::letters_arguments asked;
    asked.cursor = cursor;
    asked.count_max = count_max;
    return call<jobs::letters_results>(jobs::letters_number, asked).value();
  }
  jobs::replay_results replay(std::vector<std::uint64_t> numbers = {}, std::uint32_t count_max = 10) {
    jobs::replay_arguments asked;
    asked.count_max = count_max;
    for (const std::uint64_t number : numbers) {
      asked.letters.emplace_back();
      asked.letters.back().number = number;
    }
    return call<jobs::replay_results>(jobs::replay_number, asked).value();
  }
  std::uint64_t resent(std::uint64_t number) {
    jobs::resent_arguments asked;
    asked.letters.emplace_back();
    asked.letters.back().number = number;
    return call<jobs::resent_results>(jobs::resent_number, asked).value().left;
  }
  SentItems quiet(std::uint64_t millis, std::uint32_t count_max = 10) {
    jobs::quiet_arguments asked;
    asked.quiet_millis = millis;
    asked.count_max = count_max;
    return call<jobs::quiet_results>(jobs::quiet_number, asked).value().items;
  }
  std::uint32_t prune(Instant before) {
    jobs::prune_arguments asked;
    asked.before = static_cast<std::uint64_t>(millis_since_epoch(before));
    return call<jobs::prune_results>(jobs::prune_number, asked).value().removed;
  }
  // Erases what is gone. How many alarms that took.
  std::size_t run_alarms() {
    std::size_t alarms = 0;
    while (objects.alarm("larder")) {
      now = std::max(now, *objects.alarm("larder"));
      objects.run_alarms(now);
      rows_written_max = std::max(rows_written_max, store().rows_written);
      ++alarms;
    }
    return alarms;
  }
  std::size_t rows_in(std::string_view table) {
    const Key key(table);
    return static_cast<std::size_t>(
        std::distance(store().rows.lower_bound(key.str()), store().rows.lower_bound(key.end())));
  }
  sim::MapStore& store() { return objects.store("larder"); }

  Instant now = start;
  sim::DurableObjects objects{ObjectKind::jobs};
  std::size_t rows_written_max = 0;
  std::size_t rows_read_max = 0;

 private:
  static std::string flags(std::string_view bytes) {
    std::string text;
    for (const char flag : bytes) {
      text.push_back(static_cast<char>('0' + flag));
    }
    return text;
  }
};

TEST_F(JobsTest, AListIsOneJobInWhichEachItemIsCountedOnce) {
  const auto opened = open("j", {"a", "b", "a"});
  EXPECT_EQ(opened.outcome, static_cast<std::uint8_t>(OpenOutcome::created));
  EXPECT_EQ(opened.pending, 2U);
  ASSERT_EQ(opened.job.levels.size(), 1U);
  EXPECT_EQ(opened.job.levels[0].queued, 2U);
  EXPECT_EQ(begin({"a", "x"}), "10");
  const auto settled = settle({account("a", ItemState::processed), account("a", ItemState::processed)});
  EXPECT_EQ(settled.counted, std::string("\1\0", 2));
  EXPECT_EQ(settled.pending, 1U);
  EXPECT_EQ(state(), JobState::running);
  const auto last = settle({account("b", ItemState::skipped, 0)});
  EXPECT_EQ(last.pending, 0U);
  EXPECT_EQ(state(), JobState::complete);
  EXPECT_EQ(show()->completed, static_cast<std::uint64_t>(millis_since_epoch(now)));
  EXPECT_EQ(last.totals.authors, 1U);
  EXPECT_EQ(last.totals.works, 3U);
  EXPECT_EQ(last.totals.completed, show()->completed);
  EXPECT_EQ(settle({account("b", ItemState::failed)}).counted, std::string("\0", 1));
  run_alarms();
  EXPECT_EQ(rows_in("item") + rows_in("open") + rows_in("touched") + rows_in("gone"), 0U);
}

TEST_F(JobsTest, TheSameListHasOneJobWhileItIsAtWorkAndAnotherOneLater) {
  open("j", {"a"});
  const auto again = open("k", {"a"}, 10, "digest of j");
  EXPECT_EQ(again.outcome, static_cast<std::uint8_t>(OpenOutcome::at_work));
  EXPECT_EQ(again.job.id, "j");
  settle({account("a", ItemState::processed)});
  EXPECT_EQ(open("k", {"a"}, 10, "digest of j").outcome, static_cast<std::uint8_t>(OpenOutcome::created));
}

TEST_F(JobsTest, AboveThePendingLimitNothingIsQueued) {
  open("j", {"a", "b", "c"});
  const auto before = store().rows;
  const auto refused = open("k", {"d", "e"}, 4);
  EXPECT_EQ(refused.outcome, static_cast<std::uint8_t>(OpenOutcome::full));
  EXPECT_EQ(refused.pending, 3U);
  EXPECT_EQ(store().rows, before);
}

TEST_F(JobsTest, WhoIsFoundIsSentOnceByWhoeverFoundThemFirstAndAgainOnlyWhileTheyAreOpen) {
  open("j", {"a", "b"});
  const JobItems found = {item("c", 2), item("b", 2)};
  EXPECT_EQ(discover("1 a", found), "10");
  EXPECT_EQ(discover("1 a", found), "10");
  EXPECT_EQ(discover("1 b", found), "00");
  settle({account("c", ItemState::processed, 3, 0)});
  EXPECT_EQ(discover("1 a", found), "00");
  // With more levels left there is more to do.
  EXPECT_EQ(discover("1 a", {item("c", 1)}), "1");
  EXPECT_EQ(discover("1 a", {item("z", 2)}, 4), "0");
  EXPECT_EQ(show()->beyond, 1U);
}

TEST_F(JobsTest, WhatFailedIsALetterAndItsReplayFinishesTheJob) {
  open("j", {"a", "b"});
  settle({account("a", ItemState::failed, 0), account("a", ItemState::failed, 0),
          account("b", ItemState::processed)});
  const auto page = letters();
  ASSERT_EQ(page.letters.size(), 1U);
  EXPECT_EQ(page.letters[0].job, "j");
  EXPECT_EQ(page.letters[0].name, "Name of a");
  EXPECT_EQ(page.letters[0].depth, 1U);
  EXPECT_EQ(page.letters[0].reason, "unavailable");
  EXPECT_EQ(page.depth, 1U);
  EXPECT_EQ(state(), JobState::complete);
  const auto replayed = replay();
  ASSERT_EQ(replayed.items.size(), 1U);
  EXPECT_EQ(replayed.items[0].item.key, "a");
  EXPECT_EQ(replayed.items[0].terms.depth_max, 2U);
  EXPECT_EQ(replayed.left, 0U);
  EXPECT_EQ(state(), JobState::running);
  EXPECT_EQ(show()->completed, 0U);
  EXPECT_EQ(list().pending, 1U);
  // The list is at work again.
  EXPECT_EQ(open("k", {"a"}, 10, "digest of j").job.id, "j");
  settle({account("a", ItemState::processed)});
  EXPECT_EQ(state(), JobState::complete);
  EXPECT_EQ(show()->levels[0].processed, 2U);
  EXPECT_EQ(show()->levels[0].failed, 0U);
  EXPECT_EQ(show()->levels[0].works, 6U);
}

TEST_F(JobsTest, AJobWhoseEveryItemFailedHasFailed) {
  open("j", {"a", "b"});
  settle({account("a", ItemState::failed), account("b", ItemState::failed)});
  EXPECT_EQ(state(), JobState::failed);
  const auto replayed = replay({1});
  EXPECT_EQ(replayed.items.size(), 1U);
  EXPECT_EQ(replayed.left, 1U);
  EXPECT_EQ(letters(1).letters.size(), 1U);
  EXPECT_TRUE(replay({1, 77}).items.empty());
}

TEST_F(JobsTest, TheLetterOfAMessageThatNobodyCouldReadStaysUntilItIsInTheQueueAgain) {
  keep("k", R"({"kind":"other"})");
  keep("k", R"({"kind":"other"})");
  const auto replayed = replay();
  EXPECT_TRUE(replayed.items.empty());
  ASSERT_EQ(replayed.unread.size(), 1U);
  EXPECT_EQ(replayed.unread[0].body, R"({"kind":"other"})");
  EXPECT_EQ(replayed.left, 1U);
  // One that has come back meanwhile is another letter.
  keep("k", R"({"kind":"other"})");
  EXPECT_EQ(resent(replayed.unread[0].number), 1U);
  EXPECT_EQ(resent(replay().unread[0].number), 0U);
  EXPECT_EQ(rows_in("unread") + rows_in("since") + rows_in("letter"), 0U);
}

TEST_F(JobsTest, ACancelledJobIsOverAnEndedOneIsRemovedAndNeitherKeepsItsList) {
  open("j", {"a", "b"});
  settle({account("b", ItemState::failed)});
  const auto cancelled = cancel("j");
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->removed, 0U);
  EXPECT_EQ(cancelled->job.state, static_cast<std::uint8_t>(JobState::cancelled));
  EXPECT_EQ(begin({"a"}), "0");
  EXPECT_EQ(settle({account("a", ItemState::processed)}).counted, std::string("\0", 1));
  EXPECT_EQ(list().pending, 0U);
  EXPECT_EQ(list().letters, 0U);
  EXPECT_TRUE(letters().letters.empty());
  EXPECT_TRUE(replay().items.empty());
  EXPECT_EQ(cancel("j")->removed, 1U);
  EXPECT_FALSE(show());
  EXPECT_FALSE(cancel("j"));
  run_alarms();
  // What is left are the counts.
  EXPECT_EQ(store().rows.size(), 1U);
}

TEST_F(JobsTest, AJobThatIsNotThereIsNotFoundAndNoMalformedArgument) {
  jobs::show_arguments asked;
  asked.job = "nobody";
  const std::string absent = objects.call(now, "larder", jobs::show_number, encode(asked)).value();
  EXPECT_EQ(absent.front(), '\x8') << "not_found of host/statuses.def";
  const std::string malformed = objects.call(now, "larder", jobs::show_number, "?").value();
  EXPECT_EQ(malformed.front(), '\x5') << "invalid of host/statuses.def";
}

TEST_F(JobsTest, AQuietJobGivesItsOpenItemsAgainOnceAWhile) {
  open("j", {"a", "b"});
  now = start + Millis(999);
  EXPECT_TRUE(quiet(1'000).empty());
  now = start + Millis(1'000);
  EXPECT_EQ(quiet(1'000).size(), 2U);
  now = start + Millis(1'500);
  EXPECT_TRUE(quiet(1'000).empty());
  settle({account("a", ItemState::processed)});
  now = start + Millis(2'500);
  ASSERT_EQ(quiet(1'000).size(), 1U);
}

TEST_F(JobsTest, AListIsWalkedInSteps) {
  open("other", {"x"});
  open("j", {"a", "b", "c", "d", "e"});
  const auto keys = [](const jobs::walk_results& walked) {
    std::vector<std::string> found;
    for (const WalkedItem& one : walked.items) {
      found.push_back(concat({one.item.key, " ", to_text(one.place)}));
    }
    return found;
  };
  EXPECT_EQ(keys(walk(0)), (std::vector<std::string>{"a 0", "c 2", "e 4"}));
  EXPECT_EQ(walk(0).over, 1U);
  EXPECT_EQ(keys(walk(3)), std::vector<std::string>{"d 3"});
  settle({account("a", ItemState::processed)});
  EXPECT_EQ(keys(walk(0)), (std::vector<std::string>{"c 2", "e 4"}));
  const auto some = walk(0, 1, 1);
  EXPECT_EQ(keys(some), std::vector<std::string>{"b 1"});
  EXPECT_EQ(some.over, 0U);
  EXPECT_EQ(some.next, 2U);
}

TEST_F(JobsTest, EndedJobsAndLettersOfNoJobAreForgottenInTime) {
  open("j", {"a"});
  settle({account("a", ItemState::processed)});
  keep("k");
  EXPECT_EQ(prune(start), 0U);
  EXPECT_EQ(prune(start + Millis(1)), 1U);
  EXPECT_EQ(letters().depth, 0U);
  run_alarms();
  EXPECT_EQ(store().rows.size(), 1U);
}

TEST_F(JobsTest, JobsAndLettersAreListedAPageAtATime) {
  for (const char* id : {"1", "2", "3"}) {
    open(id, {"a"});
    settle({account("a", ItemState::failed, 0, 1, id)});
  }
  const auto first = list(0, 2);
  EXPECT_EQ(first.jobs[0].id, "3");
  EXPECT_EQ(first.jobs[1].id, "2");
  const auto second = list(first.next, 2);
  ASSERT_EQ(second.jobs.size(), 1U);
  EXPECT_EQ(second.jobs[0].id, "1");
  EXPECT_EQ(second.next, 0U);
  const auto page = letters(0, 2);
  EXPECT_EQ(page.letters[0].job, "1");
  const auto rest = letters(page.next, 2);
  ASSERT_EQ(rest.letters.size(), 1U);
  EXPECT_EQ(rest.letters[0].job, "3");
  EXPECT_EQ(rest.next, 0U);
  EXPECT_EQ(rest.depth, 3U);
}

TEST_F(JobsTest, ItemsAreToldApartHoweverLongOrOddTheirKeysAre) {
  const std::string long_one(4'000, 'x');
  const std::string long_other = long_one + "y";
  const std::vector<std::string> keys = {
      "a/b",    "a",       "a%2Fb", "\xe6\xb5\xb7", std::string(200, '\xe6'), std::string("nul\0", 4),
      long_one, long_other};
  open("j", keys);
  EXPECT_EQ(show()->levels[0].queued, keys.size());
  EXPECT_EQ(begin(keys), std::string(keys.size(), '1'));
  for (const auto& [key, value] : store().rows) {
    EXPECT_LE(key.size(), 2'048U);
    EXPECT_EQ(std::count_if(key.begin(), key.end(), [](char c) { return c < ' ' || c > '~'; }), 0);
  }
}

// A list that takes several calls --------------------------------------------------------------------------

struct LargeJob : JobsTest {
  static std::string key_of(std::size_t number) { return "author " + to_text(std::uint64_t{number}); }
  JobItems items_from(std::size_t from) const {
    JobItems some;
    for (std::size_t i = from; i < count && some.size() < limit::job_items_at_once; ++i) {
      some.push_back(item(key_of(i)));
    }
    return some;
  }
  jobs::open_results begin_to_open(std::string id = "j", std::uint64_t pending_max = 1'000'000) {
    jobs::open_arguments asked;
    asked.id = std::move(id);
    asked.digest = "digest";
    asked.pending_max = pending_max;
    asked.item_count = count;
    asked.items = items_from(0);
    return call<jobs::open_results>(jobs::open_number, asked).value();
  }
  std::optional<jobs::give_results> give(std::size_t from, const std::string& id = "j") {
    jobs::give_arguments asked;
    asked.job = id;
    asked.from = from;
    asked.items = items_from(from);
    return call<jobs::give_results>(jobs::give_number, asked);
  }
  void open_whole() {
    std::uint64_t given = begin_to_open().job.given;
    while (given < count) {
      given = give(static_cast<std::size_t>(given))->job.given;
    }
  }
  std::size_t count = 3 * limit::job_items_at_once + 1;
};

TEST_F(LargeJob, IsAtWorkOnceItHasItsWholeList) {
  auto opened = begin_to_open();
  EXPECT_EQ(opened.outcome, static_cast<std::uint8_t>(OpenOutcome::opening));
  EXPECT_EQ(opened.pending, count) << "what is awaited counts";
  EXPECT_EQ(begin({key_of(0)}), "0");
  EXPECT_TRUE(walk(0).items.empty());
  EXPECT_EQ(give(limit::job_items_at_once)->outcome, static_cast<std::uint8_t>(OpenOutcome::opening));
  // A call that comes again, and one of somebody who is behind, change nothing.
  EXPECT_EQ(give(limit::job_items_at_once)->job.given, 2 * limit::job_items_at_once);
  EXPECT_EQ(give(0)->job.given, 2 * limit::job_items_at_once);
  give(2 * limit::job_items_at_once);
  EXPECT_EQ(give(3 * limit::job_items_at_once)->outcome, static_cast<std::uint8_t>(OpenOutcome::created));
  EXPECT_EQ(give(count)->outcome, static_cast<std::uint8_t>(OpenOutcome::at_work));
  EXPECT_EQ(show()->levels[0].queued, count);
  EXPECT_EQ(begin({key_of(0)}), "1");
}

TEST_F(LargeJob, IsGoneOnWithByWhoeverUploadsItAgain) {
  begin_to_open();
  const auto again = begin_to_open("k");
  EXPECT_EQ(again.outcome, static_cast<std::uint8_t>(OpenOutcome::opening));
  EXPECT_EQ(again.job.id, "j");
  EXPECT_EQ(again.job.given, limit::job_items_at_once);
  EXPECT_EQ(list().pending, count);
}

TEST_F(LargeJob, MakesRoomForAnotherListOfItsNameWhereItWasNeverWhole) {
  begin_to_open();
  count -= 1;
  const auto again = begin_to_open("k");
  EXPECT_EQ(again.job.id, "k");
  EXPECT_EQ(list().pending, count);
  EXPECT_FALSE(show("j"));
  EXPECT_FALSE(give(limit::job_items_at_once, "j"));
}

TEST_F(LargeJob, IsForgottenWhereWhoeverGaveItIsLost) {
  begin_to_open();
  now += Millis(1'000);
  EXPECT_TRUE(quiet(1'000).empty());
  EXPECT_FALSE(show());
  EXPECT_EQ(list().pending, 0U);
  run_alarms();
  EXPECT_EQ(store().rows.size(), 1U);
}

TEST_F(LargeJob, HasCallsOfBoundedSizeUntilNothingIsLeftOfIt) {
  count = 20'000;
  open_whole();
  begin({key_of(7)});
  ItemAccounts accounts;
  for (std::size_t i = 0; i < 2'000; ++i) {
    accounts.push_back(account(key_of(i), i % 2 == 0 ? ItemState::failed : ItemState::processed));
    if (accounts.size() == 100) {
      settle(std::move(accounts));
      accounts.clear();
    }
  }
  EXPECT_EQ(letters(0, 50).letters.size(), 50U);
  EXPECT_EQ(replay({}, 50).items.size(), 50U);
  now += Millis(1'000);
  EXPECT_EQ(quiet(1'000, 500).size(), 500U);
  walk(1'999, 1, 20);
  cancel("j");
  EXPECT_EQ(list().pending, 0U);
  EXPECT_EQ(list().letters, 0U);
  EXPECT_GE(run_alarms(), count / limit::rows_at_once);
  EXPECT_EQ(rows_in("item") + rows_in("open") + rows_in("letter") + rows_in("of") + rows_in("gone"), 0U);
  EXPECT_LE(rows_written_max, 3 * limit::job_items_at_once + 10);
  EXPECT_LE(rows_read_max, 3 * limit::job_items_at_once + 10);
}

TEST_F(LargeJob, ATrapInTheMiddleOfACallLeavesTheJobAsItWas) {
  begin_to_open();
  const auto before = store().rows;
  jobs::give_arguments more;
  more.job = "j";
  more.from = limit::job_items_at_once;
  more.items = items_from(limit::job_items_at_once);
  for (const std::size_t writes : {0U, 1U, 2U, 500U, 1'000U}) {
    store().writes_until_trap = writes;
    EXPECT_EQ(objects.call(now + Millis(1), "larder", jobs::give_number, encode(more)), std::nullopt);
    EXPECT_EQ(store().rows, before) << writes;
  }
  EXPECT_EQ(give(limit::job_items_at_once)->job.given, 2 * limit::job_items_at_once);
}

TEST_F(LargeJob, WhatIsMalformedOrTooMuchIsRefusedAndWritesNothing) {
  open("j", {"a"});
  const auto before = store().rows;
  const auto is_refused = [&](std::uint32_t method, const auto& arguments) {
    const std::string reply = objects.call(now, "larder", method, encode(arguments)).value();
    return reply.front() == '\x5' && store().rows == before;
  };
  jobs::open_arguments opens;
  EXPECT_TRUE(is_refused(jobs::open_number, opens));
  opens.id = "k";
  opens.digest = "d";
  opens.item_count = limit::warming_job_items_max + 1;
  opens.items = {item("a")};
  EXPECT_TRUE(is_refused(jobs::open_number, opens));
  opens.item_count = 1;
  opens.items[0].depth = 3;
  EXPECT_TRUE(is_refused(jobs::open_number, opens)) << "deeper than it may be";
  opens.items[0] = item("");
  EXPECT_TRUE(is_refused(jobs::open_number, opens)) << "no key";
  jobs::give_arguments gives;
  gives.job = "j";
  gives.items = JobItems(limit::job_items_at_once + 1, item("a"));
  EXPECT_TRUE(is_refused(jobs::give_number, gives));
  jobs::settle_arguments settles;
  settles.items = {account("a", ItemState::open)};
  EXPECT_TRUE(is_refused(jobs::settle_number, settles));
  jobs::walk_arguments walks;
  walks.job = "j";
  EXPECT_TRUE(is_refused(jobs::walk_number, walks)) << "in steps of 0";
  jobs::keep_arguments keeps;
  keeps.key = "k";
  keeps.body = std::string(jobs::letter_body_bytes_max + 1, 'x');
  EXPECT_TRUE(is_refused(jobs::keep_number, keeps));
}

}  // namespace
}  // namespace larder::records::jobs_test
