#include "engine/key_lock.h"

#include <algorithm>

#include "base/text.h"
#include "config/limits.h"
#include "host/operations.h"
#include "policy/decision.h"
#include "tiers/tier.h"

namespace larder::engine {

using observe::Counter;
using observe::Label;

namespace {

// Locks of destroyed permits that are remembered; further ones expire.
constexpr std::size_t dropped_max = 64;

class ObjectLock final : public KeyLock {
 public:
  host::Task<Result<LockReply>> acquire(host::Context here, std::string name, std::string token, Millis keep,
                                        Millis wait) override {
    auto acquired =
        co_await host::lock_acquire(here, name, token, config::millis_of(keep), config::millis_of(wait));
    if (!acquired) {
      co_return tl::make_unexpected(std::move(acquired.error()));
    }
    if (acquired->outcome > static_cast<std::uint8_t>(LockWord::alone)) {
      co_return fail(ErrorKind::corrupt, "lock", "The lock's answer has an outcome that is none.");
    }
    LockReply reply;
    reply.word = static_cast<LockWord>(acquired->outcome);
    reply.header = std::move(acquired->header);
    reply.content = std::move(acquired->content);
    co_return reply;
  }

  host::Task<Result<bool>> renew(host::Context here, std::string name, std::string token,
                                 Millis keep) override {
    // Its own token is granted again.
    const auto renewed = co_await acquire(here, std::move(name), std::move(token), keep, Millis(0));
    if (!renewed) {
      co_return tl::make_unexpected(renewed.error());
    }
    co_return renewed->word == LockWord::granted;
  }

  host::Task<Result<void>> release(host::Context here, std::string name, std::string token, LockWord word,
                                   std::string header, tiers::EntryPtr entry, Millis good_for) override {
    const host::Body nothing;
    const host::Body& content = entry == nullptr ? nothing : entry->body;
    const auto released = co_await host::lock_release(here, name, token, static_cast<std::uint8_t>(word),
                                                      header, content, config::millis_of(good_for));
    if (!released) {
      co_return tl::make_unexpected(released.error());
    }
    co_return Result<void>();
  }
};

class ChosenLock final : public KeyLock {
 public:
  ChosenLock(const config::Settings& settings, redis::Client redis)
      : settings_(settings),
        object_(make_object_lock()),
        redis_(make_redis_lock(settings.cache_prefix, std::move(redis))) {}

  host::Task<Result<LockReply>> acquire(host::Context here, std::string name, std::string token, Millis keep,
                                        Millis wait) override {
    return chosen().acquire(here, std::move(name), std::move(token), keep, wait);
  }
  host::Task<Result<bool>> renew(host::Context here, std::string name, std::string token,
                                 Millis keep) override {
    return chosen().renew(here, std::move(name), std::move(token), keep);
  }
  host::Task<Result<void>> release(host::Context here, std::string name, std::string token, LockWord word,
                                   std::string header, tiers::EntryPtr entry, Millis good_for) override {
    return chosen().release(here, std::move(name), std::move(token), word, std::move(header),
                            std::move(entry), good_for);
  }

 private:
  KeyLock& chosen() {
    return settings_.cache_implementation == config::CacheImplementation::redis ? *redis_ : *object_;
  }

