// Which redirects of an origin are followed (RFC 9110 §15.4), and by what request. Pure.
//
//   1. 301, 302, 303, 307 and 308 with a Location are redirects; whatever else an origin says is its answer.
//   2. A redirect stays on the origin that sent it (scheme, host and port), goes from http to https of the
//   same
//      host, or leads to one of the origins that the resource declares.
//   3. It never leads from https to http.
//   4. At most limit::redirects_max are followed for one request, and none to where that request has been.
//   5. On another origin the request has none of the deployment's secrets, nor Authorization or Cookie.
//   6. Validators are those of another representation: they stay behind.
//   7. 303 makes every method GET, 301 and 302 make POST GET; 307 and 308 change nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "origin/request.h"

namespace larder::origin {

// The request that follows from `asked` and what came of it; nullopt where that is an answer. Errors:
// rejected, for a redirect that is not followed. The message names neither where it leads nor where it comes
// from.
Result<std::optional<Request>> follow_redirect(const Request& asked, std::uint32_t status,
                                               std::string_view location);

// RFC 3986 §5.2: where `reference` leads from `base`, an absolute http or https URL, without a fragment.
// Errors: invalid, for what is no such URL or could be read in two ways.
Result<std::string> resolve_reference(std::string_view base, std::string_view reference);

}  // namespace larder::origin
