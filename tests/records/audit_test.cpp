// The audit log: calls one by one, refusals counted, batches once, pages, and what goes in time.
#include "records/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "support/durable_objects.h"

namespace larder::records::audit_test {
namespace {

constexpr std::uint64_t start = 1'790'000'040'000;
constexpr std::uint64_t day = 86'400'000;

struct AuditLogTest : ::testing::Test {
  static AuditEntry call(std::string note, std::uint64_t at = start) {
    AuditEntry entry;
    entry.kind = static_cast<std::uint8_t>(AuditEntryKind::call);
    entry.at = at;
    entry.subject = "ann";
    entry.note = std::move(note);
    entry.status = 200;
    entry.count = 1;
    return entry;
  }
  static AuditEntry refusal(std::string address, std::uint64_t count = 1, std::uint32_t status = 401,
                            std::string subject = "", std::uint64_t at = start) {
    AuditEntry entry;
    entry.kind = static_cast<std::uint8_t>(AuditEntryKind::refusal);
    entry.at = at;
    entry.address = std::move(address);
    entry.subject = std::move(subject);
    entry.status = status;
    entry.count = count;
    return entry;
  }
  bool add(AuditEntries entries, std::string batch = "") {
    audit::add_arguments asked;
    asked.batch = batch.empty() ? "batch " + to_text(++batches_) : std::move(batch);
    asked.entries = std::move(entries);
    return sim::ask<audit::add_results>(objects, now, "audit", audit::add_number, asked).has_value();
  }
  audit::list_results list(std::uint64_t since = 0, std::uint64_t before = 0, std::uint32_t count_max = 100) {
    audit::list_arguments asked;
    asked.since = since;
    asked.before = before;
    asked.count_max = count_max;
    return sim::ask<audit::list_results>(objects, now, "audit", audit::list_number, asked).value();
  }
  std::vector<std::string> notes(const audit::list_results& page) {
    std::vector<std::string> found;
    for (const AuditEntry& entry : page.entries) {
      found.push_back(entry.note);
    }
    return found;
  }
  sim::MapStore& store() { return objects.store("audit"); }

  Instant now = instant_from_millis(static_cast<std::int64_t>(start));
  sim::DurableObjects objects{ObjectKind::audit};

