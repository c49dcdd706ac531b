// One contract for everything that keeps entries. AnyCache holds for every implementation, KeepingCache for
// those that keep something, StoringCache for those with a store outside of the isolate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "redis/frame.h"
#include "tiers/support.h"

namespace larder::tiers::contract_test {
namespace {

using host::OperationKind;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

enum class Ability : std::uint8_t { unsupported, supported };

struct Subject {
  const char* name;
  std::unique_ptr<Cache> (*make)(sim::SimulatedHost&, observe::Counters&);
  Ability lists;
  Ability drops_by_tag;
  // What remove() says of a key that is not there: not every store knows.
  bool removed_absent;
  // The largest body that is kept somewhere.
  Bytes value_bytes_max;
  // How long the store keeps an entry of no lifetime.
  Millis keep_min;
  // The operations that its failures name: of a look-up, of a put, of a removal.
  const char* get_source;
  const char* put_source;
  const char* remove_source;
};

std::unique_ptr<Cache> memory(sim::SimulatedHost& host, observe::Counters&) {
  return make_one(host, config::Tier::memory);
}
std::unique_ptr<Cache> edge(sim::SimulatedHost& host, observe::Counters&) {
  return make_one(host, config::Tier::edge);
}
std::unique_ptr<Cache> kv(sim::SimulatedHost& host, observe::Counters&) {
  return make_one(host, config::Tier::kv);
}
std::unique_ptr<Cache> redis(sim::SimulatedHost& host, observe::Counters&) {
  return make_one(host, config::Tier::redis);
}
std::unique_ptr<Cache> redis_chain(sim::SimulatedHost& host, observe::Counters& counters) {
  return make_redis_chain(host, counters);
}
std::unique_ptr<Cache> chain(sim::SimulatedHost& host, observe::Counters& counters) {
  return make_chain(host, counters);
}
std::unique_ptr<Cache> null(sim::SimulatedHost&, observe::Counters& counters) {
  return std::make_unique<NullCache>(counters);
}

const Subject memory_subject{"Memory",
                             memory,
                             Ability::supported,
                             Ability::supported,
                             false,
                             Bytes(config::limit::memory_value_bytes_max),
                             Millis(0),
                             "",
                             "",
                             ""};
const Subject edge_subject{"Edge",
                           edge,
                           Ability::unsupported,
                           Ability::unsupported,
                           false,
                           Bytes(config::limit::edge_value_bytes_max),
                           Millis(1'000),
                           "edge_get",
                           "edge_put",
                           "edge_delete"};
const Subject kv_subject{
    "Kv",           kv,       Ability::supported, Ability::unsupported, true, kv_value_bytes_max,
    Millis(60'000), "kv_get", "kv_put",           "kv_delete"};
const Subject redis_subject{
    "Redis",       redis,       Ability::supported, Ability::unsupported, false, kv_value_bytes_max,
    Millis(1'000), "redis_run", "redis_run",        "redis_run"};
const Subject chain_subject{"Chain",
                            chain,
                            Ability::supported,
                            Ability::supported,
                            true,
                            Bytes(config::limit::edge_value_bytes_max),
                            Millis(60'000),
                            "",
                            "",
                            "kv_delete"};
const Subject redis_chain_subject{"RedisChain",       redis_chain, Ability::supported,
                                  Ability::supported, false,       Bytes(config::limit::edge_value_bytes_max),
                                  Millis(1'000),      "",          "",
                                  "redis_run"};
const Subject null_subject{
    "Null", null, Ability::unsupported, Ability::supported, false, Bytes(0), Millis(0), "", "", ""};

class AnyCache : public ::testing::TestWithParam<Subject> {
 protected:
  // Every clause ends with no handle alive but those that memory holds, and nothing in flight.
  void TearDown() override {
    EXPECT_EQ(runner.requests.in_flight(), 0U);
    EXPECT_EQ(runner.requests.operations_open(), 0U);
    cache.reset();
    EXPECT_EQ(runner.host.bodies_alive(), 0U);
  }

  Result<Found> get(const Key& key) {
    const host::Context here = runner.context();
    return runner.run(here, cache->get(here, key));
  }
  Result<Stored> put(const Key& key, EntryPtr entry) {
    const host::Context here = runner.context();
    return runner.run(here, cache->put(here, key, std::move(entry)));
  }
  Result<Stored> put(const Key& key, std::string_view content) {
    return put(key, entry_of(runner.host, key, content));
  }
  Result<bool> remove(const Key& key) {
    const host::Context here = runner.context();
    return runner.run(here, cache->remove(here, key));
  }
  Result<KeyPage> list(std::string prefix, std::string cursor, std::uint32_t count_max) {
    const host::Context here = runner.context();
    return runner.run(here, cache->list(here, std::move(prefix), std::move(cursor), count_max));
  }
  Result<std::uint64_t> invalidate_tag(std::string tag) {
    const host::Context here = runner.context();
    return runner.run(here, cache->invalidate_tag(here, std::move(tag)));
  }

  bool misses(const Key& key) {
    const auto found = get(key);
    return found.has_value() && found->entry == nullptr && !found->tier;
  }
  static std::vector<std::string> names_of(const KeyPage& page) {
    std::vector<std::string> names;
    for (const ListedKey& key : page.keys) {
      names.push_back(key.storage_name);
    }
    return names;
  }
  // The content under the key, or "miss".
  std::string content(const Key& key) {
    const auto found = get(key);
    return found && found->entry != nullptr ? content_of(runner.host, *found->entry) : "miss";
  }

  // The same stores, seen by an isolate that has just started.
  void restart() { cache = GetParam().make(runner.host, counters); }

  bool is_chain() const { return std::string_view(GetParam().name).ends_with("Chain"); }

  // Shows all that the stores outside of the isolate hold, to be looked at or changed; how many there are.
  std::size_t change_stored(const std::function<void(sim::Stored&)>& change) {
    std::size_t count = 0;
    for (auto* store : {&world.edge["one"], &world.kv}) {
      for (auto& item : *store) {
        change(item.second);
        ++count;
      }
    }
    for (auto& [name, value] : world.redis.values()) {
      const auto framed = redis::unframe(value.text);
      LARDER_ASSERT(framed.has_value());
      sim::Stored one;
      one.header = std::string(framed->header());
      one.content = std::string(framed->body());
      one.expires = value.expires;
      change(one);
      value.text = redis::frame(one.header, one.content, redis::Carriage::bytes);
      ++count;
    }
    return count;
  }
  std::size_t stored_count() {
    return change_stored([](sim::Stored&) {});
  }

  sim::World world;
  sim::Runner runner{world};
  observe::Counters counters;
  std::unique_ptr<Cache> cache = GetParam().make(runner.host, counters);
  const Key dune = key_named("larder:title:v2:dune");
};

class KeepingCache : public AnyCache {};
class StoringCache : public AnyCache {};
class OrderedCache : public AnyCache {};

std::string name_of(const ::testing::TestParamInfo<Subject>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(All, AnyCache,
                         ::testing::Values(memory_subject, edge_subject, kv_subject, redis_subject,
                                           chain_subject, redis_chain_subject, null_subject),
                         name_of);
INSTANTIATE_TEST_SUITE_P(All, KeepingCache,
                         ::testing::Values(memory_subject, edge_subject, kv_subject, redis_subject,
                                           chain_subject, redis_chain_subject),
                         name_of);
INSTANTIATE_TEST_SUITE_P(All, OrderedCache, ::testing::Values(memory_subject, kv_subject, chain_subject),
                         name_of);
INSTANTIATE_TEST_SUITE_P(All, StoringCache,
                         ::testing::Values(edge_subject, kv_subject, redis_subject, chain_subject,
                                           redis_chain_subject),
                         name_of);

// Every cache -----------------------------------------------------------------------------------------------

TEST_P(AnyCache, AnAbsentKeyIsAMissAndNoError) { EXPECT_TRUE(misses(dune)); }

TEST_P(AnyCache, RemovingAnAbsentKeyIsNoError) {
  const auto removed = remove(dune);
  ASSERT_TRUE(removed.has_value());
  EXPECT_EQ(*removed, GetParam().removed_absent);
}

TEST_P(AnyCache, ABodyAboveTheBoundIsDeclinedAndNoError) {
  const auto declined = put(dune, std::string(GetParam().value_bytes_max.count + 1, 'x'));
  ASSERT_TRUE(declined.has_value());
  EXPECT_EQ(*declined, Stored::declined);
  EXPECT_TRUE(misses(dune));
  EXPECT_EQ(stored_count(), 0U);
}

TEST_P(AnyCache, ListsItsKeysOrSaysThatItCannot) {
  if (GetParam().lists == Ability::unsupported) {
    const auto page = list("", "", 10);
    ASSERT_FALSE(page.has_value());
    EXPECT_EQ(page.error().kind, ErrorKind::unsupported);
    EXPECT_EQ(page.error().source, cache->name());
    EXPECT_FALSE(page.error().retryable);
    return;
  }
  for (const char* name : {"b:2", "a:3", "a:1", "a:5", "a:4", "a:2"}) {
    ASSERT_TRUE(put(key_named(name), "x").has_value());
  }
  // Not every store lists in order, or in whole pages; all give each key once, and an end.
  std::vector<std::string> names;
  std::string cursor;
  do {
    const auto page = list("a:", cursor, 2);
    ASSERT_TRUE(page.has_value());
    EXPECT_LE(page->keys.size(), 2U);
    for (std::string& name : names_of(*page)) {
      names.push_back(std::move(name));
    }
    cursor = page->next_cursor;
  } while (!cursor.empty());
  EXPECT_THAT(names, UnorderedElementsAre("a:1", "a:2", "a:3", "a:4", "a:5"));
  const auto none = list("c:", "", 2);
  ASSERT_TRUE(none.has_value());
  EXPECT_THAT(names_of(*none), ElementsAre());
  EXPECT_EQ(none->next_cursor, "");
}

TEST_P(OrderedCache, ListsInOrderAndInWholePages) {
  for (const char* name : {"b:2", "a:3", "a:1", "a:5", "a:4", "a:2"}) {
    ASSERT_TRUE(put(key_named(name), "x").has_value());
  }
  const auto first = list("a:", "", 2);
  ASSERT_TRUE(first.has_value());
  EXPECT_THAT(names_of(*first), ElementsAre("a:1", "a:2"));
  const auto second = list("a:", first->next_cursor, 2);
  ASSERT_TRUE(second.has_value());
  EXPECT_THAT(names_of(*second), ElementsAre("a:3", "a:4"));
  const auto last = list("a:", second->next_cursor, 2);
  ASSERT_TRUE(last.has_value());
  EXPECT_THAT(names_of(*last), ElementsAre("a:5"));
  EXPECT_EQ(last->next_cursor, "");
}

TEST_P(AnyCache, DropsByTagOrSaysThatItCannot) {
  EntryPtr tagged = entry_of(runner.host, dune, "spice");
  entry::Header other = tagged->header;
  other.tags = {"bookish", "film"};
  const Key emma = key_named("larder:title:v2:emma");
  other.key = emma.proof;
  ASSERT_TRUE(put(dune, std::move(tagged)).has_value());
  ASSERT_TRUE(put(emma, std::make_shared<const Entry>(other, host::Body::from_bytes(runner.host, "spice"))));
  const auto dropped = invalidate_tag("book");
  if (GetParam().drops_by_tag == Ability::unsupported) {
    ASSERT_FALSE(dropped.has_value());
    EXPECT_EQ(dropped.error().kind, ErrorKind::unsupported);
    EXPECT_EQ(dropped.error().source, cache->name());
    return;
  }
  ASSERT_TRUE(dropped.has_value());
  EXPECT_EQ(*dropped, std::string_view(GetParam().name) == "Null" ? 0U : 1U);
}

TEST_P(AnyCache, WritesItsStatusAsOneObject) {
  JsonWriter json;
  cache->write_status(json);
  EXPECT_EQ(json.text().front(), '{');
  EXPECT_EQ(json.text().back(), '}');
}

// Caches that keep ------------------------------------------------------------------------------------------

TEST_P(KeepingCache, WhatWasPutIsFoundWithTheSameHeaderAndBytes) {
  const std::string bytes("sp\0ice\xff", 7);
  const std::string header = text_of(header_of(dune, world.now, bytes));
  const auto outcome = put(dune, bytes);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(*outcome, Stored::stored);
  if (stored_count() > 0) {
    restart();
  }
  const auto found = get(dune);
  ASSERT_TRUE(found.has_value());
  ASSERT_NE(found->entry, nullptr);
  EXPECT_EQ(content_of(runner.host, *found->entry), bytes);
  EXPECT_EQ(found->entry->body.size(), Bytes(bytes.size()));
  EXPECT_EQ(text_of(found->entry->header), header);
}

TEST_P(KeepingCache, NamesTheTierThatHadIt) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  const auto found = get(dune);
  ASSERT_TRUE(found.has_value());
  ASSERT_TRUE(found->tier.has_value());
  EXPECT_EQ(config::to_text(*found->tier), is_chain() ? "memory" : cache->name());
}

TEST_P(KeepingCache, PuttingReplaces) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  ASSERT_TRUE(put(dune, "worms").has_value());
  EXPECT_EQ(content(dune), "worms");
}

TEST_P(KeepingCache, AnEmptyBodyIsAnEntryToo) {
  ASSERT_TRUE(put(dune, "").has_value());
  EXPECT_EQ(content(dune), "");
}

TEST_P(KeepingCache, ABodyAtTheBoundIsKept) {
  const std::string bytes(GetParam().value_bytes_max.count, 'x');
  const auto outcome = put(dune, bytes);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(*outcome, Stored::stored);
  EXPECT_EQ(content(dune), bytes);
}

TEST_P(KeepingCache, WhatWasRemovedIsAMissEvenAfterARestart) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  const auto removed = remove(dune);
  ASSERT_TRUE(removed.has_value());
  EXPECT_TRUE(*removed);
  EXPECT_TRUE(misses(dune));
  restart();
  EXPECT_TRUE(misses(dune));
}

TEST_P(KeepingCache, AnotherKeyUnderTheSameNameIsAMiss) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  Key other = dune;
  other.proof = "larder:title:v2:dune-messiah";
  EXPECT_TRUE(misses(other));
  EXPECT_EQ(content(dune), "spice");
}

TEST_P(KeepingCache, WhatIsServedOutlivesItsRemoval) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  const auto found = get(dune);
  ASSERT_TRUE(found.has_value() && found->entry != nullptr);
  ASSERT_TRUE(remove(dune).has_value());
  ASSERT_TRUE(put(dune, "worms").has_value());
  EXPECT_EQ(content_of(runner.host, *found->entry), "spice");
}

TEST_P(KeepingCache, ATagLeavesOtherEntriesAlone) {
  if (GetParam().drops_by_tag == Ability::unsupported) {
    EXPECT_FALSE(invalidate_tag("book").has_value());
    return;
  }
  const Key only_memory = key_named("a", TierSet::of({config::Tier::memory}));
  const Key untagged = key_named("b", TierSet::of({config::Tier::memory}));
  ASSERT_TRUE(put(only_memory, "spice").has_value());
  entry::Header header = header_of(untagged, world.now, "worms");
  header.tags = {"bookish"};
  ASSERT_TRUE(
      put(untagged, std::make_shared<const Entry>(header, host::Body::from_bytes(runner.host, "worms"))));
  EXPECT_EQ(*invalidate_tag("book"), 1U);
  EXPECT_TRUE(misses(only_memory));
  EXPECT_EQ(content(untagged), "worms");
  EXPECT_EQ(*invalidate_tag("book"), 0U);
}

// Caches with a store outside of the isolate ----------------------------------------------------------------

TEST_P(StoringCache, ATextThatIsNoHeaderIsAMiss) {
  for (const char* text : {"", "not a header", "AAAA", "\xff\xfe", "AQAAAAA"}) {
    ASSERT_TRUE(put(dune, "spice").has_value());
    restart();
    ASSERT_GT(change_stored([&](sim::Stored& one) { one.header = text; }), 0U);
    EXPECT_TRUE(misses(dune)) << text;
  }
}

TEST_P(StoringCache, AHeaderOfAnotherSchemaIsAMiss) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  restart();
  ASSERT_GT(change_stored([&](sim::Stored& one) {
              // The schema is the record's first byte.
              std::string bytes = *from_base64url(one.header);
              bytes[0] = static_cast<char>(entry::schema_version + 1);
              one.header = to_base64url(bytes);
            }),
            0U);
  EXPECT_TRUE(misses(dune));
}

TEST_P(StoringCache, AHeaderThatBreaksOffIsAMiss) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  restart();
  ASSERT_GT(change_stored([&](sim::Stored& one) { one.header.resize(one.header.size() / 2); }), 0U);
  EXPECT_TRUE(misses(dune));
}

TEST_P(StoringCache, ABodyOfAnotherSizeIsAMiss) {
  for (const char* body : {"", "spic", "spices"}) {
    ASSERT_TRUE(put(dune, "spice").has_value());
    restart();
    ASSERT_GT(change_stored([&](sim::Stored& one) { one.content = body; }), 0U);
    EXPECT_TRUE(misses(dune)) << body;
  }
}

TEST_P(StoringCache, AHeaderTooLargeForEveryStoreIsDeclined) {
  entry::Header header = header_of(dune, world.now, "spice");
  header.fields = {{"x-large", std::string(config::limit::header_value_bytes_max, 'x')}};
  Key key = dune;
  key.tiers = TierSet::of({config::Tier::edge, config::Tier::kv});
  const auto outcome =
      put(key, std::make_shared<const Entry>(header, host::Body::from_bytes(runner.host, "spice")));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(*outcome, Stored::declined);
  EXPECT_EQ(stored_count(), 0U);
}

TEST_P(StoringCache, AHeaderTooLargeForKvMetadataStaysOutOfKv) {
  entry::Header header = header_of(dune, world.now, "spice");
  header.fields = {{"x-large", std::string(config::limit::entry_header_bytes_max, 'x')}};
  const auto outcome =
      put(dune, std::make_shared<const Entry>(header, host::Body::from_bytes(runner.host, "spice")));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(world.kv.empty());
  EXPECT_EQ(*outcome, std::string_view(GetParam().name) == "Kv" ? Stored::declined : Stored::stored);
}

TEST_P(StoringCache, AnEntryLeavesTheStoreAfterItsTime) {
  // Fresh for an hour, served up to two minutes longer.
  ASSERT_TRUE(put(dune, "spice").has_value());
  const Instant created = world.now;
  ASSERT_GT(change_stored([&](sim::Stored& one) {
              EXPECT_LE(one.expires - created, Millis(3'720'000));
              EXPECT_GT(one.expires - created, Millis(3'719'000));
            }),
            0U);
  restart();
  world.now += Millis(3'710'000);
  EXPECT_EQ(content(dune), "spice");
  restart();
  world.now = created + Millis(3'720'001);
  EXPECT_TRUE(misses(dune));
}

TEST_P(StoringCache, TheStoreKeepsNothingShorterThanItCan) {
  entry::Header header = header_of(dune, world.now, "spice");
  header.fresh_for = Millis(100);
  header.stale_for = Millis(0);
  header.error_for = Millis(0);
  ASSERT_TRUE(put(dune, std::make_shared<const Entry>(header, host::Body::from_bytes(runner.host, "spice"))));
  const Instant stored_by = world.now;
  restart();
  world.now = header.created + GetParam().keep_min - Millis(50);
  EXPECT_EQ(content(dune), "spice");
  restart();
  world.now = stored_by + GetParam().keep_min;
  EXPECT_TRUE(misses(dune));
}

TEST_P(StoringCache, PartOfASecondIsKeptWhole) {
  entry::Header header = header_of(dune, world.now, "spice");
  header.fresh_for = Millis(90'001);
  header.stale_for = Millis(0);
  header.error_for = Millis(0);
  const Instant began = world.now;
  ASSERT_TRUE(put(dune, std::make_shared<const Entry>(header, host::Body::from_bytes(runner.host, "spice"))));
  ASSERT_GT(change_stored([&](sim::Stored& one) {
              EXPECT_GE(one.expires - began, Millis(90'001));
              EXPECT_LE(one.expires - began, Millis(91'001));
            }),
            0U);
}

struct StatusRow {
  std::uint32_t status;
  ErrorKind kind;
  bool retryable;
};

TEST_P(StoringCache, AFailureOfTheStoreComesBackWithItsKindOrDegradesToAMiss) {
  const bool degrades = is_chain();
  const char* const shared = std::string_view(GetParam().name) == "Chain" ? "kv" : "redis";
  for (const StatusRow row :
       {StatusRow{1, ErrorKind::timeout, true}, StatusRow{2, ErrorKind::unavailable, true},
        StatusRow{3, ErrorKind::rejected, true}, StatusRow{7, ErrorKind::corrupt, false},
        StatusRow{99, ErrorKind::internal, false}}) {
    // A store that has failed several times is left alone for a while.
    world.fault = nullptr;
    world.now += Millis(60'000);
    ASSERT_TRUE(get(dune));
    world.fault = [&](OperationKind) {
      sim::Fault fault;
      fault.status = row.status;
      return std::optional<sim::Fault>(fault);
    };
    const auto found = get(dune);
    const auto outcome = put(key_named("x", TierSet::of({config::Tier::edge, config::Tier::kv})), "spice");
    const auto removed = remove(dune);
    ASSERT_FALSE(removed.has_value());
    EXPECT_EQ(removed.error().kind, row.kind);
    EXPECT_EQ(removed.error().retryable, row.retryable);
    EXPECT_EQ(removed.error().message.empty(), false);
    if (degrades) {
      EXPECT_EQ(removed.error().source, GetParam().remove_source);
      EXPECT_TRUE(found.has_value() && found->entry == nullptr);
      EXPECT_TRUE(outcome.has_value() && *outcome == Stored::declined);
      EXPECT_EQ(counters.value(observe::Counter::cache_errors_total, "edge", to_text(row.kind)), 3U);
      EXPECT_EQ(counters.value(observe::Counter::cache_errors_total, shared, to_text(row.kind)), 3U);
    } else {
      ASSERT_FALSE(found.has_value());
      ASSERT_FALSE(outcome.has_value());
      EXPECT_EQ(found.error().kind, row.kind);
      EXPECT_EQ(found.error().source, GetParam().get_source);
      EXPECT_EQ(outcome.error().kind, row.kind);
      EXPECT_EQ(outcome.error().source, GetParam().put_source);
      EXPECT_EQ(removed.error().source, GetParam().remove_source);
    }
  }
  EXPECT_EQ(stored_count(), 0U);
}

TEST_P(StoringCache, ARequestThatIsAbandonedLeavesNoHandle) {
  ASSERT_TRUE(put(dune, "spice").has_value());
  restart();
  for (int i = 0; i < 3; ++i) {
    const host::Context here = runner.context();
    std::optional<Result<Found>> found;
    EXPECT_FALSE(runner.requests.start(here.request(), sim::keep_result(cache->get(here, dune), found)));
    runner.requests.abandon(here.request());
    world.run();
    EXPECT_FALSE(found.has_value());
  }
  EXPECT_EQ(runner.host.late_completions(), 3U);
  EXPECT_EQ(runner.host.bodies_alive(), 0U);
}

}  // namespace
}  // namespace larder::tiers::contract_test
