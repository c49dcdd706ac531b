// Answers that are too large to be held: they go from the origin to the client and to R2 at once, as two
// streams of one, and later from R2 to each client. A stub in the shared tier says where they are.
//
// The origin has to say how long such an answer is (Content-Length, without a content coding): R2 takes no
// stream of unknown length, and the entry says its size before its bytes are known.
#pragma once

#include <optional>

#include "engine/parts.h"
#include "engine/reading.h"

namespace larder::engine {

// What may be kept of a streamed answer; nullopt: nothing. `fetched` is as it was.
std::optional<entry::Header> large_header_of(host::Context here, const Parts& parts, const Query& query,
                                             const origin::Fetched& fetched);
// Splits the answer: one stream stays in `fetched`, for the client. nullopt: it is not kept.
host::Task<std::optional<LargeAnswer>> split_large(host::Context here, Parts& parts, const Query& query,
                                                   origin::Fetched& fetched);
// Into R2, while the client reads, and then its stub into the shared tier. Where another isolate
// stores the same, or a purge has come meanwhile, the stream to R2 is cancelled, and the client's goes on.
host::Task<void> store_large(host::Context here, Parts& parts, const Query& query, LargeAnswer answer);

}  // namespace larder::engine
