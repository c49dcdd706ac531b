// Who gets which variant: a pure function of the unit, so that every isolate, today and after a restart, says
// the same. Nothing is kept about a unit.
//
// A layer's salt decides which of the layer's 10,000 places a unit has; experiments of one layer own separate
// stretches of it. Inside its own, an experiment's salt decides the variant, and, independently of that, when
// the unit comes in as the ramp rises. So a ramp takes in more units and never moves one, and layers are
// independent of each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::experiments {

inline constexpr std::uint32_t places_of_layer = 10000;

// Who is assigned: the hash of a key, or of a client's id, which is then forgotten.
class UnitId {
 public:
  explicit UnitId(std::string_view text);
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_;
};

// How a unit's way is decided for an experiment: what does not change while it runs, but for the ramp.
struct Cohorts {
  std::string layer;
  // Of the layer's places: from the first to before the end.
  std::uint32_t first_place = 0;
  std::uint32_t end_place = places_of_layer;
  // The experiment's name and the number of its run: a second run is another lottery.
  std::string salt;
  // Per cent of the units inside that take part.
  std::uint32_t ramp_percent = 100;
  // Per cent of these that each variant has; together 100.
  std::vector<std::uint32_t> shares;
  // Per cent of a variant's units that still are its own; the rest takes no part any more. Empty: all are.
  std::vector<std::uint32_t> kept;

  Cohorts() {}
};

// The salts' hashes, so that a request costs a few multiplications and no text.
class Lottery {
 public:
  explicit Lottery(const Cohorts& cohorts);

  // The variant's index; nothing for a unit that does not take part.
  std::optional<std::size_t> variant_of(UnitId unit) const;
  // In which of `groups` groups its numbers are summed up, whatever its variant.
  std::uint32_t group_of(UnitId unit, std::uint32_t groups) const;

 private:
  std::uint64_t layer_salt_;
  std::uint64_t ramp_salt_;
  std::uint64_t variant_salt_;
  std::uint64_t kept_salt_;
  std::uint64_t group_salt_;
  std::uint32_t first_place_;
  std::uint32_t end_place_;
  std::uint32_t ramp_percent_;
  std::vector<std::uint32_t> shares_;
  std::vector<std::uint32_t> kept_;
};

// The cohorts of a rollout: the second variant has `percent` of the units, the first the others.
Cohorts rolled_out(Cohorts cohorts, std::uint32_t percent);
// The cohorts while a variant that was promoted is watched: it keeps its units, the control those that come
// to `held_back_percent` of all that take part (or as many as it has), and nobody else is compared.
Cohorts held_back(Cohorts cohorts, std::size_t promoted, std::uint32_t held_back_percent);

}  // namespace larder::experiments
