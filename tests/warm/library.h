// A made-up library as Open Library answers for it, and the queues that deliver as the platform's do: at
// least once, in any order, to consumers that may be lost in the middle.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/random.h"
#include "support/isolate.h"
#include "support/jobs_object.h"
#include "support/operators_objects.h"

namespace larder::warm {

struct LibraryWork {
  std::string key;
  std::string title;
  std::vector<std::string> authors;
  std::string isbn;
};

class Library {
 public:
  // Two or three works an author; a third of them with a second author.
  Library(sim::Random& random, std::size_t authors);

  // The reply to any of the searches.
  sim::OriginReply answer(const std::string& url) const;

  std::vector<LibraryWork> works_of(const std::string& author) const;
  // Who is reached from these in so many levels, themselves included.
  std::set<std::string> reached(const std::vector<std::string>& roots, std::uint32_t levels) const;

  std::vector<std::string> authors;
  std::vector<LibraryWork> works;
};

// What goes wrong; of a hundred.
struct Weather {
  std::uint32_t twice = 0;   // a message is delivered again although it was acknowledged
  std::uint32_t lost = 0;    // a consumer is gone in the middle of its batch
  std::uint32_t faults = 0;  // an operation of KV, an object or a queue fails
  std::uint32_t busy = 0;    // the origin answers 429
  // The origin fails in between.
  Instant down_from = Instant::max();
  Instant down_until = Instant::max();
};

class Deployment {
 public:
  Deployment(std::uint64_t seed, std::size_t authors, Weather weather, TextPairs settings = {});

  // Uploads a list with these authors; the answer.
  sim::SimulatedHost::Exchange& upload(const std::vector<std::string>& names, const std::string& depth_max);
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
  const sim::SimulatedJobs::Job& only_job() const;
  // All faults stop.
  void calm() { weather = Weather(); }

  sim::Random random;
  Library library;
  Weather weather;
  sim::World world;
  sim::SimulatedJobs& jobs;
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
  std::unique_ptr<sim::Isolate> isolate_;
  std::vector<std::unique_ptr<sim::Isolate>> gone_;
  std::map<std::string, Held> held_;
  std::map<std::string, Held> under_way_;
  std::uint64_t next_id_ = 1;
};

}  // namespace larder::warm
