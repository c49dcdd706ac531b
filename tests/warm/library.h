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
  std::vector<std::string> subjects;
};

class Library {
 public:
  // Two or three works an author; a third of them with a second author. Every author has a genre, which the
  // works say in the ways of catalogues.
  Library(sim::Random& random, std::size_t authors);

  // The reply to any of the searches.
  sim::OriginReply answer(const std::string& url) const;

  std::vector<LibraryWork> works_of(const std::string& author) const;
  // Who is reached from these in so many levels, themselves included.
  std::set<std::string> reached(const std::vector<std::string>& roots, std::uint32_t levels) const;
  // The same where who is known for the same genre is found as well.
  std::set<std::string> reached_by_subject(const std::vector<std::string>& roots, std::uint32_t levels) const;
  // What most of the author's works are; "" if they say nothing of it.
  std::string genre_of(const std::string& author) const;
  // The five who are found by an author's genre, the most often named first.
  std::vector<std::string> related_to(const std::string& author) const;

  std::vector<std::string> authors;
  std::vector<LibraryWork> works;
};

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
  const sim::SimulatedJobs::Job& only_job() const;
  // What the isolate at work has counted of authors and their subjects.
  std::uint64_t subjects_counted(std::string_view outcome, std::string_view reason = {});
  // Another version takes over: what is under way is delivered to it.
  void deploy(std::string declarations);
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
  std::string declarations_;
  std::unique_ptr<sim::Isolate> isolate_;
  std::vector<std::unique_ptr<sim::Isolate>> gone_;
  std::map<std::string, Held> held_;
  std::map<std::string, Held> under_way_;
  std::uint64_t next_id_ = 1;
};

}  // namespace larder::warm
