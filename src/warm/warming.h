// Warming: a list of books (or of entries) in, a warm cache out. Jobs are kept by a Durable Object
// (job_book.h), which keeps the account; queue messages only carry work, and may be lost, late, doubled or
// out of order without harm.
//
//   open      the list becomes a job, whole or not at all
//   send      its messages go out, behind the response
//   consume   a batch: find each author's works, put their entries, queue the co-authors and, where it is
//             asked for, who is known for the same subject; account for the author
//   maintain      messages of a job that has gone quiet are sent again
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/declaration.h"
#include "config/settings.h"
#include "engine/engine.h"
#include "host/delivery.h"
#include "host/requests.h"
#include "host/task.h"
#include "observe/analytics.h"
#include "observe/counters.h"
#include "warm/entry_writer.h"
#include "warm/job_book.h"
#include "warm/message.h"
#include "warm/related.h"

namespace larder::warm {

using host::Delivery;

// What an upload asks for.
struct JobOptions {
  // Of an author list.
  std::uint32_t depth_max = 1;
  std::string aggressiveness = "normal";
  // Authors known for the same subject are found as well as co-authors.
  bool by_subject = false;
  // Of an entry list: the resource's name; "" for an author list.
  std::string resource;
  std::uint32_t requests_at_once = 3;
  std::uint32_t requests_per_second = 1;

  Priority priority = Priority::normal;

  JobOptions() {}
};

struct JobPlan {
  JobOptions options;
  // The most important first; at least one. Items of an entry list have their fields as a JSON object for a
  // name.
  std::vector<Item> items;
  // Names the list and what is asked of it: while a job of the same name is at work, there is no second one.
  std::string digest;

  JobPlan() {}
};

enum class OpenState : std::uint8_t {
  created,
  at_work,  // a job of the same list is at work: `job` is that one
  full,     // too many authors wait; nothing was queued
};

struct Opened {
  OpenState state = OpenState::created;
  // The job as JSON, see Warming::job.
  std::string job;
  std::string job_id;
  std::uint64_t pending = 0;
  // Authors (or entries) times what this deployment has measured, and how long that takes.
  std::uint64_t works_estimated = 0;
  Millis time_estimated{};

  Opened() {}
};

class Warming {
 public:
  // All of them outlive it.
  Warming(const config::Settings& settings, const config::Declarations& declarations, engine::Engine& engine,
          observe::Counters& counters, observe::Analytics& analytics)
      : settings_(settings),
        counters_(counters),
        analytics_(analytics),
        engine_(engine),
        book_(settings),
        writer_(settings, declarations, engine, counters) {}

  // Errors: unsupported, when no resource looks books up by author (or by subject, where that is asked for),
  // or the cache is off; as the jobs' object.
  host::Task<Result<Opened>> open(host::Context here, JobPlan plan) const;
  // The job's messages. To be done behind the response; what fails is made good by maintain().
  host::Task<void> send(host::Context here, std::string job_id, JobPlan plan) const;

  // Jobs as JSON: {jobId, kind, state, …, authors: {queued, processed, failed, skipped}, works, byDepth, …}.
  // Errors: not_found for a job that is not there.
  host::Task<Result<std::string>> job(host::Context here, std::string job_id) const;
  // {jobs, next, pending, deadLetters, totals}. `cursor` is `next` of the page before, 0 for the first.
  host::Task<Result<std::string>> jobs(host::Context here, std::uint64_t cursor) const;
  // Cancels a job that is at work, and removes one that is over: {removed, job}.
  host::Task<Result<std::string>> cancel(host::Context here, std::string job_id) const;
  // {letters, next, depth}.
  host::Task<Result<std::string>> dead_letters(host::Context here, std::uint64_t cursor) const;
  // Dead letters go out again, these or, if none is named, the oldest: {replayed, left}.
  host::Task<Result<std::string>> replay(host::Context here, std::vector<std::uint64_t> ids) const;

  // Every message is acknowledged or handed back when these end: a batch of either queue, and one of the
  // dead-letter queue, whose messages become dead letters of their job.
  host::Task<void> consume(host::Context here, std::string queue, std::vector<Delivery> deliveries) const;
  host::Task<void> keep_dead_letters(host::Context here, std::vector<Delivery> deliveries) const;
  // Every few minutes.
  host::Task<void> maintain(host::Context here) const;

  const EntryWriter& writer() const { return writer_; }

