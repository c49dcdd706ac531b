// Warming jobs.
//
// An item is a key (an author's normal form) with the levels that are left to walk from there. It is `open`
// until it is accounted for, once: processed, skipped or failed. However often a message about it is
// delivered, only the first word counts. So a job is complete when no item of it is open, which is a fact and
// no guess.
//
// Rows, by their keys' columns:
//
//   job/NUMBER                  JobRow
//   id/ID, digest/DIGEST        the number of that job; of the job that is at work on that list
//   item/JOB/KEY/REMAINING      ItemRow
//   open/JOB/PLACE              ItemPlace: items that are open
//   touched/TIME/JOB            jobs at work, by when they were heard of; ended/TIME/JOB those that are over
//   letter/NUMBER               LetterRow; of/JOB/NUMBER those of a job, unread/KEY and since/TIME/NUMBER
//   those of none gone/JOB                    the job's items and letters are to be erased, some of them in
//   each alarm counts                      JobCounts
//
// Every call goes over a bounded number of rows, however many items a job has.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/text.h"
#include "records/machine.h"

namespace larder::records {

enum class JobState : std::uint8_t {
  opening = 0,  // it has not been given the whole of its list
  queued = 1,
  running = 2,
  complete = 3,
  failed = 4,  // every item of it has
  cancelled = 5,
};
// Stands beside base's to_text() for numbers.
using larder::to_text;
std::string_view to_text(JobState state);

enum class ItemState : std::uint8_t { open = 0, processed = 1, skipped = 2, failed = 3 };

enum class OpenOutcome : std::uint8_t {
  created = 0,  // it has its whole list
  at_work = 1,  // a job of the same list is at work: this one
  full = 2,     // too many items are open: nothing was queued
  opening = 3,  // more of its list is to be given, after the `given` items that it has
};

// Whether messages about the job's items are worth working on.
bool is_at_work(const JobRow& job);
// Items that are open, or awaited.
std::uint64_t pending_of(const JobRow& job);

class Jobs : public Machine {
 public:
  using Machine::Machine;

  Result<jobs::open_results> open(const jobs::open_arguments& asked);
  Result<jobs::give_results> give(const jobs::give_arguments& asked);
  Result<jobs::begin_results> begin(const jobs::begin_arguments& asked);
  Result<jobs::discover_results> discover(const jobs::discover_arguments& asked);
  Result<jobs::settle_results> settle(const jobs::settle_arguments& asked);
  Result<jobs::show_results> show(const jobs::show_arguments& asked);
  Result<jobs::list_results> list(const jobs::list_arguments& asked);
  Result<jobs::cancel_results> cancel(const jobs::cancel_arguments& asked);
  Result<jobs::walk_results> walk(const jobs::walk_arguments& asked);
  Result<jobs::keep_results> keep(const jobs::keep_arguments& asked);
  Result<jobs::letters_results> letters(const jobs::letters_arguments& asked);
  Result<jobs::replay_results> replay(const jobs::replay_arguments& asked);
  Result<jobs::resent_results> resent(const jobs::resent_arguments& asked);
  Result<jobs::quiet_results> quiet(const jobs::quiet_arguments& asked);
  Result<jobs::prune_results> prune(const jobs::prune_arguments& asked);
  // Goes on erasing what is gone.
  void alarm();

 private:
  std::uint64_t now() const { return static_cast<std::uint64_t>(millis_since_epoch(now_)); }

  // The jobs of this call, as they are by now; they are written once, by save(). nullptr: there is no such
  // job.
  JobRow* job_of_number(std::uint64_t number);
  JobRow* job_of_id(const std::string& id);
  JobCounts& counts();
  void save();

  void touch(JobRow& job);
  void start(JobRow& job);
  // Its state is one of those that are over.
  void end(JobRow& job, JobState state);
  bool end_if_over(JobRow& job);
  // Its items and letters are gone from now on.
  void forget(JobRow& job);
  void remove(JobRow& job);

  std::optional<ItemRow> item(const JobRow& job, std::string_view key, std::uint32_t remaining);
  void put_item(const JobRow& job, const ItemRow& row);
  // What the job has of that key, with the fewest levels left that are at least as many.
  std::optional<ItemRow> known_item(const JobRow& job, std::string_view key, std::uint32_t remaining);
  void add_item(JobRow& job, const JobItem& item, const std::string& parent);
  void add_given(JobRow& job, const JobItems& items);
  bool account(JobRow& job, const ItemAccount& account);
  void add_letter(LetterRow letter);
  void erase_letter(const LetterRow& letter);
  std::optional<SentItem> reopen(const LetterRow& letter);
  bool is_gone(std::uint64_t job_number);
  void erase_some(std::uint64_t job_number, std::size_t& left);

  // What a row was when it was read; "": it was not there.
  struct HeldJob {
    JobRow row;
    std::string before;
    bool removed = false;
  };
  std::map<std::uint64_t, HeldJob> jobs_;
  std::optional<JobCounts> counts_;
  std::string counts_before_;
};

}  // namespace larder::records
