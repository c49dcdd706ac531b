// What in a configuration cannot work or will surprise (advice.def). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/declaration.h"
#include "config/settings.h"
#include "metrics/tally.h"

namespace larder::operators {

enum class AdviceLevel : std::uint8_t { fault, warning, note };
// Stands beside base's to_text() for numbers.
using larder::to_text;
std::string_view to_text(AdviceLevel level);

struct AdviceFacts {
  const config::Settings& settings;
  const config::Declarations& declarations;
  // What was counted in the last hour and day, what waits for warming, and dead letters; nullopt: not known,
  // as at start.
  std::optional<metrics::Tally> last_hour;
  std::optional<metrics::Tally> last_day;
  std::optional<std::uint64_t> pending;
  std::optional<std::uint64_t> letters;

  AdviceFacts(const config::Settings& settings_, const config::Declarations& declarations_)
      : settings(settings_), declarations(declarations_) {}
};

struct Advice {
  std::string_view name;
  AdviceLevel level = AdviceLevel::note;
  // One sentence, and what to do about it.
  std::string what;
  std::string_view help;

  Advice() {}
};

// In the order of the table.
std::vector<Advice> advise(const AdviceFacts& facts);

}  // namespace larder::operators
