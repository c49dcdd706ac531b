// Narratives: what a profile has to be, the answer that is made of a model's text, and the text that stands
// in where there is none. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace larder::origin {

struct ProfileSystem {
  std::string name;
  double percentage = 0;
  // As it is written in the profile.
  std::string percentage_text;
};

// The systems of a profile, in its order. `json` is the profile in canonical form, `name` what messages call
// it. Errors: invalid; the message names the member ("profile.systems[2].percentage is no number from 0 to
// 100.").
Result<std::vector<ProfileSystem>> read_profile(std::string_view json, std::string_view name);

enum class NarrativeSource : std::uint8_t {
  model,      // a model's own words
  template_,  // made without a model
};

// {"narrative", "generatedAt", "source"}; the time as RFC 3339, in UTC.
std::string narrative_answer(std::string_view narrative, Instant generated_at, NarrativeSource source);

// The same profile has the same text: its systems of the highest percentages, first come first of equals.
std::string narrative_template(const std::vector<ProfileSystem>& systems);

}  // namespace larder::origin
