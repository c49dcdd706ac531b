// Single flight under faults: every operation of every kind fails, is late or never ends, one kind at a time,
// and every request is answered in time all the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/limits.h"
#include "engine/support.h"

namespace larder::engine::fault_test {
namespace {

using host::OperationKind;
using sim::Fault;
using sim::Isolate;
using sim::OriginRequest;
using ::testing::HasSubstr;

constexpr auto url = "/items/7";
constexpr Millis fault_delay(2'000);
constexpr Millis origin_time(50);
constexpr Millis hard = config::limit::origin_timeout_hard_default;
constexpr Millis wait_max = config::limit::single_flight_wait;
// The look-ups at the edge and in KV, and taking the lock.
constexpr Millis store_time(9);
constexpr Millis lock_time(2);
// Waiting for another request's answer, of this isolate or through the lock, and then for one's own.
constexpr Millis answer_within = wait_max + hard + store_time + lock_time;
static_assert(config::limit::lock_wait <= wait_max);

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
        Named{OperationKind::lock_acquire, "lock_acquire"},
        Named{OperationKind::lock_release, "lock_release"}, Named{OperationKind::edge_get, "edge_get"},
        Named{OperationKind::edge_put, "edge_put"}, Named{OperationKind::kv_get, "kv_get"},
        Named{OperationKind::kv_put, "kv_put"}}) {
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
  const bool after_the_answer = GetParam().kind == OperationKind::edge_put ||
                                GetParam().kind == OperationKind::kv_put ||
                                GetParam().kind == OperationKind::lock_release;
  for (const host::RequestId reader : readers) {
    EXPECT_TRUE(answered(reader) || (!finished(reader) && !after_the_answer));
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

TEST_P(UnderFaults, AFaultCostsAtMostOneOriginRequestMore) {
  for (int i = 0; i < 20; ++i) {
    isolate.request("GET", url);
  }
  world.run();
  EXPECT_LE(world.origin_requests.size(), 1 + hit);
}

// A flight that hangs ---------------------------------------------------------------------------------------

struct HangingTest : ::testing::Test {
  HangingTest() {
    world.origin = [](const OriginRequest&) { return reply(200, {}); };
  }
  // The first `count` operations of the kind never end.
  void lose(OperationKind kind, std::uint64_t count) {
    left = count;
    world.fault = [this, kind](OperationKind asked) -> std::optional<Fault> {
      if (asked != kind || left == 0) {
        return std::nullopt;
      }
      --left;
      return fault_of(FaultType::loss);
    };
  }
  std::vector<host::RequestId> readers(int count) {
    std::vector<host::RequestId> readers;
    for (int i = 0; i < count; ++i) {
      readers.push_back(isolate.request("GET", url));
    }
    return readers;
  }
  const sim::SimulatedHost::Exchange& exchange(host::RequestId request) {
    return isolate.host.exchange(request);
  }
  Millis answered_after(host::RequestId request) { return exchange(request).answered_at - began; }

  sim::World world;
  Isolate isolate{world, {{"API_KEY", "k"}}, api_declarations()};
  const Instant began = world.now;
  std::uint64_t left = 0;
};

TEST_F(HangingTest, FollowersOfALostLeaderShareOneFurtherRequestAfterTheirWait) {
  lose(OperationKind::origin_fetch, 1);
  const auto all = readers(6);
  world.run();
  EXPECT_FALSE(exchange(all[0]).answered);
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_EQ(exchange(all[i]).status, 200U);
    EXPECT_EQ(answered_after(all[i]), wait_max + origin_time);
  }
  EXPECT_EQ(isolate.app->counters().total(observe::Counter::single_flight_expired_total), 5U);
  EXPECT_EQ(world.origin_requests.size(), 2U);
  isolate.app->abandon(all[0]);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(HangingTest, ASecondLostLeaderIsWaitedForUntilItMustHaveEnded) {
  lose(OperationKind::origin_fetch, 2);
  const auto all = readers(4);
  world.run();
  EXPECT_FALSE(exchange(all[0]).answered);
  EXPECT_FALSE(exchange(all[1]).answered);
  for (std::size_t i = 2; i < all.size(); ++i) {
    EXPECT_EQ(exchange(all[i]).status, 200U);
    EXPECT_EQ(answered_after(all[i]), wait_max + hard + config::limit::lock_margin + origin_time);
  }
  isolate.app->abandon(all[0]);
  isolate.app->abandon(all[1]);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(HangingTest, NewcomersPastTheFlightsDeadlineTakeTheLead) {
  lose(OperationKind::origin_fetch, 1);
  const auto leader = isolate.request("GET", url);
  world.run_for(hard + config::limit::lock_wait + config::limit::lock_margin);
  const Instant later = world.now;
  const auto newcomer = isolate.request("GET", url);
  const auto its_follower = isolate.request("GET", url);
  world.run();
  EXPECT_EQ(exchange(newcomer).answered_at - later, store_time + lock_time + origin_time);
  EXPECT_THAT(exchange(its_follower).header("cache-status"), HasSubstr("collapsed"));
  EXPECT_EQ(world.origin_requests.size(), 2U);
  // The former leader's end leaves the key alone.
  isolate.app->abandon(leader);
  EXPECT_THAT(isolate.get(url).header("cache-status"), HasSubstr("hit"));
  EXPECT_TRUE(isolate.settled());
}

TEST_F(HangingTest, ManyLostLeadersInARowDoNotAddUpTheWaits) {
  lose(OperationKind::edge_get, 4);
  const auto all = readers(5);
  // Each leader is ended by the platform well before its followers give up.
  for (std::size_t leader = 0; leader < 4; ++leader) {
    world.run_for(Millis(1'900));
    isolate.app->abandon(all[leader]);
  }
  world.run();
  EXPECT_EQ(exchange(all[4]).status, 200U);
  EXPECT_EQ(answered_after(all[4]), wait_max + origin_time);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(HangingTest, AFollowerOfALostFlightIsWokenByTheOneThatLands) {
  lose(OperationKind::edge_get, 1);
  const auto all = readers(3);
  world.run_for(Millis(1'000));
  isolate.app->abandon(all[0]);
  world.run();
  EXPECT_EQ(answered_after(all[1]), Millis(1'000) + store_time + lock_time + origin_time);
  EXPECT_EQ(answered_after(all[2]), answered_after(all[1]));
  EXPECT_THAT(exchange(all[2]).header("cache-status"), HasSubstr("collapsed"));
  EXPECT_EQ(world.origin_requests.size(), 1U);
  EXPECT_TRUE(isolate.settled());
}

TEST_F(HangingTest, ASilentOriginIsAskedTwiceAtMostAndEverybodyIsTold) {
  world.origin = [](const OriginRequest&) {
    sim::OriginReply silent;
    silent.silent = true;
    return silent;
  };
  const auto all = readers(5);
  world.run();
  for (const host::RequestId reader : all) {
    EXPECT_EQ(exchange(reader).status, 504U);
    EXPECT_LE(answered_after(reader), answer_within);
  }
  EXPECT_EQ(world.origin_requests.size(), 2U);
  EXPECT_TRUE(isolate.settled());
}

// The first answer stays with the lock for a minute; one who could not reach the lock is told since that
// there is none, and that has expired too. Those who know of it share the next call all the same.
TEST(HandedOverTest, AnAnswerOlderThanTheCopyAtHandLetsNobodyAskAlone) {
  sim::World world;
  world.origin = [&](const OriginRequest&) {
    return world.origin_requests.size() == 2 ? reply(404, {}, "none") : reply(200, {}, "spice");
  };
  const TextPairs bindings = {{"API_KEY", "k"}};
  const std::string declared = R"({"resources": [
      {"name": "item", "match": {"path": "/items/{id}"}, "origin": {"url": "https://api.example.com/items/{id}"},
       "key": [{"path": "id"}], "ttl": "1h", "negativeTtl": "10s"}]})";
  Isolate first(world, bindings, declared, "one");
  EXPECT_EQ(first.get(url).status, 200U);

  bool is_cut_off = true;
  world.fault = [&](OperationKind kind) -> std::optional<Fault> {
    const bool is_reached = kind != OperationKind::edge_get && kind != OperationKind::kv_get &&
                            kind != OperationKind::lock_acquire;
    return is_cut_off && !is_reached ? std::optional<Fault>(fault_of(FaultType::error)) : std::nullopt;
  };
  world.now += std::chrono::seconds(5);
  Isolate second(world, bindings, declared, "two");
  EXPECT_EQ(second.get(url).status, 404U);
  is_cut_off = false;
  ASSERT_EQ(world.origin_requests.size(), 2U);

  world.now += std::chrono::seconds(12);
  Isolate third(world, bindings, declared, "three");
  Isolate fourth(world, bindings, declared, "four");
  const auto one = third.request("GET", url);
  const auto other = fourth.request("GET", url);
  world.run();
  EXPECT_EQ(third.host.exchange(one).body, "spice");
  EXPECT_EQ(fourth.host.exchange(other).body, "spice");
  EXPECT_EQ(world.origin_requests.size(), 3U);
}

TEST_F(HangingTest, AnInstanceThatEndsTakesItsRequestsWithIt) {
  Isolate ending(world, {{"API_KEY", "k"}}, api_declarations());
  for (int i = 0; i < 3; ++i) {
    ending.request("GET", url);
  }
  world.run_for(Millis(5));
  EXPECT_EQ(ending.app->requests_in_flight(), 3U);
  ending.app.reset();
  EXPECT_EQ(ending.host.bodies_alive(), 0U);
  ending.host.stop();
  world.run();
}

}  // namespace
}  // namespace larder::engine::fault_test
