// Mode http: the origin gets the parts of the target as the client sent them (RFC 9110 §7.7), and the key has
// them in one form.
#pragma once

#include <optional>

#include "config/declaration.h"
#include "http/exact_target.h"

namespace larder::entry {

// In the order of the resource's key; nullopt where the field's value itself is in the key, or is sent.
struct ExactFields {
  config::FieldValues in_key;
  config::FieldValues sent;

  ExactFields() {}
};

// What of the target stands as it is: the path's fields without normalisers, and the whole query, which the
// key may have sorted. `target.path` matches the resource.
ExactFields exact_fields(const config::Resource& resource, const http::ExactTarget& target);

}  // namespace larder::entry
