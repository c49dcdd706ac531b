// What the Redis tier does beyond the contract of all tiers: values that are not ours, removal by name, and
// what the server says of itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/frame.h"
#include "tiers/support.h"

namespace larder::tiers::redis_test {
namespace {

using host::OperationKind;
using Mood = sim::SimulatedRedis::Mood;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct RedisTierTest : ::testing::Test {
  RedisTierTest() {
    world.fault = [this](OperationKind) {
      ++round_trips;
      return fault ? fault(round_trips) : std::nullopt;
    };
  }

  Result<Found> get(const Key& key) {
    const host::Context here = runner.context();
    return runner.run(here, tier->get(here, key));
  }
  Result<Stored> put(const Key& key, std::string_view content) {
    const host::Context here = runner.context();
    return runner.run(here, tier->put(here, key, entry_of(runner.host, key, content)));
  }
  NamedRemoval remove_matching(NameSet names, std::string cursor = "", Millis time = Millis(60'000)) {
    const host::Context here = runner.context();
    return runner.run(here, tier->remove_matching(here, "te[n]*nt:", std::move(names), std::move(cursor),
                                                  world.now + time));
  }
  std::string status() {
    const host::Context here = runner.context();
    runner.run(here, tier->survey(here));
    JsonWriter json;
    tier->write_status(json);
    return std::move(json).take();
  }
  void keep(const std::string& name) {
    sim::SimulatedRedis::Value value;
    value.text = "x";
    world.redis.set(name, value);
  }
  std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& [name, value] : world.redis.values()) {
      all.push_back(name);
    }
    return all;
  }

  sim::World world;
  sim::Runner runner{world};
  TierSetup setup = setup_of(runner.host);
  std::unique_ptr<CacheTier> tier = make_tier(config::Tier::redis, setup);
  std::uint64_t round_trips = 0;
  std::function<std::optional<sim::Fault>(std::uint64_t round_trip)> fault;
  const Key dune = key_named("larder:title:v3:dune");
};

// Values ----------------------------------------------------------------------------------------------------

TEST_F(RedisTierTest, AnOperationIsOneRoundTrip) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  EXPECT_EQ(round_trips, 1U);
  ASSERT_NE(get(dune)->entry, nullptr);
  EXPECT_EQ(round_trips, 2U);
  const host::Context here = runner.context();
  const std::vector<Key> keys = {dune, key_named("larder:title:v3:emma"), dune};
  const auto many = runner.run(here, tier->get_many(here, keys));
  ASSERT_TRUE(many.has_value());
  EXPECT_NE((*many)[0], nullptr);
  EXPECT_EQ((*many)[1], nullptr);
  EXPECT_NE((*many)[2], nullptr);
  EXPECT_EQ(round_trips, 3U);
}

TEST_F(RedisTierTest, WhatOthersWroteUnderItsNameIsAMissAndIsReplaced) {
  for (const char* foreign : {"", "OK", "null", "{\"title\":\"Dune\"}"}) {
    sim::SimulatedRedis::Value value;
    value.text = foreign;
    world.redis.set(dune.storage_name, value);
    const auto found = get(dune);
    ASSERT_TRUE(found.has_value()) << foreign;
    EXPECT_EQ(found->entry, nullptr) << foreign;
  }
  // Of what is longer than any value of ours no more is read.
  sim::SimulatedRedis::Value huge;
  huge.text = std::string(redis::frame_bytes_max + 1, 'x');
  world.redis.set(dune.storage_name, huge);
  EXPECT_EQ(get(dune)->entry, nullptr);
  EXPECT_EQ(world.redis.longest_read(), redis::frame_bytes_max);
  sim::SimulatedRedis::Value list;
  list.is_other_type = true;
  world.redis.set(dune.storage_name, list);
  const auto found = get(dune);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->entry, nullptr);
  ASSERT_TRUE(put(dune, "OK").has_value());
  EXPECT_EQ(content_of(runner.host, *get(dune)->entry), "OK");
}

TEST_F(RedisTierTest, AValueThatIsNotWholeIsAMiss) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  world.redis.values()[dune.storage_name].text.pop_back();
  EXPECT_EQ(get(dune)->entry, nullptr);
  ASSERT_TRUE(put(dune, "spice").has_value());
  world.redis.values()[dune.storage_name].text.back() = 'f';
  EXPECT_EQ(get(dune)->entry, nullptr);
}

