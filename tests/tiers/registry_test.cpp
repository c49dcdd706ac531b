#include "tiers/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tiers/support.h"

namespace larder::tiers::registry_test {
namespace {

using observe::Counter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct RegistryTest : ::testing::Test {
  RegistryTest() {
    registry.add(make_chain(runner.host, counters));
    registry.add(std::make_unique<NullCache>(counters));
  }

  sim::World world;
  sim::Runner runner{world};
  observe::Counters counters;
  CacheRegistry registry;
};

TEST_F(RegistryTest, TheFirstIsActiveUntilAnotherIsChosen) {
  EXPECT_EQ(registry.active().name(), "kv");
  ASSERT_TRUE(registry.activate("null").has_value());
  EXPECT_EQ(registry.active().name(), "null");
  EXPECT_EQ(&registry.active(), registry.find("null"));
  ASSERT_TRUE(registry.activate("kv").has_value());
  EXPECT_EQ(registry.active().name(), "kv");
  EXPECT_THAT(registry.names(), ElementsAre("kv", "null"));
}

TEST_F(RegistryTest, AnUnknownNameChangesNothingAndIsToldWhatThereIs) {
  const auto outcome = registry.activate("redis");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().kind, ErrorKind::not_found);
  EXPECT_EQ(outcome.error().message, "There is no cache implementation \"redis\"; there are kv, null.");
  EXPECT_EQ(registry.active().name(), "kv");
  EXPECT_EQ(registry.find("redis"), nullptr);
}

host::Task<void> put_then_get(host::Context here, CacheRegistry& registry, Key key, EntryPtr entry,
                              std::string& found_in) {
  Cache& began_with = registry.active();
  const auto stored = co_await began_with.put(here, key, std::move(entry));
  EXPECT_TRUE(stored.has_value());
  const auto found = co_await began_with.get(here, key);
  found_in = found && found->tier ? config::to_text(*found->tier) : "miss";
}

TEST_F(RegistryTest, ARequestEndsWithTheOneItBeganWith) {
  const Key key = key_named("dune");
  std::string found_in;
  const host::Context here = runner.context();
  runner.requests.start(here.request(),
                        put_then_get(here, registry, key, entry_of(runner.host, key, "spice"), found_in));
  ASSERT_EQ(runner.requests.in_flight(), 1U);
  ASSERT_TRUE(registry.activate("null").has_value());
  world.run();
  EXPECT_EQ(found_in, "memory");
  EXPECT_EQ(world.kv.size(), 1U);
  // One that begins now begins with the new one.
  const host::Context later = runner.context();
  runner.run(later, put_then_get(later, registry, key, entry_of(runner.host, key, "worms"), found_in));
  EXPECT_EQ(found_in, "miss");
  EXPECT_EQ(counters.value(Counter::cache_miss_total, "null", "title"), 1U);
}

TEST_F(RegistryTest, TheStatusNamesEachAndWhichIsActive) {
  ASSERT_TRUE(registry.activate("null").has_value());
  JsonWriter json;
  registry.write_status(json);
  EXPECT_EQ(
      json.text(),
      R"([{"name":"kv","active":false,"statistics":{"memory":{"entries":0,"bytes":0,"budgetBytes":16777216,)"
      R"("hits":0,"misses":0,"insertions":0,"evictions":0},"edge":{},"kv":{"valueBytesMax":4096},)"
      R"("cold":{"valueBytesMax":26214400}}},)"
      R"({"name":"null","active":true,"statistics":{}}])");
}

TEST_F(RegistryTest, NamesAreUnique) {
  EXPECT_DEATH(registry.add(std::make_unique<NullCache>(counters)),
               HasSubstr("find(cache->name()) == nullptr"));
}

}  // namespace
}  // namespace larder::tiers::registry_test
