// The parts of a resource's declaration, a parser each. Only declaration.cpp includes this.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/declaration.h"
#include "config/json_reader.h"

namespace larder::config {

// Each adds what is wrong to `faults` and gives what could be read.
Match parse_match(const Place& place, Mode mode, Faults& faults);
// `place` is nothing where "key" is left out; `url` is origin.url as written, if there is one.
std::vector<KeyField> parse_key(const std::optional<Place>& place, const std::string& path,
                                const Match& match, Mode mode, std::string_view url, Faults& faults);
Origin parse_origin(const Place& place, const std::vector<KeyField>& key, http::Method method, Mode mode,
                    Faults& faults);

}  // namespace larder::config
