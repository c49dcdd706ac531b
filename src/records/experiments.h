// Experiments: where each stands, and what its variants have come to. What follows from that is decided by
// who asks (src/trials); here a change is made once, and only to what the one who decided has seen.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "records/machine.h"

namespace larder::records {

// Kept by these numbers.
enum class ExperimentState : std::uint8_t {
  running = 1,      // its variants are compared
  watching = 2,     // a variant is promoted, and still compared with what is held back
  kept = 3,         // a variant was promoted, and stays
  rolled_back = 4,  // a variant was promoted, and is no more
  stopped = 5,      // it is over, and nothing has changed
};

class Experiments : public Machine {
 public:
  using Machine::Machine;

  Result<experiments::declare_results> declare(const experiments::declare_arguments& asked);
  Result<experiments::list_results> list(const experiments::list_arguments&);
  Result<experiments::show_results> show(const experiments::show_arguments& asked);
  Result<experiments::add_results> add(const experiments::add_arguments& asked);
  Result<experiments::move_results> move(const experiments::move_arguments& asked);
  void alarm();

 private:
  std::vector<ExperimentRow> all();
  std::optional<ExperimentRow> find(std::string_view name);
  void put(const ExperimentRow& experiment);
  // Forgets it, and what belongs to it.
  void remove(const ExperimentRow& experiment);
  // Forgets the sums and units of the epochs before its own.
  void forget_earlier_epochs(const ExperimentRow& experiment);
  // Of those whose place is nobody's yet, how many there are; they have it now.
  std::uint64_t take_places(const ExperimentRow& experiment, const SeenUnits& units);
  // Erases rows of these tables from one key's columns up to another's, `count_max` at most, and says how
  // many.
  std::size_t erase_tables(std::initializer_list<std::string_view> tables, std::uint64_t number,
                           std::optional<std::uint64_t> epoch_end, std::size_t count_max);
  void keep_decision(std::uint64_t number, const ExperimentDecision& decision);
  void add_sum(const ExperimentRow& experiment, const VariantSum& sum);
  std::uint64_t number_at(const Key& key);
  void put_number(const Key& key, std::uint64_t number);
};

}  // namespace larder::records
