// Each policy by itself: by hand, and against a model that has lists of numbers and nothing else.
#include "tiers/resident_set_queues.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "tiers/replacement_policy.h"

namespace larder::tiers::resident_set_queues_test {
namespace {

using Numbers = std::vector<int>;

constexpr std::uint64_t hash_of(int number) { return static_cast<std::uint64_t>(number) << 32; }
int number_of(const ResidentLink& link) { return static_cast<int>(link.hash >> 32); }

// A cache without values: the queues, and the links that they link. One access is worth one, for good.
class Cache {
 public:
  Cache(Bytes budget, ReplacementPolicy policy) : queues_(budget, policy) {}

  // Whether it was a hit.
  bool access(int number, Bytes charge = Bytes(100)) {
    const auto found = links_.find(number);
    if (found != links_.end()) {
      refer(number);
      queues_.settle(found->second);
      return true;
    }
    const float frequency = ++frequencies_[number];
    make_room(charge);
    ResidentLink& link = links_[number];
    link.hash = hash_of(number);
    link.charge = charge;
    link.frequency = frequency;
    queues_.add(link);
    return false;
  }

  // A hit that is never settled.
  void refer(int number) {
    ResidentLink& link = links_.at(number);
    ResidentQueues::refer(link, 1);
    link.frequency = ++frequencies_[number];
  }

  void access_each(int begin, int end) {
    for (int number = begin; number < end; ++number) {
      access(number);
    }
  }

  void erase(int number) {
    queues_.unlink(links_.at(number));
    links_.erase(number);
  }

  void resize(Bytes budget) {
    queues_.set_budget(budget);
    make_room(Bytes(0));
  }

  Numbers evicted() { return std::exchange(evicted_, {}); }

  Numbers numbers_in(ResidentQueue queue) const {
    Numbers numbers;
    for (const ResidentLink* link = queues_.first(); link != nullptr; link = queues_.after(*link)) {
      if (link->queue == queue) {
        numbers.push_back(number_of(*link));
      }
    }
    return numbers;
  }

  ResidentQueues& queues() { return queues_; }
  bool holds(int number) const { return links_.contains(number); }

 private:
  void make_room(Bytes charge) {
    const ResidentQueue destination = charge.count == 0 ? ResidentQueue::none : ResidentQueue::recent;
    while (queues_.count() > 0 && queues_.used() + charge > queues_.budget()) {
      const int number = number_of(queues_.evict(charge, destination, 1));
      evicted_.push_back(number);
      links_.erase(number);
    }
  }

