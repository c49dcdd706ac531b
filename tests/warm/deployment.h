// A deployment that warms: the made-up library as its origin, and queues that deliver as the platform's do:
// at least once, in any order, to consumers that may be lost in the middle.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/random.h"
#include "support/isolate.h"
#include "support/jobs_view.h"
#include "support/library.h"

namespace larder::warm {

// What goes wrong; of a hundred.
struct Weather {
  std::uint32_t twice = 0;           // a message is delivered again although it was acknowledged
  std::uint32_t lost = 0;            // a consumer is gone in the middle of its batch
  std::uint32_t faults = 0;          // an operation of KV, an object or a queue fails
  std::uint32_t busy = 0;            // the origin answers 429
  std::uint32_t subject_status = 0;  // it answers this to every search by subject
  // The origin fails in between.
  Instant down_from = Instant::max();
  Instant down_until = Instant::max();
};

class Deployment {
 public:
  Deployment(std::uint64_t seed, std::size_t authors, Weather weather, TextPairs settings = {},
             std::string declarations = sim::book_declarations());

  // Uploads a list with these authors; the answer. `options`: further fields of the form.
  sim::SimulatedHost::Exchange& upload(const std::vector<std::string>& names, const std::string& depth_max,
                                       const TextPairs& options = {});
  // Requests to the origin by subject.
  std::size_t subjects_asked() const;
  sim::SimulatedHost::Exchange& call(std::string method, std::string path, std::string body = "");
  // Runs until no message is left; at most `rounds` deliveries.
  void drain(std::size_t rounds = 20'000);
  // So many deliveries at most.
  void drain_some(std::size_t rounds) {
    while (rounds > 0 && deliver_once()) {
      --rounds;
    }
  }
  // The job's state and sums.
  sim::JobsView::Job only_job() const;
  // What the isolate at work has counted of authors and their subjects.
  std::uint64_t subjects_counted(std::string_view outcome, std::string_view reason = {});
  // Another version takes over: what is under way is delivered to it.
  void deploy(std::string declarations);
  // All faults stop.
  void calm() { weather = Weather(); }

  sim::Random random;
  sim::Library library;
  Weather weather;
  sim::World world;
  sim::JobsView jobs{world};
  std::size_t deliveries = 0;
  std::size_t consumers_lost = 0;
  std::size_t platform_letters = 0;

 private:
  struct Held {
    std::string id;
    std::string queue;
    std::string body;
    std::uint32_t attempts = 0;
    Instant from;
  };
  void collect();
  bool deliver_once();
  void settle(const std::vector<std::string>& acknowledged, const std::vector<std::string>& retried,
              Millis delay);
  void renew();

  TextPairs settings_;
  std::string declarations_;
  std::unique_ptr<sim::Isolate> isolate_;
  std::vector<std::unique_ptr<sim::Isolate>> gone_;
  std::map<std::string, Held> held_;
  std::map<std::string, Held> under_way_;
  std::uint64_t next_id_ = 1;
};

}  // namespace larder::warm
