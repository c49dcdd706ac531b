// What isolates have to know of experiments: the settings "experiment:NAME" of the control log, and what
// follows from them for a request. Pure, but for the views that a plan keeps made.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/wire.h"
#include "config/declaration.h"
#include "config/overrides.h"
#include "experiments/assignment.h"
#include "experiments/experiment.h"

namespace larder::experiments {

// Where a published experiment stands.
enum class Standing : std::uint8_t {
  running,   // units have variants
  watching,  // a variant is promoted, but for what is held back
  kept,      // a variant is promoted
  over,      // nothing is as a variant says; a flag has the control's value
};
inline constexpr std::array all_standings = {Standing::running, Standing::watching, Standing::kept,
                                             Standing::over};
std::string_view to_text(Standing standing);

struct Published {
  std::uint64_t serial = 0;
  std::string name;
  Standing standing = Standing::running;
  Unit unit = Unit::key;
  // Empty: all.
  std::vector<std::string> resources;
  Cohorts cohorts;
  // Sums of different epochs are not compared.
  std::uint32_t epoch = 0;
  std::vector<Variant> variants;
  std::size_t promoted = 0;
  // When it came to stand so: of promoted variants that say different things, the later counts.
  std::uint64_t since = 0;

  Published() {}
};

// The value of its setting: the serial, a space, and JSON.
std::string to_setting(const Published& published);
// Errors: corrupt.
Result<Published> parse_published(std::string_view name, std::string_view value);

// That a unit takes part in an experiment, and as what.
struct Part {
  // The experiment's name and run.
  std::string salt;
  std::string experiment;
  std::uint32_t epoch = 0;
  std::size_t variant = 0;
  // "title-ttl:week"
  std::string label;
  // Tells the marks of its units from those of other experiments and epochs.
  std::uint64_t mark = 0;

  Part() {}
};

// A resource as it is for units of certain variants.
struct View {
  config::Resource resource;
  // What is not of the resource: whether it is cached, and the protections.
  config::Overrides overrides;
  std::vector<Part> parts;
  // "title-ttl:week", of several "title-ttl:week/tiers:b"; "" where no part is taken.
  std::string label;

  View() {}
};

// What a flag is for somebody.
struct Flag {
  // JSON.
  std::string value;
  std::string variant;
  // As OpenFeature calls it: SPLIT where chance decided, STATIC where all have the same.
  std::string_view reason;

  Flag() {}
  friend bool operator==(const Flag&, const Flag&) = default;
};

class Plan {
 public:
  Plan() {}
  // `settings`: the control log's. What is not readable (of a newer version) is passed over, and counted.
  Plan(const TextPairs& settings, config::OverrideList by_hand);

  // How requests for this key of the resource are to be answered; nullptr: as it is declared. What a view
  // borrows of nobody may outlive the plan.
  std::shared_ptr<const View> view_of(const config::Resource& resource, std::string_view storage_name) const;
  // What is said of a resource for units that take part in nothing.
  config::Overrides settled(std::string_view resource) const;
  // nullopt: there is no such flag.
  std::optional<Flag> flag(std::string_view name, std::string_view targeting_key) const;
  std::vector<std::string> flags() const;
  // Whether others report what comes of an experiment: its unit is a client, and its variants are compared.
  bool is_observed(std::string_view name) const;
  // As what a client takes part in it; nullptr: not at all.
  std::shared_ptr<const View> observed_view(std::string_view name, std::string_view client) const;
  // In which of the groups of its experiment a key's numbers are summed up.
  std::uint32_t group_of(const Part& part, UnitId unit) const;

  bool empty() const { return experiments_.empty() && by_hand_.empty(); }
  std::size_t unreadable() const { return unreadable_; }
  const std::vector<Published>& experiments() const { return experiments_; }

 private:
  static bool concerns(const Published& experiment, std::string_view resource);
  std::shared_ptr<const View> make_view(const config::Resource& resource,
                                        const std::vector<std::optional<std::size_t>>& variants) const;

  // By since.
  std::vector<Published> experiments_;
  std::vector<Lottery> lotteries_;
  config::OverrideList by_hand_;
  std::size_t unreadable_ = 0;
  // By the resource's number and the variants, 0 for none.
  mutable std::map<std::string, std::shared_ptr<const View>, std::less<>> views_;
};

}  // namespace larder::experiments
