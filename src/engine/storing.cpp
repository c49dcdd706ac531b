#include "engine/storing.h"

#include <algorithm>

#include "config/limits.h"
#include "engine/rehydrating.h"
#include "host/operations.h"
#include "http/cache_control.h"

namespace larder::engine {

using observe::Counter;
using observe::Label;

namespace {

// The origin's own coding of the body: nothing of ours goes around it. Nor where it says no-transform (RFC
// 9110 §7.7).
bool is_left_alone(const entry::Header& header) {
  const bool is_encoded = std::any_of(header.fields.begin(), header.fields.end(),
                                      [](const auto& field) { return field.first == "content-encoding"; });
  return is_encoded || http::select_directives(http::Fields(header.fields)).directives.no_transform;
}

}  // namespace

host::Task<tiers::EntryPtr> packed(host::Context here, Parts& parts, const Query& query,
                                   tiers::EntryPtr entry) {
  const entry::Header& former = entry->header;
  if (former.encoding != entry::Encoding::identity ||
      former.body_size <= policy::compress_threshold(parts.settings, query.overrides()) ||
      !entry::is_text(former.content_type) || is_left_alone(former)) {
    co_return entry;
  }
  auto gzip = co_await host::body_gzip(here, entry->body);
  if (!gzip) {
    parts.counters.add(Counter::cache_errors_total, "gzip", Label(gzip.error().kind));
    co_return entry;
  }
  if (gzip->packed.size() >= former.body_size) {
    co_return entry;
  }
  parts.counters.add(Counter::compressed_total,
                     parts.counters.pattern(query.key.resource_number, query.key.pattern));
  entry::Header header = former;
  header.encoding = entry::Encoding::gzip;
  header.stored_size = gzip->packed.size();
  co_return std::make_shared<const tiers::Entry>(std::move(header), std::move(gzip->packed));
}

host::Task<Result<tiers::EntryPtr>> unpacked(host::Context here, Parts& parts, tiers::EntryPtr entry) {
  auto plain = co_await host::body_gunzip(here, entry->body, config::limit::body_bytes_max);
  entry::Header header = entry->header;
  if (!plain || plain->unpacked.size() != header.body_size) {
    const ErrorKind kind = plain ? ErrorKind::corrupt : plain.error().kind;
    parts.counters.add(Counter::cache_errors_total, "gunzip", Label(kind));
    co_return fail(kind, "gunzip", "The body of an entry could not be unpacked.");
  }
  header.encoding = entry::Encoding::identity;
  header.stored_size = header.body_size;
  tiers::EntryPtr made = std::make_shared<const tiers::Entry>(std::move(header), std::move(plain->unpacked));
  co_return made;
}

// An entry too large for the shared tier goes to R2, under its lock, so that the archiver does not take the
// object for an orphan before its stub is there.
host::Task<void> store_cold(host::Context here, Parts& parts, const Query& query, tiers::EntryPtr entry) {
  std::string name = cold_lock_name(query.key.storage_name);
  const Instant now = here.host().now();
  auto lock = co_await parts.locks.take(here, query.key, std::move(name), config::limit::cold_lock_kept, now);
  if (lock.state != Locks::State::held) {
    co_return;
  }
  const auto stored = co_await parts.tiered.put_cold(here, query.key, std::move(entry));
  static_cast<void>(stored);
  co_await parts.locks.give_up(here, std::move(lock.permit));
}

host::Task<void> store(host::Context here, Parts& parts, const Query& query, tiers::EntryPtr entry) {
  const tiers::EntryPtr as_stored = co_await packed(here, parts, query, std::move(entry));
  // A body that is streamed from R2 has no bytes here that another tier could take.
  const Bytes held_max =
      std::max(parts.settings.value_bytes_max, Bytes(config::limit::streamed_body_bytes_min));
  if (as_stored->body.size() <= held_max) {
    co_await parts.tiered.put_farther(here, query.key, as_stored);
  }
  if (as_stored->body.size() > parts.settings.value_bytes_max) {
    co_await store_cold(here, parts, query, as_stored);
  }
}

}  // namespace larder::engine
