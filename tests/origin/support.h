// Short cuts for the tests of this room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "origin/provider.h"

namespace larder::origin {

inline const Provider& provider_named(std::string_view name) {
  return provider_row(*find_word(config::all_providers, name)).provider;
}

inline Result<Reply> read_reply(std::string_view provider, const Lookup& lookup, std::uint32_t status,
                                std::string_view body, std::string_view content_type = "application/json") {
  const PaddedCopy copy(body);
  return provider_named(provider).read(lookup, status, content_type, copy.view());
}

inline Lookup by_title() { return Lookup(LookupKind::title, "The Salt Orchard"); }
inline Lookup by_subject() { return Lookup(LookupKind::subject, "science fiction"); }
inline Lookup by_author() { return Lookup(LookupKind::author, "Ada Quill"); }
// 0306406152 is its short form.
inline Lookup by_isbn() { return Lookup(LookupKind::isbn, "978-0-306-40615-7"); }

}  // namespace larder::origin
