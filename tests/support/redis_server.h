// A Redis server over a map and a virtual clock: the commands that Larder sends, with Redis' own replies.
// Scripts are known by the texts of src/redis/scripts.def; what they do is written here once more, in C++.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/units.h"
#include "redis/command.h"

namespace larder::sim {

class SimulatedRedis {
 public:
  struct Value {
    std::string text;
    // A list, say: whoever reads it as a text is told WRONGTYPE.
    bool is_other_type = false;
    Instant expires = Instant::max();
  };

  // What the server is like at the moment.
  enum class Mood : std::uint8_t {
    well,
    out_of_memory,  // noeviction, and full: what needs memory is refused
    read_only,      // a replica
    loading,
    clustered,  // of a cluster: every key is elsewhere
  };

  std::vector<redis::Reply> run(Instant now, const std::vector<redis::Command>& commands);
  // It starts again, with nothing in memory and no scripts.
  void restart();
  // It forgets its scripts alone (SCRIPT FLUSH).
  void forget_scripts() { scripts_.clear(); }

  // What is there; nullptr: nothing.
  const Value* find(Instant now, const std::string& key);
  // Past every mood.
  void set(const std::string& key, Value value) { values_[key] = std::move(value); }
  std::map<std::string, Value>& values() { return values_; }

  Mood mood = Mood::well;
  std::string eviction_policy = "noeviction";
  // CONFIG is refused, as many providers do.
  bool refuses_config = false;
  // Commands by name.
  std::map<std::string, std::uint64_t> counts;

  // Bytes of the longest text that was read.
  std::size_t longest_read() const { return longest_read_; }

 private:
  redis::Reply run_one(Instant now, const redis::Command& command);
  redis::Reply run_text(Instant now, const redis::Command& command);
  redis::Reply run_key(Instant now, const redis::Command& command);
  redis::Reply set_command(Instant now, const redis::Command& command);
  redis::Reply scan(Instant now, const redis::Command& command);
  redis::Reply script(Instant now, const redis::Command& command);
  redis::Reply info(Instant now);
  redis::Reply config(const redis::Command& command);
  std::int64_t release(Instant now, const redis::Command& command);
  std::int64_t renew(Instant now, const redis::Command& command);
  void forget_expired(Instant now);

  std::map<std::string, Value> values_;
  // By SHA-1.
  std::set<std::string> scripts_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
  std::size_t longest_read_ = 0;
};

// SHA-1 in lower-case hex (FIPS 180-4).
std::string sha1(std::string_view bytes);

}  // namespace larder::sim