TEST_F(RedisTierTest, ALargeHeaderIsKeptAndListedWhole) {
  entry::Header header = header_of(dune, world.now, "spice");
  header.fields = {{"x-large", std::string(4'000, 'x')}};
  const std::string text = text_of(header);
  const host::Context here = runner.context();
  EntryPtr entry = std::make_shared<const Entry>(header, host::Body::from_bytes(runner.host, "spice"));
  ASSERT_EQ(*runner.run(here, tier->put(here, dune, std::move(entry))), Stored::stored);
  keep("larder:foreign");
  const host::Context there = runner.context();
  const auto page = runner.run(there, tier->list(there, "larder:", "", 10));
  ASSERT_TRUE(page.has_value());
  ASSERT_EQ(page->keys.size(), 2U);
  for (const ListedKey& key : page->keys) {
    EXPECT_EQ(key.header, key.storage_name == dune.storage_name ? text : "") << key.storage_name;
  }
}

TEST_F(RedisTierTest, AServerThatRefusesSaysSo) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  world.redis.mood = Mood::out_of_memory;
  EXPECT_EQ(put(dune, "worms").error().kind, ErrorKind::rejected);
  EXPECT_EQ(content_of(runner.host, *get(dune)->entry), "spice");
  world.redis.mood = Mood::read_only;
  EXPECT_EQ(put(dune, "worms").error().kind, ErrorKind::rejected);
  EXPECT_EQ(content_of(runner.host, *get(dune)->entry), "spice");
  world.redis.mood = Mood::loading;
  EXPECT_EQ(get(dune).error().kind, ErrorKind::unavailable);
  world.redis.mood = Mood::clustered;
  EXPECT_THAT(get(dune).error().message, HasSubstr("Redis Cluster (MOVED)"));
}

TEST_F(RedisTierTest, AFullServerIsStillRead) {
  observe::Counters counters;
  GuardedTier guarded(std::move(tier), counters);
  const auto put_one = [&] {
    const host::Context here = runner.context();
    return runner.run(here, guarded.put(here, dune, entry_of(runner.host, dune, "spice")));
  };
  ASSERT_TRUE(put_one().has_value());
  world.redis.mood = Mood::out_of_memory;
  for (std::size_t i = 0; i <= 2 * config::limit::breaker_failures_max; ++i) {
    EXPECT_FALSE(put_one().has_value());
  }
  const host::Context here = runner.context();
  EXPECT_NE(runner.run(here, guarded.look(here, dune)).entry(), nullptr);
  EXPECT_EQ(counters.total(observe::Counter::breaker_refused_total), 0U);
}

// Removal by name -------------------------------------------------------------------------------------------

TEST_F(RedisTierTest, RemovesWhatIsNamedAndNothingOfOthers) {
  for (const char* name :
       {"te[n]*nt:title:dune", "te[n]*nt:title:emma", "te[n]*nt:isbn:1", "te[n]*nt::lock:title:dune",
        "tent:title:dune", "tenant:title:dune", "ten*nt:title:x", "te[n]*ntx:title:y"}) {
    keep(name);
  }
  const NamedRemoval titles = remove_matching(NameSet(NameSet::Kind::prefix, "te[n]*nt:title:"));
  EXPECT_EQ(titles.count, 2U);
  EXPECT_EQ(titles.next_cursor, "");
  EXPECT_FALSE(titles.failure.has_value());
  EXPECT_THAT(names(), ElementsAre("te[n]*nt::lock:title:dune", "te[n]*nt:isbn:1", "te[n]*ntx:title:y",
                                   "ten*nt:title:x", "tenant:title:dune", "tent:title:dune"));
  EXPECT_EQ(remove_matching(NameSet(NameSet::Kind::pattern, "*isbn*")).count, 1U);
  // A pattern that reaches everybody's removes the deployment's own.
  EXPECT_EQ(remove_matching(NameSet(NameSet::Kind::pattern, "*")).count, 0U);
  EXPECT_EQ(names().size(), 5U);
}

TEST_F(RedisTierTest, RemovesInBatchesWithTheNextSearchInTheSameRoundTrip) {
  for (int i = 0; i < 3'500; ++i) {
    keep("te[n]*nt:title:" + std::to_string(i));
  }
  const NamedRemoval removal = remove_matching(NameSet(NameSet::Kind::prefix, "te[n]*nt:"));
  EXPECT_EQ(removal.count, 3'500U);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_EQ(world.redis.counts["SCAN"], 4U);
  EXPECT_EQ(world.redis.counts["UNLINK"], 4U);
  EXPECT_EQ(round_trips, 5U);
}

TEST_F(RedisTierTest, ARemovalIsBoundedAndGoesOnWhereItStopped) {
  for (int i = 0; i < 3'500; ++i) {
    keep("te[n]*nt:title:" + std::to_string(i));
  }
  std::string cursor;
  std::uint64_t count = 0;
  std::size_t calls = 0;
  do {
    const NamedRemoval some = remove_matching(NameSet(NameSet::Kind::prefix, "te[n]*nt:"), cursor, Millis(0));
    EXPECT_FALSE(some.failure.has_value());
    count += some.count;
    cursor = some.next_cursor;
    ++calls;
  } while (!cursor.empty());
  EXPECT_EQ(count, 3'500U);
  EXPECT_EQ(calls, 4U);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(RedisTierTest, WhatAFailureLeftIsReachedFromItsCursor) {
  for (int i = 0; i < 3'500; ++i) {
    keep("te[n]*nt:title:" + std::to_string(i));
  }
  for (std::uint64_t failing = 1; failing <= 4; ++failing) {
    round_trips = 0;
    fault = [failing](std::uint64_t round_trip) {
      sim::Fault lost;
      lost.status = 1;
      return round_trip == failing ? std::optional<sim::Fault>(lost) : std::nullopt;
    };
    for (int i = 0; i < 3'500; ++i) {
      keep("te[n]*nt:title:" + std::to_string(i));
    }
    const NamedRemoval broken = remove_matching(NameSet(NameSet::Kind::prefix, "te[n]*nt:"));
    ASSERT_TRUE(broken.failure.has_value()) << failing;
    EXPECT_EQ(broken.failure->kind, ErrorKind::timeout);
    EXPECT_NE(broken.next_cursor, "");
    fault = nullptr;
    const NamedRemoval rest =
        remove_matching(NameSet(NameSet::Kind::prefix, "te[n]*nt:"), broken.next_cursor);
    EXPECT_EQ(rest.next_cursor, "");
    EXPECT_THAT(names(), IsEmpty()) << failing;
  }
}

TEST_F(RedisTierTest, OtherStoresCannotChooseByName) {
  tier = make_tier(config::Tier::kv, setup);
  const NamedRemoval removal = remove_matching(NameSet(NameSet::Kind::prefix, "te[n]*nt:"));
  ASSERT_TRUE(removal.failure.has_value());
  EXPECT_EQ(removal.failure->kind, ErrorKind::unsupported);
  EXPECT_EQ(removal.failure->source, "kv");
}

TEST_F(RedisTierTest, ManyNamesAreRemovedTogether) {
  std::vector<std::string> some;
  for (int i = 0; i < 1'500; ++i) {
    some.push_back("larder:" + std::to_string(i));
    keep(some.back());
  }
  const host::Context here = runner.context();
  const Removal removal = runner.run(here, tier->remove_many(here, some));
  EXPECT_EQ(removal.count, 1'500U);
  EXPECT_EQ(round_trips, 2U);
  EXPECT_THAT(names(), IsEmpty());
}

// The server ------------------------------------------------------------------------------------------------

TEST_F(RedisTierTest, SaysWhatItsServerSays) {
  JsonWriter unasked;
  tier->write_status(unasked);
  EXPECT_EQ(std::move(unasked).take(), R"({"valueBytesMax":4096,"transport":"tcp","server":null})");
  const std::string first = status();
  EXPECT_THAT(first, HasSubstr(R"("version":"7.0.15")"));
  EXPECT_THAT(first,
              HasSubstr(R"("evictionPolicy":"noeviction","evictionAdvice":"maxmemory-policy is noeviction)"));
  EXPECT_EQ(round_trips, 1U);
  // Asked again within a moment, it is not.
  status();
  EXPECT_EQ(round_trips, 1U);
  world.now += config::limit::redis_survey_kept;
  world.redis.eviction_policy = "allkeys-lru";
  EXPECT_THAT(status(), HasSubstr(R"("evictionPolicy":"allkeys-lru","evictionAdvice":null)"));
  EXPECT_EQ(world.redis.counts["CONFIG"], 2U);
}

TEST_F(RedisTierTest, SaysThatItsServerGivesNoAnswer) {
  fault = [](std::uint64_t) {
    sim::Fault lost;
    lost.lost = true;
    return std::optional<sim::Fault>(lost);
  };
  EXPECT_EQ(
      status(),
      R"({"valueBytesMax":4096,"transport":"tcp","server":null,"error":"There was no answer in time."})");
}

TEST_F(RedisTierTest, WhereConfigIsRefusedInfoTellsThePolicy) {
  world.redis.refuses_config = true;
  world.redis.eviction_policy = "volatile-ttl";
  EXPECT_THAT(
      status(),
      HasSubstr(R"("evictionPolicy":"volatile-ttl","evictionAdvice":"maxmemory-policy is volatile-ttl)"));
}

TEST_F(RedisTierTest, ThePolicyIsSetOnlyWhereThatIsAskedFor) {
  status();
  EXPECT_EQ(world.redis.eviction_policy, "noeviction");
  setup.eviction_policy = "allkeys-lru";
  tier = make_tier(config::Tier::redis, setup);
  EXPECT_THAT(status(), HasSubstr(R"("evictionPolicy":"allkeys-lru","evictionAdvice":null)"));
  EXPECT_EQ(world.redis.eviction_policy, "allkeys-lru");
  // A server that refuses is as it was, and so told.
  world.redis.eviction_policy = "noeviction";
  world.redis.refuses_config = true;
  world.now += config::limit::redis_survey_kept;
  EXPECT_THAT(status(), HasSubstr(R"("evictionPolicy":"noeviction")"));
}

}  // namespace
}  // namespace larder::tiers::redis_test
