// Durable Objects natively: the shipped machines (src/records) over maps, each call one transaction.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "records/fields.h"
#include "records/key.h"
#include "records/run.h"
#include "records/store.h"

namespace larder::sim {

// The storage and the memory of one object.
class MapStore final : public records::Store {
 public:
  // What a call throws that traps.
  struct Trap {};

  std::optional<std::string> get(std::string_view key) override;
  void put(std::string_view key, std::string_view value) override;
  void erase(std::string_view key) override;
  std::vector<records::Row> range(const records::Range& range) override;
  std::optional<std::string> recall() override { return memory; }
  void remember(std::string_view bytes) override { memory = std::string(bytes); }

  void begin();
  void roll_back();

  std::map<std::string, std::string, std::less<>> rows;
  std::optional<std::string> memory;
  // The next call traps before its write of that number.
  std::optional<std::size_t> writes_until_trap;
  // Of the call that ran last: what it read and wrote.
  std::size_t rows_read = 0;
  std::size_t rows_written = 0;

 private:
  void wrote(std::string_view key);

  // What was there before this call's first write to it.
  std::map<std::string, std::optional<std::string>> before_;
  std::optional<std::string> memory_before_;
};

// All objects of a class, by their names.
class DurableObjects {
 public:
  explicit DurableObjects(records::ObjectKind kind) : kind_(static_cast<std::uint32_t>(kind)) {}

  // The reply; nullopt: the call trapped, and has had no effect.
  std::optional<std::string> call(Instant now, const std::string& name, std::uint32_t method,
                                  std::string_view argument);
  // Runs the alarms that are due, as often as they ask again.
  void run_alarms(Instant now);
  // The object is put aside: what it had in memory is gone.
  void reset(const std::string& name) { objects_[name].store.memory.reset(); }
  MapStore& store(const std::string& name) { return objects_[name].store; }
  std::optional<Instant> alarm(const std::string& name) { return objects_[name].alarm; }

  // Told of every call that came to a reply.
  using Listener = std::function<void(const std::string& name, std::uint32_t method,
                                      std::string_view argument, std::string_view reply)>;
  std::vector<Listener> called;

 private:
  struct Object {
    MapStore store;
    std::optional<Instant> alarm;
  };
  std::optional<std::string> run(Instant now, Object& object, std::uint32_t method,
                                 std::string_view argument);

  std::uint32_t kind_;
  std::map<std::string, Object> objects_;
};

// What a reply says: its results, or nullopt for a refusal.
template <typename Results>
std::optional<Results> results_of(std::string_view reply) {
  return reply.empty() || reply.front() != '\0' ? std::nullopt : records::decode<Results>(reply.substr(1));
}

// Asks an object past every host: `method` is a number of records/fields.h. nullopt where it refuses.
template <typename Results, typename Arguments>
std::optional<Results> ask(DurableObjects& objects, Instant now, const std::string& name,
                           std::uint32_t method, const Arguments& arguments) {
  const auto reply = objects.call(now, name, method, records::encode(arguments));
  return reply ? results_of<Results>(*reply) : std::nullopt;
}

// The rows of a table, in the order of their keys.
template <typename Record>
std::vector<Record> rows_of(const MapStore& store, std::string_view table) {
  const records::Key key(table);
  std::vector<Record> found;
  for (auto at = store.rows.lower_bound(key.str()); at != store.rows.lower_bound(key.end()); ++at) {
    found.push_back(records::decode<Record>(at->second).value());
  }
  return found;
}

// By binding; an object of each class of objects.def.
std::map<std::string, DurableObjects> all_objects();

}  // namespace larder::sim
