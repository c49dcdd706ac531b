// The control log: what operators change while Larder runs, shared by all isolates: kept by a Durable Object
// (records/control_log.h) and read by every isolate within seconds. A change has the next sequence and the
// object's time; a later purge of the same thing replaces an earlier one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "base/wire.h"

namespace larder::config {

// The log keeps them by these numbers.
enum class PurgeKind : std::uint8_t {
  key = 0,      // one entry, by its key
  tag = 1,      // entries with the tag
  prefix = 2,   // entries whose key begins so
  pattern = 3,  // entries whose whole key fits; * is any run of characters
  all = 4,      // every entry
};
std::string_view to_text(PurgeKind kind);

enum class PurgeMode : std::uint8_t {
  hard,  // the entries are gone
  soft,  // they count as stale from then on
};

struct Purge {
  PurgeKind kind = PurgeKind::key;
  std::string text;
  PurgeMode mode = PurgeMode::hard;
  // Given by the log.
  std::uint64_t sequence = 0;
  Instant at;

  Purge() {}
  Purge(PurgeKind kind_, std::string text_, PurgeMode mode_)
      : kind(kind_), text(std::move(text_)), mode(mode_) {}

  bool is_soft() const { return mode == PurgeMode::soft; }
};

// Of a tag that names something of one origin (engine/invalidation.h: "url:1f0c22a9:…", "group:1f0c22a9:…"),
// the part that names all such things of that origin; "" for any other tag. A purge of the part reaches
// whatever has a tag that begins so.
std::string_view origin_part(std::string_view tag);

// A setting of this name and an experiment's says where the experiment stands. Its value begins with a serial
// number, and an older one never replaces a newer one.
inline constexpr std::string_view experiment_setting = "experiment:";
// 0 where it begins with none.
std::uint64_t serial_of(std::string_view published);

struct ControlLog {
  std::uint64_t sequence = 0;
  // Names and values of settings that are not as deployed.
  TextPairs settings;
  std::vector<Purge> purges;

  ControlLog() {}
};

}  // namespace larder::config
