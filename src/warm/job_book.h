// The jobs as their Durable Object keeps them (records/jobs.h), and what it is asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "host/requests.h"
#include "host/task.h"
#include "records/calls.h"
#include "records/jobs.h"
#include "warm/message.h"

namespace larder::warm {

// As the jobs' object numbers them (records::ItemState).
enum class Outcome : std::uint8_t {
  processed = 1,  // its entries are there now
  skipped = 2,    // they were there before
  failed = 3,     // a dead letter
};
std::string_view to_text(Outcome outcome);

// What became of an item.
struct Account {
  std::string job;
  std::string key;
  std::uint32_t remaining = 0;
  Outcome outcome = Outcome::processed;
  std::uint64_t works = 0;
  // Of a failure: one word for counting, and what people read.
  std::string reason;
  std::string message;

  Account() {}
};

// An author, or an entry of a list, as a job is told of it.
struct Item {
  std::string key;
  std::string name;
  std::uint32_t depth = 1;
  std::uint32_t depth_max = 1;
  Source source = Source::csv;

  Item() {}
};

struct JobPlan;

// Errors of all calls: as records/calls.h; not_found for a job that is not there.
class JobBook {
 public:
  explicit JobBook(const config::Settings& settings) : settings_(settings) {}

  // The plan as a job of that id, whole; or what the object says instead (records::OpenOutcome). A list that
  // was only given in part before is gone on with.
  host::Task<Result<records::jobs::open_results>> open(host::Context here, std::string id,
                                                       const JobPlan& plan, std::uint64_t pending_max) const;
  // For each reference whether it is still to be worked on.
  host::Task<Result<std::vector<bool>>> begin(host::Context here, std::vector<Account> references) const;
  host::Task<Result<records::jobs::settle_results>> settle(host::Context here,
                                                           std::vector<Account> accounts) const;
  // Which of the items a message is to be sent about.
  host::Task<Result<std::vector<std::size_t>>> discover(host::Context here, std::string job,
                                                        std::string parent, std::vector<Item> items) const;
  host::Task<Result<records::JobRow>> show(host::Context here, std::string job) const;
  host::Task<Result<records::jobs::list_results>> list(host::Context here, std::uint64_t cursor,
                                                       std::uint32_t count_max) const;
  host::Task<Result<records::jobs::cancel_results>> cancel(host::Context here, std::string job) const;
  host::Task<Result<records::jobs::walk_results>> walk(host::Context here, const WalkMessage& walk,
                                                       std::uint32_t count_max) const;
  // A message of no job, which becomes a letter.
  host::Task<Result<records::jobs::keep_results>> keep(host::Context here, std::string body,
                                                       std::string message) const;
  host::Task<Result<records::jobs::letters_results>> dead_letters(host::Context here, std::uint64_t cursor,
                                                                  std::uint32_t count_max) const;
  host::Task<Result<records::jobs::replay_results>> replay(host::Context here,
                                                           std::vector<std::uint64_t> letters) const;
  host::Task<Result<records::jobs::resent_results>> resent(host::Context here,
                                                           records::LetterNumbers letters) const;
  host::Task<Result<records::jobs::quiet_results>> quiet(host::Context here) const;
  host::Task<Result<records::jobs::prune_results>> prune(host::Context here) const;

 private:
  const config::Settings& settings_;
};

}  // namespace larder::warm
