// Rows on their way to the ledger: gathered, written once, kept while it cannot be reached, dropped when
// their user goes.
#include "observe/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "support/ledger_objects.h"
#include "support/runner.h"

namespace larder::observe::ledger_test {
namespace {

using ::testing::HasSubstr;

struct LedgerTest : ::testing::Test {
  // Starts to write a row in a request of its own.
  void write(std::string user, NarrativeOutcome outcome = NarrativeOutcome::hit) {
    NarrativeRow row;
    row.at = world.now;
    row.user = std::move(user);
    row.outcome = outcome;
    row.duration = Millis(12);
    row.system = "ember";
    const host::Context here = runner.context();
    runner.requests.start(here.request(), ledger.write(here, std::move(row)));
  }
  std::vector<std::string> users() const {
    std::vector<std::string> found;
    for (const auto& [place, row] : objects.rows) {
      found.push_back(row.user);
    }
    return found;
  }

  sim::World world;
  sim::SimulatedLedger& objects = sim::add_ledger(world);
  sim::Runner runner{world};
  config::Settings settings = *config::parse_settings({});
  Ledger ledger{settings};
};

TEST_F(LedgerTest, RowsOfAShortWhileAreWrittenTogether) {
  for (int i = 0; i < 3; ++i) {
    write(larder::to_text(std::uint64_t(i)));
    world.run_for(Millis(100));
  }
  EXPECT_EQ(objects.rows.size(), 0U);
  EXPECT_EQ(ledger.rows_waiting(), 3U);
  world.run();
  ASSERT_EQ(objects.rows.size(), 3U);
  EXPECT_EQ(ledger.rows_waiting(), 0U);
  const auto& [place, row] = *objects.rows.begin();
  EXPECT_EQ(std::prev(objects.rows.end())->first, std::make_pair(place.first, std::size_t{2}));
  EXPECT_EQ(row.outcome, "hit");
  EXPECT_EQ(row.duration_millis, 12);
  EXPECT_EQ(row.system, "ember");
  // The next row begins a batch of its own.
  write("later", NarrativeOutcome::template_);
  world.run();
  EXPECT_EQ(objects.rows.size(), 4U);
}

TEST_F(LedgerTest, WhatIsNotAcknowledgedIsWrittenAgainUnderTheSameName) {
  // It has its effect, and nobody hears of it.
  bool fails = true;
  world.fault = [&](host::OperationKind kind) -> std::optional<sim::Fault> {
    if (kind != host::OperationKind::object_call || !fails) {
      return std::nullopt;
    }
    sim::Fault lost;
    lost.lost = true;
    return lost;
  };
  write("a");
  world.run();
  EXPECT_EQ(users(), std::vector<std::string>{"a"});
  EXPECT_EQ(ledger.rows_waiting(), 1U);
  EXPECT_THAT(runner.host.log_lines().back(),
              HasSubstr(R"("event":"ledger_not_written","reason":"timeout")"));
  fails = false;
  world.now += Millis(10'000);
  write("b");
  world.run();
  EXPECT_THAT(users(), ::testing::UnorderedElementsAre("a", "b"));
  EXPECT_EQ(ledger.rows_waiting(), 0U);
}

TEST_F(LedgerTest, AGathererThatIsLostIsReplaced) {
  NarrativeRow row;
  row.at = world.now;
  row.user = "a";
  const host::Context here = runner.context();
  runner.requests.start(here.request(), ledger.write(here, std::move(row)));
  runner.requests.abandon(here.request());
  world.now += config::limit::ledger_gathered + Millis(5'000);
  write("b");
  world.run();
  EXPECT_THAT(users(), ::testing::UnorderedElementsAre("a", "b"));
}

TEST_F(LedgerTest, WhileTheLedgerIsAwayMemoryIsBounded) {
  world.objects.clear();
  for (std::size_t i = 0; i < config::limit::ledger_rows_max + config::limit::ledger_batch_rows_max + 10;
       ++i) {
    write("a");
    if (i % 100 == 0) {
      world.run();
      world.now += Millis(10'000);
    }
  }
  world.run();
  EXPECT_LE(ledger.rows_waiting(), config::limit::ledger_rows_max + config::limit::ledger_batch_rows_max);
  EXPECT_THAT(runner.host.log_lines(),
              ::testing::Contains(HasSubstr("\"event\":\"ledger_rows_dropped\",\"count\":")));
}

TEST_F(LedgerTest, AForgottenUsersRowsAreNowhereAndNotOnTheirWay) {
  write("u");
  write("v");
  world.run();
  write("u");
  const auto count = runner.run(runner.context(), ledger.forget(runner.context(), "u"));
  ASSERT_TRUE(count);
  EXPECT_EQ(*count, 2U);
  world.run();
  EXPECT_EQ(users(), std::vector<std::string>{"v"});
}

TEST_F(LedgerTest, WhatTheLedgerDoesNotConfirmIsNotDeleted) {
  write("u");
  world.objects.clear();
  const auto count = runner.run(runner.context(), ledger.forget(runner.context(), "u"));
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(ledger.rows_waiting(), 1U);
}

TEST_F(LedgerTest, AUserIsADigestOfItsOwnInEveryDeployment) {
  EXPECT_EQ(user_digest(runner.host, "larder", ""), "");
  const std::string digest = user_digest(runner.host, "larder", "reader@example.com");
  EXPECT_EQ(digest.size(), 32U);
  EXPECT_EQ(digest.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(digest, user_digest(runner.host, "larder", "reader@example.com"));
  EXPECT_NE(digest, user_digest(runner.host, "other", "reader@example.com"));
  EXPECT_NE(digest, user_digest(runner.host, "larder", "reader2@example.com"));
}

}  // namespace
}  // namespace larder::observe::ledger_test
