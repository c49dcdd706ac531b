// Rows on their way to the narratives' log: gathered, written once, kept while it cannot be reached, dropped
// when their user goes; and what they come to.
#include "observe/narrative_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "support/runner.h"

namespace larder::observe::narrative_log_test {
namespace {

using ::testing::HasSubstr;

struct NarrativeLogTest : ::testing::Test {
  // Starts to write a row in a request of its own.
  void write(std::string user, NarrativeOutcome outcome = NarrativeOutcome::hit) {
    NarrativeRow row;
    row.at = world.now;
    row.user = std::move(user);
    row.outcome = outcome;
    row.duration = Millis(12);
    row.system = "ember";
    const host::Context here = runner.context();
    runner.requests.start(here.request(), log.write(here, std::move(row)));
  }
  std::vector<std::string> users() {
    std::vector<std::string> found;
    for (const records::NarrativeEntry& row : rows()) {
      found.push_back(row.user);
    }
    return found;
  }
  std::vector<records::NarrativeEntry> rows() {
    return sim::rows_of<records::NarrativeEntry>(world.durable.at("NARRATIVES").store("larder"), "entry");
  }

  sim::World world;
  sim::Runner runner{world};
  config::Settings settings = *config::parse_settings({});
  Counters counters;
  NarrativeLog log{settings, counters};
};

TEST_F(NarrativeLogTest, RowsOfAShortWhileAreWrittenTogether) {
  std::uint64_t writes = 0;
  world.durable.at("NARRATIVES")
      .called.push_back(
          [&writes](const std::string&, std::uint32_t, std::string_view, std::string_view) { ++writes; });
  for (int i = 0; i < 3; ++i) {
    write(larder::to_text(std::uint64_t(i)));
    world.run_for(Millis(100));
  }
  EXPECT_EQ(rows().size(), 0U);
  EXPECT_EQ(log.rows_waiting(), 3U);
  world.run();
  ASSERT_EQ(rows().size(), 3U);
  EXPECT_EQ(log.rows_waiting(), 0U);
  EXPECT_EQ(writes, 1U);
  const records::NarrativeEntry row = rows().front();
  EXPECT_EQ(row.outcome, static_cast<std::uint8_t>(NarrativeOutcome::hit));
  EXPECT_EQ(row.duration_millis, 12U);
  EXPECT_EQ(row.system, "ember");
  // The next row begins a batch of its own.
  write("later", NarrativeOutcome::template_);
  world.run();
  EXPECT_EQ(rows().size(), 4U);
}

TEST_F(NarrativeLogTest, WhatIsNotAcknowledgedIsWrittenAgainUnderTheSameName) {
  // It has its effect, and nobody hears of it.
  bool fails = true;
  world.fault = [&](host::OperationKind kind) -> std::optional<sim::Fault> {
    if (kind != host::OperationKind::object_run || !fails) {
      return std::nullopt;
    }
    sim::Fault lost;
    lost.lost = true;
    return lost;
  };
  write("a");
  world.run();
  EXPECT_EQ(users(), std::vector<std::string>{"a"});
  EXPECT_EQ(log.rows_waiting(), 1U);
  EXPECT_THAT(runner.host.log_lines().back(),
              HasSubstr(R"("event":"narratives_not_written","reason":"timeout")"));
  fails = false;
  world.now += Millis(10'000);
  write("b");
  world.run();
  EXPECT_THAT(users(), ::testing::UnorderedElementsAre("a", "b"));
  EXPECT_EQ(log.rows_waiting(), 0U);
}

TEST_F(NarrativeLogTest, AGathererThatIsLostIsReplaced) {
  NarrativeRow row;
  row.at = world.now;
  row.user = "a";
  const host::Context here = runner.context();
  runner.requests.start(here.request(), log.write(here, std::move(row)));
  runner.requests.abandon(here.request());
  world.now += 3 * config::limit::narratives_gathered;
  write("b");
  world.run();
  EXPECT_THAT(users(), ::testing::UnorderedElementsAre("a", "b"));
}

TEST_F(NarrativeLogTest, WhileTheLogIsAwayMemoryIsBoundedAndWhatIsDroppedIsCounted) {
  auto narratives = world.durable.extract("NARRATIVES");
  const std::size_t dropped = 10;
  write("first");
  world.run();
  // A batch of one, and as many as may wait.
  for (std::size_t i = 0; i < config::limit::narrative_rows_max + dropped; ++i) {
    write(larder::to_text(std::uint64_t{i}));
  }
  world.run();
  EXPECT_EQ(log.rows_waiting(), config::limit::narrative_rows_max + 1);
  EXPECT_EQ(counters.value(Counter::outbox_dropped_total, "narratives"), dropped);
  EXPECT_THAT(runner.host.log_lines().back(), HasSubstr(R"("dropped":10})"));
  world.durable.insert(std::move(narratives));
  write("last");
  world.run();
  // The oldest went, once more for the last one's room.
  const std::vector<std::string> kept = users();
  EXPECT_EQ(kept.size(), config::limit::narrative_rows_max + 1);
  EXPECT_THAT(kept, ::testing::Contains("first"));
  EXPECT_THAT(kept, ::testing::Contains("last"));
  EXPECT_THAT(kept, ::testing::Not(::testing::Contains("10")));
  EXPECT_THAT(kept, ::testing::Contains("11"));
}

TEST_F(NarrativeLogTest, ABatchThatTheObjectRefusesIsDroppedAndDoesNotStandInTheWay) {
  write(std::string(records::narratives::text_bytes_max + 1, 'u'));
  world.run();
  EXPECT_EQ(log.rows_waiting(), 0U);
  EXPECT_EQ(counters.value(Counter::outbox_dropped_total, "narratives"), 1U);
  write("v");
  world.run();
  EXPECT_EQ(users(), std::vector<std::string>{"v"});
}

TEST_F(NarrativeLogTest, FiguresOfAllThatWasWrittenSince) {
  const auto figures = [this](Instant since) {
    auto told = runner.run(runner.context(), log.figures(runner.context(), since));
    return told ? *told : std::string();
  };
  EXPECT_EQ(figures(Instant()),
            R"({"requests":0,"hits":0,"stale":0,"misses":0,"templates":0,"refused":0,"hitRate":0,)"
            R"("durationMillis":{"mean":0,"p50":0,"p95":0},"topSystems":[],"users":0,"complete":true})");
  records::narratives::add_arguments batch;
  batch.batch = "b";
  const auto add = [&](NarrativeOutcome outcome, std::uint64_t millis, std::string system, std::string user) {
    records::NarrativeEntry entry;
    entry.at = static_cast<std::uint64_t>(millis_since_epoch(world.now));
    entry.outcome = static_cast<std::uint8_t>(outcome);
    entry.duration_millis = millis;
    entry.system = std::move(system);
    entry.user = std::move(user);
    batch.entries.push_back(std::move(entry));
  };
  add(NarrativeOutcome::hit, 999, "ember", "");
  world.now += Millis(1);
  for (std::uint64_t i = 0; i < 20; ++i) {
    add(NarrativeOutcome::hit, i + 1, "ember", i % 2 == 0 ? "even" : "odd");
  }
  add(NarrativeOutcome::stale, 21, "tide", "");
  add(NarrativeOutcome::miss, 1'000, "tide", "");
  add(NarrativeOutcome::template_, 5, "", "");
  add(NarrativeOutcome::refused, 5, "", "");
  sim::ask<records::narratives::add_results>(world.durable.at("NARRATIVES"), world.now, "larder",
                                             records::narratives::add_number, batch)
      .value();
  EXPECT_EQ(figures(world.now),
            R"({"requests":24,"hits":20,"stale":1,"misses":1,"templates":1,"refused":1,"hitRate":0.875,)"
            R"("durationMillis":{"mean":52,"p50":10,"p95":21},"topSystems":[{"name":"ember","count":20},)"
            R"({"name":"tide","count":2}],"users":2,"complete":true})");
  EXPECT_THAT(figures(Instant()), HasSubstr(R"({"requests":25,)"));
}

TEST_F(NarrativeLogTest, FiguresAreOfAsManyRowsAsOneRequestReads) {
  const std::size_t rows = config::limit::narrative_rows_read + 1;
  records::narratives::add_arguments batch;
  for (std::size_t i = 0; i < rows; ++i) {
    records::NarrativeEntry entry;
    entry.at = i;
    batch.entries.push_back(std::move(entry));
    if (batch.entries.size() == records::narratives::batch_entries_max || i + 1 == rows) {
      batch.batch = larder::to_text(std::uint64_t{i});
      sim::ask<records::narratives::add_results>(world.durable.at("NARRATIVES"), world.now, "larder",
                                                 records::narratives::add_number, batch)
          .value();
      batch.entries.clear();
    }
  }
  auto told = runner.run(runner.context(), log.figures(runner.context(), Instant()));
  ASSERT_TRUE(told);
  EXPECT_THAT(*told,
              HasSubstr(concat({R"({"requests":)", larder::to_text(config::limit::narrative_rows_read)})));
  EXPECT_THAT(*told, HasSubstr(R"("complete":false})"));
}

TEST_F(NarrativeLogTest, AUserWithMoreRowsThanOneCallDeletesIsForgottenInSeveral) {
  const std::size_t rows = config::limit::rows_at_once + 1;
  records::narratives::add_arguments batch;
  batch.batch = "b";
  for (std::size_t i = 0; i < rows; ++i) {
    records::NarrativeEntry entry;
    entry.user = i == 0 ? "v" : "u";
    batch.entries.push_back(std::move(entry));
  }
  sim::ask<records::narratives::add_results>(world.durable.at("NARRATIVES"), world.now, "larder",
                                             records::narratives::add_number, batch)
      .value();
  const auto count = runner.run(runner.context(), log.forget(runner.context(), "u"));
  ASSERT_TRUE(count);
  EXPECT_EQ(*count, rows - 1);
  EXPECT_EQ(users(), std::vector<std::string>{"v"});
}

TEST_F(NarrativeLogTest, AForgottenUsersRowsAreNowhereAndNotOnTheirWay) {
  write("u");
  write("v");
  world.run();
  write("u");
  const auto count = runner.run(runner.context(), log.forget(runner.context(), "u"));
  ASSERT_TRUE(count);
  EXPECT_EQ(*count, 2U);
  world.run();
  EXPECT_EQ(users(), std::vector<std::string>{"v"});
}

TEST_F(NarrativeLogTest, WhatTheLogDoesNotConfirmIsNotDeleted) {
  write("u");
  world.durable.clear();
  const auto count = runner.run(runner.context(), log.forget(runner.context(), "u"));
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(log.rows_waiting(), 1U);
}

TEST_F(NarrativeLogTest, AUserIsADigestOfItsOwnInEveryDeployment) {
  EXPECT_EQ(user_digest(runner.host, "larder", ""), "");
  const std::string digest = user_digest(runner.host, "larder", "reader@example.com");
  EXPECT_EQ(digest.size(), 32U);
  EXPECT_EQ(digest.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(digest, user_digest(runner.host, "larder", "reader@example.com"));
  EXPECT_NE(digest, user_digest(runner.host, "other", "reader@example.com"));
  EXPECT_NE(digest, user_digest(runner.host, "larder", "reader2@example.com"));
}

}  // namespace
}  // namespace larder::observe::narrative_log_test
