// Cold storage: isolates that read, archive over their queue, bring back, purge and clean up, over an
// eventual KV and an R2 where everything may go wrong; months pass in days of a few readers. In the end all
// faults stop, and what is kept has to be whole, readable without its origin, and without a leftover. It has
// a world and a source of chance of its own, so that the rest of a run is the same with it and without.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/app.h"
#include "records/archive.h"
#include "sim/eventual_kv.h"
#include "sim/journal.h"
#include "sim/random.h"
#include "support/world.h"

namespace larder::sim {

class ColdSide {
 public:
  enum class Weather : std::uint8_t { fair, foul };

  ColdSide(Random random, Journal& journal, Weather weather);
  ~ColdSide();
  ColdSide(const ColdSide&) = delete;
  ColdSide& operator=(const ColdSide&) = delete;

  // Days of work, then no faults any more, and the judgement.
  void run();

 private:
  class GuestHost;
  struct Guest;
  // What the origin once said. The body tells the number.
  struct Said {
    std::string id;
    Instant asked;
  };
  struct Purge {
    std::string id;
    Instant at;
  };
  struct Message {
    std::string body;
    Instant from;
    std::uint32_t attempts = 0;
  };

  std::optional<Fault> draw_fault(GuestHost& host, host::RequestId request, host::OperationKind kind,
                                  std::string_view arguments);
  void steer(const GuestHost& host, host::RequestId request, host::OperationKind kind,
             std::string_view arguments);
  void completed(GuestHost& host, host::RequestId request, host::OperationKind kind, const std::string& name);
  void answered(const GuestHost& host, host::RequestId request);
  void settled(host::RequestId request, const std::vector<std::string>& acknowledged,
               const std::vector<std::string>& retried, Millis delay);

  void hire(std::size_t place);
  Guest* guest_of(std::uint64_t number);
  void visit(std::size_t place, std::string id);
  void trigger(std::string cron);
  bool deliver();
  void hand_over(const std::string& id, Message message, std::size_t place);
  void hold_back(const Message& message);
  void look_late(const GuestHost& host, const std::string& name);
  // Until the archiver's queue has nothing that is due, or for so many rounds.
  void work_off(std::size_t rounds);
  void purge(const std::string& id);
  void day();
  void judge_stub(const std::string& name);
  void judge_put(const GuestHost& host, host::RequestId request, const std::string& name,
                 const Stored& stored);
  void judge_object(const std::string& name, const std::string& header);
  bool is_purged(const std::string& name, Instant asked) const;
  bool is_stub(const std::string& name) const;
  const Stored* kept(const std::string& name) const;
  std::optional<records::ArchiveRun> last_run();
  void finish_runs();
  void judge_leftovers();
  void judge_purges();
  void judge_readers();
  bool stopped() const { return journal_.violation().has_value(); }

  World world_;
  Random random_;
  Journal& journal_;
  Weather weather_;
  bool healed_ = false;
  bool is_origin_down_ = false;
  EventualKv kv_;
  std::vector<std::unique_ptr<Guest>> guests_;
  std::vector<std::unique_ptr<Guest>> lost_;
  std::uint64_t guests_hired_ = 0;
  std::uint32_t next_request_ = 1;
  std::map<std::uint64_t, Said> said_;
  std::vector<Purge> purges_;
  // The archiver's queue: what waits, and what somebody works on, by message id.
  std::map<std::string, Message> waiting_;
  std::map<std::string, Message> under_way_;
  std::uint64_t next_message_ = 1;
  // Second looks that will come once more, later than any other.
  std::vector<Message> held_back_;
  // Of requests under way: whose data centre saw what of an entry when R2 had last answered about it.
  std::map<std::pair<std::uint32_t, std::string>, Instant> seen_while_copied_;
  // What clients ask for, by request.
  std::map<std::uint32_t, std::string> asked_;
  // Objects that somebody else has deleted.
  std::map<std::string, Instant> deleted_by_hand_;
  // R2's list is behind: when objects came and went.
  std::map<std::string, Instant> listed_from_;
  std::map<std::string, Instant> listed_until_;
};

}  // namespace larder::sim