 private:
  // How work on one message came out.
  enum class StepState : std::uint8_t {
    done,
    over,     // its job is cancelled, or has accounted for it: nothing to do
    more,     // it goes on in a message of its own
    later,    // its origin or a store is down or busy: it comes again
    fault,    // it failed by itself: it comes again a few times
    rejected  // it can never succeed
  };
  struct Step {
    StepState state = StepState::done;
    Outcome outcome = Outcome::processed;
    std::uint64_t works = 0;
    // For trouble of any kind: a word for counting and a sentence for people.
    std::string_view reason;
    std::string message;
    // Not before that.
    Millis delay{0};

    Step() {}
  };
  // A message of the batch on its way.
  struct Slot {
    std::string id;
    Message message;
    // The author's marker as KV has it.
    std::string marker;
    Step step;
    // It is handed back to the queue.
    bool handed_back = false;

    Slot() {}
  };
  struct Batch {
    std::vector<Slot> slots;
    std::size_t next = 0;
    Budget budget{0};
    Instant end;

    Batch() {}
  };
  // Messages of one delay for one queue.
  struct QueueBatch {
    std::string binding;
    std::vector<std::string> messages;
    std::uint64_t delay_seconds = 0;

    QueueBatch() {}
  };

  host::Task<void> work_on(host::Context here, Batch& batch) const;
  host::Task<Step> warm_author(host::Context here, Slot& slot, Budget& budget) const;
  // `found_works` gets the author's works where they are.
  host::Task<Result<bool>> is_warm(host::Context here, const Slot& slot, Budget& budget,
                                   FoundWorks& found_works) const;
  // The authors known for an author's subject.
  enum class Related : std::uint8_t {
    looked_up,
    missed,  // they are left out for good
  };
  // The authors that the author's works lead to.
  host::Task<Step> queue_found(host::Context here, AuthorMessage& author, const FoundWorks& found_works,
                               Related& related) const;
  // What an origin says to this question. A state other than `done` says why there is nothing.
  host::Task<Step> look_up(host::Context here, config::ProviderQuery asked, std::string text,
                           FoundWorks& found_works) const;
  // The others into the job, and their messages out.
  host::Task<Step> queue_others(host::Context here, const AuthorMessage& author,
                                std::vector<Person> people) const;
  // The authors known for the author's subject, where that is wanted.
  host::Task<Step> queue_related(host::Context here, AuthorMessage& author, const FoundWorks& found_works,
                                 Related& related) const;
  host::Task<Step> mark(host::Context here, const AuthorMessage& author, std::uint64_t works,
                        Related related) const;
  host::Task<Step> walk(host::Context here, WalkMessage& walk, Batch& batch) const;
  // Until `end` at most.
  host::Task<Step> warm_entry(host::Context here, const WalkMessage& walk, const std::string& fields,
                              Instant end) const;

  // Which messages of the batch are still wanted, and what is known of their authors. False: the jobs could
  // not be asked.
  host::Task<bool> begin(host::Context here, Batch& batch) const;
  // Accounts for what is done, sends what goes on, and settles the batch.
  host::Task<void> end(host::Context here, Batch& batch) const;
  // Whether the cache takes part in what the resource's readers ask for.
  bool is_kept(std::string_view resource) const;
  // The resource that the message warms; empty where none of that kind is declared any more.
  std::string_view resource_of(const Message& message) const;
  host::Task<void> put_off(host::Context here, Slot& slot) const;
  host::Task<void> tell(host::Context here, const records::jobs::settle_results& settled) const;
  void log_unknown(host::Context here, std::string_view queue, std::size_t count) const;
  host::Task<Result<bool>> send_queue_batch(host::Context here, QueueBatch queue_batch) const;
  host::Task<Result<std::uint64_t>> send_items(host::Context here, const records::SentItems& items) const;
  host::Task<void> remember(host::Context here, std::string key, std::string json, Millis kept) const;

  std::string marker_key(host::Host& host, std::string_view author) const;
  std::string shown(const records::JobRow& job, Instant now) const;
  std::uint32_t requests_per_second(const records::JobTerms& terms) const;
  void log_author(host::Host& host, const AuthorMessage& author, const Step& step) const;

  const config::Settings& settings_;
  observe::Counters& counters_;
  observe::Analytics& analytics_;
  engine::Engine& engine_;
  JobBook book_;
  EntryWriter writer_;
};

}  // namespace larder::warm
