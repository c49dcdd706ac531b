#include "tiers/resident_set.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "tiers/resident_set_queues.h"

namespace larder::tiers::resident_set_test {
namespace {

using Set = ResidentSet<int>;

// Two digits of key and this size make a charge of 1000.
constexpr Bytes round_size(1000 - Set::overhead().count - 2);

std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

std::string six_digits(int number) {
  const std::string digits = std::to_string(number);
  return std::string(6 - digits.size(), '0') + digits;
}

struct AllAlike {
  std::uint64_t seed = 0;
  std::uint64_t operator()(std::string_view) const { return seed; }
};

template <typename AnySet>
Bytes charge_total(const AnySet& set) {
  Bytes total;
  set.for_each([&](std::string_view, const auto&, Bytes charge) { total += charge; });
  return total;
}

template <typename AnySet>
std::vector<std::string> keys_of(const AnySet& set) {
  std::vector<std::string> keys;
  set.for_each([&](std::string_view key, const auto&, Bytes) { keys.emplace_back(key); });
  return keys;
}

// What a cache does: a find, and a put where it misses. Returns whether it hit.
bool read_through(Set& set, const std::string& key, Bytes size) {
  if (set.find(key) != nullptr) {
    return true;
  }
  set.put(key, 0, size);
  return false;
}

TEST(ResidentSet, FindsWhatWasPut) {
  Set set(Bytes(10'000));
  EXPECT_EQ(set.find("01"), nullptr);
  EXPECT_EQ(set.put("01", 7, round_size), PutOutcome::stored);
  ASSERT_NE(set.find("01"), nullptr);
  EXPECT_EQ(*set.find("01"), 7);
  EXPECT_EQ(set.count(), 1u);
  EXPECT_EQ(set.used(), Bytes(1000));
}

TEST(ResidentSet, CountsWhatHappened) {
  Set set(Bytes(8'000));
  set.find("01");
  set.put("01", 1, round_size);
  set.find("01");
  set.peek("01");
  set.peek("02");
  set.put("01", 2, round_size);
  set.put("02", 1, Bytes(2'000));
  set.record_accesses("01", 5);
  set.record_accesses("gone", 3);
  set.erase("01");
  const ResidentStatistics statistics = set.statistics();
  EXPECT_EQ(statistics.hits, 1u + 5u + 3u);
  EXPECT_EQ(statistics.misses, 1u);
  EXPECT_EQ(statistics.insertions, 1u);
  EXPECT_EQ(statistics.evictions, 0u);
  EXPECT_EQ(statistics.rejections, 1u);
  EXPECT_EQ(statistics.bytes, Bytes(0));
}

TEST(ResidentSet, ChargesKeySizeAndOverhead) {
  Set set(Bytes(100'000));
  set.put("a key of 19 letters", 1, Bytes(500));
  EXPECT_EQ(set.used(), Set::overhead() + Bytes(19) + Bytes(500));
  EXPECT_EQ(Set::overhead(), Bytes(192 + sizeof(int)));
}

TEST(ResidentSet, ChargesTheNewSizeOfAReplacedValue) {
  Set set(Bytes(100'000));
  const Bytes fixed = Set::overhead() + Bytes(2);
  set.put("01", 1, Bytes(5'000));
  EXPECT_EQ(set.put("01", 2, Bytes(300)), PutOutcome::replaced);
  EXPECT_EQ(set.used(), fixed + Bytes(300));
  EXPECT_EQ(set.put("01", 3, Bytes(7'000)), PutOutcome::replaced);
  EXPECT_EQ(set.used(), fixed + Bytes(7'000));
  EXPECT_EQ(set.count(), 1u);
  EXPECT_EQ(*set.peek("01"), 3);
}

TEST(ResidentSet, AGrowingValueEvictsOthersAndNotItself) {
  Set set(Bytes(10'000));
  for (int number = 0; number < 10; ++number) {
    set.put(two_digits(number), number, round_size);
  }
  ASSERT_EQ(set.used(), Bytes(10'000));
  EXPECT_EQ(set.put("00", 100, round_size + Bytes(250)), PutOutcome::replaced);
  EXPECT_EQ(*set.peek("00"), 100);
  EXPECT_EQ(set.count(), 9u);
  EXPECT_EQ(set.used(), Bytes(9'250));
  EXPECT_EQ(set.peek("01"), nullptr);
}

TEST(ResidentSet, TakesAnEntryOfExactlyTheMaximumAndNoLarger) {
  Set set(Bytes(80'000));
  ASSERT_EQ(set.entry_max(), Bytes(10'000));
  const Bytes largest(10'000 - Set::overhead().count - 2);
  EXPECT_EQ(set.put("01", 1, largest), PutOutcome::stored);
  EXPECT_EQ(set.used(), Bytes(10'000));
  EXPECT_EQ(set.put("02", 1, largest + Bytes(1)), PutOutcome::refused_too_large);
  EXPECT_EQ(set.put("003", 1, largest), PutOutcome::refused_too_large);
  EXPECT_EQ(set.count(), 1u);
}

TEST(ResidentSet, RefusesSizesWhoseSumWouldWrapAround) {
  Set set{Bytes(std::numeric_limits<std::uint64_t>::max())};
  EXPECT_EQ(set.put("01", 1, Bytes(std::numeric_limits<std::uint64_t>::max())),
            PutOutcome::refused_too_large);
  EXPECT_EQ(set.put("02", 1, Bytes(1'000)), PutOutcome::stored);
  EXPECT_EQ(set.count(), 1u);
}

TEST(ResidentSet, ARefusedValueDropsTheOneItWouldHaveReplaced) {
  Set set(Bytes(10'000));
  set.put("01", 1, round_size);
  EXPECT_EQ(set.put("01", 2, Bytes(2'000)), PutOutcome::refused_too_large);
  EXPECT_EQ(set.peek("01"), nullptr);
  EXPECT_EQ(set.used(), Bytes(0));
  EXPECT_EQ(set.count(), 0u);
}

TEST(ResidentSet, HoldsNothingWithoutABudget) {
  Set set(Bytes(0));
  EXPECT_EQ(set.put("", 1, Bytes(0)), PutOutcome::refused_too_large);
  EXPECT_EQ(set.find(""), nullptr);
  EXPECT_FALSE(set.erase(""));
  set.record_accesses("", 1);
  set.clear();
  set.resize(Bytes(0));
  EXPECT_EQ(set.used(), Bytes(0));
  EXPECT_EQ(set.entry_max(), Bytes(0));
}

TEST(ResidentSet, AnEmptyKeyIsAKey) {
  Set set(Bytes(10'000));
  EXPECT_EQ(set.put("", 9, Bytes(0)), PutOutcome::stored);
  EXPECT_EQ(*set.find(""), 9);
  EXPECT_TRUE(set.erase(""));
  EXPECT_FALSE(set.erase(""));
}

TEST(ResidentSet, ShrinkingEvictsUntilTheNewBudgetHolds) {
  Set set(Bytes(10'000));
  for (int number = 0; number < 10; ++number) {
    set.put(two_digits(number), number, round_size);
  }
  set.find("00");
  set.resize(Bytes(3'500));
  EXPECT_EQ(set.budget(), Bytes(3'500));
  EXPECT_EQ(set.used(), Bytes(3'000));
  EXPECT_EQ(set.statistics().evictions, 7u);
  // 00 was asked for again, 08 and 09 came last.
  EXPECT_EQ(keys_of(set), (std::vector<std::string>{"09", "08", "00"}));
  set.resize(Bytes(0));
  EXPECT_EQ(set.count(), 0u);
}

TEST(ResidentSet, GrowingTakesEffectAtOnce) {
  Set set(Bytes(1'000));
  EXPECT_EQ(set.put("01", 1, round_size), PutOutcome::refused_too_large);
  set.resize(Bytes(8'000));
  EXPECT_EQ(set.put("01", 1, round_size), PutOutcome::stored);
}

TEST(ResidentSet, ErasesByPredicate) {
  Set set(Bytes(100'000));
  for (int number = 0; number < 20; ++number) {
    set.put(two_digits(number), number, round_size);
  }
  EXPECT_EQ(set.erase_if([](std::string_view, int value) { return value % 2 == 0; }), 10u);
  EXPECT_EQ(set.erase_if([](std::string_view key, int) { return key.front() == '1'; }), 5u);
  EXPECT_EQ(keys_of(set), (std::vector<std::string>{"09", "07", "05", "03", "01"}));
  EXPECT_EQ(set.used(), Bytes(5'000));
  EXPECT_EQ(set.statistics().evictions, 0u);
}

// A key's history of three accesses lets it in where all others have two.
TEST(ResidentSet, ClearForgetsEntriesAndAccesses) {
  for (const bool is_cleared : {false, true}) {
    Set set(Bytes(10'000));
    for (int access = 0; access < 4; ++access) {
      read_through(set, "99", round_size);
    }
    is_cleared ? set.clear() : set.resize(Bytes(0));
    EXPECT_EQ(set.count(), 0u);
    EXPECT_EQ(set.used(), Bytes(0));
    set.resize(Bytes(10'000));
    for (int number = 0; number < 20; ++number) {
      read_through(set, two_digits(number % 10), round_size);
    }
    read_through(set, "99", round_size);
    read_through(set, "98", round_size);
    EXPECT_EQ(set.peek("99") != nullptr, !is_cleared);
  }
}

TEST(ResidentSet, AccessesServedElsewhereKeepAnEntry) {
  for (const bool reported : {false, true}) {
    Set set(Bytes(10'000));
    set.put("00", 0, round_size);
    if (reported) {
      set.record_accesses("00", std::numeric_limits<std::uint64_t>::max());
    }
    for (int number = 1; number < 40; ++number) {
      for (int access = 0; access < 4; ++access) {
        read_through(set, two_digits(number), round_size);
      }
    }
    EXPECT_EQ(set.peek("00") != nullptr, reported);
  }
}

TEST(ResidentSet, PeekingKeepsNothing) {
  Set set(Bytes(10'000));
  set.put("00", 0, round_size);
  for (int number = 1; number < 40; ++number) {
    for (int access = 0; access < 4; ++access) {
      set.peek("00");
      read_through(set, two_digits(number), round_size);
    }
  }
  EXPECT_EQ(set.peek("00"), nullptr);
}

// The ring has room for 1,024 hits: the ninety of 00 are long out of it when room is made.
TEST(ResidentSet, ALongRunOfHitsIsNotForgotten) {
  Set set(Bytes(10'000));
  for (int number = 0; number < 10; ++number) {
    read_through(set, two_digits(number), round_size);
  }
  for (int access = 0; access < 90; ++access) {
    set.find("00");
  }
  for (int access = 0; access < 2'000; ++access) {
    set.find("09");
  }
  for (int number = 10; number < 60; ++number) {
    read_through(set, two_digits(number), round_size);
    read_through(set, two_digits(number), round_size);
  }
  EXPECT_NE(set.peek("00"), nullptr);
  EXPECT_NE(set.peek("09"), nullptr);
}

TEST(ResidentSet, HitsOfEntriesThatAreGoneByThenDoNoHarm) {
  Set set(Bytes(10'000));
  for (int number = 0; number < 10; ++number) {
    set.put(two_digits(number), number, round_size);
    set.find(two_digits(number));
  }
  set.find("01");
  set.erase("01");
  set.find("02");
  set.erase_if([](std::string_view key, int) { return key == "02"; });
  set.find("03");
  set.put("03", 3, Bytes(5'000));
  set.find("04");
  set.clear();
  set.put("05", 5, round_size);
  set.find("05");
  set.resize(Bytes(0));
  set.record_accesses("05", 1);
  EXPECT_EQ(set.count(), 0u);
  EXPECT_EQ(set.statistics().hits, 16u);
}

// The large one takes the room of ten, so it has to be asked for more often than the others.
TEST(ResidentSet, ALargeEntryHasToBeAskedForMoreOften) {
  for (const bool is_popular : {false, true}) {
    Set set(Bytes(200'000));
    constexpr Bytes size(1'000 - Set::overhead().count - 6);
    for (int number = 0; number < 190; ++number) {
      read_through(set, six_digits(number), size);
    }
    const Bytes large(size.count + 9'000);
    set.put("999999", 0, large);
    set.record_accesses("999999", is_popular ? 12 : 4);
    for (int number = 190; number < 196; ++number) {
      read_through(set, six_digits(number), size);
    }
    EXPECT_EQ(set.peek("999999") != nullptr, is_popular);
  }
}

// A hot set of half the capacity, each key read twice, then ten times the capacity read once.
TEST(ResidentSet, AScanLeavesTheHotSetAlone) {
  constexpr int capacity = 1'000;
  const Bytes size(1'000);
  const Bytes charge = Set::overhead() + Bytes(6) + size;
  Set set(Bytes(charge.count * capacity));
  for (int round = 0; round < 2; ++round) {
    for (int number = 0; number < capacity / 2; ++number) {
      EXPECT_EQ(read_through(set, six_digits(number), size), round == 1);
    }
  }
  for (int number = 0; number < 10 * capacity; ++number) {
    EXPECT_FALSE(read_through(set, six_digits(100'000 + number), size));
  }
  int resident_count = 0;
  for (int number = 0; number < capacity / 2; ++number) {
    resident_count += set.peek(six_digits(number)) != nullptr ? 1 : 0;
  }
  EXPECT_EQ(resident_count, 500);
  EXPECT_EQ(set.count(), 1'000u);
}

// Main is full of entries that were asked for often, and nobody asks for them any more.
TEST(ResidentSet, AnOldHotSetMakesWayForANewOne) {
  constexpr int capacity = 1'000;
  const Bytes size(1'000);
  const Bytes charge = Set::overhead() + Bytes(6) + size;
  Set set(Bytes(charge.count * capacity));
  for (int round = 0; round < 5; ++round) {
    for (int number = 0; number < capacity; ++number) {
      read_through(set, six_digits(number), size);
    }
  }
  int hit_count = 0;
  for (int round = 0; round < 10; ++round) {
    hit_count = 0;
    for (int number = 0; number < capacity / 2; ++number) {
      hit_count += read_through(set, six_digits(100'000 + number), size) ? 1 : 0;
    }
  }
  EXPECT_EQ(hit_count, 500);
}

TEST(ResidentSet, KeysThatHashAlikeStayApart) {
  ResidentSet<int, AllAlike> set(Bytes(10'000), 42);
  for (int number = 0; number < 30; ++number) {
    EXPECT_EQ(set.put(two_digits(number), number, round_size), PutOutcome::stored);
    EXPECT_EQ(*set.find(two_digits(number)), number);
    EXPECT_LE(set.used(), set.budget());
  }
  EXPECT_EQ(set.count(), 10u);
  set.for_each([](std::string_view key, int value, Bytes) { EXPECT_EQ(key, two_digits(value)); });
  const std::string last = keys_of(set).front();
  EXPECT_TRUE(set.erase(last));
  EXPECT_EQ(set.peek(last), nullptr);
  EXPECT_EQ(set.count(), 9u);
}

TEST(ResidentSet, TheSeedChangesHashes) {
  EXPECT_NE(SeededKeyHash{1}("key"), SeededKeyHash{2}("key"));
  EXPECT_EQ(SeededKeyHash{1}("key"), SeededKeyHash{1}("key"));
  // XXH64's published value for no input and seed 0.
  EXPECT_EQ(SeededKeyHash{0}(""), 0xEF46DB3751D8E999u);
}

TEST(ResidentSet, FreesEveryValueItDrops) {
  const auto token = std::make_shared<const int>(1);
  {
    ResidentSet<std::shared_ptr<const int>> set(Bytes(10'000));
    for (int number = 0; number < 50; ++number) {
      set.put(two_digits(number), token, Bytes(500));
      EXPECT_EQ(token.use_count(), 1 + static_cast<long>(set.count()));
    }
    const std::string newest = keys_of(set).front();
    set.put(newest, nullptr, Bytes(500));
    EXPECT_EQ(token.use_count(), static_cast<long>(set.count()));
    set.erase(newest);
    EXPECT_EQ(token.use_count(), 1 + static_cast<long>(set.count()));
    set.resize(Bytes(5'000));
    EXPECT_EQ(token.use_count(), 1 + static_cast<long>(set.count()));
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(ResidentSet, TakesValuesThatOnlyMove) {
  ResidentSet<std::unique_ptr<int>> set(Bytes(10'000));
  set.put("01", std::make_unique<int>(5), Bytes(4));
  set.put("01", std::make_unique<int>(6), Bytes(4));
  EXPECT_EQ(**set.find("01"), 6);
}

// Drives a set with random operations and holds it against a plain map of what was put last.
class ModelRun {
 public:
  ModelRun(std::uint64_t seed, Bytes budget) : random_(seed), set_(budget, seed) {}

  void step() {
    const std::string key = std::to_string(below(60) * below(60));
    switch (below(16)) {
      case 0:
        erase(key);
        break;
      case 1:
        erase_if();
        break;
      case 2:
        resize();
        break;
      case 3:
        set_.record_accesses(key, below(5));
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
        put(key);
        break;
      default:
        find(key);
        break;
    }
    if (below(3'000) == 0) {
      dropped_count_ += set_.count();
      set_.clear();
      EXPECT_EQ(set_.count(), 0u);
      model_.clear();
    }
    check();
  }

  std::vector<std::string> keys() const { return keys_of(set_); }
  std::uint64_t eviction_count() const { return set_.statistics().evictions; }
  std::uint64_t rejection_count() const { return set_.statistics().rejections; }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  void put(const std::string& key) {
    const bool was_there = set_.peek(key) != nullptr;
    const Bytes size(below(8) == 0 ? below(6'000) : below(400));
    const Bytes charge = ResidentSet<int>::overhead() + Bytes(key.size()) + size;
    const int value = next_value_++;
    if (charge > set_.entry_max()) {
      EXPECT_EQ(set_.put(key, value, size), PutOutcome::refused_too_large);
      EXPECT_EQ(set_.peek(key), nullptr);
      dropped_count_ += was_there ? 1 : 0;
      model_.erase(key);
      return;
    }
    EXPECT_EQ(set_.put(key, value, size), was_there ? PutOutcome::replaced : PutOutcome::stored);
    model_[key] = {value, charge};
    ASSERT_NE(set_.peek(key), nullptr);
    EXPECT_EQ(*set_.peek(key), value);
  }

  void find(const std::string& key) {
    const int* const value = set_.find(key);
    if (value != nullptr) {
      ASSERT_TRUE(model_.contains(key));
      EXPECT_EQ(*value, model_[key].first);
    }
  }

  void erase(const std::string& key) {
    const bool was_there = set_.peek(key) != nullptr;
    EXPECT_EQ(set_.erase(key), was_there);
    EXPECT_EQ(set_.peek(key), nullptr);
    dropped_count_ += was_there ? 1 : 0;
    model_.erase(key);
  }

  void erase_if() {
    const int rest = static_cast<int>(below(40));
    const auto doomed = [rest](int value) { return value % 40 == rest; };
    dropped_count_ += set_.erase_if([&](std::string_view, int value) { return doomed(value); });
    set_.for_each([&](std::string_view, int value, Bytes) { EXPECT_FALSE(doomed(value)); });
    std::erase_if(model_, [&](const auto& entry) { return doomed(entry.second.first); });
  }

  void resize() {
    if (below(10) == 0) {
      set_.resize(Bytes(below(4) == 0 ? below(2'000) : 4'000 + below(40'000)));
    }
  }

  void check() {
    EXPECT_LE(set_.used(), set_.budget());
    EXPECT_EQ(charge_total(set_), set_.used());
    std::size_t visited_count = 0;
    set_.for_each([&](std::string_view key, int value, Bytes charge) {
      ++visited_count;
      const auto known = model_.find(std::string(key));
      ASSERT_NE(known, model_.end());
      EXPECT_EQ(value, known->second.first);
      EXPECT_EQ(charge, known->second.second);
    });
    EXPECT_EQ(visited_count, set_.count());
    const ResidentStatistics statistics = set_.statistics();
    EXPECT_EQ(statistics.insertions, set_.count() + statistics.evictions + dropped_count_);
    EXPECT_EQ(statistics.bytes, set_.used());
  }

  std::mt19937_64 random_;
  ResidentSet<int> set_;
  std::map<std::string, std::pair<int, Bytes>> model_;
  int next_value_ = 0;
  std::uint64_t dropped_count_ = 0;
};

class ResidentSetModel : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ResidentSetModel, AgreesWithAPlainMap) {
  ModelRun run(GetParam(), Bytes(20'000));
  for (int step = 0; step < 10'000 && !HasFailure(); ++step) {
    run.step();
  }
  EXPECT_GT(run.eviction_count(), 100u);
  EXPECT_GT(run.rejection_count(), 100u);
}

TEST_P(ResidentSetModel, RepeatsItselfExactly) {
  ModelRun one(GetParam(), Bytes(20'000));
  ModelRun other(GetParam(), Bytes(20'000));
  for (int step = 0; step < 2'000; ++step) {
    one.step();
    other.step();
    ASSERT_EQ(one.keys(), other.keys());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ResidentSetModel, testing::Values(1u, 2u, 3u, 4u, 5u));

constexpr std::uint64_t ghost_hash(std::uint64_t number) { return (number * 2'654'435'761u) << 32; }

TEST(ResidentGhosts, RemembersOnceAndForgetsWhenTaken) {
  ResidentGhosts ghosts;
  EXPECT_FALSE(ghosts.take(ghost_hash(1), 10));
  ghosts.remember(ghost_hash(1), 10);
  EXPECT_FALSE(ghosts.take(ghost_hash(2), 10));
  EXPECT_TRUE(ghosts.take(ghost_hash(1), 10));
  EXPECT_FALSE(ghosts.take(ghost_hash(1), 10));
}

TEST(ResidentGhosts, AGhostLastsForAsManyOthersAsAreAllowed) {
  for (const std::uint64_t later_count : {9u, 10u}) {
    ResidentGhosts ghosts;
    ghosts.remember(ghost_hash(1), 10);
    for (std::uint64_t number = 0; number < later_count; ++number) {
      ghosts.remember(ghost_hash(100 + number), 10);
    }
    EXPECT_EQ(ghosts.take(ghost_hash(1), 10), later_count == 9);
  }
}

TEST(ResidentGhosts, NoneAreKeptWhereNoneAreAllowed) {
  ResidentGhosts ghosts;
  ghosts.remember(ghost_hash(1), 0);
  EXPECT_FALSE(ghosts.take(ghost_hash(1), 10));
}

TEST(ResidentGhosts, RememberedTwiceCountsAsTheLaterOne) {
  ResidentGhosts ghosts;
  ghosts.remember(ghost_hash(1), 10);
  for (std::uint64_t number = 0; number < 5; ++number) {
    ghosts.remember(ghost_hash(100 + number), 10);
  }
  ghosts.remember(ghost_hash(1), 10);
  for (std::uint64_t number = 0; number < 9; ++number) {
    ghosts.remember(ghost_hash(200 + number), 10);
  }
  EXPECT_TRUE(ghosts.take(ghost_hash(1), 10));
  EXPECT_FALSE(ghosts.take(ghost_hash(1), 10));
}

TEST(ResidentGhosts, SurviveGrowingAndShrinkingOfTheTable) {
  ResidentGhosts ghosts;
  for (std::uint64_t number = 0; number < 20; ++number) {
    ghosts.remember(ghost_hash(number), 20);
  }
  ghosts.remember(ghost_hash(1'000), 100'000);
  ghosts.shrink(21);
  int kept_count = 0;
  for (std::uint64_t number = 0; number < 20; ++number) {
    kept_count += ghosts.take(ghost_hash(number), 21) ? 1 : 0;
  }
  EXPECT_EQ(kept_count, 20);
  EXPECT_TRUE(ghosts.take(ghost_hash(1'000), 21));
  ghosts.remember(ghost_hash(1), 20);
  ghosts.clear();
  EXPECT_FALSE(ghosts.take(ghost_hash(1), 20));
}

}  // namespace
}  // namespace larder::tiers::resident_set_test
