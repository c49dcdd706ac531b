// How an entry stands in Redis: one value of header and body, which tells by itself whether it is whole. So
// what another program wrote under our name, what was cut off, and REST's ambiguous "OK" are a miss and
// never an entry.
//
//   "LRD1"     4 bytes: ours, in this form
//   form       1 byte: "r", the body is there as it is, or "b", as base64url (RFC 4648 §5)
//   8 digits   bytes of the header
//   16 digits  bytes of the body, as it stands here
//   16 digits  XXH64 of all that stands before and behind these
//   header     the entry header's text form (entry/header.h), with the full key
//   body       as stored: gzip where the header says so
//
// Digits are hex in lower case. All but the body is ASCII, so a frame whose body is UTF-8, or base64, is a
// text that JSON carries: REST takes no other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/limits.h"

namespace larder::redis {

inline constexpr std::size_t frame_head_bytes = 45;
// No frame of ours is longer: the body may be there as base64url.
inline constexpr std::size_t frame_bytes_max = frame_head_bytes + config::limit::header_value_bytes_max +
                                               config::limit::redis_value_bytes_max / 3 * 4 + 4;

// What a value has to be, to reach the server.
enum class Carriage : std::uint8_t {
  bytes,  // anything
  text,   // UTF-8
};

// A frame taken apart. The header is a view into the value.
class Framed {
 public:
  Framed(std::string_view header, std::string_view body) : header_(header), body_(body) {}
  Framed(std::string_view header, std::string decoded)
      : header_(header), decoded_(std::move(decoded)), is_decoded_(true) {}

  std::string_view header() const { return header_; }
  // A view into the value, or into this.
  std::string_view body() const { return is_decoded_ ? std::string_view(decoded_) : body_; }

 private:
  std::string_view header_;
  std::string_view body_;
  std::string decoded_;
  bool is_decoded_ = false;
};

std::string frame(std::string_view header, std::string_view body, Carriage carriage);
// nullopt: no frame, or not a whole one.
std::optional<Framed> unframe(std::string_view value);

// Of the first bytes of a value: how many bytes its head and its header take; nullopt: it is no frame.
std::optional<std::size_t> header_end(std::string_view beginning);
// Of the first bytes of a value: its header, which nothing vouches for; "" where it is no frame, or its
// header goes on.
std::string_view header_of(std::string_view beginning);

}  // namespace larder::redis
