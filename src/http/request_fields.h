// Which fields of a client's request go to the origin in mode http (request_fields.def).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire.h"

namespace larder::http {

enum class RequestFieldFate : std::uint8_t {
  connection,  // never: hop by hop
  own,         // never: Larder's and the platform's to say
  body,        // with a body, and else not
  condition,   // where the cache does not answer it itself
  range,       // the same
  credential,  // where it is declared, and then only for whom it names (RFC 9111 §3.5)
  platform,    // where it is declared
  rewriting,   // where it is declared: origins have been poisoned by it
  end_to_end,  // always
};

// Of one name, in lower case.
RequestFieldFate fate_of(std::string_view name);

// Whether a declaration may name the field, to have it sent on.
bool may_be_declared(RequestFieldFate fate);

// What else of a request goes on.
struct Forwarding {
  // Names in lower case.
  std::vector<std::string> declared;
  bool with_body = false;
  bool with_conditions = false;
  bool with_range = false;

  Forwarding() {}
};

// Whether the origin sees the field of a request whose copy may be kept: only by such fields can answers
// differ. `name` is in lower case.
bool is_forwarded(std::string_view name, const std::vector<std::string>& declared);

// `request` has names in lower case, each once. Fields that Connection names stay behind.
TextPairs forwarded_fields(const TextPairs& request, const Forwarding& forwarding);

}  // namespace larder::http
