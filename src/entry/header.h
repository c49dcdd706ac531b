// What is kept beside a stored body, and its text form. In KV and R2 it is the metadata, at the edge a
// response header.
//
// The text is base64url (RFC 4648 §5, no padding) of a record (base/wire.h): printable ASCII without quotes,
// safe in a header field and as a JSON string. It starts with the schema, so that a reader of another version
// knows what it cannot read: two versions may run side by side, and each treats the other's entries as a
// miss.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "base/wire.h"

namespace larder::entry {

// Raised with every change to the record; part of every key.
inline constexpr std::uint32_t schema_version = 3;

enum class Kind : std::uint8_t {
  positive = 0,  // the origin's answer
  negative = 1,  // the origin answered "not found"
};

enum class Encoding : std::uint8_t {
  identity = 0,  // the body is stored as it came
  gzip = 1,      // the body is stored as gzip (RFC 1952)
};
// Stands beside base's to_text() for numbers.
using larder::to_text;
// As a content coding (RFC 9110 §8.4.1): "" or "gzip".
std::string_view to_text(Encoding encoding);

// Texts are header field values: visible ASCII, spaces, tabs and UTF-8.
struct Header {
  std::uint32_t schema = schema_version;
  Kind kind = Kind::positive;
  std::uint16_t status = 200;
  std::string content_type;
  std::string etag;
  std::string last_modified;
  Instant created{};
  // When the origin was asked, and the control log's sequence that the asking isolate knew by then: a purge
  // that came later than both purges this entry, however long its answer took (config/control_log.h).
  Instant asked{};
  std::uint64_t log_seen = 0;
  // The same of the body: earlier than that where a 304 has confirmed it since. Hard purges go by these.
  Instant body_asked{};
  std::uint64_t body_log_seen = 0;
  // `etag` is Larder's own, made from the body: no word of it to the origin.
  bool own_etag = false;
  // It holds some of what the origin knows, as warming found it: it answers, and its first read completes it.
  bool partial = false;
  // From `created` on: fresh, then stale but served while it is refreshed, or while the origin fails.
  Millis fresh_for{};
  Millis stale_for{};
  Millis error_for{};
  // At most limit::entry_tags_max, each of 1 to limit::tag_bytes_max bytes.
  std::vector<std::string> tags;
  // The Vary field names and the secondary key of the request that made this entry (RFC 9111 §4.1); empty
  // without Vary.
  std::string vary;
  Encoding encoding = Encoding::identity;
  // Of the body as stored and as served; equal without encoding.
  Bytes stored_size;
  Bytes body_size;
  // Key::proof of the entry's key.
  std::string key;
  // Other response header fields to replay.
  TextPairs fields;

  Header() {}
};

// Whether a body of this type is text, as far as its name tells: it gets smaller when it is packed, and
// survives an operation that gives contents as text.
bool is_text(std::string_view content_type);

// Where the body of an entry of a shared tier is.
enum class BodyPlace : std::uint8_t {
  here,  // beside the header
  cold,  // in R2, under the same name: the entry is a stub
};

// What a store keeps for a header: the text form, with a mark behind it where it is a stub's. A version that
// knows of no stubs takes one for undecodable, which is a miss.
struct KeptText {
  std::string_view header;
  BodyPlace place;

  KeptText(std::string_view header_, BodyPlace place_) : header(header_), place(place_) {}
};
inline constexpr std::string_view stub_mark = "~cold";
KeptText parse_kept(std::string_view text);

// The text form. `bytes_max` counts the text and the two quotes of a JSON string:
// limit::entry_header_bytes_max for KV, limit::header_value_bytes_max at the edge. Errors: too_large, saying
// which part takes the most and what to do; internal, when the header breaks a rule that decode() holds it
// to.
Result<std::string> encode(const Header& header, Bytes bytes_max);

// Any text in. Errors: unsupported, for another schema version; corrupt, for anything else that encode() does
// not write.
Result<Header> decode(std::string_view text);

}  // namespace larder::entry
