// What every provider does alike: checking look-ups, building requests, and judging a reply before its body
// is read. For the providers of this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "origin/provider.h"

namespace larder::origin {

// The look-up's text, trimmed; for an ISBN its 13 digits. Errors: as Provider::plan.
Result<std::string> checked_text(std::string_view source, const Lookup& lookup);

// As one phrase of a query language in which quotes hold words together: what would end it is left out.
std::string quoted(std::string_view text);

// The 13 digits of the ISBN that a look-up asks for; "" for a look-up of another kind.
std::string wanted_isbn(const Lookup& lookup);

// `path_and_query` begins with a slash and is encoded already.
std::string make_url(const Access& access, std::string_view path_and_query);

// "Larder/1.0 (contact)", with what may not stand in a comment (RFC 9110 §5.6.5) left out; "" without a
// contact.
std::string user_agent(const Access& access);

// What a status other than 200 says; nullopt for 200.
std::optional<Error> fault_of_status(std::string_view source, std::uint32_t status);

// Why a body that should be JSON is not even worth parsing; nullopt if it is.
std::optional<Error> fault_of_body(std::string_view source, std::string_view content_type,
                                   std::string_view body);

}  // namespace larder::origin
