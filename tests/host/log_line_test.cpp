#include "host/log_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/world.h"

namespace larder::host::log_line_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct LogLineTest : ::testing::Test {
  sim::World world;
  sim::SimulatedHost host{world};
};

TEST_F(LogLineTest, IsOneObjectWithLevelAndEventFirst) {
  LogLine line(host, LogLevel::warn, "batch_not_settled");
  line.add("queue", "a \"b\"").add("count", 3U).add("again", true).add_json("rows", "[1]").write();
  EXPECT_THAT(host.log_lines(),
              ElementsAre(R"({"level":"warn","event":"batch_not_settled","queue":"a \"b\"",)"
                          R"("count":3,"again":true,"rows":[1]})"));
}

TEST_F(LogLineTest, IsWrittenFromTheLeastLevelOn) {
  host.log_from(LogLevel::warn);
  LogLine(host, LogLevel::debug, "a").add("b", 1).write();
  LogLine(host, LogLevel::info, "a").add_json("b", "{}").write();
  EXPECT_THAT(host.log_lines(), IsEmpty());
  LogLine(host, LogLevel::warn, "a").write();
  LogLine(host, LogLevel::error, "b").write();
  EXPECT_THAT(host.log_lines(),
              ElementsAre(R"({"level":"warn","event":"a"})", R"({"level":"error","event":"b"})"));
}

TEST_F(LogLineTest, IsNotWrittenWhereTheLogIsOff) {
  host.log_from(LogLevel::off);
  LogLine(host, LogLevel::error, "a").write();
  EXPECT_THAT(host.log_lines(), IsEmpty());
  LogLine(host, LogLevel::info, "start", Written::always).write();
  EXPECT_THAT(host.log_lines(), ElementsAre(R"({"level":"info","event":"start"})"));
}

}  // namespace
}  // namespace larder::host::log_line_test
