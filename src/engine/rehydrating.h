// Moves an entry that was read from R2 back into the shared tier, behind the answer: once, whatever other
// isolates read it meanwhile, and only while its stub is still there.
#pragma once

#include "engine/parts.h"

namespace larder::engine {

// The lock of an entry that moves between the shared tier and R2: of the archiver, of rehydration, and of who
// deletes objects.
std::string cold_lock_name(std::string_view storage_name);

// `entry`: as R2 has it. Its lock stays for limit::cold_lock_kept, in which KV may still show the stub to
// others.
host::Task<void> rehydrate(host::Context here, Parts& parts, const Query& query, tiers::EntryPtr entry);

}  // namespace larder::engine
