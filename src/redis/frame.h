// How an entry stands in Redis: one value of header and body, which tells by itself whether it is whole. So
// what another program wrote under our name, what was cut off, and REST's ambiguous "OK" are a miss and
// never an entry.
//
//   "LRD1"   4 bytes: ours, in this form
//   u32      bytes of the header
//   u64      bytes of the body
//   u64      XXH64 of all that stands before and behind it
//   header   the entry header's text form (entry/header.h), with the full key
//   body     as stored: gzip where the header says so
//
// Numbers are little-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::redis {

inline constexpr std::size_t frame_head_bytes = 24;

struct Framed {
  std::string_view header;
  std::string_view body;
};

std::string frame(std::string_view header, std::string_view body);
// Views into `value`. nullopt: no frame, or not a whole one.
std::optional<Framed> unframe(std::string_view value);

// Of the first bytes of a value: how many bytes its head and its header take; nullopt: it is no frame.
std::optional<std::size_t> header_end(std::string_view beginning);
// Of the first bytes of a value: its header, which nothing vouches for; "" where it is no frame, or its header
// goes on.
std::string_view header_of(std::string_view beginning);

}  // namespace larder::redis
