#include "engine/flights.h"

#include <gtest/gtest.h>

#include "host/operations.h"
#include "support/runner.h"

namespace larder::engine::flights_test {
namespace {

// A follower as the engine is one: it waits for the flight, and tells how it ended and when.
struct Followed {
  bool ended = false;
  FlightEnd end = FlightEnd::none;
  Instant ended_at;
};

host::Task<void> follow(host::Context here, std::shared_ptr<Flight> flight, Millis wait_max,
                        Followed& followed) {
  flight->follow(here.request());
  const auto waited = co_await host::park(here, static_cast<std::uint64_t>(wait_max.count()));
  EXPECT_TRUE(waited.has_value());
  followed.ended = true;
  followed.end = flight->end();
  followed.ended_at = here.host().now();
}

struct FlightsTest : ::testing::Test {
  void start_follower(std::shared_ptr<Flight> flight, Followed& followed) {
    const host::Context here = runner.context();
    runner.requests.start(here.request(), follow(here, std::move(flight), Millis(5'000), followed));
  }

  sim::World world;
  sim::Runner runner{world};
  Flights flights;
  const Instant began = world.now;
  const Instant deadline = world.now + Millis(100);
};

TEST_F(FlightsTest, AFlightIsFoundUnderItsKeyUntilItsDeadline) {
  EXPECT_EQ(flights.find("a", began), nullptr);
  const auto flight = flights.begin("a", deadline);
  EXPECT_EQ(flight->end(), FlightEnd::none);
  EXPECT_EQ(flights.find("a", began), flight);
  EXPECT_EQ(flights.find("a", deadline - Millis(1)), flight);
  EXPECT_EQ(flights.find("a", deadline), nullptr);
  EXPECT_EQ(flights.find("b", began), nullptr);
  EXPECT_EQ(flights.under_way(), 1U);
}

TEST_F(FlightsTest, LandingEndsTheFlightAndWakesItsFollowersAtOnce) {
  const auto flight = flights.begin("a", deadline);
  Followed followed[3];
  for (Followed& one : followed) {
    start_follower(flight, one);
  }
  {
    Flights::Lead lead(flights, runner.host, "a", flight);
    FlightResult result;
    result.status.stored = true;
    world.run_for(Millis(20));
    EXPECT_FALSE(followed[0].ended);
    lead.finish(std::move(result));
    EXPECT_EQ(flights.under_way(), 0U);
    EXPECT_EQ(flights.find("a", began), nullptr);
  }
  world.run();
  EXPECT_EQ(flight->end(), FlightEnd::finished);
  EXPECT_TRUE(flight->result().status.stored);
  for (const Followed& one : followed) {
    EXPECT_TRUE(one.ended);
    EXPECT_EQ(one.end, FlightEnd::finished);
    EXPECT_EQ(one.ended_at, began + Millis(20));
  }
}

TEST_F(FlightsTest, ALeadThatEndsWithoutLandingLosesTheFlightAndWakesItsFollowers) {
  const auto flight = flights.begin("a", deadline);
  Followed followed;
  start_follower(flight, followed);
  {
    const Flights::Lead lead(flights, runner.host, "a", flight);
    world.run_for(Millis(20));
  }
  world.run();
  EXPECT_EQ(flight->end(), FlightEnd::lost);
  EXPECT_EQ(flights.under_way(), 0U);
  EXPECT_TRUE(followed.ended);
  EXPECT_EQ(followed.end, FlightEnd::lost);
  EXPECT_EQ(followed.ended_at, began + Millis(20));
}

TEST_F(FlightsTest, PastTheDeadlineANewerFlightTakesOverAndTheOlderLeadLeavesItAlone) {
  const auto older = flights.begin("a", deadline);
  auto older_lead = std::make_unique<Flights::Lead>(flights, runner.host, "a", older);
  Followed of_older;
  start_follower(older, of_older);
  EXPECT_EQ(flights.find("a", deadline), nullptr);
  const auto newer = flights.begin("a", deadline + Millis(100));
  Flights::Lead newer_lead(flights, runner.host, "a", newer);
  Followed of_newer;
  start_follower(newer, of_newer);

  older_lead.reset();
  world.run_for(Millis(1));
  EXPECT_EQ(of_older.end, FlightEnd::lost);
  EXPECT_FALSE(of_newer.ended);
  EXPECT_EQ(flights.find("a", deadline), newer);
  EXPECT_EQ(newer->end(), FlightEnd::none);

  newer_lead.finish(FlightResult());
  world.run_for(Millis(1));
  EXPECT_EQ(of_newer.end, FlightEnd::finished);
  EXPECT_EQ(flights.under_way(), 0U);
  world.run();
}

TEST_F(FlightsTest, AnOlderLeadThatLandsLateStillServesItsOwnFollowers) {
  const auto older = flights.begin("a", deadline);
  Flights::Lead older_lead(flights, runner.host, "a", older);
  Followed of_older;
  start_follower(older, of_older);
  const auto newer = flights.begin("a", deadline + Millis(100));
  older_lead.finish(FlightResult());
  world.run_for(Millis(1));
  EXPECT_EQ(of_older.end, FlightEnd::finished);
  EXPECT_EQ(flights.find("a", deadline), newer);
  world.run();
}

TEST_F(FlightsTest, AFollowerThatIsGoneIsNotWoken) {
  const auto flight = flights.begin("a", deadline);
  const host::Context here = runner.context();
  Followed followed;
  runner.requests.start(here.request(), follow(here, flight, Millis(5'000), followed));
  runner.requests.abandon(here.request());
  {
    const Flights::Lead lead(flights, runner.host, "a", flight);
  }
  world.run();
  EXPECT_FALSE(followed.ended);
  EXPECT_EQ(runner.requests.operations_open(), 0U);
}

}  // namespace
}  // namespace larder::engine::flights_test
