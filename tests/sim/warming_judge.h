// Holds warming against its invariants: every word to the jobs' object, every acknowledgement, every request
// to the origin. What it knows of a job it has from those words alone, and of authors from the library.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json_text.h"
#include "sim/journal.h"
#include "sim/queues.h"
#include "support/jobs_view.h"

namespace larder::sim {

class WarmingJudge {
 public:
  WarmingJudge(World& world, Journal& journal, const JobsView& jobs, const Queues& queues)
      : world_(world), journal_(journal), jobs_(jobs), queues_(queues) {}

  // Of an epoch: how many authors may wait.
  std::uint64_t pending_max = 0;
  // Whether KV has what a look-up of books is answered with.
  std::function<bool(std::string_view query, std::size_t id)> is_kept;

  // After a method of the jobs' object.
  void called(std::uint32_t method, std::string_view argument, std::string_view reply);
  void sent(const std::string& body);
  // Before the queue forgets it.
  void acknowledging(const std::string& id);

  // An upload was answered; `queued` is how many messages and jobs have come of it.
  void upload_answered(std::uint32_t status, const std::string& retry_after, const std::string& body,
                       std::uint64_t queued);
  // Work on a batch asks an origin; so many times by now, and with so many turns.
  void asked_origin(std::string_view about, std::uint64_t asks, std::uint64_t turns);

  // All is well, nothing waits, and letters were replayed: what is not over now never will be.
  void ended();
  // A message that nobody can read is a letter in the end.
  void stranger(const std::string& body);
  // Of those who were warmed: the name, and when work on them was first asked for.
  struct Warmed {
    std::string name;
    bool is_entry = false;
    Instant since;
  };
  const std::vector<Warmed>& warmed() const { return warmed_; }
  bool has_active_job() const;
  std::string any_job(Random& random) const;

 private:
  enum class State : std::uint8_t { open, processed, skipped, failed };
  struct Item {
    std::string name;
    std::uint64_t depth = 0;
    State state = State::open;
    std::uint64_t works = 0;
    // A message about it was sent since it is open.
    bool carried = false;
    Instant since;
  };
  // The key, and the levels left to walk from there.
  using ItemKey = std::pair<std::string, std::uint64_t>;
  struct Job {
    bool is_walk = false;
    bool is_active = true;
    bool cancelled = false;
    std::map<ItemKey, Item> items;
  };

  void violate(Invariant invariant, const std::string& job, std::string_view explanation);
  void add_item(const std::string& job, const records::JobItem& item);
  void opened(const records::jobs::open_arguments& asked, const records::jobs::open_results& said);
  void discovered(const records::jobs::discover_arguments& asked,
                  const records::jobs::discover_results& said);
  void settled(const records::jobs::settle_arguments& asked, const records::jobs::settle_results& said);
  void replayed(const records::SentItems& items);
  void cancelled(const std::string& id, bool removed);
  void job_ended(const std::string& id);
  void count(const std::string& id, const Job& job);
  void look_for_works(const std::string& id, const Item& item);
  void follow(const std::string& id, const Job& job);
  void read_letters();
  Item* find(const std::string& job, const std::string& key, std::uint64_t remaining);

  World& world_;
  Journal& journal_;
  const JobsView& jobs_;
  const Queues& queues_;
  std::map<std::string, Job> known_;
  std::set<std::string> removed_;
  // After the last call.
  std::uint64_t pending_before_ = 0;
  std::vector<Warmed> warmed_;
};

}  // namespace larder::sim
