// Single flight under faults: every operation of every kind fails, is late or never ends, one kind at a time,
// and every request is answered in time all the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "engine/support.h"

namespace larder::engine {
namespace {

using host::OperationKind;
using sim::Fault;
using sim::Isolate;
using sim::OriginRequest;
using ::testing::HasSubstr;

constexpr auto url = "/items/7";
constexpr Millis fault_delay(2'000);
// The look-ups at the edge and in KV.
constexpr Millis store_time(9);
constexpr Millis answer_within =
    config::limit::origin_timeout_hard_default + config::limit::single_flight_wait + store_time;

enum class FaultType : std::uint8_t { error, delay, loss };
// Which operations of the kind are hit.
enum class Extent : std::uint8_t { first, every };

struct Case {
  OperationKind kind;
  const char* kind_name;
  FaultType type;
  Extent extent;
};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  const char* const types[] = {"Error", "Delay", "Loss"};
  const char* const extents[] = {"First", "Every"};
  return concat({info.param.kind_name, "_", types[static_cast<int>(info.param.type)], "_",
                 extents[static_cast<int>(info.param.extent)]});
}

std::vector<Case> all_cases() {
  struct Named {
    OperationKind kind;
    const char* name;
  };
  std::vector<Case> cases;
  for (const Named& one :
       {Named{OperationKind::park, "park"}, Named{OperationKind::origin_fetch, "origin_fetch"},
        Named{OperationKind::edge_get, "edge_get"}, Named{OperationKind::edge_put, "edge_put"},
        Named{OperationKind::kv_get, "kv_get"}, Named{OperationKind::kv_put, "kv_put"}}) {
    for (const FaultType type : {FaultType::error, FaultType::delay, FaultType::loss}) {
      for (const Extent extent : {Extent::first, Extent::every}) {
        cases.push_back(Case{one.kind, one.name, type, extent});
      }
    }
  }
  return cases;
}

Fault fault_of(FaultType type) {
  Fault fault;
  switch (type) {
    case FaultType::error:
      fault.status = 2;
      break;
    case FaultType::delay:
      fault.delay = fault_delay;
      break;
    case FaultType::loss:
      fault.lost = true;
      break;
  }
  return fault;
}

class UnderFaults : public ::testing::TestWithParam<Case> {
 protected:
  UnderFaults() {
    world.origin = [](const OriginRequest&) { return reply(200, {}); };
    world.fault = [this](OperationKind kind) -> std::optional<Fault> {
      if (kind != GetParam().kind || (GetParam().extent == Extent::first && hit > 0)) {
        return std::nullopt;
      }
      ++hit;
      return fault_of(GetParam().type);
    };
  }

  // How many operations each request has open that will never end is not to be seen from outside; but a
  // request whose own operation is lost is one that is not finished when all is quiet.
  bool finished(host::RequestId request) { return isolate.host.exchange(request).finished; }
  bool answered(host::RequestId request) { return isolate.host.exchange(request).answered; }
  Millis answered_after(host::RequestId request) {
    return isolate.host.exchange(request).answered_at - began;
  }

  sim::World world;
  Isolate isolate{world, {{"API_KEY", "k"}}, api_declarations()};
  const Instant began = world.now;
  std::uint64_t hit = 0;
};

INSTANTIATE_TEST_SUITE_P(All, UnderFaults, ::testing::ValuesIn(all_cases()), name_of);

TEST_P(UnderFaults, EveryRequestIsAnsweredByItsDeadlineAndNothingLeaks) {
  std::vector<host::RequestId> readers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(isolate.request("GET", url));
  }
  world.run();
  EXPECT_GT(hit, 0U);
  std::vector<host::RequestId> stuck;
  for (const host::RequestId reader : readers) {
    if (answered(reader)) {
      EXPECT_LE(answered_after(reader), answer_within + fault_delay);
    }
    if (!finished(reader)) {
      stuck.push_back(reader);
    }
  }
  // Each lost completion holds up its own request and no other.
  const std::size_t lost = GetParam().type == FaultType::loss ? static_cast<std::size_t>(hit) : 0;
  EXPECT_LE(stuck.size(), lost);
  EXPECT_EQ(isolate.app->requests_in_flight(), stuck.size());
  const bool only_stores =
      GetParam().kind == OperationKind::edge_put || GetParam().kind == OperationKind::kv_put;
  for (const host::RequestId reader : readers) {
    EXPECT_TRUE(answered(reader) || (!finished(reader) && !only_stores));
  }
  // What the platform does with a request that hangs: it ends it.
  for (const host::RequestId reader : stuck) {
    isolate.app->abandon(reader);
  }
  world.run();
  EXPECT_TRUE(isolate.settled());
  world.fault = nullptr;
  EXPECT_EQ(isolate.get(url).status, 200U);
  EXPECT_TRUE(isolate.settled());
}

TEST_P(UnderFaults, AFaultThatIsNoLossCostsAtMostOneOriginRequestMorePerFault) {
  for (int i = 0; i < 20; ++i) {
    isolate.request("GET", url);
  }
  world.run();
  EXPECT_LE(world.origin_requests.size(), 1 + hit);
}

// A flight that hangs
// ------------------------------------------------------------------------------------------------

struct HangingTest : ::testing::Test {
  HangingTest() {
    world.origin = [](const OriginRequest&) { return reply(200, {}); };
  }
  // The first `count` origin requests never end.
  void lose(std::uint64_t count) {
    left = count;
    world.fault = [this](OperationKind kind) -> std::optional<Fault> {
      if (kind != OperationKind::origin_fetch || left == 0) {
        return std::nullopt;
      }
      --left;
      return fault_of(FaultType::loss);
    };
  }
  const sim::SimulatedHost::Exchange& exchange(host::RequestId request) {
    return isolate.host.exchange(request);
  }
  const observe::Counters& counters() const { return isolate.app->counters(); }

