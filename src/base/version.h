// Larder's own version. A test holds it against package.json.
#pragma once

#include <string_view>

namespace larder {

inline constexpr std::string_view version = "0.1.0";

}  // namespace larder
