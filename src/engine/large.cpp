#include "engine/large.h"

#include "base/text.h"
#include "config/limits.h"
#include "engine/copy.h"
#include "engine/make_entry.h"
#include "engine/rehydrating.h"
#include "host/operations.h"
#include "tiers/cold_place.h"

namespace larder::engine {

using observe::Counter;
using observe::Label;

std::optional<entry::Header> large_header_of(host::Context here, const Parts& parts, const Query& query,
                                             const origin::Fetched& fetched) {
  tiers::GuardedTier* const shared = parts.tiered.shared_tier();
  const bool has_room = parts.tiered.cold_tier() != nullptr && shared != nullptr &&
                        query.key.tiers.has(shared->tier()) && query.method == http::Method::get;
  const auto length = parse_unsigned(fetched.origin_fields.find("content-length").value_or(""));
  if (!has_room || !fetched.streamed || !length || fetched.origin_fields.find("content-encoding")) {
    return std::nullopt;
  }
  auto header = describe_stream(here.host(), parts.settings, query, fetched, Bytes(*length));
  // Variants have names of their own, which a stub does not hold.
  return header && header->vary.empty() ? header : std::nullopt;
}

host::Task<std::optional<LargeAnswer>> split_large(host::Context here, Parts& parts, const Query& query,
                                                   origin::Fetched& fetched) {
  std::optional<LargeAnswer> answer;
  auto header = large_header_of(here, parts, query, fetched);
  if (!header) {
    co_return answer;
  }
  auto halves = co_await host::body_split(here, fetched.content);
  if (!halves) {
    parts.counters.add(Counter::cache_errors_total, "split", Label(halves.error().kind));
    co_return answer;
  }
  fetched.content = std::move(halves->one);
  answer.emplace();
  answer->header = std::move(*header);
  answer->content = std::move(halves->other);
  co_return answer;
}

host::Task<void> store_large(host::Context here, Parts& parts, const Query& query, LargeAnswer answer) {
  const Instant now = here.host().now();
  std::string name = cold_lock_name(query.key.storage_name);
  auto lock = co_await parts.locks.take(here, query.key, std::move(name), config::limit::cold_lock_kept, now);
  if (lock.state != Locks::State::held) {
    co_return;
  }
  const auto text = entry::encode(answer.header, Bytes(config::limit::header_value_bytes_max));
  // The client waits for both halves of the stream, so this look has a reader's patience.
  const auto place =
      co_await tiers::look_at_place(here, query.key.storage_name, config::limit::tier_patience);
  if (!place) {
    parts.counters.add(Counter::cache_errors_total, Label(config::Tier::cold), Label(place.error().kind));
  } else if (text && !place->is_being_deleted) {
    const auto put = co_await host::r2_put(here, query.key.storage_name, *text, answer.content,
                                           answer.header.stored_size.count, place->condition,
                                           config::millis_of(config::limit::cold_move_time_max));
    entry::Header judged = answer.header;
    const bool is_stored = put && put->stored == 1;
    if (!put) {
      // The failure may be the origin's, R2's or the client's, so it does not count against R2.
      parts.counters.add(Counter::cache_errors_total, "stream", Label(put.error().kind));
    } else if (is_stored &&
               parts.control.purges().judge(query.key.storage_name, judged) == policy::PurgeVerdict::kept) {
      tiers::EntryPtr stub = std::make_shared<const tiers::Entry>(
          std::move(judged), host::Body::from_bytes(here.host(), ""), entry::BodyPlace::cold);
      const auto pointed_to = co_await parts.tiered.shared_tier()->put(here, query.key, std::move(stub));
      static_cast<void>(pointed_to);
    }
  }
  co_await parts.locks.give_up(here, std::move(lock.permit));
}

}  // namespace larder::engine
