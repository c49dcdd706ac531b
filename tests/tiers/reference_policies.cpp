#include "tiers/reference_policies.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "tiers/resident_set.h"

namespace larder::tiers {
namespace {

// Doubly linked lists over keys; a key is in one of them or in none.
class KeyLists {
 public:
  KeyLists(std::size_t key_count, std::size_t list_count) : nodes_(key_count), lists_(list_count) {}

  bool holds(std::size_t list, NumberedKey key) const { return nodes_[key].list == list; }
  bool has(NumberedKey key) const { return nodes_[key].list != none; }
  std::size_t list_of(NumberedKey key) const { return nodes_[key].list; }
  std::size_t count(std::size_t list) const { return lists_[list].count; }
  // Precondition of oldest(): the list is not empty.
  NumberedKey oldest(std::size_t list) const { return static_cast<NumberedKey>(lists_[list].oldest); }

  void push(std::size_t list, NumberedKey key) {
    List& target = lists_[list];
    nodes_[key] = Node{list, none, target.newest};
    (target.newest == none ? target.oldest : nodes_[target.newest].newer) = key;
    target.newest = key;
    ++target.count;
  }

  void remove(NumberedKey key) {
    const Node node = nodes_[key];
    List& source = lists_[node.list];
    (node.newer == none ? source.newest : nodes_[node.newer].older) = node.older;
    (node.older == none ? source.oldest : nodes_[node.older].newer) = node.newer;
    --source.count;
    nodes_[key].list = none;
  }

  void move(std::size_t list, NumberedKey key) {
    remove(key);
    push(list, key);
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  struct Node {
    std::size_t list = none;
    std::size_t newer = none;
    std::size_t older = none;
  };
  struct List {
    std::size_t newest = none;
    std::size_t oldest = none;
    std::size_t count = 0;
  };

  std::vector<Node> nodes_;
  std::vector<List> lists_;
};

class Lru {
 public:
  Lru(std::size_t key_count, std::size_t entry_count) : entry_count_(entry_count), lists_(key_count, 1) {}

  bool access(NumberedKey key) {
    if (lists_.has(key)) {
      lists_.move(0, key);
      return true;
    }
    if (lists_.count(0) == entry_count_) {
      lists_.remove(lists_.oldest(0));
    }
    lists_.push(0, key);
    return false;
  }

 private:
  std::size_t entry_count_;
  KeyLists lists_;
};

class S3Fifo {
 public:
  S3Fifo(std::size_t key_count, std::size_t entry_count)
      : entry_count_(entry_count), lists_(key_count, 3), references_(key_count) {}

  bool access(NumberedKey key) {
    if (lists_.holds(small, key) || lists_.holds(main, key)) {
      references_[key] = std::min(references_[key] + 1, 3);
      return true;
    }
    const bool is_ghost = lists_.holds(ghosts, key);
    if (is_ghost) {
      lists_.remove(key);
    }
    while (lists_.count(small) + lists_.count(main) >= entry_count_) {
      evict();
    }
    references_[key] = 0;
    lists_.push(is_ghost ? main : small, key);
    return false;
  }

 private:
  static constexpr std::size_t small = 0;
  static constexpr std::size_t main = 1;
  static constexpr std::size_t ghosts = 2;

  void evict() {
    const bool small_is_full = lists_.count(small) >= std::max<std::size_t>(1, entry_count_ / 10);
    if ((small_is_full || lists_.count(main) == 0) && evict_from_small()) {
      return;
    }
    while (true) {
      const NumberedKey oldest = lists_.oldest(main);
      if (references_[oldest] == 0) {
        lists_.remove(oldest);
        return;
      }
      --references_[oldest];
      lists_.move(main, oldest);
    }
  }

  // Whether one left: all may have earned their place in main.
  bool evict_from_small() {
    while (lists_.count(small) > 0) {
      const NumberedKey oldest = lists_.oldest(small);
      if (references_[oldest] < 2) {
        lists_.move(ghosts, oldest);
        while (lists_.count(ghosts) > entry_count_ * 9 / 10) {
          lists_.remove(lists_.oldest(ghosts));
        }
        return true;
      }
      references_[oldest] = 0;
      lists_.move(main, oldest);
    }
    return false;
  }

  std::size_t entry_count_;
  KeyLists lists_;
  std::vector<int> references_;
};

class AdaptiveTinyLfu {
 public:
  AdaptiveTinyLfu(std::size_t key_count, std::size_t entry_count)
      : entry_count_(entry_count),
        lists_(key_count, 3),
        frequencies_(key_count),
        step_(-static_cast<double>(entry_count) / 16) {
    set_window(static_cast<double>(entry_count) / 100);
  }

