// The warming queues as the platform keeps them: every message at least once, in any order, a few times; what
// does not come to an end goes to the letters' queue (wrangler.toml).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/operations.h"
#include "sim/random.h"
#include "support/isolate.h"

namespace larder::sim {

// As wrangler.toml names them.
inline constexpr std::string_view normal_queue = "author-warming-queue";
inline constexpr std::string_view priority_queue = "author-warming-priority";
inline constexpr std::string_view letter_queue = "author-warming-dlq";

class Queues {
 public:
  static constexpr std::size_t batch_max = 10;
  static constexpr std::size_t batches_at_once = 5;

  struct Batch {
    std::string queue;
    std::vector<Isolate::Sent> messages;
  };

  explicit Queues(Random& random) : random_(random) {}

  // Of a producer's binding.
  void send(const std::string& binding, std::string body, Instant from);
  // Some of what is due, in no order; nullopt if nothing is, or enough are at work on it.
  std::optional<Batch> deliver(Instant now, std::size_t under_way);
  // The next time that something will be due; Instant::max() if nothing waits.
  Instant next_due() const;
  // What deliver() gave: its consumer is done with it, hands it back, or is gone.
  void acknowledge(const std::string& id);
  void retry(const std::string& id, Instant from);
  // As acknowledge(), and yet it comes again.
  void acknowledge_in_vain(const std::string& id, Instant from);
  // It will never come again, although nobody was done with it. False: it does not wait.
  bool lose_one(Random& random);

  bool is_under_way(const std::string& id) const { return under_way_.count(id) == 1; }
  const std::string& body_of(const std::string& id) const { return under_way_.at(id).body; }
  // Whether it came from the letters' queue.
  bool is_letter(const std::string& id) const;
  bool empty() const { return waiting_.empty() && under_way_.empty(); }
  // All that was sent and nobody has acknowledged, but this one; what was lost too.
  template <typename Wanted>
  bool has_other(const std::string& id, Wanted wanted) const {
    for (const auto* const kept : {&waiting_, &under_way_, &lost_}) {
      for (const auto& [other, held] : *kept) {
        if (other != id && wanted(held.body)) {
          return true;
        }
      }
    }
    return false;
  }
  std::uint64_t platform_letters() const { return platform_letters_; }

 private:
  struct Held {
    std::string queue;
    std::string body;
    std::uint32_t attempts = 0;
    Instant from;
  };
  using Messages = std::map<std::string, Held>;
  Held take(const std::string& id);

  Random& random_;
  Messages waiting_;
  Messages under_way_;
  Messages lost_;
  std::uint64_t next_id_ = 1;
  std::uint64_t platform_letters_ = 0;
};

}  // namespace larder::sim
