// What the jobs' object keeps, as tests look at it.
#pragma once

#include <string>
#include <vector>

#include "records/jobs.h"
#include "support/world.h"

namespace larder::sim {

class JobsView {
 public:
  struct Level : records::JobLevel {
    Level() {}
    explicit Level(const records::JobLevel& level) : records::JobLevel(level) {}
    std::uint64_t open() const { return queued - processed - failed - skipped; }
  };
  struct Job : records::JobRow {
    explicit Job(const records::JobRow& row) : records::JobRow(row) {}
    Level sum() const;
    // Of a depth that the job has.
    Level level(std::uint32_t depth) const;
    bool is_active() const { return records::is_at_work(*this); }
    std::string_view state_text() const { return records::to_text(static_cast<records::JobState>(state)); }
  };
  struct Item : records::ItemRow {
    std::uint64_t job_number = 0;
  };

  explicit JobsView(World& world, std::string name = "larder") : world_(world), name_(std::move(name)) {}

  // In the order of their numbers.
  std::vector<Job> jobs() const;
  // nullopt: there is no such job.
  std::optional<Job> job(const std::string& id) const;
  // But for those of jobs that are gone.
  std::vector<records::LetterRow> letters() const;
  // Of all jobs; what is gone is erased before.
  std::vector<Item> items() const;
  std::uint64_t pending() const;
  MapStore& store() const { return world_.durable.at("WARMING_JOBS").store(name_); }

 private:
  World& world_;
  std::string name_;
};

}  // namespace larder::sim
