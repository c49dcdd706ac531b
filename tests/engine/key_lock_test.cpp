// The lock of a key and the permit of its holder, and copies that are kept over a wait.
#include "engine/key_lock.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "config/limits.h"
#include "engine/copy.h"
#include "records/control_log.h"
#include "support/runner.h"

namespace larder::engine::key_lock_test {
namespace {

static_assert(!std::is_copy_constructible_v<Permit> && !std::is_copy_assignable_v<Permit>);
static_assert(std::is_nothrow_move_constructible_v<Permit> && std::is_nothrow_move_assignable_v<Permit>);

constexpr Millis keep{12'000};

tiers::Key dune() {
  entry::Key key;
  key.full = "larder:title:v3:dune";
  key.storage_name = key.full;
  key.pattern = "title";
  key.proof = key.full;
  return tiers::Key(std::move(key), tiers::TierSet::all());
}

tiers::EntryPtr entry_of(host::Host& host, Instant asked) {
  entry::Header header;
  header.content_type = "text/plain";
  header.created = asked;
  header.asked = asked;
  header.body_asked = asked;
  header.fresh_for = std::chrono::hours(1);
  header.stored_size = Bytes(5);
  header.body_size = Bytes(5);
  header.tags = {"books"};
  header.key = dune().proof;
  return std::make_shared<const tiers::Entry>(std::move(header), host::Body::from_bytes(host, "spice"));
}

struct KeyLockTest : ::testing::Test {
  Locks::Taken take(Locks& locks, Millis wait = Millis(0)) {
    const host::Context here = runner.context();
    return runner.run(here, locks.take(here, dune(), "dune", keep, world.now + wait));
  }
  void hand_back(Locks& locks) {
    const host::Context here = runner.context();
    runner.run(here, locks.hand_back(here));
  }

  sim::World world;
  sim::Runner runner{world};
  config::Settings settings = *config::parse_settings({});
  observe::Counters counters;
  Locks own{settings, counters, make_object_lock()};
  Locks others{settings, counters, make_object_lock()};
};

TEST_F(KeyLockTest, OneHoldsItAndTheOthersGetItsAnswer) {
  auto held = take(own);
  ASSERT_EQ(held.state, Locks::State::held);
  EXPECT_TRUE(held.permit.is_held());
  EXPECT_EQ(take(others).state, Locks::State::busy);
  const host::Context here = runner.context();
  runner.run(here, own.hand_over(here, std::move(held.permit), entry_of(runner.host, world.now)));
  const auto handed = take(others);
  ASSERT_EQ(handed.state, Locks::State::value);
  EXPECT_EQ(runner.host.read_body(handed.entry->body.handle(), handed.entry->body.size(), 0), "spice");
  EXPECT_EQ(own.dropped(), 0U);
}

TEST_F(KeyLockTest, AnAnswerThatIsNobodyElsesSendsTheOthersToTheOrigin) {
  auto held = take(own);
  const host::Context here = runner.context();
  runner.run(here, own.hand_over(here, std::move(held.permit), nullptr));
  const auto next = take(others);
  EXPECT_EQ(next.state, Locks::State::held);
  EXPECT_EQ(own.dropped(), 0U);
}

TEST_F(KeyLockTest, APermitThatIsDroppedIsHandedBackByTheNextWhoHasTime) {
  {
    Locks::Taken held = take(own);
    ASSERT_EQ(held.state, Locks::State::held);
    // Moved, it is still one.
    Permit permit = std::move(held.permit);
    EXPECT_FALSE(held.permit.is_held());
    held.permit = std::move(permit);
    EXPECT_EQ(own.dropped(), 0U);
  }
  EXPECT_EQ(own.dropped(), 1U);
  EXPECT_EQ(take(others).state, Locks::State::busy);
  const Instant before = world.now;
  hand_back(own);
  EXPECT_EQ(own.dropped(), 0U);
  EXPECT_EQ(take(others).state, Locks::State::held);
  EXPECT_LT(world.now - before, Millis(100)) << "nobody waited for the holder's time";
}

TEST_F(KeyLockTest, APermitThatIsReplacedIsDropped) {
  Locks::Taken held = take(own);
  held.permit = Permit();
  EXPECT_EQ(own.dropped(), 1U);
}

TEST_F(KeyLockTest, ALockThatIsLeftEndsByItsTimeAlone) {
  {
    Locks::Taken held = take(own);
    held.permit.leave_to_its_time();
    EXPECT_FALSE(held.permit.is_held());
  }
  EXPECT_EQ(own.dropped(), 0U);
  hand_back(own);
  EXPECT_EQ(take(others).state, Locks::State::busy);
  world.now += keep;
  EXPECT_EQ(take(others).state, Locks::State::held);
}

TEST_F(KeyLockTest, TheHolderRenewsItsTimeAndLearnsThatItIsOver) {
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
  Locks::Taken later = take(others);
  EXPECT_EQ(later.state, Locks::State::held);
  EXPECT_FALSE(renew());
}

TEST_F(KeyLockTest, ACopyIsOpenedWithThePurgesOfThatMoment) {
  std::size_t views = 0;
  Control control(runner.host, counters, [&views] { ++views; });
  const Copy copy(entry_of(runner.host, world.now));
  const auto purge = [&](config::PurgeMode mode) {
    const std::vector<config::Purge> purges = {config::Purge(config::PurgeKind::tag, "books", mode)};
    world.now += Millis(10'001);
    sim::append_control(world, records::control_changes(purges));
    world.now += Millis(10'001);
    const host::Context here = runner.context();
    runner.run(here, control.make_current(here));
  };
  EXPECT_EQ(copy.open(control, dune()), copy.as_asked());
  purge(config::PurgeMode::soft);
  const tiers::EntryPtr softened = copy.open(control, dune());
  ASSERT_NE(softened, nullptr);
  EXPECT_LT(softened->header.fresh_for, copy.as_asked()->header.fresh_for);
  purge(config::PurgeMode::hard);
  EXPECT_EQ(copy.open(control, dune()), nullptr);
  // What the origin was asked about is still known: its 304 confirms this one.
  EXPECT_NE(copy.as_asked(), nullptr);
  EXPECT_EQ(views, 2U);
  EXPECT_EQ(Copy().open(control, dune()), nullptr);
}

}  // namespace
}  // namespace larder::engine::key_lock_test
