// What is read of the ledger, all shards together, is bounded by calls.
#include "monitor/reading.h"

#include <gtest/gtest.h>

#include "support/runner.h"

namespace larder::monitor::reading_test {
namespace {

struct ReadingTest : ::testing::Test {
  Result<std::vector<metrics::HistoryBucket>> history(std::uint32_t calls_max) {
    HistoryQuestion question;
    question.from = world.now - std::chrono::hours(1);
    question.until = world.now;
    question.calls_max = calls_max;
    const host::Context here = runner.context();
    return runner.run(here, read_history(here, settings, question));
  }

  sim::World world;
  sim::Runner runner{world};
  config::Settings settings;
};

// A call for each shard at least.
TEST_F(ReadingTest, RefusesAHistoryOfMoreCallsThanItMayMake) {
  settings.ledger_shards = 4;
  EXPECT_TRUE(history(4).has_value());
  const auto refused = history(3);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::too_large);
  EXPECT_EQ(refused.error().message, "The history of so long a span is too large for one request.");
}

TEST_F(ReadingTest, MakesFiveHundredCallsAtMost) { EXPECT_EQ(HistoryQuestion().calls_max, 500U); }

}  // namespace
}  // namespace larder::monitor::reading_test
