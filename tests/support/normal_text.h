// Host::normal_text and Host::lower_text for hosts without a platform, over utf8proc.
#pragma once

#include <string>
#include <string_view>

namespace larder::sim {

std::string normal_text(std::string_view text);
std::string lower_text(std::string_view text);

}  // namespace larder::sim