  bool access(NumberedKey key) {
    count(key);
    const bool hit = lists_.has(key);
    if (hit) {
      lists_.move(lists_.holds(window, key) ? window : guarded, key);
    } else {
      lists_.push(window, key);
    }
    settle();
    climb(hit);
    return hit;
  }

 private:
  static constexpr std::size_t window = 0;
  static constexpr std::size_t probation = 1;
  static constexpr std::size_t guarded = 2;

  void count(NumberedKey key) {
    frequencies_[key] = std::min(frequencies_[key] + 1, 15);
    if (++counted_ < 10 * entry_count_) {
      return;
    }
    counted_ /= 2;
    for (int& frequency : frequencies_) {
      frequency /= 2;
    }
  }

  void set_window(double entry_count) {
    window_max_ = std::clamp(entry_count, 1.0, static_cast<double>(entry_count_));
  }

  void settle() {
    const double guarded_max = (static_cast<double>(entry_count_) - window_max_) * 0.8;
    while (static_cast<double>(lists_.count(guarded)) > guarded_max) {
      lists_.move(probation, lists_.oldest(guarded));
    }
    while (static_cast<double>(lists_.count(window)) > std::floor(window_max_)) {
      const NumberedKey candidate = lists_.oldest(window);
      const std::optional<NumberedKey> victim = victim_of_main();
      lists_.move(probation, candidate);
      if (is_over()) {
        const bool stays = victim && frequencies_[candidate] > frequencies_[*victim];
        lists_.remove(stays ? *victim : candidate);
      }
    }
    while (is_over()) {
      lists_.remove(victim_of_main().value_or(lists_.oldest(window)));
    }
  }

  bool is_over() const {
    return lists_.count(window) + lists_.count(probation) + lists_.count(guarded) > entry_count_;
  }

  std::optional<NumberedKey> victim_of_main() const {
    for (const std::size_t list : {probation, guarded}) {
      if (lists_.count(list) > 0) {
        return lists_.oldest(list);
      }
    }
    return std::nullopt;
  }

  // As Caffeine does: further where hits became more, back where they became less.
  void climb(bool hit) {
    hits_ += hit ? 1 : 0;
    if (++accesses_ < 10 * entry_count_) {
      return;
    }
    const double ratio = static_cast<double>(hits_) / static_cast<double>(accesses_);
    hits_ = 0;
    accesses_ = 0;
    if (former_ratio_) {
      const double change = ratio - *former_ratio_;
      const double amount = change >= 0 ? step_ : -step_;
      const double restart = std::copysign(static_cast<double>(entry_count_) / 16, amount);
      step_ = std::abs(change) >= 0.05 ? restart : amount * 0.98;
      set_window(window_max_ + amount);
    }
    former_ratio_ = ratio;
  }

  std::size_t entry_count_;
  KeyLists lists_;
  std::vector<int> frequencies_;
  std::size_t counted_ = 0;
  double window_max_ = 1;
  double step_;
  std::size_t hits_ = 0;
  std::size_t accesses_ = 0;
  std::optional<double> former_ratio_;
};

class Resident {
 public:
  Resident(std::size_t entry_count, std::uint64_t seed) : set_(Bytes(entry_count * charge), seed) {}

  bool access(NumberedKey key) {
    const std::string name = to_text(std::uint64_t{key});
    if (set_.find(name) != nullptr) {
      return true;
    }
    // Every entry is charged the same, however long its name.
    set_.put(name, Value{}, Bytes(charge - Set::overhead().count - name.size()));
    return false;
  }

 private:
  struct Value {};
  using Set = ResidentSet<Value>;
  static constexpr std::uint64_t charge = 1000;

  Set set_;
};

template <typename Policy>
double percent_of(Policy policy, const NumberedTrace& trace) {
  std::size_t hits = 0;
  for (const NumberedKey key : trace.accesses) {
    hits += policy.access(key) ? 1U : 0U;
  }
  return 100.0 * static_cast<double>(hits) / static_cast<double>(trace.accesses.size());
}

}  // namespace

double lru_percent(const NumberedTrace& trace, std::size_t entry_count) {
  return percent_of(Lru(trace.key_count, entry_count), trace);
}

double s3_fifo_percent(const NumberedTrace& trace, std::size_t entry_count) {
  return percent_of(S3Fifo(trace.key_count, entry_count), trace);
}

double adaptive_tiny_lfu_percent(const NumberedTrace& trace, std::size_t entry_count) {
  return percent_of(AdaptiveTinyLfu(trace.key_count, entry_count), trace);
}

double resident_percent(const NumberedTrace& trace, std::size_t entry_count, std::uint64_t seed) {
  Resident resident(entry_count, seed);
  std::size_t hits = 0;
  for (const NumberedKey key : trace.accesses) {
    hits += resident.access(key) ? 1U : 0U;
  }
  return 100.0 * static_cast<double>(hits) / static_cast<double>(trace.accesses.size());
}

}  // namespace larder::tiers
