// Entries as the farther tiers keep them: packed where that is worth it.
#pragma once

#include "engine/parts.h"

namespace larder::engine {

// The entry packed as gzip, where it is a text above CACHE_COMPRESS_THRESHOLD that gets smaller by it; else
// itself.
host::Task<tiers::EntryPtr> packed(host::Context here, Parts& parts, const Query& query,
                                   tiers::EntryPtr entry);
// The entry with its body unpacked. Fails, which is counted: the body is damaged (corrupt, too_large), or the
// host could not do it this time (any other kind), and the entry is as good as before.
host::Task<Result<tiers::EntryPtr>> unpacked(host::Context here, Parts& parts, tiers::EntryPtr entry);
// Into R2, and its stub into the shared tier; nothing where another is at it.
host::Task<void> store_cold(host::Context here, Parts& parts, const Query& query, tiers::EntryPtr entry);
// Into the tiers farther than memory.
host::Task<void> store(host::Context here, Parts& parts, const Query& query, tiers::EntryPtr entry);

}  // namespace larder::engine
