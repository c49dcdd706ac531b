// What a run saw: events by key (for the story of a violation), counts, and a digest of it all.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/host.h"

namespace larder::sim {

enum class Invariant : std::uint8_t {
#define LARDER_INVARIANT(name, text, what) name,
#include "sim/invariants.def"
#undef LARDER_INVARIANT
};
enum class FaultKind : std::uint8_t {
#define LARDER_FAULT(name, text, what) name,
#include "sim/faults.def"
#undef LARDER_FAULT
};
enum class Probe : std::uint8_t {
#define LARDER_PROBE(name, text, what) name,
#include "sim/probes.def"
#undef LARDER_PROBE
};

struct TableRow {
  std::string_view text;
  std::string_view what;
};
inline constexpr std::array invariant_rows = {
#define LARDER_INVARIANT(name, text, what) TableRow{text, what},
#include "sim/invariants.def"
#undef LARDER_INVARIANT
};
inline constexpr std::array fault_rows = {
#define LARDER_FAULT(name, text, what) TableRow{text, what},
#include "sim/faults.def"
#undef LARDER_FAULT
};
inline constexpr std::array probe_rows = {
#define LARDER_PROBE(name, text, what) TableRow{text, what},
#include "sim/probes.def"
#undef LARDER_PROBE
};

struct Violation {
  Invariant invariant;
  std::uint64_t step = 0;
  std::string key;
  std::string explanation;
  // The key's last events, and those that concern all keys.
  std::vector<std::string> story;
};

class Journal {
 public:
  // Kept of each key.
  static constexpr std::size_t story_length = 40;

  // `key` is the storage name, or "" for what concerns all keys. `what` is a literal. `isolate` and `request`
  // are 0 where there is none.
  void note(Instant now, std::string_view key, std::string_view what, std::uint32_t isolate = 0,
            std::uint32_t request = 0, std::int64_t value = 0);
  // The first one counts: what comes after it may follow from it.
  void violate(Invariant invariant, std::string_view key, std::string explanation);
  void count(FaultKind fault) { ++faults_[static_cast<std::size_t>(fault)]; }
  void reach(Probe probe) { ++probes_[static_cast<std::size_t>(probe)]; }
  void count(host::OperationKind kind) { ++operations_[static_cast<std::uint32_t>(kind)]; }
  void count_request() { ++requests_; }
  void count_step() { ++steps_; }
  // A new world: the stories of the last one are over.
  void begin_epoch();

  const std::optional<Violation>& violation() const { return violation_; }
  std::uint64_t steps() const { return steps_; }
  std::uint64_t epochs() const { return epochs_; }
  std::uint64_t requests() const { return requests_; }
  std::uint64_t digest() const { return digest_; }
  std::uint64_t seen(FaultKind fault) const { return faults_[static_cast<std::size_t>(fault)]; }
  std::uint64_t seen(Probe probe) const { return probes_[static_cast<std::size_t>(probe)]; }
  // Names of the faults and probes that this run never came to.
  std::vector<std::string_view> never_seen() const;
  // Steps, requests, operations, faults and probes, one line each.
  std::string summary() const;

 private:
  struct Event {
    std::uint64_t order;
    std::uint64_t step;
    Instant at;
    std::string_view what;
    std::uint32_t isolate;
    std::uint32_t request;
    std::int64_t value;
  };
  static std::string line(const Event& event);
  void mix(std::uint64_t value);

  std::map<std::string, std::deque<Event>, std::less<>> events_;
  std::array<std::uint64_t, fault_rows.size()> faults_{};
  std::array<std::uint64_t, probe_rows.size()> probes_{};
  std::map<std::uint32_t, std::uint64_t> operations_;
  std::optional<Violation> violation_;
  std::string last_key_;
  std::uint64_t steps_ = 0;
  std::uint64_t epochs_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t next_order_ = 0;
  std::uint64_t digest_ = 0xcbf29ce484222325;
};

// The operation's name in ops.def.
std::string_view name_of(host::OperationKind kind);

}  // namespace larder::sim