  ResidentQueues queues_;
  std::map<int, ResidentLink> links_;
  std::map<int, float> frequencies_;
  Numbers evicted_;
};

TEST(Recency, EvictsWhatWasAskedForTheLongestAgo) {
  Cache cache(Bytes(400), ReplacementPolicy::recency);
  cache.access_each(1, 5);
  cache.access(2);
  cache.access(1);
  cache.access(5);
  cache.access(6);
  EXPECT_EQ(cache.evicted(), (Numbers{3, 4}));
  EXPECT_EQ(cache.numbers_in(ResidentQueue::recent), (Numbers{6, 5, 1, 2}));
}

TEST(Recency, WhatWasReferencedAndNotSettledStaysOnce) {
  Cache cache(Bytes(300), ReplacementPolicy::recency);
  cache.access_each(1, 4);
  cache.refer(1);
  cache.access(4);
  EXPECT_EQ(cache.evicted(), (Numbers{2}));
  EXPECT_EQ(cache.numbers_in(ResidentQueue::recent), (Numbers{4, 1, 3}));
}

TEST(SecondChance, TwoReferencesMoveANewEntryToMain) {
  Cache cache(Bytes(1'000), ReplacementPolicy::second_chance);
  cache.access_each(0, 10);
  cache.access(0);
  cache.access(1);
  cache.access(1);
  cache.access_each(10, 13);
  EXPECT_EQ(cache.evicted(), (Numbers{0, 2, 3}));
  EXPECT_EQ(cache.numbers_in(ResidentQueue::main), (Numbers{1}));
}

TEST(SecondChance, AGhostReturnsToMain) {
  Cache cache(Bytes(1'000), ReplacementPolicy::second_chance);
  cache.access_each(0, 12);
  EXPECT_EQ(cache.evicted(), (Numbers{0, 1}));
  EXPECT_FALSE(cache.access(1));
  EXPECT_EQ(cache.numbers_in(ResidentQueue::main), (Numbers{1}));
}

TEST(SecondChance, MainSellsRoundsForReferences) {
  Cache cache(Bytes(1'000), ReplacementPolicy::second_chance);
  for (int round = 0; round < 3; ++round) {
    cache.access_each(0, 10);
  }
  // All move to main with no references left; 0 buys a round, 1 leaves.
  cache.access(10);
  EXPECT_EQ(cache.evicted(), (Numbers{0}));
  cache.access(1);
  cache.access(11);
  cache.access(12);
  EXPECT_EQ(cache.evicted(), (Numbers{10, 11}));
  cache.queues().set_budget(Bytes(1'100));
  cache.access(13);
  cache.resize(Bytes(800));
  EXPECT_EQ(cache.evicted(), (Numbers{12, 13, 2}));
  EXPECT_TRUE(cache.holds(1));
}

TEST(SecondChance, LargerEntriesNeedMoreReferencesForMain) {
  struct Case {
    std::uint64_t charge;
    int references_needed;
  };
  // The others make a mean near 100.
  for (const Case& each : {Case{60, 1}, Case{100, 2}, Case{140, 2}, Case{200, 3}, Case{600, 3}}) {
    for (const int lacking : {0, 1}) {
      Cache cache(Bytes(1'000 + each.charge), ReplacementPolicy::second_chance);
      cache.access(0, Bytes(each.charge));
      cache.access_each(1, 11);
      for (int reference = 0; reference < each.references_needed - lacking; ++reference) {
        cache.refer(0);
      }
      cache.access(11);
      EXPECT_EQ(cache.holds(0), lacking == 0) << each.charge;
    }
  }
}

// Both are the oldest of main, with one reference each: enough for a round of the small one alone.
TEST(SecondChance, ARoundInMainCostsALargerEntryMore) {
  for (const std::uint64_t charge : {100u, 400u}) {
    Cache cache(Bytes(1'000 + charge), ReplacementPolicy::second_chance);
    cache.access(0, Bytes(charge));
    cache.access_each(1, 11);
    cache.refer(0);
    cache.refer(0);
    cache.refer(0);
    cache.access(11);
    EXPECT_EQ(cache.numbers_in(ResidentQueue::main), (Numbers{0}));
    cache.refer(0);
    for (int number = 2; number < 12; ++number) {
      cache.refer(number);
      cache.refer(number);
    }
    // The recent queue empties into main, and the oldest of main has to buy a round.
    cache.access(12);
    EXPECT_EQ(cache.holds(0), charge == 100);
  }
}

TEST(Frequency, OneMoreAccessThanTheVictimsIsNotEnoughToComeIn) {
  Cache cache(Bytes(1'000), ReplacementPolicy::frequency);
  cache.access_each(0, 10);
  EXPECT_EQ(cache.numbers_in(ResidentQueue::recent), (Numbers{9}));
  cache.access(9);
  cache.access(10);
  EXPECT_EQ(cache.evicted(), (Numbers{9}));
  cache.access(10);
  cache.access(10);
  cache.access(11);
  EXPECT_EQ(cache.evicted(), (Numbers{0}));
  EXPECT_EQ(cache.numbers_in(ResidentQueue::main), (Numbers{10, 8, 7, 6, 5, 4, 3, 2, 1}));
}

TEST(Frequency, WhatIsAskedForInMainIsGuardedUpToFourFifths) {
  Cache cache(Bytes(1'000), ReplacementPolicy::frequency);
  cache.access_each(0, 10);
  cache.access_each(0, 9);
  EXPECT_EQ(cache.numbers_in(ResidentQueue::guarded), (Numbers{8, 7, 6, 5, 4, 3, 2}));
  EXPECT_EQ(cache.numbers_in(ResidentQueue::main), (Numbers{1, 0}));
}

TEST(Frequency, ALoopKeepsWhatItHas) {
  Cache cache(Bytes(1'000), ReplacementPolicy::frequency);
  for (int round = 0; round < 20; ++round) {
    cache.access_each(0, 15);
  }
  cache.evicted();
  int hits = 0;
  for (int number = 0; number < 15; ++number) {
    hits += cache.access(number) ? 1 : 0;
  }
  EXPECT_EQ(hits, 9);
}

TEST(Frequency, IsComparedForTheSize) {
  struct Case {
    std::uint64_t charge;
    int access_count;
    bool comes_in;
  };
  // The victim has 100 bytes and two accesses; one access of the candidate is grace.
  const Case cases[] = {{100, 3, false}, {100, 4, true},  {50, 2, false},
                        {50, 3, true},   {300, 7, false}, {300, 8, true}};
  for (const Case& each : cases) {
    Cache cache(Bytes(1'000 + each.charge), ReplacementPolicy::frequency);
    cache.access_each(0, 10);
    for (int number = 0; number < 10; ++number) {
      cache.refer(number);
    }
    cache.access(10, Bytes(each.charge));
    for (int access = 1; access < each.access_count; ++access) {
      cache.access(10, Bytes(each.charge));
    }
    cache.access(11);
    EXPECT_EQ(cache.holds(10), each.comes_in)
        << each.charge << " bytes, " << each.access_count << " accesses";
  }
}

TEST(Frequency, ALargerWindowKeepsWhatIsNew) {
  Cache cache(Bytes(1'000), ReplacementPolicy::frequency_after_recency);
  cache.queues().set_budget(Bytes(2'000));
  cache.access_each(0, 20);
  EXPECT_EQ(cache.numbers_in(ResidentQueue::recent), (Numbers{19, 18}));
  cache.access(20);
  EXPECT_EQ(cache.evicted(), (Numbers{18}));
  EXPECT_EQ(cache.numbers_in(ResidentQueue::recent), (Numbers{20, 19}));
}

TEST(Frequency, TheOneNewEntryStaysWhereNothingComes) {
  Cache cache(Bytes(1'000), ReplacementPolicy::frequency);
  cache.access_each(0, 10);
  cache.resize(Bytes(300));
  EXPECT_EQ(cache.evicted(), (Numbers{0, 1, 2, 3, 4, 5, 6}));
}

TEST(ChangeOfPolicy, RecencyGivesUpWhatWasInMainFirst) {
  Cache cache(Bytes(600), ReplacementPolicy::frequency);
  cache.access_each(0, 6);
  cache.access(1);
  cache.queues().set_policy(ReplacementPolicy::recency);
  cache.access(3);
  cache.access_each(6, 10);
  EXPECT_EQ(cache.evicted(), (Numbers{0, 2, 4, 1}));
  EXPECT_EQ(cache.numbers_in(ResidentQueue::recent), (Numbers{9, 8, 7, 6, 3, 5}));
}

TEST(ChangeOfPolicy, SecondChanceGivesUpWhatMainHasForOneAccess) {
  Cache cache(Bytes(600), ReplacementPolicy::frequency);
  cache.access_each(0, 6);
  cache.access(1);
  cache.queues().set_policy(ReplacementPolicy::second_chance);
  cache.access_each(6, 10);
  EXPECT_EQ(cache.evicted(), (Numbers{0, 2, 3, 4}));
  cache.access(10);
  EXPECT_EQ(cache.evicted(), (Numbers{5}));
  EXPECT_EQ(cache.numbers_in(ResidentQueue::main), (Numbers{1}));
}

TEST(ChangeOfPolicy, TheWindowEmptiesTwoByTwo) {
  Cache cache(Bytes(1'000), ReplacementPolicy::recency);
  cache.access_each(0, 9);
  cache.queues().set_policy(ReplacementPolicy::frequency);
  cache.access(9);
  EXPECT_EQ(cache.numbers_in(ResidentQueue::main), (Numbers{1, 0}));
}

TEST(Queues, DividesAllFrequencies) {
  Cache cache(Bytes(1'000), ReplacementPolicy::frequency);
  cache.access_each(0, 3);
  cache.access(1);
  cache.queues().scale_down(4);
  std::map<int, float> frequencies;
  for (const ResidentLink* link = cache.queues().first(); link != nullptr;
       link = cache.queues().after(*link)) {
    frequencies[number_of(*link)] = link->frequency;
  }
  EXPECT_EQ(frequencies, (std::map<int, float>{{0, 0.25F}, {1, 0.5F}, {2, 0.25F}}));
}

// The rules of the header once more, with vectors, the oldest first, and in O(n).
class Model {
 public:
  Model(std::uint64_t budget, ReplacementPolicy policy) : budget_(budget), policy_(policy) {}

  bool access(int number, std::uint64_t charge) {
    Item& item = items_[number];
    ++item.frequency;
    for (Numbers* queue : {&recent_, &main_, &guarded_}) {
      const auto found = std::find(queue->begin(), queue->end(), number);
      if (found != queue->end()) {
        item.references = std::min(item.references + 1, 3);
        hit(*queue, found, number);
        return true;
      }
    }
    while (used() > 0 && used() + charge > budget_) {
      evict(charge);
    }
    item.charge = charge;
    item.references = 0;
    const auto ghost = std::find(ghosts_.begin(), ghosts_.end(), number);
    if (policy_ == ReplacementPolicy::second_chance) {
      const bool is_ghost =
          ghost != ghosts_.end() && static_cast<std::size_t>(ghosts_.end() - ghost) <= ghosts_max();
      (is_ghost ? main_ : recent_).push_back(number);
      if (is_ghost) {
        *ghost = -1;
      }
      return false;
    }
    recent_.push_back(number);
    spill(recent_, recent_max());
    return false;
  }

  bool holds(int number) const {
    return contains(recent_, number) || contains(main_, number) || contains(guarded_, number);
  }
  std::uint64_t used() const { return bytes(recent_) + bytes(main_) + bytes(guarded_); }

 private:
  struct Item {
    std::uint64_t charge = 0;
    int references = 0;
    float frequency = 0;
  };

  static bool contains(const Numbers& queue, int number) {
    return std::find(queue.begin(), queue.end(), number) != queue.end();
  }
  static int take_oldest(Numbers& queue) {
    const int oldest = queue.front();
    queue.erase(queue.begin());
    return oldest;
  }
  std::uint64_t bytes(const Numbers& queue) const {
    std::uint64_t sum = 0;
    for (const int number : queue) {
      sum += items_.at(number).charge;
    }
    return sum;
  }
  std::size_t count() const { return recent_.size() + main_.size() + guarded_.size(); }
  std::size_t ghosts_max() const { return count() * 9 / 10; }
  std::uint64_t recent_max() const {
    switch (policy_) {
      case ReplacementPolicy::frequency:
        return budget_ / 100;
      case ReplacementPolicy::frequency_after_recency:
        return budget_ / 10;
      case ReplacementPolicy::second_chance:
        return budget_ / 10;
      case ReplacementPolicy::recency:
        return budget_;
    }
    return 0;
  }
  int price_of_main(int number) const {
    const std::uint64_t mean = used() / count();
    const std::uint64_t charge = items_.at(number).charge;
    return charge < mean - mean / 4 ? 1 : charge < mean + mean / 2 ? 2 : 3;
  }
  int price_of(int number) const {
    const std::uint64_t ratio = items_.at(number).charge / (used() / count());
    return std::clamp(static_cast<int>(std::bit_width(ratio)), 1, 3);
  }

  void spill(Numbers& queue, std::uint64_t bytes_max) {
    for (int moves = 0; moves < 2 && queue.size() > 1 && bytes(queue) > bytes_max; ++moves) {
      main_.push_back(take_oldest(queue));
    }
  }

  void hit(Numbers& queue, Numbers::iterator position, int number) {
    if (policy_ == ReplacementPolicy::second_chance) {
      return;
    }
    queue.erase(position);
    const bool stays_recent = policy_ == ReplacementPolicy::recency || &queue == &recent_;
    (stays_recent ? recent_ : guarded_).push_back(number);
    if (!stays_recent) {
      spill(guarded_, (budget_ - recent_max()) / 5 * 4);
    }
  }

  void evict(std::uint64_t incoming) {
    if (policy_ == ReplacementPolicy::recency) {
      take_oldest(recent_);
    } else if (policy_ == ReplacementPolicy::second_chance) {
      evict_by_second_chance();
    } else {
      evict_by_frequency(incoming);
    }
  }

  // Where one stood before, its place stays, since places count how many have left.
  void remember(int number) {
    if (ghosts_max() > 0) {
      std::replace(ghosts_.begin(), ghosts_.end(), number, -1);
      ghosts_.push_back(number);
    }
  }

  void evict_by_second_chance() {
    if (main_.empty() || bytes(recent_) >= recent_max()) {
      while (!recent_.empty()) {
        const int oldest = recent_.front();
        const bool is_proven = items_[oldest].references >= price_of_main(oldest);
        if (!is_proven) {
          remember(oldest);
          take_oldest(recent_);
          return;
        }
        items_[oldest].references = 0;
        main_.push_back(take_oldest(recent_));
      }
    }
    while (items_[main_.front()].references >= price_of(main_.front())) {
      items_[main_.front()].references -= price_of(main_.front());
      main_.push_back(take_oldest(main_));
    }
    take_oldest(main_);
  }

  void evict_by_frequency(std::uint64_t incoming) {
    Numbers rivals = main_;
    rivals.insert(rivals.end(), guarded_.begin(), guarded_.end());
    if (rivals.empty()) {
      take_oldest(recent_);
      return;
    }
    Numbers& queue_of_victim = main_.empty() ? guarded_ : main_;
    if (recent_.empty() || bytes(recent_) + incoming <= recent_max()) {
      take_oldest(queue_of_victim);
      return;
    }
    const int candidate = recent_.front();
    const Item& one = items_[candidate];
    const Item& other = items_[rivals.front()];
    const bool comes_in = static_cast<double>(one.frequency - 1) * static_cast<double>(other.charge) >
                          static_cast<double>(other.frequency) * static_cast<double>(one.charge);
    take_oldest(recent_);
    if (comes_in) {
      main_.push_back(candidate);
      take_oldest(queue_of_victim);
    }
  }

  std::uint64_t budget_;
  ReplacementPolicy policy_;
  std::map<int, Item> items_;
  Numbers recent_;
  Numbers main_;
  Numbers guarded_;
  Numbers ghosts_;
};

class QueuesModel : public testing::TestWithParam<std::uint64_t> {};

// Ghosts are estimated where many share a bucket: few numbers, so that none is pushed out before its time.
TEST_P(QueuesModel, EachPolicyAgreesWithTheModel) {
  for (const ReplacementPolicy policy : replacement_policies) {
    SCOPED_TRACE(static_cast<int>(policy));
    std::mt19937_64 random(GetParam());
    const std::uint64_t budget = 1'000 + random() % 3'000;
    Cache cache{Bytes(budget), policy};
    Model model(budget, policy);
    int hit_count = 0;
    for (int step = 0; step < 4'000; ++step) {
      const int number = static_cast<int>(random() % 8 * (random() % 8)) + step / 100;
      const std::uint64_t charge = number % 7 == 0 ? 300 : 60 + static_cast<std::uint64_t>(number);
      const bool hit = cache.access(number, Bytes(charge));
      ASSERT_EQ(hit, model.access(number, charge)) << step;
      ASSERT_EQ(cache.queues().used().count, model.used()) << step;
      hit_count += hit ? 1 : 0;
    }
    for (int number = 0; number < 100; ++number) {
      EXPECT_EQ(cache.holds(number), model.holds(number));
    }
    EXPECT_GT(hit_count, 1'000);
    EXPECT_GT(cache.evicted().size(), 100u);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, QueuesModel, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace larder::tiers::resident_set_queues_test
