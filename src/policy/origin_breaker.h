// Which requests an origin is spared, judged so that what one key suffers, or makes the origin suffer, is no
// other key's loss. Three circuits lie one within the other:
//
// - A key's own opens after failures in a row, and for as long as its Retry-After says.
// - A resource's opens by rate: enough distinct keys fail (or are slow) within a window, and they are a large
//   enough share of those that were asked. As long as any key is answered, only keys that have worked before
//   are evidence: whoever asks for what makes an origin fail proves nothing about the rest. A path of mode
//   http counts once, however many queries it fails.
// - The origin's opens in the same way, by keys of more than one resource.
//
// Half-open, a circuit lets a few probes through, of which a key that has worked before always finds a place;
// its success closes the circuit at once, and so does time in which nobody asked (breaker.h). Retry-After
// holds a resource, or the origin, once several keys have been told so and no key was answered since. All of
// it is kept by each isolate for itself.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "policy/breaker.h"

namespace larder::policy {

struct OriginBreakerRules {
  // Only what happened within this counts.
  Millis window;
  // Distinct keys that have to fail before a resource or an origin is judged at all.
  std::size_t keys_min;
  // Shares of the keys asked, in percent: failing; and failing or slow, of twice `keys_min`.
  std::uint32_t failing_percent;
  std::uint32_t slow_percent;
  // At the same time, while half-open.
  std::size_t probes_max;
  // Keys that have to be told Retry-After until it holds for their resource.
  std::size_t told_keys_min;
  // Remembered of each circuit, and held on their own.
  std::size_t keys_remembered_max;
  std::size_t keys_held_max;
  // A key's failures in a row, and the times of all circuits.
  BreakerRules times;

  explicit OriginBreakerRules(const BreakerRules& times_);
};

// What is asked for.
struct OriginCall {
  std::string_view resource;
  std::string_view key;
  // The keys that are judged as one, as the queries of a path are; empty: the key alone.
  std::string_view group;

  OriginCall(std::string_view resource_, std::string_view key_, std::string_view group_)
      : resource(resource_), key(key_), group(group_) {}
};

enum class CallOutcome : std::uint8_t { good, slow, failed };

// One of the two wider circuits.
class RateCircuit {
 public:
  // `resources_min`: of so many resources failing keys have to be.
  RateCircuit(const OriginBreakerRules& rules, std::size_t resources_min);

  BreakerState state(Instant now) const;
  // Whether a request for the key may be sent at this time.
  bool may_ask(Instant now, std::string_view key) const;
  // The same, and it is about to be sent: a report or withdraw() is owed.
  bool admit(Instant now, std::string_view key);
  void report(Instant now, const OriginCall& call, CallOutcome outcome);
  void withdraw(std::string_view key);
  // The key was told to stay away until then.
  void told(Instant now, const OriginCall& call, Instant until);
  Instant open_until() const { return open_until_; }

 private:
  struct Key {
    std::string key;
    std::string group;
    std::string resource;
    // Of the last call that counts.
    Instant at;
    CallOutcome outcome = CallOutcome::good;
    bool was_fast = false;

    Key() {}
  };
  struct Told {
    std::string key;
    std::string resource;
    Instant at;
    Instant until;

    Told() {}
  };
  struct Probe {
    std::string key;
    bool has_worked = false;
    Instant until;

    Probe() {}
  };
  enum class Evidence : std::uint8_t {
    none,
    // None of the keys has ever worked.
    weak,
    strong,
  };

  bool has_worked(std::string_view key) const;
  void remember(Instant now, const OriginCall& call, CallOutcome outcome);
  // Whether enough keys are at fault. `slow_too`: being slow is a fault as well.
  enum class Fault : std::uint8_t { failing, failing_or_slow };
  Evidence judge(Instant now, Fault fault) const;
  void open(Instant now, Instant until, Evidence evidence);
  void close(Instant now);
  // Whether the key has ever been answered well.
  enum class KeyHistory : std::uint8_t { never_worked, has_worked };
  void probe_failed(Instant now, KeyHistory history);
  enum class Probes : std::uint8_t { all, unproven };
  std::size_t count(Instant now, Probes probes) const;

  OriginBreakerRules rules_;
  std::size_t resources_min_;
  // Each with the latest last: those that have worked, and those that never have.
  std::deque<Key> proven_;
  std::deque<Key> unproven_;
  std::deque<Told> told_;
  std::vector<Probe> probes_;
  // Nothing from before counts.
  Instant since_;
  Instant good_at_;
  bool is_open_ = false;
  Evidence evidence_ = Evidence::none;
  Instant open_until_;
  Instant early_probe_from_;
  Millis open_for_;
  std::size_t probes_good_ = 0;
  std::size_t probes_failed_ = 0;
};

class OriginBreaker {
 public:
  explicit OriginBreaker(const OriginBreakerRules& rules);

  // Whether the request may be sent. Where the answer is yes, a report or withdraw() is owed.
  bool admit(Instant now, const OriginCall& call);
  // As admit(), and nothing is about to be sent.
  bool may_ask(Instant now, const OriginCall& call) const;
  // `stay_away`: the Retry-After of a call that failed; 0: it had none.
  void report(Instant now, const OriginCall& call, CallOutcome outcome, Millis stay_away);
  // Nothing was sent after all.
  void withdraw(const OriginCall& call);
  // When the key may be asked for again, as far as is known; not later than now if at once.
  Instant open_until(Instant now, const OriginCall& call) const;

 private:
  struct Held {
    Breaker breaker;
    Instant at;

    Held(const Breaker& breaker_, Instant at_) : breaker(breaker_), at(at_) {}
  };
  RateCircuit& resource_of(std::string_view name);
  const RateCircuit* find_resource(std::string_view name) const;
  Held& hold(Instant now, std::string_view key);

  OriginBreakerRules rules_;
  // Keys that fail, each by itself.
  std::map<std::string, Held, std::less<>> held_;
  std::map<std::string, RateCircuit, std::less<>> resources_;
  RateCircuit origin_;
};

}  // namespace larder::policy
