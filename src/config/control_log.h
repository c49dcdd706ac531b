// The control log: what operators change while Larder runs, shared by all isolates. One JSON text, kept by a
// Durable Object (shim/control.js) and read by every isolate within seconds:
//
//   {"sequence": 12,
//    "settings": {"ENABLE_SWR": "false"},
//    "purges": [{"sequence": 3, "kind": "tag", "text": "author", "soft": false, "at": 1790000000000}]}
//
// A change has the next sequence and the object's time; a later purge of the same thing replaces an earlier
// one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "base/wire.h"

namespace larder::config {

enum class PurgeKind : std::uint8_t {
  key,      // one entry, by its key
  tag,      // entries with the tag
  prefix,   // entries whose key begins so
  pattern,  // entries whose whole key fits; * is any run of characters
  all,      // every entry
};
std::string_view to_text(PurgeKind kind);

// What to purge. Soft: entries count as stale from then on. Hard: they are gone.
struct Purge {
  PurgeKind kind = PurgeKind::key;
  std::string text;
  bool soft = false;
  // Given by the log.
  std::uint64_t sequence = 0;
  Instant at;

  Purge() {}
  Purge(PurgeKind kind_, std::string text_, bool soft_) : kind(kind_), text(std::move(text_)), soft(soft_) {}
};

struct ControlLog {
  std::uint64_t sequence = 0;
  // Names and values of settings that are not as deployed.
  TextPairs settings;
  std::vector<Purge> purges;

  ControlLog() {}
};

// Members and kinds that are not known are left out, so that a newer version may write more. Errors: corrupt.
Result<ControlLog> parse_control_log(std::string_view json);

// Changes as control_append takes them.
std::string changes_text(const std::vector<Purge>& purges);
// A value of "" takes the setting back to what was deployed.
std::string changes_text(const TextPairs& settings);

}  // namespace larder::config
