// Experiments that come with Larder, by name. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace larder::experiments {

std::vector<std::string_view> template_names();

// The declaration of one for these resources (none: all), as parse_experiment() reads it. Errors: invalid,
// naming what is on offer.
Result<std::string> from_template(std::string_view name, const std::vector<std::string>& resources);

}  // namespace larder::experiments
