// The lock of a key in Redis: two isolates, one server.
#include <gtest/gtest.h>

#include "config/limits.h"
#include "engine/key_lock.h"
#include "redis/frame.h"
#include "support/runner.h"

namespace larder::engine::redis_lock_test {
namespace {

using Mood = sim::SimulatedRedis::Mood;

constexpr Millis keep{12'000};
constexpr const char* lock_key = "larder::lock:dune";
constexpr const char* handed_key = "larder::handed:dune";

redis::Client client() {
  return redis::Client(config::RedisAddress(config::RedisTransport::tcp, "redis://h", ""));
}

tiers::Key dune() {
  entry::Key key;
  key.full = "larder:title:v3:dune";
  key.storage_name = key.full;
  key.pattern = "title";
  key.proof = key.full;
  return tiers::Key(std::move(key), tiers::TierSet::all());
}

tiers::EntryPtr entry_of(host::Host& host, Instant asked, std::string_view content) {
  entry::Header header;
  header.content_type = "text/plain";
  header.created = asked;
  header.asked = asked;
  header.body_asked = asked;
  header.fresh_for = std::chrono::hours(1);
  header.stored_size = Bytes(content.size());
  header.body_size = Bytes(content.size());
  header.key = dune().proof;
  return std::make_shared<const tiers::Entry>(std::move(header), host::Body::from_bytes(host, content));
}

struct RedisLockTest : ::testing::Test {
  Locks::Taken take(Locks& locks, Millis wait = Millis(0)) {
    const host::Context here = runner.context();
    return runner.run(here, locks.take(here, dune(), "dune", keep, world.now + wait));
  }
  void hand_over(Permit permit, tiers::EntryPtr entry) {
    const host::Context here = runner.context();
    runner.run(here, own.hand_over(here, std::move(permit), std::move(entry)));
  }
  std::string holder() {
    const auto* const value = world.redis.find(world.now, lock_key);
    return value == nullptr ? "" : value->text;
  }

  sim::World world;
  sim::Runner runner{world};
  config::Settings settings = *config::parse_settings({});
  observe::Counters counters;
  Locks own{settings, counters, make_redis_lock("larder", client())};
  Locks others{settings, counters, make_redis_lock("larder", client())};
};

TEST_F(RedisLockTest, OneHoldsItAndTheOthersGetItsAnswer) {
  auto held = take(own);
  ASSERT_EQ(held.state, Locks::State::held);
  EXPECT_EQ(world.redis.counts["SET"], 1U);
  EXPECT_EQ(take(others).state, Locks::State::busy);
  const std::string content("spice\0\xff", 7);
  hand_over(std::move(held.permit), entry_of(runner.host, world.now, content));
  EXPECT_EQ(holder(), "");
  const auto handed = take(others);
  ASSERT_EQ(handed.state, Locks::State::value);
  EXPECT_EQ(runner.host.read_body(handed.entry->body.handle(), handed.entry->body.size(), 0), content);
  // Who got the answer does not keep the lock.
  EXPECT_EQ(holder(), "");
}

TEST_F(RedisLockTest, AWaiterIsHandedTheAnswerSoonAfterItIsThere) {
  auto held = take(own);
  const Instant began = world.now;
  std::optional<Locks::Taken> waited;
  const host::Context there = runner.context();
  runner.requests.start(
      there.request(),
      sim::keep_result(others.take(there, dune(), "dune", keep, began + Millis(5'000)), waited));
  world.run_for(Millis(1'700));
  EXPECT_FALSE(waited.has_value());
  hand_over(std::move(held.permit), entry_of(runner.host, began, "spice"));
  world.run();
  ASSERT_TRUE(waited.has_value());
  EXPECT_EQ(waited->state, Locks::State::value);
  EXPECT_LT(world.now - began, Millis(2'800)) << "a waiter looks at least once a second";
  // 100, 200, 400, 800 and 1,000 ms at most, and half of them at least.
  EXPECT_GE(world.redis.counts["SET"], 4U);
  EXPECT_LE(world.redis.counts["SET"], 9U);
}

TEST_F(RedisLockTest, AWaitEndsAtItsTime) {
  auto held = take(own);
  const Instant began = world.now;
  EXPECT_EQ(take(others, Millis(5'000)).state, Locks::State::busy);
  EXPECT_GE(world.now - began, Millis(5'000));
  EXPECT_LE(world.now - began, Millis(5'000) + 2 * world.redis_delay);
  EXPECT_TRUE(held.permit.is_held());
}

TEST_F(RedisLockTest, AnAnswerThatIsItsHoldersSendsTheOthersToTheOrigin) {
  auto held = take(own);
  hand_over(std::move(held.permit), nullptr);
  EXPECT_EQ(take(others).state, Locks::State::no_lock);
  EXPECT_EQ(holder(), "");
  world.now += config::limit::redis_alone_kept;
  EXPECT_EQ(take(others).state, Locks::State::held);
}

TEST_F(RedisLockTest, WithoutAnAnswerTheNextOneTries) {
  auto held = take(own);
  const host::Context here = runner.context();
  runner.run(here, own.give_up(here, std::move(held.permit)));
  EXPECT_EQ(world.redis.find(world.now, handed_key), nullptr);
  EXPECT_EQ(take(others).state, Locks::State::held);
}

TEST_F(RedisLockTest, AHolderPastItsTimeReleasesNobodyElses) {
  auto late = take(own);
  ASSERT_EQ(late.state, Locks::State::held);
  world.now += keep;
  const auto next = take(others);
  ASSERT_EQ(next.state, Locks::State::held);
  const std::string token = holder();
  hand_over(std::move(late.permit), entry_of(runner.host, world.now, "late"));
  EXPECT_EQ(holder(), token);
  EXPECT_EQ(world.redis.find(world.now, handed_key), nullptr);
}

TEST_F(RedisLockTest, TheHolderRenewsItsTimeAndLearnsThatItIsOver) {
  Locks::Taken held = take(own);
  const auto renew = [&] {
    const host::Context here = runner.context();
    return runner.run(here, own.renew(here, held.permit, keep));
  };
  world.now += keep - Millis(1'000);
  EXPECT_TRUE(renew());
  world.now += keep - Millis(1'000);
  EXPECT_EQ(take(others).state, Locks::State::busy);
  world.now += keep;
  // Nobody had it meanwhile.
  EXPECT_TRUE(renew());
  world.now += keep;
  const Locks::Taken later = take(others);
  EXPECT_EQ(later.state, Locks::State::held);
  EXPECT_FALSE(renew());
}

TEST_F(RedisLockTest, AGrantWhoseWordGotLostIsAGrantTheSecondTime) {
  // The first attempt is carried out, and its connection breaks before the replies come.
  std::uint64_t round_trips = 0;
  world.fault = [&](host::OperationKind) {
    sim::Fault broken;
    broken.status = 2;
    return ++round_trips == 1 ? std::optional<sim::Fault>(broken) : std::nullopt;
  };
  EXPECT_EQ(take(own).state, Locks::State::held);
  EXPECT_EQ(round_trips, 2U);
  EXPECT_EQ(take(others).state, Locks::State::busy);
}

TEST_F(RedisLockTest, ScriptsAreSentAgainAfterARestart) {
  auto held = take(own);
  hand_over(std::move(held.permit), nullptr);
  world.redis.restart();
  held = take(own);
  ASSERT_EQ(held.state, Locks::State::held);
  hand_over(std::move(held.permit), entry_of(runner.host, world.now, "spice"));
  EXPECT_EQ(take(others).state, Locks::State::value);
  EXPECT_EQ(world.redis.counts["EVAL"], 2U);
}

TEST_F(RedisLockTest, AServerWithoutMemoryStillEndsALock) {
  auto held = take(own);
  world.redis.mood = Mood::out_of_memory;
  hand_over(std::move(held.permit), entry_of(runner.host, world.now, "spice"));
  EXPECT_EQ(holder(), "");
  EXPECT_EQ(take(others).state, Locks::State::no_lock);
  EXPECT_EQ(counters.value(observe::Counter::cache_errors_total, "lock", "rejected"), 1U);
}

TEST_F(RedisLockTest, WhatWasHandedOverAndIsNotWholeIsNoAnswer) {
  for (const char* text : {"", "OK", "alon", "LRD1xxxx"}) {
    sim::SimulatedRedis::Value value;
    value.text = text;
    world.redis.set(handed_key, value);
    auto held = take(own);
    EXPECT_EQ(held.state, Locks::State::held) << text;
    const host::Context here = runner.context();
    runner.run(here, own.give_up(here, std::move(held.permit)));
  }
}

TEST_F(RedisLockTest, TenantsHaveLocksOfTheirOwn) {
  Locks tenant(settings, counters, make_redis_lock("tenant", client()));
  ASSERT_EQ(take(own).state, Locks::State::held);
  EXPECT_EQ(take(tenant).state, Locks::State::held);
}

TEST_F(RedisLockTest, TheStoreOfLocksIsTheOneOfTheCache) {
  const auto chosen = make_key_lock(settings, client());
  const auto acquire = [&] {
    const host::Context here = runner.context();
    const auto said = runner.run(here, chosen->acquire(here, "dune", "token", keep, Millis(0)));
    return said.has_value() && said->word == LockWord::granted;
  };
  EXPECT_TRUE(acquire());
  EXPECT_EQ(world.locks.size(), 1U);
  EXPECT_EQ(holder(), "");
  settings.cache_implementation = config::CacheImplementation::redis;
  EXPECT_TRUE(acquire());
  EXPECT_EQ(holder(), "token");
  EXPECT_EQ(world.locks.size(), 1U);
}

}  // namespace
}  // namespace larder::engine::redis_lock_test
