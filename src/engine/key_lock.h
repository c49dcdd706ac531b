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
#include "redis/client.h"
#include "tiers/cache.h"

namespace larder::engine {

// What a lock says to one who asks for it, and what its holder leaves behind: the numbers of lock_acquire and
// lock_release (host/ops.def).
enum class LockWord : std::uint8_t {
  retry = 0,    // the holder ended without an answer, or the wait is over
  granted = 1,  // the asker holds it
  value = 2,    // the holder's answer
  alone = 3,    // the holder's answer may not be shared
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
  // Waits at most `wait`. Granted for `keep`, unless it is released before.
  virtual host::Task<Result<LockReply>> acquire(host::Context here, std::string name, std::string token,
                                                Millis keep, Millis wait) = 0;
  // Whether the token's holder has the lock, which it then keeps for `keep` from now on. A lock that nobody
  // holds any more is granted to it again.
  virtual host::Task<Result<bool>> renew(host::Context here, std::string name, std::string token,
                                         Millis keep) = 0;
  // A value is kept for those who come within `good_for`. `entry`: with LockWord::value.
  virtual host::Task<Result<void>> release(host::Context here, std::string name, std::string token,
                                           LockWord word, std::string header, tiers::EntryPtr entry,
                                           Millis good_for) = 0;
};

// Locks in Durable Objects, one a key.
std::unique_ptr<KeyLock> make_object_lock();
// Locks in Redis (engine/redis_lock.cpp). Their names are in the deployment's prefix.
std::unique_ptr<KeyLock> make_redis_lock(std::string cache_prefix, redis::Client redis);
// Those of CACHE_IMPL at each moment: in Redis where it is the shared tier. A lock that was taken in one and
// is handed back in the other ends by its time. `settings` outlive it.
std::unique_ptr<KeyLock> make_key_lock(const config::Settings& settings, redis::Client redis);

class Locks;

// The right to ask the origin for a key, and the duty to release its lock. The lock of a permit that is
// destroyed is released by a later request behind its response (Locks::hand_back), so that no request waits
// for a holder that is gone.
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
  // The lock stays until its time is over, so that no other isolate asks so soon.
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
  // False: its time was over, and another isolate has it. Where the lock fails, it counts as held.
  host::Task<bool> renew(host::Context here, const Permit& permit, Millis keep);
  // Releases the lock with the answer to share; nullptr: there is none.
  host::Task<void> hand_over(host::Context here, Permit permit, tiers::EntryPtr entry);
  // Releases the lock without an answer: the next isolate asks the origin.
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
