// The parts of a resource's declaration, a parser each. Only declaration.cpp includes this.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/declaration.h"
#include "json/json_reader.h"

namespace larder::config {

using json::Members;
using json::Place;
using json::read_boolean;
using json::read_free_members;
using json::read_integer;
using json::read_items;
using json::read_text;
using json::read_word;

// As json::read_text, for a duration.
std::optional<Millis> read_duration(const Place& place, Faults& faults);

// Each adds what is wrong to `faults` and gives what could be read.
Match parse_match(const Place& place, Mode mode, Faults& faults);
// `place` is nothing where "key" is left out; `url` is origin.url as written, if there is one.
std::vector<KeyField> parse_key(const std::optional<Place>& place, const std::string& path,
                                const Match& match, Mode mode, std::string_view url, Faults& faults);
Origin parse_origin(const Place& place, const std::vector<KeyField>& key, http::Method method, Mode mode,
                    Faults& faults);

}  // namespace larder::config
