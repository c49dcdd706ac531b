// The lock of a key: of all isolates one asks the origin, and hands its answer to those that wait.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "host/host.h"
#include "host/requests.h"
#include "host/task.h"
#include "observe/counters.h"
#include "policy/breaker.h"
#include "tiers/cache.h"

namespace larder::engine {

// What a lock says to one who asks for it, and what its holder leaves behind: the numbers of lock_acquire and
// lock_release (host/ops.def).
enum class LockWord : std::uint8_t {
  retry = 0,    // the holder ended without an answer, or the wait is over
  granted = 1,  // the asker holds it
  value = 2,    // the holder's answer
  alone = 3,    // the holder's answer is nobody else's business
};

struct LockReply {
  LockWord word = LockWord::retry;
  // With `value`.
  std::string header;
  host::Body content;

  LockReply() {}
};

// A store of locks. Errors: the store's.
class KeyLock {
 public:
  virtual ~KeyLock() = default;
  // Waits at most `wait`. Granted for `keep`, unless it is released before; the holder's own token renews it.
  virtual host::Task<Result<LockReply>> acquire(host::Context here, std::string name, std::string token,
                                                Millis keep, Millis wait) = 0;
  // A value is kept for those who come within `good_for`. `entry`: with LockWord::value.
  virtual host::Task<Result<void>> release(host::Context here, std::string name, std::string token,
                                           LockWord word, std::string header, tiers::EntryPtr entry,
                                           Millis good_for) = 0;
};

// Locks in Durable Objects, one a key.
std::unique_ptr<KeyLock> make_object_lock();

class Locks;

// The right to ask the origin for a key, and the duty to hand its lock back. One that is dropped leaves that
// to the next request that has time for it (Locks::hand_back), so that nobody waits for a holder who is gone.
class Permit {
 public:
  Permit() {}
  Permit(Locks& locks, std::string name, std::string token);
  Permit(Permit&& other) noexcept
      : locks_(std::exchange(other.locks_, nullptr)),
        name_(std::move(other.name_)),
        token_(std::move(other.token_)) {}
  Permit& operator=(Permit&& other) noexcept;
  ~Permit() { drop(); }

  bool is_held() const { return locks_ != nullptr; }
  // The lock stays until its time is over: nobody else is to ask so soon.
  void leave_to_its_time() { let_go(); }

 private:
  friend class Locks;
  void drop();
  void let_go();

  // nullptr: none is held.
  Locks* locks_ = nullptr;
  std::string name_;
  std::string token_;
};

class Locks {
 public:
  enum class State : std::uint8_t {
    held,     // `permit` is its
    value,    // its holder's answer is `entry`, unjudged
    busy,     // somebody holds it, and the wait is over
    no_lock,  // it failed, or its holder has nothing to share
  };
  struct Taken {
    State state = State::no_lock;
    Permit permit;
    tiers::EntryPtr entry;

    Taken() {}
  };

  // Both outlive it.
  Locks(const config::Settings& settings, observe::Counters& counters, std::unique_ptr<KeyLock> lock);

  // Waits at most until `give_up`; `keep` is how long the holder may take.
  host::Task<Taken> take(host::Context here, tiers::Key key, std::string name, Millis keep, Instant give_up);
  // False: its time was over, and another isolate has it. A lock that fails is believed to be held.
  host::Task<bool> renew(host::Context here, const Permit& permit, Millis keep);
  // Hands the lock back with the answer, or, with nullptr, with the word that there is none to share.
  host::Task<void> hand_over(host::Context here, Permit permit, tiers::EntryPtr entry);
  // Without an answer: the next one tries.
  host::Task<void> give_up(host::Context here, Permit permit);
  // The locks of permits that were dropped. To be called behind a response.
  host::Task<void> hand_back(host::Context here);
  std::size_t dropped() const { return dropped_.size(); }
  // Permits that are held.
  std::size_t held() const { return held_; }

 private:
  friend class Permit;
  struct Dropped {
    std::string name;
    std::string token;

    Dropped(std::string name_, std::string token_) : name(std::move(name_)), token(std::move(token_)) {}
  };

  host::Task<void> release(host::Context here, std::string name, std::string token, LockWord word,
                           tiers::EntryPtr entry);

  const config::Settings& settings_;
  observe::Counters& counters_;
  std::unique_ptr<KeyLock> lock_;
  policy::Breaker breaker_;
  std::vector<Dropped> dropped_;
  std::size_t held_ = 0;
};

}  // namespace larder::engine
