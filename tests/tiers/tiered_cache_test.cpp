#include "tiers/tiered_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tiers/support.h"

namespace larder::tiers::tiered_cache_test {
namespace {

using config::Tier;
using host::OperationKind;
using observe::Counter;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct TieredCacheTest : ::testing::Test {
  TieredCacheTest() {
    world.fault = [this](OperationKind kind) {
      asked.push_back(kind);
      return failing == kind ? std::optional<sim::Fault>(unavailable()) : std::nullopt;
    };
  }
  void TearDown() override {
    EXPECT_EQ(runner.requests.in_flight(), 0U);
    chain.reset();
    EXPECT_EQ(runner.host.bodies_alive(), 0U);
  }

  static sim::Fault unavailable() {
    sim::Fault fault;
    fault.status = 2;
    return fault;
  }

  Found get(const Key& key) {
    const host::Context here = runner.context();
    auto found = runner.run(here, chain->get(here, key));
    EXPECT_TRUE(found.has_value());
    return std::move(*found);
  }
  Stored put(const Key& key, std::string_view content) {
    const host::Context here = runner.context();
    const auto stored = runner.run(here, chain->put(here, key, entry_of(runner.host, key, content)));
    EXPECT_TRUE(stored.has_value());
    return *stored;
  }
  void promote(const Key& key, const Found& found) {
    const host::Context here = runner.context();
    runner.run(here, chain->promote(here, key, found));
  }
  // An isolate that has just started.
  void restart() {
    chain = make_chain(runner.host, counters);
    counters = observe::Counters();
    asked.clear();
  }
  void restart_memory() {
    chain->memory().revise([](std::string_view, const EntryPtr&) { return EntryPtr(); });
  }
  std::uint64_t count(Counter counter, std::string_view tier) {
    return counters.value(counter, tier, counter == Counter::cache_errors_total ? "unavailable" : "title");
  }

  sim::World world;
  sim::Runner runner{world};
  observe::Counters counters;
  std::unique_ptr<TieredCache> chain = make_chain(runner.host, counters);
  std::vector<OperationKind> asked;
  std::optional<OperationKind> failing;
  const Key dune = key_named("dune");
};

TEST_F(TieredCacheTest, ALookUpStopsAtTheFirstHit) {
  put(dune, "spice");
  asked.clear();
  EXPECT_EQ(get(dune).tier, Tier::memory);
  EXPECT_THAT(asked, IsEmpty());
  restart();
  EXPECT_EQ(get(dune).tier, Tier::edge);
  EXPECT_THAT(asked, ElementsAre(OperationKind::edge_get));
  restart();
  world.edge.clear();
  EXPECT_EQ(get(dune).tier, Tier::kv);
  EXPECT_THAT(asked, ElementsAre(OperationKind::edge_get, OperationKind::kv_get));
  restart();
  world.edge.clear();
  world.kv.clear();
  EXPECT_EQ(get(dune).tier, std::nullopt);
  EXPECT_THAT(asked, ElementsAre(OperationKind::edge_get, OperationKind::kv_get));
}

TEST_F(TieredCacheTest, EveryTierCountsItsOwnHitsAndMisses) {
  put(dune, "spice");
  EXPECT_EQ(count(Counter::cache_set_total, "memory"), 1U);
  EXPECT_EQ(count(Counter::cache_set_total, "edge"), 1U);
  EXPECT_EQ(count(Counter::cache_set_total, "kv"), 1U);
  restart();
  world.edge.clear();
  get(dune);
  EXPECT_EQ(count(Counter::cache_miss_total, "memory"), 1U);
  EXPECT_EQ(count(Counter::cache_miss_total, "edge"), 1U);
  EXPECT_EQ(count(Counter::cache_hits_total, "kv"), 1U);
  EXPECT_EQ(count(Counter::cache_miss_total, "kv"), 0U);
  get(dune);
  EXPECT_EQ(count(Counter::cache_hits_total, "memory"), 1U);
  EXPECT_EQ(counters.total(Counter::cache_miss_total), 2U);
}

TEST_F(TieredCacheTest, AHitIsInMemoryAtOnceAndPromotedToTheTiersBetween) {
  put(dune, "spice");
  restart();
  world.edge.clear();
  const Found found = get(dune);
  EXPECT_EQ(found.tier, Tier::kv);
  EXPECT_EQ(chain->memory().peek(dune), found.entry);
  EXPECT_THAT(world.edge["one"], IsEmpty());
  asked.clear();
  promote(dune, found);
  EXPECT_THAT(asked, ElementsAre(OperationKind::edge_put));
  EXPECT_EQ(world.edge["one"].size(), 1U);
  asked.clear();
  promote(dune, Found(found.entry, Tier::edge));
  EXPECT_THAT(asked, IsEmpty());
}

TEST_F(TieredCacheTest, APromotedEntryIsAsOldAsItWas) {
  put(dune, "spice");
  const Instant created = chain->memory().peek(dune)->header.created;
  restart();
  world.edge.clear();
  world.now = created + Millis(3'000'000);
  const Found found = get(dune);
  promote(dune, found);
  EXPECT_EQ(found.entry->header.created, created);
  const sim::Stored& at_edge = world.edge["one"].begin()->second;
  EXPECT_EQ(entry::decode(at_edge.header)->created, created);
  // An hour and two minutes after it was made, whenever it was promoted; rounded up to a second.
  EXPECT_LE(at_edge.expires - created, Millis(3'721'000));
  EXPECT_GE(at_edge.expires - created, Millis(3'720'000));
}

TEST_F(TieredCacheTest, AFailingTierIsCountedAndPassedOver) {
  put(dune, "spice");
  restart();
  failing = OperationKind::edge_get;
  EXPECT_EQ(get(dune).tier, Tier::kv);
  EXPECT_EQ(count(Counter::cache_errors_total, "edge"), 1U);
  // It was looked into, in vain.
  EXPECT_EQ(count(Counter::cache_miss_total, "edge"), 1U);
  restart();
  failing = OperationKind::kv_put;
  EXPECT_EQ(put(key_named("emma"), "x"), Stored::stored);
  EXPECT_EQ(count(Counter::cache_errors_total, "kv"), 1U);
  EXPECT_EQ(count(Counter::cache_set_total, "kv"), 0U);
  EXPECT_EQ(count(Counter::cache_set_total, "edge"), 1U);
}

TEST_F(TieredCacheTest, ARemovalThatATierRefusesIsAnErrorButTheOthersRemove) {
  put(dune, "spice");
  failing = OperationKind::edge_delete;
  const host::Context here = runner.context();
  const auto removed = runner.run(here, chain->remove(here, dune));
  ASSERT_FALSE(removed.has_value());
  EXPECT_EQ(removed.error().source, "edge_delete");
  EXPECT_THAT(world.kv, IsEmpty());
  EXPECT_EQ(chain->memory().peek(dune), nullptr);
  EXPECT_EQ(count(Counter::cache_errors_total, "edge"), 1U);
  EXPECT_EQ(counters.value(Counter::cache_del_total, "kv", "title"), 1U);
}

struct TierCase {
  const char* name;
  std::vector<Tier> tiers;
  std::size_t in_memory;
  std::size_t at_edge;
  std::size_t in_kv;
  std::optional<Tier> after_restart;
};

class TierSets : public TieredCacheTest, public ::testing::WithParamInterface<TierCase> {};

TEST_P(TierSets, OnlyTheDeclaredTiersTakePart) {
  const TierCase& one = GetParam();
  const Key key = key_named("dune", TierSet::of(one.tiers));
  EXPECT_EQ(put(key, "spice"), one.tiers.empty() ? Stored::declined : Stored::stored);
  EXPECT_EQ(chain->memory().count(), one.in_memory);
  EXPECT_EQ(world.edge["one"].size(), one.at_edge);
  EXPECT_EQ(world.kv.size(), one.in_kv);
  restart();
  const Found found = get(key);
  EXPECT_EQ(found.tier, one.after_restart);
  EXPECT_EQ(asked.size(), one.tiers.size() - one.in_memory);
  promote(key, found);
  EXPECT_EQ(chain->memory().count(), found.entry == nullptr ? 0U : one.in_memory);
  EXPECT_EQ(world.edge["one"].size(), one.at_edge);
}

INSTANTIATE_TEST_SUITE_P(All, TierSets,
                         ::testing::Values(TierCase{"Memory", {Tier::memory}, 1, 0, 0, std::nullopt},
                                           TierCase{"Edge", {Tier::edge}, 0, 1, 0, Tier::edge},
                                           TierCase{"Kv", {Tier::kv}, 0, 0, 1, Tier::kv},
                                           TierCase{
                                               "MemoryAndKv", {Tier::memory, Tier::kv}, 1, 0, 1, Tier::kv},
                                           TierCase{"None", {}, 0, 0, 0, std::nullopt}),
                         [](const auto& one) { return one.param.name; });

TEST_F(TieredCacheTest, AnEntryOnOtherTiersThanDeclaredIsNotLookedFor) {
  put(dune, "spice");
  const Key only_kv = key_named("dune", TierSet::of({Tier::kv}));
  EXPECT_FALSE(chain->look_near(only_kv).was_made());
  EXPECT_EQ(get(only_kv).tier, Tier::kv);
}

// The lanes of an entry end with its heads, although a request that is under way may hold the entry for
// longer.
TEST_F(TieredCacheTest, WhatIsReplacedOrDroppedInMemoryHasNoHeadsAnyMore) {
  host::Heads heads(runner.host, 10);
  std::vector<EntryPtr> held;
  const auto keep_heads = [&](const Key& key) {
    const EntryPtr entry = chain->memory().peek(key);
    heads.keep(entry->heads.whole, host::HeadParts());
    heads.keep(entry->heads.not_modified, host::HeadParts());
    held.push_back(entry);
  };
  const Key other = key_named("other");
  put(other, "water");
  keep_heads(other);
  put(dune, "spice");
  keep_heads(dune);
  EXPECT_EQ(runner.host.heads_alive(), 4U);
  put(dune, "worms");
  EXPECT_EQ(runner.host.heads_alive(), 2U);
  keep_heads(dune);
  EXPECT_EQ(runner.host.heads_alive(), 4U);
  const host::Context here = runner.context();
  EXPECT_TRUE(*runner.run(here, chain->remove(here, dune)));
  EXPECT_EQ(runner.host.heads_alive(), 2U);
  put(dune, "spice");
  keep_heads(dune);
  // A purge that changes one of them leaves the other's.
  chain->memory().revise([&](std::string_view storage_name, const EntryPtr& entry) {
    return storage_name == dune.storage_name ? std::make_shared<const Entry>(entry->header, *entry) : entry;
  });
  EXPECT_EQ(runner.host.heads_alive(), 2U);
  const host::Context later = runner.context();
  EXPECT_EQ(*runner.run(later, chain->invalidate_tag(later, "book")), 2U);
  EXPECT_EQ(runner.host.heads_alive(), 0U);
  EXPECT_EQ(counters.value(Counter::cache_invalidate_total, "kv", "book"), 1U);
  EXPECT_EQ(held.size(), 4U);
}

TEST_F(TieredCacheTest, ABodyTooLargeForMemoryLivesInTheOthers) {
  const std::string large(config::limit::memory_value_bytes_max + 1, 'x');
  EXPECT_EQ(put(dune, large), Stored::stored);
  EXPECT_EQ(chain->memory().count(), 0U);
  EXPECT_THAT(world.kv, IsEmpty());
  EXPECT_EQ(get(dune).tier, Tier::edge);
  EXPECT_EQ(count(Counter::cache_set_total, "memory"), 0U);
  EXPECT_EQ(count(Counter::cache_set_total, "kv"), 0U);
}

TEST_F(TieredCacheTest, AValueThatGrewTooLargeForMemoryIsNotServedInItsFormerForm) {
  put(dune, "spice");
  put(dune, std::string(config::limit::memory_value_bytes_max + 1, 'x'));
  EXPECT_EQ(chain->memory().peek(dune), nullptr);
}

struct NullCacheTest : ::testing::Test {
  sim::World world;
  sim::Runner runner{world};
  observe::Counters counters;
  NullCache cache{counters};
  const Key dune = key_named("dune");
};

TEST_F(NullCacheTest, RecordsEverythingAndKeepsNothing) {
  const auto run = [this](auto operation) {
    const host::Context here = runner.context();
    return runner.run(here, operation(here));
  };
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(run([&](host::Context here) { return cache.get(here, dune); })->entry, nullptr);
  }
  EXPECT_EQ(*run([&](host::Context here) { return cache.put(here, dune, nullptr); }), Stored::declined);
  EXPECT_FALSE(*run([&](host::Context here) { return cache.remove(here, dune); }));
  EXPECT_EQ(*run([&](host::Context here) { return cache.invalidate_tag(here, "book"); }), 0U);
  EXPECT_EQ(counters.value(Counter::cache_miss_total, "null", "title"), 2U);
  EXPECT_EQ(counters.value(Counter::cache_set_total, "null", "title"), 1U);
  EXPECT_EQ(counters.value(Counter::cache_del_total, "null", "title"), 1U);
  EXPECT_EQ(counters.value(Counter::cache_invalidate_total, "null", "book"), 1U);
  EXPECT_EQ(counters.total(Counter::cache_hits_total), 0U);
  EXPECT_EQ(world.operations, 0U);
}

// Moving from one shared store to another -------------------------------------------------------------------

TEST_F(TieredCacheTest, TheFormerStoreIsReadAndNotWritten) {
  put(dune, "spice");
  chain->follow(config::CacheImplementation::redis, Tier::kv);
  EXPECT_EQ(chain->name(), "redis");
  restart_memory();
  world.edge.clear();
  asked.clear();
  const Found found = get(dune);
  EXPECT_EQ(found.tier, Tier::kv);
  EXPECT_THAT(asked, ElementsAre(OperationKind::edge_get, OperationKind::redis_run, OperationKind::kv_get));
  // What is read moves.
  promote(dune, found);
  EXPECT_EQ(world.redis.values().size(), 1U);
  const std::size_t in_kv = world.kv.size();
  put(key_named("emma"), "x");
  EXPECT_EQ(world.kv.size(), in_kv);
  EXPECT_EQ(world.redis.values().size(), 2U);
  EXPECT_EQ(chain->shared_tier()->tier(), Tier::redis);
  EXPECT_EQ(chain->former_tier()->tier(), Tier::kv);
  EXPECT_EQ(chain->farthest_tier(dune)->tier(), Tier::redis);
  const host::Context here = runner.context();
  const auto page = runner.run(here, chain->list(here, "", "", 10));
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->keys.size(), 2U);
}

