// Cache-Status (RFC 9211): every answer explains what this cache did.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/syntax.h"

namespace larder::http {

// RFC 9211 §2.2: why the request went on towards the origin.
enum class ForwardReason : std::uint8_t {
  bypass,     // the cache was told not to handle this request
  method,     // the method's meaning asks for forwarding
  uri_miss,   // nothing stored under the URI
  vary_miss,  // stored under the URI, but for other selecting fields
  miss,       // nothing stored that fits, and which of the two it was is not said
  request,    // a fresh answer was stored, but the request's directives forbid it
  stale,      // an answer was stored, but it is stale
  partial,    // an answer was stored, but only a part of it
};

std::string_view to_text(ForwardReason reason);

struct CacheStatus {
  std::string cache = "larder";
  // Absent: a hit.
  std::optional<ForwardReason> forward;
  // The origin's status, where the request was forwarded (§2.3).
  std::optional<int> forward_status;
  // What is left of freshness, negative when stale (§2.4).
  std::optional<Seconds> ttl;
  // Of a forwarded request: its response was stored (§2.5); it waited for another request's response (§2.6).
  bool stored = false;
  bool collapsed = false;
  std::optional<std::string> key;  // §2.7
  std::string detail;              // §2.8: the tier of a hit or the reason of a forward; "" for none
  std::string unkept;  // our own parameter: why a forwarded answer is not kept (storability.def); "" for none
  std::string variant;  // our own parameter: the experiment's variant; "" for none

  CacheStatus() {}
  friend bool operator==(const CacheStatus&, const CacheStatus&) = default;
};

// One member, for example `larder; hit; ttl=86300; detail=memory`. What only a forward has is left out of a
// hit.
std::string format_cache_status(const CacheStatus& status);

// The whole field: what caches nearer the origin said, then ours (§2). What is no list is dropped, since no
// reader could get past it.
std::string append_cache_status(std::optional<std::string_view> received, const CacheStatus& status);

// The reverse of format_cache_status, for one member. Unknown parameters are ignored; nullopt for what is no
// such member, for an unknown reason, for both or none of hit and fwd, and for a parameter of the wrong type.
std::optional<CacheStatus> parse_cache_status(std::string_view member);

}  // namespace larder::http
