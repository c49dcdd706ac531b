// Round trips to a server that is well, and to one that is not.
#include "redis/client.h"

#include <gtest/gtest.h>

#include "support/runner.h"

namespace larder::redis::client_test {
namespace {

struct ClientTest : ::testing::Test {
  ClientTest() {
    world.fault = [this](host::OperationKind kind) {
      EXPECT_EQ(kind, host::OperationKind::redis_run);
      ++round_trips;
      return round_trips <= failing ? std::optional<sim::Fault>(fault) : std::nullopt;
    };
  }

  Result<std::vector<Reply>> run(std::vector<Command> commands) {
    const host::Context here = runner.context();
    return runner.run(here, client.run(here, std::move(commands)));
  }
  Result<Reply> run_one(Command command) {
    const host::Context here = runner.context();
    return runner.run(here, client.run_one(here, std::move(command)));
  }
  Result<Reply> renew(std::string token) {
    const host::Context here = runner.context();
    std::vector<std::string> keys = {"lock"};
    std::vector<std::string> arguments = {std::move(token), "1000"};
    return runner.run(here, client.run_script(here, Script::renew, std::move(keys), std::move(arguments)));
  }

  sim::World world;
  sim::Runner runner{world};
  Client client{config::RedisAddress(config::RedisTransport::tcp, "redis://h", "")};
  std::uint64_t round_trips = 0;
  // How many round trips fail, and how.
  std::uint64_t failing = 0;
  sim::Fault fault;
};

TEST_F(ClientTest, CommandsGoTogetherAndRepliesComeInTheirOrder) {
  const auto replies = run({{"SET", "a", "1"}, {"GET", "a"}, {"GET", "b"}, {"UNLINK", "a"}});
  ASSERT_TRUE(replies.has_value());
  ASSERT_EQ(replies->size(), 4U);
  EXPECT_EQ((*replies)[0].text, "OK");
  EXPECT_EQ((*replies)[1].text, "1");
  EXPECT_EQ((*replies)[2].kind, Reply::Kind::nothing);
  EXPECT_EQ((*replies)[3].number, 1);
  EXPECT_EQ(round_trips, 1U);
}

TEST_F(ClientTest, AConnectionThatBreaksIsMadeOnceMore) {
  fault.status = 2;
  failing = 1;
  EXPECT_EQ(run_one({"SET", "a", "1"})->text, "OK");
  EXPECT_EQ(round_trips, 2U);
  failing = 4;
  const auto refused = run_one({"GET", "a"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(round_trips, 4U);
}

TEST_F(ClientTest, ATimeOutIsNotTriedAgain) {
  fault.lost = true;
  failing = 9;
  const Instant began = world.now;
  const auto late = run_one({"GET", "a"});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().kind, ErrorKind::timeout);
  EXPECT_EQ(round_trips, 1U);
  EXPECT_EQ(world.now - began, Millis(2'000));
}

TEST_F(ClientTest, ARefusalAmongSeveralIsAReplyAndAloneAnError) {
  world.redis.mood = sim::SimulatedRedis::Mood::out_of_memory;
  const auto replies = run({{"SET", "a", "1"}, {"GET", "a"}});
  ASSERT_TRUE(replies.has_value());
  EXPECT_TRUE((*replies)[0].is_error("OOM"));
  EXPECT_EQ((*replies)[1].kind, Reply::Kind::nothing);
  const auto alone = run_one({"SET", "a", "1"});
  ASSERT_FALSE(alone.has_value());
  EXPECT_EQ(alone.error().kind, ErrorKind::rejected);
  EXPECT_EQ(round_trips, 2U);
}

TEST_F(ClientTest, AScriptIsSentOnceAndAgainAfterARestart) {
  EXPECT_EQ(renew("one")->number, 1);
  EXPECT_EQ(world.redis.counts["EVALSHA"], 1U);
  EXPECT_EQ(world.redis.counts["EVAL"], 1U);
  EXPECT_EQ(renew("two")->number, 0);
  EXPECT_EQ(world.redis.counts["EVALSHA"], 2U);
  EXPECT_EQ(world.redis.counts["EVAL"], 1U);
  world.redis.restart();
  EXPECT_EQ(renew("two")->number, 1);
  EXPECT_EQ(world.redis.counts["EVAL"], 2U);
}

TEST_F(ClientTest, WithoutAServerNothingIsAsked) {
  const Client nowhere{std::nullopt};
  const host::Context here = runner.context();
  std::vector<Command> commands = {{"GET", "a"}};
  const auto replies = runner.run(here, nowhere.run(here, std::move(commands)));
  ASSERT_FALSE(replies.has_value());
  EXPECT_EQ(replies.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(round_trips, 0U);
}

}  // namespace
}  // namespace larder::redis::client_test