TEST_F(TieredCacheTest, WhatIsRemovedIsRemovedFromTheFormerStoreToo) {
  put(dune, "spice");
  chain->follow(config::CacheImplementation::redis, Tier::kv);
  const host::Context here = runner.context();
  ASSERT_TRUE(runner.run(here, chain->remove(here, dune)).has_value());
  EXPECT_THAT(world.kv, IsEmpty());
}

TEST_F(TieredCacheTest, AMoveGoesBackAndEnds) {
  chain->follow(config::CacheImplementation::redis, std::nullopt);
  put(dune, "spice");
  EXPECT_THAT(world.kv, IsEmpty());
  chain->follow(config::CacheImplementation::kv, Tier::redis);
  restart_memory();
  world.edge.clear();
  const Found found = get(dune);
  EXPECT_EQ(found.tier, Tier::redis);
  promote(dune, found);
  EXPECT_EQ(world.kv.size(), 1U);
  chain->follow(config::CacheImplementation::kv, std::nullopt);
  restart_memory();
  world.edge.clear();
  world.redis.restart();
  EXPECT_EQ(get(dune).tier, Tier::kv);
  EXPECT_EQ(chain->former_tier(), nullptr);
}

TEST_F(TieredCacheTest, WithoutAServerThereIsNoChainOfRedis) {
  TierSetup setup = setup_of(runner.host);
  setup.redis = redis::Client(std::nullopt);
  const auto alone = make_tiered_cache(config::CacheImplementation::kv, setup, counters);
  EXPECT_TRUE(alone->can_follow(config::CacheImplementation::kv, std::nullopt));
  EXPECT_FALSE(alone->can_follow(config::CacheImplementation::redis, std::nullopt));
  EXPECT_FALSE(alone->can_follow(config::CacheImplementation::kv, Tier::redis));
  EXPECT_TRUE(chain->can_follow(config::CacheImplementation::redis, Tier::kv));
}

}  // namespace
}  // namespace larder::tiers::tiered_cache_test
