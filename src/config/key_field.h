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
  body,         // {"body": "profile"}: one member of the JSON body
  whole_body,   // {"body": "*"}: the JSON body
  setting,      // {"setting": "ENGINE_VERSION"}: the deployment's, whatever the request says
};

constexpr bool is_of_body(FieldSource source) {
  return source == FieldSource::body || source == FieldSource::whole_body;
}

enum class Presence : std::uint8_t {
  optional,  // absent is a value of its own, different from empty
  required,  // absent and empty are refused
};

// `step_billionths` is quantise's step times 10^9; 0 for every other normaliser.
struct NormaliserUse {
  Normaliser normaliser = Normaliser::trim;
  std::int64_t step_billionths = 0;
};

// How a value stands in the key.
enum class KeyForm : std::uint8_t {
  plain,   // as it is
  digest,  // the hex digits of its SHA-256
};

// Where in a JSON value something is, for example systems[].percentage: a name for a member, "[]" for every
// element.
using JsonPath = std::vector<std::string>;

// Numbers at one of the paths become the nearest multiple of the step, halves away from zero, before the
// value is compared with others. What is no number there, or above a billion, stays as it is.
struct JsonQuantise {
  std::vector<JsonPath> paths;
  // Times 10^9.
  std::int64_t step_billionths = 0;
};

// Which parameters of the whole query count.
enum class QueryChoice : std::uint8_t {
  all,
  only,    // those of query_names
  except,  // all but those
};

// "systems[].percentage" as steps; nullopt for what is no path.
std::optional<JsonPath> parse_json_path(std::string_view text);

// `name` is the parameter's name ("*" for the whole query or body); header names are in lower case.
// `bytes_max` bounds the value as it comes, before the normalisers, which run in order.
struct KeyField {
  FieldSource source = FieldSource::query;
  std::string name;
  std::vector<NormaliserUse> normalisers;
  Presence presence = Presence::optional;
  Bytes bytes_max;
  // Of the whole query: the parameters that count and go on. A "*" at a name's end stands for all that begin
  // so.
  QueryChoice query_choice = QueryChoice::all;
  std::vector<std::string> query_names;
  // With the normaliser json alone.
  JsonQuantise quantise;
  KeyForm form = KeyForm::plain;
};

// Whether a parameter of that name, decoded, is one of the whole query that the field stands for.
bool takes_parameter(const KeyField& field, std::string_view name);

// The normalised values of one request, in the order of the resource's key; nullopt is absent.
using FieldValues = std::vector<std::optional<std::string>>;

// A decimal number as a whole number of billionths, cut towards zero after nine decimals. An optional sign,
// digits, and an optional fraction; nullopt for anything else and for more than a billion.
std::optional<std::int64_t> parse_billionths(std::string_view text);

}  // namespace larder::config
