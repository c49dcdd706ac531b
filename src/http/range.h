// Parts of a representation (RFC 9110 §14): one range of bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "http/validators.h"

namespace larder::http {

// Where the part begins, and how long it is.
struct ByteRange {
  Bytes from;
  Bytes size;

  ByteRange(Bytes from_, Bytes size_) : from(from_), size(size_) {}
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RangeState : std::uint8_t {
  whole,          // no range, several, of another unit, or broken: the whole is the answer (§14.2)
  part,           // 206
  unsatisfiable,  // 416: it begins behind the end
};

struct RequestedRange {
  RangeState state = RangeState::whole;
  // With `part`.
  std::optional<ByteRange> part;

  RequestedRange() {}
};

// "bytes=0-4", "bytes=5-", "bytes=-5" of a representation of `size` bytes.
RequestedRange parse_range(std::string_view value, Bytes size);

// RFC 9110 §13.1.5: the range counts only where the representation is still the one that the client has a
// part of. A strong entity-tag, or the exact date of Last-Modified; anything else is no match.
bool holds_if_range(std::string_view value, const Representation& representation, Instant now);

// A part that an origin gave, and the size of the whole (§14.4). nullopt for several parts, for another unit,
// for what is broken, and where the size is not told.
struct GivenPart {
  ByteRange part;
  Bytes whole;

  GivenPart(ByteRange part_, Bytes whole_) : part(part_), whole(whole_) {}
};
std::optional<GivenPart> parse_content_range(std::string_view value);

// Whether the bytes of `inner` are among those of `outer`.
bool is_within(const ByteRange& inner, const ByteRange& outer);

// Content-Range of a part, and of a 416.
std::string content_range(const ByteRange& part, Bytes size);
std::string content_range_of_none(Bytes size);

}  // namespace larder::http
