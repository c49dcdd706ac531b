// The jobs' Durable Object, natively: the same rules as shim/objects/job.js.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "config/json_text.h"
#include "support/world.h"

namespace larder::sim {

class SimulatedJobs final : public SimulatedObjects {
 public:
  ObjectReply call(Instant now, const std::string& name, const std::string& method,
                   const std::string& argument) override;

  struct Level {
    std::uint64_t queued = 0;
    std::uint64_t processed = 0;
    std::uint64_t failed = 0;
    std::uint64_t skipped = 0;
    std::uint64_t works = 0;

    std::uint64_t open() const { return queued - processed - failed - skipped; }
  };
  struct Item {
    std::uint64_t number = 0;
    std::string job;
    std::string key;
    std::uint64_t remaining = 0;
    std::uint64_t depth = 0;
    std::string name;
    std::string source;
    std::string parent;
    std::string state;
  };
  struct Job {
    std::uint64_t number = 0;
    std::string id;
    std::string digest;
    std::string state;
    std::string options;
    std::uint64_t beyond = 0;
    std::uint64_t created = 0;
    std::uint64_t started = 0;
    std::uint64_t completed = 0;
    std::uint64_t touched = 0;
    std::map<std::uint64_t, Level> levels;

    bool is_active() const { return state == "queued" || state == "running"; }
    Level sum() const;
  };
  struct Letter {
    std::uint64_t number = 0;
    std::string job;
    std::string key;
    std::uint64_t remaining = 0;
    std::string body;
    std::string reason;
    std::string message;
    std::uint64_t at = 0;
  };

  std::map<std::string, Job> jobs;
  std::vector<Item> items;
  std::vector<Letter> letters;
  // Defects, for the tests of what watches over it: an item is counted however often it is settled; a job is
  // over when its list is.
  bool counts_twice = false;
  bool ends_early = false;

  std::uint64_t pending() const;

 private:
  ObjectReply open(const config::JsonText& asked);
  ObjectReply begin(const config::JsonText& asked);
  ObjectReply discover(const config::JsonText& asked);
  ObjectReply settle(const config::JsonText& asked);
  ObjectReply list(const config::JsonText& asked);
  ObjectReply cancel(const config::JsonText& asked);
  ObjectReply walk(const config::JsonText& asked);
  ObjectReply keep(const config::JsonText& asked);
  ObjectReply show_letters(const config::JsonText& asked);
  ObjectReply replay(const config::JsonText& asked);
  ObjectReply resent(const config::JsonText& asked);
  ObjectReply quiet(const config::JsonText& asked);
  ObjectReply prune(const config::JsonText& asked);

  Job* active(const std::string& id);
  void start(Job& job, std::uint64_t now);
  Item* find(const std::string& job, const std::string& key, std::uint64_t remaining);
  void add(Job& job, const config::JsonText& item, const std::string& parent);
  bool account(const config::JsonText& item, std::uint64_t now);
  bool end_if_over(Job& job, std::uint64_t now);
  void forget(const std::string& job);
  void write_job(JsonWriter& json, const Job& job) const;
  void write_item(JsonWriter& json, const Item& item) const;
  void write_totals(JsonWriter& json) const;

  std::uint64_t next_number_ = 1;
  std::uint64_t authors_ = 0;
  std::uint64_t works_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t completed_ = 0;
};

// Puts one into a world that has none.
SimulatedJobs& add_jobs_object(World& world);

}  // namespace larder::sim
