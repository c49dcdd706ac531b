// Moves what nobody reads from KV to R2, in steps over a queue, and finds what points nowhere.
//
//   begin     a run: its first message goes out. One run is at work at a time (records/archive.h)
//   consume   a step: pages of KV by their metadata alone, the plan (archive_plan.h), the moves, the next
//   message tend      a run that has gone quiet gets its message again
//
// A move copies the value to R2 unless there is one of its name, verifies what R2 says it has, looks whether
// the entry is still the one that was copied, and only then lets a stub take its place. Each step of that is
// harmless to do again, and wherever it ends the entry can be read: from KV until the stub is there, from R2
// after that.
//
// An object that no stub points to is deleted when two looks at KV, limit::cold_forget_delay apart, have
// found none: a reader may see an old stub for as long as KV takes. A move of the same entry may come between
// any two steps of that, with a lock or, as locks are in memory, without one. R2 has no conditional deletion,
// so the deletion is made one of two steps:
//
//   - A move whose object is there already puts it again, so that it is of after the first look.
//   - The second look replaces the object by an empty mark, on condition that there is none that was put
//     since the first; only then it deletes.
//   - A move leaves a name alone where such a mark is younger than limit::cold_mark_kept: the deletion may be
//     under way for as long.
//
// So what a stub is written for was put after the mark was gone for good, or keeps the mark from being put.
//
// Under Redis nothing is archived, since it makes room by itself; what is too large for it is in R2 all the
// same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cold/archive_plan.h"
#include "cold/read_counts.h"
#include "config/declaration.h"
#include "config/settings.h"
#include "engine/control.h"
#include "engine/key_lock.h"
#include "host/delivery.h"
#include "host/requests.h"
#include "host/task.h"
#include "observe/counters.h"
#include "records/archive.h"
#include "redis/client.h"
#include "tiers/tiered_cache.h"

namespace larder::cold {

enum class RunKind : std::uint8_t {
  moves,
  plans,  // nothing moves: what would is counted
};

struct Begun {
  records::ArchiveRun run;
  // Another one was at work, and this is it.
  bool was_at_work = false;

  Begun() {}
};

// A message of the queue, as JSON: {"kind": "step", "run": 7}, or {"kind": "look-again", "seen":
// 1764403200000, "names": ["…"]} with the time of the first look in milliseconds since the epoch.
struct Message {
  enum class Kind : std::uint8_t { step, look_again };
  Kind kind = Kind::step;
  std::uint64_t run = 0;
  Instant seen;
  std::vector<std::string> names;

  Message() {}
};
std::string to_json(const Message& message);
// Any text in. Errors: invalid.
Result<Message> parse_message(std::string_view json);

class Archiver {
 public:
  // All of them outlive it.
  Archiver(const config::Settings& settings, const config::Declarations& declarations,
           tiers::TieredCache& tiered, engine::Control& control, observe::Counters& counters,
           redis::Client redis)
      : settings_(settings),
        declarations_(declarations),
        tiered_(tiered),
        control_(control),
        counters_(counters),
        locks_(settings, counters, engine::make_key_lock(settings, std::move(redis))) {}

  // Errors: unsupported where nothing can be archived, which says why; else the object's, or the queue's.
  host::Task<Result<Begun>> begin(host::Context here, RunKind kind);
  host::Task<void> consume(host::Context here, std::vector<host::Delivery> deliveries);
  host::Task<void> tend(host::Context here);
  // The last runs, the newest first. Errors: the object's.
  host::Task<Result<std::vector<records::ArchiveRun>>> runs(host::Context here, std::uint32_t count_max);
  // Why nothing is archived here; "": it is.
  std::string_view objection() const;

 private:
  // What becomes of a message.
  enum class Settled : std::uint8_t { done, again };
  struct Walk;
  struct Move;

  host::Task<Settled> step(host::Context here, std::uint64_t number, std::uint32_t attempts);
  host::Task<Result<void>> walk_page(host::Context here, Walk& walk);
  host::Task<Result<void>> list_objects(host::Context here, Walk& walk, const std::string& until);
  host::Task<Result<void>> plan_page(host::Context here, Walk& walk);
  host::Task<Result<ReadCounts>> count_reads(host::Context here, Walk& walk);
  host::Task<void> judge_listed(host::Context here, Walk& walk, const tiers::ListedKey& listed);
  host::Task<void> settle_orphans(host::Context here, Walk& walk);
  host::Task<std::string_view> move(host::Context here, Walk& walk, const std::string& name,
                                    const std::string& header);
  host::Task<std::string_view> move_locked(host::Context here, Walk& walk, Move& move);
  host::Task<std::string_view> copy_to_cold(host::Context here, Walk& walk, Move& move);
  host::Task<std::string_view> write_stub(host::Context here, Walk& walk, Move& move);
  host::Task<bool> repair_stub(host::Context here, Walk& walk, const std::string& name);
  host::Task<std::string_view> verify_copy(host::Context here, Walk& walk, Move& move,
                                           const std::string& header);
  host::Task<Settled> look_again(host::Context here, Instant seen, std::vector<std::string> names);
  host::Task<Settled> forget_object(host::Context here, Instant seen, tiers::Key key);
  host::Task<Result<bool>> settle_stretch(host::Context here, Walk& walk, records::StepOutcome outcome,
                                          std::string fault);
  const config::ArchiveRules* rules_of(std::string_view storage_name) const;

  const config::Settings& settings_;
  const config::Declarations& declarations_;
  tiers::TieredCache& tiered_;
  engine::Control& control_;
  observe::Counters& counters_;
  engine::Locks locks_;
  LedgerCounter ledger_counter_{settings_};
  AnalyticsCounter analytics_counter_{settings_};
};

}  // namespace larder::cold
