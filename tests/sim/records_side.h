// Rows on their way to the objects that keep them, counts, tokens of buckets, and calls of models: told
// through the shipped clients by isolates of its own (clerks), over hosts where every call may go wrong. In
// the end the objects have what they were told.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "host/requests.h"
#include "observe/narrative_log.h"
#include "operators/audit_book.h"
#include "sim/journal.h"
#include "sim/ledger_judge.h"
#include "sim/random.h"
#include "support/world.h"

namespace larder::sim {

class RecordsSide {
 public:
  // In 1,000,000 calls.
  struct Rates {
    std::uint32_t fails = 0;
    std::uint32_t fails_late = 0;
    std::uint32_t lost = 0;
    // A batch of counts arrives (again) up to a minute later.
    std::uint32_t late = 0;
    std::uint32_t traps = 0;
    std::uint32_t crash = 0;
  };

  RecordsSide(World& world, Random& random, Journal& journal);
  ~RecordsSide();
  RecordsSide(const RecordsSide&) = delete;
  RecordsSide& operator=(const RecordsSide&) = delete;

  void begin(Rates rates);
  // Nothing goes wrong any more. The clerks write what they have once more.
  void heal();
  // Once nothing is under way.
  void judge();
  // Some days later.
  void judge_roll_ups() { ledger_.judge_buckets(); }

  // For the hosts of the clerks: what becomes of a call.
  std::optional<Fault> draw_fault(std::string_view arguments);
  bool arrives_late() { return random_.chance(rates_.late); }
  Millis lateness() { return random_.between(Millis(0), Millis(60'000)); }
  bool fails_late() { return random_.chance(rates_.fails_late); }

 private:
  class ClerkHost;
  struct Clerk;
  // What somebody was told to write, and by whom.
  struct Told {
    std::size_t clerk;
    std::string user;
    Instant at;
  };

  void listen();
  void hire(std::size_t place);
  void work();
  void write_narrative(std::size_t place);
  void write_call(std::size_t place);
  void write_refusal(std::size_t place);
  void forget_user(std::size_t place);
  void count(std::size_t place);
  void judge_narratives();
  void judge_audit();
  // Whether rows of this clerk cannot have been lost.
  bool lives(std::size_t clerk) const;

  World& world_;
  Random& random_;
  Journal& journal_;
  config::Settings settings_;
  Rates rates_;
  bool healed_ = false;
  std::uint64_t next_row_ = 1;
  std::vector<std::unique_ptr<Clerk>> clerks_;
  // Of each clerk: how many before it were lost; and those themselves, since events may still be under way to
  // them.
  std::vector<std::unique_ptr<Clerk>> lost_;
  std::size_t clerks_hired_ = 0;
  std::map<std::string, Told> narratives_;
  std::map<std::string, Told> calls_;
  std::map<std::string, std::uint64_t> refusals_;
  bool refusals_lost_ = false;
  // Everything about them from before is gone.
  std::map<std::string, Instant> forgotten_;
  // By bucket: since when, and how many tokens it gave.
  struct Given {
    Instant since;
    std::uint64_t tokens = 0;
  };
  std::map<std::string, Given> given_;
  std::map<std::uint32_t, std::uint64_t> model_calls_;
  LedgerJudge ledger_;
};

}  // namespace larder::sim
