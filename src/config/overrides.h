// What is said differently about a resource than its declaration and the settings say: by a variant of an
// experiment, or by POLICY_OVERRIDES. The rows of overrides.def.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/faults.h"
#include "base/result.h"
#include "base/units.h"
#include "base/wire.h"
#include "config/tiers.h"

namespace larder::config {

struct Overrides {
#define LARDER_OVERRIDE(word, member, type, reader, purpose) std::optional<type> member;
#include "config/overrides.def"

  Overrides() {}
  bool empty() const;
  friend bool operator==(const Overrides& a, const Overrides& b);
};

// The words of overrides.def, in its order.
const std::vector<std::string_view>& override_words();

// Sets one of them from its text ("12h", "false", "memory+kv"). Errors: invalid, with what to write instead.
Result<void> set_override(Overrides& overrides, std::string_view word, std::string_view text);
// Takes one of them out; nothing happens where there is no such word.
void clear_override(Overrides& overrides, std::string_view word);
// Those that are set, as set_override() reads them, in the order of the table.
TextPairs texts_of(const Overrides& overrides);
// `under` with those that `over` sets in their place.
Overrides merged(const Overrides& under, const Overrides& over);

// The value of POLICY_OVERRIDES: "title.ttl=12h, title.tiers=memory+kv, *.cached=false". "*" is every
// resource; what names a resource wins over it.
class OverrideList {
 public:
  // Errors: invalid, naming the first place that is wrong.
  static Result<OverrideList> parse(std::string_view text);

  // What counts for a resource.
  Overrides of(std::string_view resource) const;
  // What is said of this name itself ("title", "*").
  Overrides said_of(std::string_view name) const;
  // Says something else of a name, or nothing.
  void say(std::string_view name, Overrides overrides);
  // As parse() reads it.
  std::string text() const;
  bool empty() const { return items_.empty(); }

 private:
  struct Item {
    std::string name;
    Overrides overrides;

    Item(std::string name_, Overrides overrides_)
        : name(std::move(name_)), overrides(std::move(overrides_)) {}
  };
  std::vector<Item> items_;
};

}  // namespace larder::config
