// From a request to the values of its resource's key: equal requests get equal values, bad ones are refused
// by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/comparison.h"
#include "base/result.h"
#include "base/wire.h"
#include "config/declaration.h"
#include "entry/key.h"
#include "http/message.h"

namespace larder::entry {

inline const TextPairs no_pairs;

// What a key may be made of. `path` are the match's parameters, `query` is decoded, `headers` hold at least
// the fields that header_names() lists, in any spelling. `body` are members of the JSON body as it came
// (body_parts()), `settings` come from config::key_settings(). All are borrowed for the call.
struct Parameters {
  const TextPairs& path;
  const TextPairs& query;
  const http::Fields& headers;
  const TextPairs& body = no_pairs;
  const TextPairs& settings = no_pairs;
};

// The parts of a JSON body that a resource's key reads, by their fields' names. Errors: invalid; the message
// says what to change.
Result<TextPairs> body_parts(const config::Resource& resource, std::string_view body);

// The header fields that a resource's key reads, in lower case.
std::vector<std::string_view> header_names(const config::Resource& resource);

// The values in the order of the resource's key. `lower_text` is Host::lower_text. Query parameters and
// members of the body that are no key field are ignored. Errors: invalid; the message names the field and
// says what to change (missing, given twice, too long, not UTF-8, a control character, a wrong check digit,
// no number).
Result<config::FieldValues> normalise_fields(const config::Resource& resource, const Parameters& parameters,
                                             const NormalText& lower_text);

// The values as they stand in the key: those with KeyForm::digest as the 64 hex digits of their SHA-256.
config::FieldValues key_values(const config::Resource& resource, const config::FieldValues& values,
                               const Sha256& sha256);

// The JSON body in which the resource's origin is asked: the key's fields of the body and nothing else, in
// one form.
std::string origin_body(const config::Resource& resource, const config::FieldValues& values);

// One value, which is UTF-8, through one normaliser. Errors: invalid, without the field's name.
Result<std::string> normalise(const config::NormaliserUse& use, std::string_view value,
                              const NormalText& lower_text);

}  // namespace larder::entry