  const config::Settings& settings_;
  std::unique_ptr<KeyLock> object_;
  std::unique_ptr<KeyLock> redis_;
};

}  // namespace

std::unique_ptr<KeyLock> make_object_lock() { return std::make_unique<ObjectLock>(); }

std::unique_ptr<KeyLock> make_key_lock(const config::Settings& settings, redis::Client redis) {
  return std::make_unique<ChosenLock>(settings, std::move(redis));
}

Permit::Permit(Locks& locks, std::string name, std::string token)
    : locks_(&locks), name_(std::move(name)), token_(std::move(token)) {
  ++locks.held_;
}

void Permit::let_go() {
  if (locks_ != nullptr) {
    --locks_->held_;
    locks_ = nullptr;
  }
}

Permit& Permit::operator=(Permit&& other) noexcept {
  if (this != &other) {
    drop();
    locks_ = std::exchange(other.locks_, nullptr);
    name_ = std::move(other.name_);
    token_ = std::move(other.token_);
  }
  return *this;
}

void Permit::drop() {
  if (locks_ != nullptr && locks_->dropped_.size() < dropped_max) {
    locks_->dropped_.emplace_back(std::move(name_), std::move(token_));
  }
  let_go();
}

Locks::Locks(const config::Settings& settings, observe::Counters& counters, std::unique_ptr<KeyLock> lock)
    : settings_(settings),
      counters_(counters),
      lock_(std::move(lock)),
      breaker_(policy::breaker_rules(config::limit::lock_wait)) {}

host::Task<Locks::Taken> Locks::take(host::Context here, tiers::Key key, std::string name, Millis keep,
                                     Instant give_up) {
  Taken taken;
  const std::string token = to_hex(here.host().random_bytes(16));
  for (Instant now = here.host().now();; now = here.host().now()) {
    if (!breaker_.admit(now)) {
      counters_.add(Counter::breaker_refused_total, "lock");
      co_return taken;
    }
    const Millis wait = std::max(give_up - now, Millis(0));
    auto reply = co_await lock_->acquire(here, name, token, keep, wait);
    now = here.host().now();
    if (!reply) {
      breaker_.failed(now);
      counters_.add(Counter::cache_errors_total, "lock", Label(reply.error().kind));
      co_return taken;
    }
    breaker_.succeeded();
    if (reply->word == LockWord::granted) {
      counters_.add(Counter::lock_acquired_total);
      taken.state = State::held;
      taken.permit = Permit(*this, std::move(name), token);
      co_return taken;
    }
    counters_.add(Counter::lock_contended_total);
    if (reply->word == LockWord::alone) {
      co_return taken;
    }
    if (reply->word == LockWord::value) {
      taken.entry = tiers::readable_entry(reply->header, std::move(reply->content), key);
      taken.state = taken.entry == nullptr ? State::no_lock : State::value;
      co_return taken;
    }
    if (now >= give_up) {
      taken.state = State::busy;
      co_return taken;
    }
  }
}

host::Task<bool> Locks::renew(host::Context here, const Permit& permit, Millis keep) {
  const auto renewed = co_await lock_->renew(here, permit.name_, permit.token_, keep);
  if (!renewed) {
    counters_.add(Counter::cache_errors_total, "lock", Label(renewed.error().kind));
    co_return true;
  }
  co_return *renewed;
}

host::Task<void> Locks::hand_over(host::Context here, Permit permit, tiers::EntryPtr entry) {
  permit.leave_to_its_time();
  const bool is_small = entry != nullptr && entry->body.size() <= settings_.value_bytes_max;
  const LockWord word = is_small ? LockWord::value : LockWord::alone;
  co_await release(here, std::move(permit.name_), std::move(permit.token_), word, std::move(entry));
}

host::Task<void> Locks::give_up(host::Context here, Permit permit) {
  permit.leave_to_its_time();
  co_await release(here, std::move(permit.name_), std::move(permit.token_), LockWord::retry, nullptr);
}

host::Task<void> Locks::hand_back(host::Context here) {
  while (!dropped_.empty()) {
    Dropped one = std::move(dropped_.back());
    dropped_.pop_back();
    co_await release(here, std::move(one.name), std::move(one.token), LockWord::retry, nullptr);
  }
}

host::Task<void> Locks::release(host::Context here, std::string name, std::string token, LockWord word,
                                tiers::EntryPtr entry) {
  std::string header;
  Millis good_for{0};
  if (word == LockWord::value) {
    header = entry::encode(entry->header, Bytes(config::limit::header_value_bytes_max)).value_or("");
    const Millis age = policy::standing(entry->header, here.host().now()).age;
    // An isolate that would refresh it at once has no use for it.
    good_for = std::clamp(policy::eager_age(entry->header) - age, Millis(0), config::limit::lock_value_kept);
  }
  if (word == LockWord::value && header.empty()) {
    word = LockWord::alone;
    good_for = Millis(0);
  }
  if (word != LockWord::value) {
    entry = nullptr;
  }
  const auto released = co_await lock_->release(here, std::move(name), std::move(token), word,
                                                std::move(header), std::move(entry), good_for);
  if (!released) {
    // The lock expires by itself.
    counters_.add(Counter::cache_errors_total, "lock", Label(released.error().kind));
  }
}

}  // namespace larder::engine
