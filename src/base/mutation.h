// Deliberate defects, one for each rule that the simulator (tests/sim) or a test of steps has to see broken.
// Only the native tests compile them in, and there at most one is active; everywhere else the condition is
// constant.
#pragma once

#include <cstdint>
#include <string_view>

namespace larder {

enum class Mutation : std::uint8_t {
  none,
#define LARDER_MUTATION(name, what) name,
#include "base/cold_mutations.def"
#include "base/mutations.def"
#include "base/orphan_mutations.def"
#include "base/step_mutations.def"
#undef LARDER_MUTATION
};

#ifdef LARDER_MUTATIONS
inline Mutation active_mutation = Mutation::none;
#define LARDER_MUTATED(name) (::larder::active_mutation == ::larder::Mutation::name)
#else
#define LARDER_MUTATED(name) false
#endif

}  // namespace larder
