// Which pages of the web may read an answer (https://fetch.spec.whatwg.org/#http-cors-protocol), as resources
// declare.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire.h"
#include "config/declaration.h"
#include "host/host.h"

namespace larder::app {

// The fields of an answer: to be added to every one of the resource, errors among them. `origin` is the
// request's, if it has one. Fields of the origin server's own that say something else are taken out.
void add_cors(const config::Resource& resource, std::optional<std::string_view> origin, TextPairs& headers);

// The fields that a preflight's answer has beside Allow; none where the page is not allowed. `allow` is the
// Allow field.
TextPairs preflight_fields(const config::Resource& resource, std::optional<std::string_view> origin,
                           std::string_view allow);

// Whether the answer is the same to every page, so that it may be repeated to any.
bool differs_by_origin(const config::Resource& resource);

}  // namespace larder::app