 private:
  std::uint64_t batches_ = 0;
};

TEST_F(AuditLogTest, CallsAreKeptOneByOneTheNewestFirst) {
  EXPECT_TRUE(add({call("one"), call("two")}));
  const auto page = list();
  EXPECT_EQ(notes(page), (std::vector<std::string>{"two", "one"}));
  EXPECT_EQ(page.entries[0].id, 2U);
  EXPECT_EQ(page.entries[0].subject, "ann");
  EXPECT_EQ(page.next, 0U);
}

TEST_F(AuditLogTest, ABatchThatComesAgainIsWrittenOnce) {
  EXPECT_TRUE(add({call("one"), refusal("192.0.2.1", 3)}, "b"));
  EXPECT_TRUE(add({call("one"), refusal("192.0.2.1", 3)}, "b"));
  const auto page = list();
  ASSERT_EQ(page.entries.size(), 2U);
  EXPECT_EQ(page.entries[0].count, 3U);
  EXPECT_TRUE(add({call("one")}, "c"));
  EXPECT_EQ(list().entries.size(), 3U);
}

TEST_F(AuditLogTest, PagesFollowEachOtherAndStayWhereTheyAreWhenEntriesCome) {
  for (const char* note : {"1", "2", "3", "4", "5"}) {
    add({call(note)});
  }
  const auto first = list(0, 0, 2);
  add({call("6")});
  const auto second = list(0, first.next, 2);
  const auto third = list(0, second.next, 2);
  EXPECT_EQ(notes(first), (std::vector<std::string>{"5", "4"}));
  EXPECT_EQ(notes(second), (std::vector<std::string>{"3", "2"}));
  EXPECT_EQ(notes(third), (std::vector<std::string>{"1"}));
  EXPECT_EQ(third.next, 0U);
}

TEST_F(AuditLogTest, SinceLeavesOutWhatIsOlder) {
  add({call("before", start - 1), call("then", start), call("after", start + 1)});
  EXPECT_EQ(notes(list(start)), (std::vector<std::string>{"after", "then"}));
}

TEST_F(AuditLogTest, APageReadsNoMoreThanItGives) {
  AuditEntries entries;
  for (std::size_t i = 0; i < config::limit::audit_batch_entries_max; ++i) {
    entries.push_back(call("old", start - day));
  }
  add(entries);
  add({call("new")});
  EXPECT_EQ(notes(list(start, 0, 10)), std::vector<std::string>{"new"});
  EXPECT_LE(store().rows_read, 11U);
  EXPECT_EQ(list(0, 0, 1'000).entries.size(), config::limit::audit_page_entries_max);
}

TEST_F(AuditLogTest, RefusalsAreCountedByMinuteAddressSubjectAndStatus) {
  add({refusal("192.0.2.1"), refusal("192.0.2.1", 4), refusal("192.0.2.1", 1, 429)});
  add({refusal("192.0.2.1", 2), refusal("192.0.2.1", 1, 403, "vic"), refusal("192.0.2.2")});
  std::vector<std::string> seen;
  for (const AuditEntry& entry : list().entries) {
    seen.push_back(concat({entry.address, " ", entry.subject, " ", to_text(std::uint64_t{entry.status}), " ",
                           to_text(entry.count)}));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"192.0.2.2  401 1", "192.0.2.1 vic 403 1", "192.0.2.1  429 1",
                                            "192.0.2.1  401 7"}));
}

TEST_F(AuditLogTest, AnAttackFromEverywhereFillsNoMoreThanAThousandRowsAMinute) {
  for (std::uint64_t i = 0; i < 5; ++i) {
    AuditEntries many;
    for (std::uint64_t j = 0; j < 300; ++j) {
      many.push_back(refusal(concat({"2001:db8:", to_text(i), ":", to_text(j), "::/64"})));
    }
    add(many);
  }
  add({refusal("192.0.2.9", 1, 429), refusal("192.0.2.9", 1, 401, "", start + 60'000), call("one")});
  std::vector<std::uint64_t> others;
  const auto entries = sim::rows_of<AuditEntry>(store(), "entry");
  for (const AuditEntry& entry : entries) {
    if (entry.address == "others") {
      others.push_back(entry.count);
    }
  }
  EXPECT_EQ(others, (std::vector<std::uint64_t>{500, 1}));
  EXPECT_EQ(entries.size(), 1'000U + 2 + 1 + 1);
}

TEST_F(AuditLogTest, RowsStayForNinetyDays) {
  add({call("old", start - 90 * day - 1), call("just young enough", start - 90 * day)});
  EXPECT_EQ(objects.alarm("audit"), now + Millis(day));
  now += Millis(day);
  objects.run_alarms(now);
  EXPECT_TRUE(list().entries.empty());
  // The batch's name goes a day later, and then there is nothing left.
  now += Millis(day) + Millis(1);
  objects.run_alarms(now);
  now += Millis(day);
  objects.run_alarms(now);
  EXPECT_EQ(objects.alarm("audit"), std::nullopt);
}

TEST_F(AuditLogTest, WhatIsManyGoesInBoundedSteps) {
  for (std::uint64_t i = 0; i < 4; ++i) {
    AuditEntries entries;
    for (std::size_t j = 0; j < config::limit::audit_batch_entries_max; ++j) {
      entries.push_back(call("old", start - 90 * day));
    }
    add(entries);
  }
  now += Millis(day);
  std::size_t alarms = 0;
  while (!sim::rows_of<AuditEntry>(store(), "entry").empty()) {
    ASSERT_TRUE(objects.alarm("audit"));
    now = std::max(now, *objects.alarm("audit"));
    objects.run_alarms(now);
    EXPECT_LE(store().rows_written, 5 * config::limit::rows_at_once);
    ++alarms;
  }
  EXPECT_EQ(alarms, 4U);
}

TEST_F(AuditLogTest, WhatIsMalformedIsRefusedAsAWhole) {
  AuditEntry of_no_kind = call("x");
  of_no_kind.kind = 0;
  AuditEntry of_nothing = call("x");
  of_nothing.count = 0;
  AuditEntry long_text = call(std::string(config::limit::audit_text_bytes_max + 1, 'x'));
  AuditEntry long_subject = call("x");
  long_subject.subject = std::string(config::limit::subject_bytes_max + 1, 'x');
  for (const AuditEntry& bad : {of_no_kind, of_nothing, long_text, long_subject}) {
    EXPECT_FALSE(add({call("good"), bad}));
  }
  EXPECT_FALSE(add({call("good")}, std::string(65, 'b')));
  EXPECT_FALSE(add(AuditEntries(config::limit::audit_batch_entries_max + 1, call("x"))));
  EXPECT_TRUE(store().rows.empty());
}

}  // namespace
}  // namespace larder::records::audit_test
