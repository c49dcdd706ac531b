// From a request to the values of its resource's key: equal requests get equal values, bad ones are refused
// by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/wire.h"
#include "config/declaration.h"
#include "http/message.h"

namespace larder::entry {

// What a key may be made of. `path` are the match's parameters, `query` is decoded, `headers` hold at least
// the fields that header_names() lists, in any spelling. All are borrowed for the call.
struct Parameters {
  const TextPairs& path;
  const TextPairs& query;
  const http::Fields& headers;
};

// The header fields that a resource's key reads, in lower case.
std::vector<std::string_view> header_names(const config::Resource& resource);

// The values in the order of the resource's key. Query parameters that are no key field are ignored. Errors:
// invalid; the message names the field and says what to change (missing, given twice, too long, not UTF-8, a
// control character, a wrong check digit, no number).
Result<config::FieldValues> normalise_fields(const config::Resource& resource, const Parameters& parameters);

// One value through one normaliser. Errors: invalid, without the field's name.
Result<std::string> normalise(const config::NormaliserUse& use, std::string_view value);

}  // namespace larder::entry
