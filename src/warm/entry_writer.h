// From an author's works to the entries that answer look-ups by title and by ISBN, in the engine's own
// stores.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/declaration.h"
#include "config/settings.h"
#include "engine/engine.h"
#include "observe/counters.h"
#include "origin/work.h"

namespace larder::warm {

// What an invocation may still do to KV.
struct Budget {
  std::size_t operations = 0;

  explicit Budget(std::size_t operations_) : operations(operations_) {}
  bool take(std::size_t count) {
    if (operations < count) {
      return false;
    }
    operations -= count;
    return true;
  }
};

// Works, and when and under which view of the control log they were asked for: the entries made of them are
// as old.
struct FoundWorks {
  std::vector<origin::Work> works;
  std::string source;
  Instant asked;
  std::uint64_t log_seen = 0;

  FoundWorks() {}
};

// An entry to write: its key, and which of the works belong into it.
struct PlannedEntry {
  engine::Query query;
  std::vector<std::size_t> works;
  // A title's works by this author are not all of that title.
  bool partial = false;

  PlannedEntry() {}
};

enum class WriteState : std::uint8_t {
  done,
  // The budget is spent: `done_entries` of the entries are seen to.
  more,
  // A store failed.
  failed,
};

struct Written {
  WriteState state = WriteState::done;
  std::size_t done_entries = 0;

  Written() {}
};

class EntryWriter {
 public:
  // All of them outlive it.
  EntryWriter(const config::Settings& settings, const config::Declarations& declarations,
              engine::Engine& engine, observe::Counters& counters)
      : settings_(settings), declarations_(declarations), engine_(engine), counters_(counters) {}

  // The resource that looks books up in this way; nullptr where none is declared.
  const config::Resource* resource_for(config::ProviderQuery query) const;
  const config::Resource* find_resource(std::string_view name) const;
  // The query of a resource with one field, as a request for `value` would make it. Errors: as
  // entry::normalise_fields.
  Result<engine::Query> query_of(host::Host& host, const config::Resource& resource,
                                 std::string_view value) const;
  // The same with all fields by name.
  Result<engine::Query> query_of(host::Host& host, const config::Resource& resource,
                                 const TextPairs& fields) const;

  // The entries of these works in an order that is always the same: titles, then ISBNs, each once.
  std::vector<PlannedEntry> plan(host::Host& host, const std::vector<origin::Work>& works) const;

  // Puts what is not there yet, from entry `from` on. A title's entry holds all works of that title that are
  // known; one that is complete is left alone.
  host::Task<Written> put(host::Context here, const FoundWorks& found_works,
                          const std::vector<PlannedEntry>& planned_entries, std::size_t from,
                          Budget& budget) const;

  // Whether all of these are there and may be served.
  host::Task<Result<bool>> has_all(host::Context here, std::vector<engine::Query> queries) const;

 private:
  // nullptr: it is there already, or cannot be kept.
  tiers::EntryPtr entry_for(host::Host& host, const FoundWorks& found_works,
                            const PlannedEntry& planned_entry, const tiers::EntryPtr& former) const;
  host::Task<void> put_some(host::Context here, const std::vector<PlannedEntry>& planned_entries,
                            const std::vector<tiers::EntryPtr>& entries, std::size_t first, std::size_t& next,
                            bool& failed) const;

  const config::Settings& settings_;
  const config::Declarations& declarations_;
  engine::Engine& engine_;
  observe::Counters& counters_;
};

// Whether an entry answers at this time, if need be with a refresh behind the answer.
bool is_servable(const tiers::EntryPtr& entry, Instant now);

// The works of a body that Larder wrote. Errors: corrupt.
Result<std::vector<origin::Work>> read_works(host::Host& host, const host::Body& body);

}  // namespace larder::warm