  sim::World world;
  Isolate isolate{world, {{"API_KEY", "k"}}, api_declarations()};
  const Instant began = world.now;
  std::uint64_t left = 0;
};

TEST_F(HangingTest, FollowersOfALostLeaderAskForThemselvesAfterTheirWait) {
  lose(1);
  const auto leader = isolate.request("GET", url);
  std::vector<host::RequestId> followers;
  for (int i = 0; i < 5; ++i) {
    followers.push_back(isolate.request("GET", url));
  }
  world.run();
  EXPECT_FALSE(exchange(leader).answered);
  for (const host::RequestId follower : followers) {
    EXPECT_EQ(exchange(follower).status, 200U);
    EXPECT_EQ(exchange(follower).answered_at - began,
              config::limit::single_flight_wait + store_time + Millis(50));
  }
  EXPECT_EQ(counters().total(observe::Counter::single_flight_expired_total), 5U);
  isolate.app->abandon(leader);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(HangingTest, NewcomersPastTheFlightsDeadlineTakeTheLead) {
  lose(1);
  const auto leader = isolate.request("GET", url);
  world.run_for(answer_within - store_time);
  world.kv.clear();
  const Instant later = world.now;
  const auto newcomer = isolate.request("GET", url);
  const auto its_follower = isolate.request("GET", url);
  world.run();
  EXPECT_EQ(exchange(newcomer).answered_at - later, store_time + Millis(50));
  EXPECT_THAT(exchange(its_follower).header("cache-status"), HasSubstr("collapsed"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
  // The former leader's end leaves the key alone.
  isolate.app->abandon(leader);
  EXPECT_THAT(isolate.get(url).header("cache-status"), HasSubstr("hit"));
  EXPECT_TRUE(isolate.settled());
}

TEST_F(HangingTest, ManyLostLeadersInARowDoNotAddUpTheWaits) {
  lose(4);
  std::vector<host::RequestId> readers;
  for (int i = 0; i < 5; ++i) {
    readers.push_back(isolate.request("GET", url));
  }
  // Each leader is ended by the platform shortly before its followers give up.
  for (std::size_t leader = 0; leader < 4; ++leader) {
    world.run_for(Millis(1'900));
    isolate.app->abandon(readers[leader]);
  }
  world.run();
  const auto& last = exchange(readers[4]);
  EXPECT_EQ(last.status, 200U);
  EXPECT_LE(last.answered_at - began, config::limit::single_flight_wait + store_time + Millis(50));
  EXPECT_TRUE(isolate.settled());
}

TEST_F(HangingTest, AFollowerOfSeveralLostFlightsIsWokenByTheOneThatLands) {
  lose(1);
  const auto leader = isolate.request("GET", url);
  const auto second = isolate.request("GET", url);
  const auto third = isolate.request("GET", url);
  world.run_for(Millis(1'000));
  isolate.app->abandon(leader);
  world.run();
  EXPECT_EQ(exchange(second).answered_at - began, Millis(1'000) + store_time + Millis(50));
  EXPECT_EQ(exchange(third).answered_at, exchange(second).answered_at);
  EXPECT_THAT(exchange(third).header("cache-status"), HasSubstr("collapsed"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(HangingTest, ASilentOriginIsAskedOncePerFlightAndEverybodyIsTold) {
  world.origin = [](const OriginRequest&) {
    sim::OriginReply silent;
    silent.silent = true;
    return silent;
  };
  std::vector<host::RequestId> readers;
  for (int i = 0; i < 5; ++i) {
    readers.push_back(isolate.request("GET", url));
  }
  world.run();
  for (const host::RequestId reader : readers) {
    EXPECT_EQ(exchange(reader).status, 504U);
    EXPECT_LE(exchange(reader).answered_at - began, answer_within + store_time);
  }
  EXPECT_TRUE(isolate.settled());
}

}  // namespace
}  // namespace larder::engine
