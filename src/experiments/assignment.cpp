#include "experiments/assignment.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <utility>

#include "base/assert.h"
#include "base/text.h"

namespace larder::experiments {

namespace {

constexpr std::uint32_t hundred_per_cent = 10000;
// A per cent of it.
constexpr std::uint32_t one_per_cent = hundred_per_cent / 100;

std::uint64_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

std::uint64_t salt_of(std::string_view purpose, std::string_view name) {
  return hash_of(concat({purpose, ":", name}));
}

// One of `count` at random: a salted mix of the unit's hash (the finaliser of SplitMix64, by Stafford).
std::uint32_t draw(UnitId unit, std::uint64_t salt, std::uint32_t count) {
  std::uint64_t mixed = unit.hash() ^ salt;
  for (int round = 0; round < 2; ++round) {
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    mixed ^= mixed >> 31;
    mixed += salt;
  }
  return static_cast<std::uint32_t>(((mixed >> 32) * count) >> 32);
}

}  // namespace

UnitId::UnitId(std::string_view text) : hash_(hash_of(text)) {}

Lottery::Lottery(const Cohorts& cohorts)
    : layer_salt_(salt_of("layer", cohorts.layer)),
      ramp_salt_(salt_of("ramp", cohorts.salt)),
      variant_salt_(salt_of("variant", cohorts.salt)),
      kept_salt_(salt_of("kept", cohorts.salt)),
      group_salt_(salt_of("group", cohorts.salt)),
      first_place_(cohorts.first_place),
      end_place_(cohorts.end_place),
      ramp_percent_(cohorts.ramp_percent),
      shares_(cohorts.shares),
      kept_(cohorts.kept) {}

std::optional<std::size_t> Lottery::variant_of(UnitId unit) const {
  const std::uint32_t place = draw(unit, layer_salt_, places_of_layer);
  const bool is_inside = place >= first_place_ && place < end_place_;
  if (!is_inside || draw(unit, ramp_salt_, hundred_per_cent) >= ramp_percent_ * one_per_cent) {
    return std::nullopt;
  }
  std::uint32_t drawn = draw(unit, variant_salt_, hundred_per_cent);
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    const std::uint32_t share = shares_[i] * one_per_cent;
    if (drawn < share) {
      const bool is_kept =
          kept_.empty() || draw(unit, kept_salt_, hundred_per_cent) < kept_[i] * one_per_cent;
      return is_kept ? std::optional<std::size_t>(i) : std::nullopt;
    }
    drawn -= share;
  }
  return std::nullopt;
}

std::uint32_t Lottery::group_of(UnitId unit, std::uint32_t groups) const {
  return draw(unit, group_salt_, groups);
}

Cohorts rolled_out(Cohorts cohorts, std::uint32_t percent) {
  LARDER_ASSERT(percent <= 100);
  // A unit's draw says when its turn comes: as the part rises, those that have the new variant keep it.
  cohorts.ramp_percent = 100;
  cohorts.shares = {100 - percent, percent};
  return cohorts;
}

Cohorts held_back(Cohorts cohorts, std::size_t promoted, std::uint32_t held_back_percent) {
  LARDER_ASSERT(promoted > 0 && promoted < cohorts.shares.size());
  cohorts.kept.assign(cohorts.shares.size(), 0);
  cohorts.kept[promoted] = 100;
  const std::uint32_t control = cohorts.shares.front();
  cohorts.kept.front() = control <= held_back_percent ? 100 : held_back_percent * 100 / control;
  return cohorts;
}

}  // namespace larder::experiments
