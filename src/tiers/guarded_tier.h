// A tier as the chain uses it: a store that fails is left alone for a while, and all that is done with it is
// counted, here and nowhere else.
#pragma once

#include <memory>
#include <vector>

#include "observe/counters.h"
#include "policy/breaker.h"
#include "tiers/tier.h"

namespace larder::tiers {

// One look-up of one tier. It counts once when it ends: as a hit where its entry answered, else as a miss. So
// hits and misses together are the look-ups, whatever becomes of what they found.
class Look {
 public:
  Look() {}
  Look(observe::Counters& counters, config::Tier tier, observe::Label pattern, EntryPtr entry)
      : tier_(tier), pattern_(pattern), counters_(&counters) {
    (entry != nullptr && is_stub(*entry) ? stub_ : entry_) = std::move(entry);
  }
  Look(Look&& other) noexcept
      : entry_(std::move(other.entry_)),
        stub_(std::move(other.stub_)),
        tier_(other.tier_),
        pattern_(other.pattern_),
        counters_(std::exchange(other.counters_, nullptr)) {}
  Look& operator=(Look&& other) noexcept {
    end(observe::Counter::cache_miss_total);
    entry_ = std::move(other.entry_);
    stub_ = std::move(other.stub_);
    tier_ = other.tier_;
    pattern_ = other.pattern_;
    counters_ = std::exchange(other.counters_, nullptr);
    return *this;
  }
  ~Look() { end(observe::Counter::cache_miss_total); }

  // Whether the tier was asked: a key may not live in it, and its breaker may be open.
  bool was_made() const { return tier_.has_value(); }
  std::optional<config::Tier> tier() const { return tier_; }
  // nullptr: it found nothing, or failed.
  const EntryPtr& entry() const { return entry_; }
  // What it found is a stub: where the value is. Then there is no entry.
  const EntryPtr& stub() const { return stub_; }
  // Another form of the entry in its place.
  void replace(EntryPtr entry) { entry_ = std::move(entry); }
  // The entry answers the read.
  void answers() { end(observe::Counter::cache_hits_total); }

 private:
  void end(observe::Counter counter) {
    if (counters_ != nullptr) {
      counters_->add(counter, observe::Label(*tier_), pattern_);
      counters_ = nullptr;
    }
  }

  EntryPtr entry_;
  EntryPtr stub_;
  std::optional<config::Tier> tier_;
  observe::Label pattern_;
  // nullptr: it has been counted, or there is nothing to count.
  observe::Counters* counters_ = nullptr;
};

class GuardedTier {
 public:
  // `counters` outlives it.
  GuardedTier(std::unique_ptr<CacheTier> tier, observe::Counters& counters);

  config::Tier tier() const { return tier_->tier(); }
  const config::TierRow& row() const { return config::row_of(tier()); }
  // The tier itself: uncounted and unguarded.
  CacheTier& bare() { return *tier_; }
  const CacheTier& bare() const { return *tier_; }

  // A failure is a look-up that found nothing. While the breaker is open none is made.
  host::Task<Look> look(host::Context here, Key key);
  // Errors: the store's; unavailable while its breaker is open.
  host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry);
  // In stretches of what the store gives at once. Errors: as put().
  host::Task<Result<std::vector<EntryPtr>>> get_many(host::Context here, std::vector<Key> keys);
  // Whatever the breaker says: a copy that stays would come back. Errors: the store's.
  host::Task<Result<bool>> remove(host::Context here, Key key);
  host::Task<Removal> remove_many(host::Context here, std::vector<std::string> storage_names);
  host::Task<NamedRemoval> remove_matching(host::Context here, std::string keys_under, NameSet names,
                                           std::string cursor, Instant give_up);
  host::Task<Result<KeyPage>> list(host::Context here, std::string prefix, std::string cursor,
                                   std::uint32_t count_max);

 private:
  // Whether the breaker lets an operation through; refusals are counted. One that was let through is
  // reported. A store that answers with a refusal (it is full, say) is not out of order: its other answers
  // are as good as before.
  bool admits(Instant now);
  template <typename T>
  void report(const Result<T>& done, Instant now);
  void count_error(const Error& error);

  std::unique_ptr<CacheTier> tier_;
  observe::Counters& counters_;
  policy::Breaker breaker_;
};

}  // namespace larder::tiers
