// One field of a resource's key: where in the request it is, and what makes equal requests look equal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "config/vocabulary.h"

namespace larder::config {

enum class FieldSource : std::uint8_t {
  query,        // {"query": "q"}: one parameter of the query
  whole_query,  // {"query": "*"}: all parameters, form-encoded, in the order they came
  path,         // {"path": "id"}: one {id} of match.path
  rest,         // {"path": "rest"}: the {rest...} of match.path
  header,       // {"header": "accept-language"}: all values of that field, joined by ", "
};

enum class Presence : std::uint8_t {
  optional,  // absent is a value of its own, different from empty
  required,  // absent and empty are refused
};

// `step_billionths` is quantise's step times 10^9; 0 for every other normaliser.
struct NormaliserUse {
  Normaliser normaliser = Normaliser::trim;
  std::int64_t step_billionths = 0;
};

// `name` is the parameter's name ("*" for the whole query); header names are in lower case. `bytes_max`
// bounds the value as it comes, before the normalisers, which run in order.
struct KeyField {
  FieldSource source = FieldSource::query;
  std::string name;
  std::vector<NormaliserUse> normalisers;
  Presence presence = Presence::optional;
  Bytes bytes_max;
};

// The normalised values of one request, in the order of the resource's key; nullopt is absent.
using FieldValues = std::vector<std::optional<std::string>>;

// A decimal number as a whole number of billionths, cut towards zero after nine decimals. An optional sign,
// digits, and an optional fraction; nullopt for anything else and for more than a billion.
std::optional<std::int64_t> parse_billionths(std::string_view text);

}  // namespace larder::config
