// What the variants of experiments come to in this isolate, on its way to the object that keeps it
// (records/experiments.h): summed up by variant and group of units for a moment, then sent as a batch with a
// name by which the object knows it if it comes again. A batch that gets no answer is sent again as it is;
// what comes together meanwhile waits in the sums, which take no more room for it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "config/declaration.h"
#include "engine/query.h"
#include "engine/reading.h"
#include "experiments/metric.h"
#include "experiments/plan.h"
#include "host/requests.h"
#include "host/task.h"
#include "observe/counters.h"
#include "records/fields.h"

namespace larder::trials {

// One answer, as experiments see it.
struct Answered {
  experiments::Sums sums;

  Answered() {}
};
// Of a reading that has not been settled yet. `took`: from the request to its answer.
Answered answered_of(const engine::Query& query, const engine::Reading& reading, std::uint32_t status,
                     Millis took);
// A hit in memory that took no time, so many times.
Answered hits_of(std::uint32_t count);

class Tally {
 public:
  // It outlives the tally.
  explicit Tally(observe::Counters& counters) : counters_(counters) {}

  // Nothing happens for a view that takes part in nothing.
  void add(const experiments::Plan& plan, const experiments::View& view, std::string_view storage_name,
           const Answered& answered);

  // Whether there is something to write, and nobody gathers: the caller should then co_await gather() behind
  // its response.
  bool needs_gatherer(Instant now) const;
  // Returns once what comes together for a moment has been sent.
  host::Task<void> gather(host::Context here);
  // Now.
  host::Task<void> flush(host::Context here);

 private:
  // By salt, epoch and variant.
  using Place = std::tuple<std::string, std::uint32_t, std::uint32_t>;
  using PlaceView = std::tuple<std::string_view, std::uint32_t, std::uint32_t>;
  // A unit that was seen for the first time; `number` says in which order they were.
  struct NewUnit {
    std::uint64_t number = 0;
    std::uint64_t hash = 0;

    NewUnit(std::uint64_t number_, std::uint64_t hash_) : number(number_), hash(hash_) {}
  };
  struct Sum {
    // By group.
    std::vector<experiments::Sums> groups;
    // In the order in which they were seen.
    std::vector<NewUnit> units;

    Sum() {}
  };

  records::experiments::add_arguments make_batch(host::Host& host);
  // Units of a smaller number are told of with the next batch. They go in the order in which they were seen,
  // whatever their variant: a bound for each variant would let the smaller ones seem to have too many.
  std::uint64_t end_of_batch() const;

  observe::Counters& counters_;
  std::map<Place, Sum, std::less<>> sums_;
  // Units that were told of, mixed with their experiments.
  std::unordered_set<std::uint64_t> known_units_;
  std::uint64_t next_unit_ = 0;
  // In all sums.
  std::size_t units_waiting_ = 0;
  // Sent, and not acknowledged.
  std::optional<records::experiments::add_arguments> batch_;
  Instant gathering_until_;
  bool has_object_ = true;
};

}  // namespace larder::trials
