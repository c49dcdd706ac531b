// The audit log: one row for each call that was let in, refusals counted, and nothing of a token in any of
// them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/limits.h"
#include "operators/support.h"
#include "records/audit.h"

namespace larder::operators::audit_test {
namespace {

using records::AuditEntry;
using records::AuditEntryKind;
using sim::Isolate;
using ::testing::HasSubstr;
using ::testing::Not;

struct AuditTest : ::testing::Test {
  AuditTest() { add_tokens(world); }
  void TearDown() override { EXPECT_TRUE(isolate.settled()); }
  std::vector<AuditEntry> rows() {
    return sim::rows_of<AuditEntry>(world.durable.at("AUDIT").store("audit"), "entry");
  }

  sim::World world;
  Isolate isolate{world, operator_bindings()};
};

TEST_F(AuditTest, ACallThatWasLetInIsARow) {
  const Instant began = world.now;
  isolate.run("POST", "/api/cache/purge", shown_json("ann"), sent(R"({"tags":["book"],"mode":"soft"})"));
  ASSERT_EQ(rows().size(), 1U);
  const AuditEntry row = rows().front();
  EXPECT_EQ(row.kind, static_cast<std::uint8_t>(AuditEntryKind::call));
  EXPECT_EQ(row.at, static_cast<std::uint64_t>(millis_since_epoch(began)));
  EXPECT_EQ(row.subject, "ann");
  EXPECT_EQ(row.role, "admin");
  EXPECT_EQ(row.address, "192.0.2.1");
  EXPECT_EQ(row.method, "POST");
  EXPECT_EQ(row.path, "/api/cache/purge");
  EXPECT_EQ(row.note, "soft: tag book");
  EXPECT_EQ(row.status, 200U);
  EXPECT_EQ(row.request_id, "ray");
  EXPECT_EQ(row.count, 1U);
}

TEST_F(AuditTest, WhatFailedBehindTheGateIsARowToo) {
  isolate.run("POST", "/api/cache/purge", shown("ann"));
  ASSERT_EQ(rows().size(), 1U);
  EXPECT_EQ(rows().front().status, 415U);
  EXPECT_EQ(rows().front().kind, static_cast<std::uint8_t>(AuditEntryKind::call));
}

TEST_F(AuditTest, TheClientDoesNotWaitForTheLog) {
  const Instant began = world.now;
  const auto& exchange = isolate.run("GET", "/api/settings", shown("ann"));
  // Two buckets (5 each), the token (1), the control log (2 at the edge and its object, as the world has it).
  EXPECT_LT(exchange.answered_at - began, Millis(20));
  EXPECT_EQ(world.now - exchange.answered_at, world.object_delay);
}

TEST_F(AuditTest, RefusalsAreCountedByMinute) {
  for (int i = 0; i < 5; ++i) {
    isolate.request("GET", "/api/settings", shown("garbage"));
    isolate.request("GET", "/api/audit", shown("vic"));
  }
  isolate.request("GET", "/api/settings", shown("", "2001:db8::1"));
  isolate.request("GET", "/api/audit", shown("", "2001:db8::2"));
  world.run();
  ASSERT_EQ(rows().size(), 3U);
  const auto minute = static_cast<std::uint64_t>(millis_since_epoch(world.now) / 60'000 * 60'000);
  const auto is = [&](const AuditEntry& row, std::string address, std::string subject, std::uint64_t status,
                      std::uint64_t count) {
    EXPECT_EQ(row.kind, static_cast<std::uint8_t>(AuditEntryKind::refusal));
    EXPECT_EQ(row.at, minute);
    EXPECT_EQ(row.address, address);
    EXPECT_EQ(row.subject, subject);
    EXPECT_EQ(row.status, status);
    EXPECT_EQ(row.count, count);
    EXPECT_EQ(row.path + row.method + row.note + row.request_id, "");
  };
  // Who shows no token is refused sooner.
  is(rows()[0], "2001:db8:0:0::/64", "", 401, 2);
  is(rows()[1], "192.0.2.1", "", 401, 5);
  is(rows()[2], "192.0.2.1", "vic", 403, 5);
}

TEST_F(AuditTest, AFloodFromEverywhereIsOneWriteASecondOfBoundedSize) {
  std::uint64_t writes = 0;
  world.durable.at("AUDIT").called.push_back(
      [&writes](const std::string&, std::uint32_t, std::string_view, std::string_view) { ++writes; });
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    isolate.request("GET", "/api/settings", shown("", "10.0." + to_text(i / 250) + "." + to_text(i % 250)));
  }
  world.run();
  EXPECT_EQ(writes, 1U);
  EXPECT_EQ(rows().size(), config::limit::audit_refusals_max);
  EXPECT_EQ(rows().back().address, "others");
  std::uint64_t counted = 0;
  for (const AuditEntry& row : rows()) {
    counted += row.count;
  }
  EXPECT_EQ(counted, 1'000U);
}

TEST_F(AuditTest, AGathererThatVanishedIsReplaced) {
  const host::RequestId first = isolate.request("GET", "/api/settings", shown("garbage"));
  world.run_for(Millis(100));
  isolate.app->abandon(first);
  world.run_for(Millis(3'000));
  EXPECT_TRUE(rows().empty());
  isolate.run("GET", "/api/settings", shown("garbage"));
  ASSERT_EQ(rows().size(), 1U);
  EXPECT_EQ(rows().front().count, 2U);
}

TEST_F(AuditTest, NothingOfATokenIsKept) {
  isolate.run("GET", "/api/settings?access_token=ann", shown("ann"));
  isolate.run("GET", "/api/settings", shown("signature"));
  isolate.run("PUT", "/api/settings", shown_json("ann"), sent(R"({"CACHE_IMPL":"null"})"));
  for (const AuditEntry& row : rows()) {
    const std::string all = row.subject + row.path + row.note + row.request_id;
    EXPECT_THAT(all, Not(HasSubstr("access_token")));
    EXPECT_THAT(all, Not(HasSubstr("signature")));
    EXPECT_THAT(all, Not(HasSubstr(test_secret)));
  }
  EXPECT_EQ(rows().back().note, "CACHE_IMPL=null");
}

TEST_F(AuditTest, WhatTheLogDoesNotTakeIsInTheWorkersOwn) {
  world.durable.erase("AUDIT");
  EXPECT_EQ(isolate.run("GET", "/api/settings", shown("ann")).status, 200U);
  const std::string& line = isolate.host.log_lines().back();
  EXPECT_THAT(
      line,
      HasSubstr(
          R"({"level":"error","event":"audit_not_written","reason":"unsupported","rows":[{"kind":"call")"));
  EXPECT_THAT(line, HasSubstr(R"("subject":"ann")"));
}

TEST_F(AuditTest, WhatTheLogDidNotTakeIsWrittenOnceItDoes) {
  auto audit = world.durable.extract("AUDIT");
  isolate.run("GET", "/api/settings", shown("ann"));
  const std::size_t lines = isolate.host.log_lines().size();
  world.durable.insert(std::move(audit));
  isolate.run("GET", "/api/settings", shown("vic"));
  ASSERT_EQ(rows().size(), 2U);
  EXPECT_EQ(rows()[0].subject, "ann");
  EXPECT_EQ(rows()[1].subject, "vic");
  EXPECT_EQ(isolate.host.log_lines().size(), lines);
}

TEST_F(AuditTest, WhileTheLogIsAwayMemoryIsBoundedAndWhatIsDroppedIsCounted) {
  auto audit = world.durable.extract("AUDIT");
  const std::size_t dropped = 3;
  const std::size_t calls = config::limit::audit_rows_max + 1 + dropped;
  for (std::size_t i = 0; i < calls; ++i) {
    isolate.run("GET", "/api/settings", shown("ann"));
    world.now += Millis(1'000);
  }
  EXPECT_EQ(isolate.app->counters().total(observe::Counter::outbox_dropped_total), dropped);
  world.durable.insert(std::move(audit));
  isolate.run("GET", "/api/settings", shown("vic"));
  EXPECT_EQ(rows().size(), config::limit::audit_rows_max + 1);
}

TEST_F(AuditTest, ALogThatIsOffStaysSo) {
  world.durable.erase("AUDIT");
  Isolate quiet(world, operator_bindings({{"LOG_LEVEL", "off"}}));
  EXPECT_EQ(quiet.run("GET", "/api/settings", shown("ann")).status, 200U);
  EXPECT_THAT(quiet.host.log_lines(), ::testing::ElementsAre(HasSubstr(R"("event":"start")")));
}

TEST_F(AuditTest, IsReadNewestFirstAPageAtATime) {
  for (int i = 0; i < 3; ++i) {
    isolate.run("GET", "/api/settings", shown("vic"));
    world.now += Millis(60'000);
  }
  const auto& first = isolate.run("GET", "/api/audit?limit=2", shown("ann"));
  EXPECT_EQ(first.status, 200U);
  EXPECT_THAT(
      first.body,
      HasSubstr(R"({"entries":[{"at":"2026-09-21T14:15:20.036Z","outcome":"called","status":200,"count":1,)"
                R"("who":"vic","role":"viewer","from":"192.0.2.1","method":"GET",)"
                R"("path":"/api/settings","what":"looked at the settings","requestId":"ray"})"));
  EXPECT_THAT(first.body, HasSubstr(R"("cursor":"2")"));
  // The reading itself is a row by now, of the id 4, which is before nobody's cursor.
  const auto& second = isolate.run("GET", "/api/audit?limit=2&cursor=2", shown("ann"));
  EXPECT_THAT(second.body, HasSubstr(R"("cursor":null)"));
  EXPECT_THAT(second.body, HasSubstr("2026-09-21T14:13:20.000Z"));
  for (const std::string query :
       {"since=yesterday", "cursor=0", "cursor=x", "limit=0", "limit=201", "since=-1"}) {
    EXPECT_EQ(isolate.run("GET", "/api/audit?" + query, shown("ann")).status, 400U) << query;
  }
}

TEST_F(AuditTest, ALogThatFailsSaysSo) {
  world.durable.erase("AUDIT");
  const auto& exchange = isolate.run("GET", "/api/audit", shown("ann"));
  EXPECT_EQ(exchange.status, 503U);
  EXPECT_EQ(exchange.header("retry-after"), "5");
}

}  // namespace
}  // namespace larder::operators::audit_test
