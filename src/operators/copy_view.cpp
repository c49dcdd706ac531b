#include "operators/copy_view.h"

#include "base/assert.h"
#include "http/date.h"
#include "policy/freshness.h"

namespace larder::operators {

namespace {

std::string_view words_of(policy::Freshness freshness) {
  switch (freshness) {
    case policy::Freshness::fresh:
      return "fresh";
    case policy::Freshness::stale:
      return "stale";
    case policy::Freshness::stale_if_error:
      return "stale-if-error";
    case policy::Freshness::expired:
      return "expired";
  }
  LARDER_UNREACHABLE();
}

std::string_view words_of(policy::PurgeVerdict verdict) {
  switch (verdict) {
    case policy::PurgeVerdict::kept:
      return "no";
    case policy::PurgeVerdict::softened:
      return "soft";
    case policy::PurgeVerdict::dropped:
      return "hard";
  }
  LARDER_UNREACHABLE();
}

}  // namespace

void write_copy(JsonWriter& json, const policy::PurgeBook& purges, std::string_view storage_name,
                entry::Header header, Instant now) {
  const policy::PurgeVerdict verdict = purges.judge(storage_name, header);
  const policy::Standing standing = policy::standing(header, now);
  json.key("state").value(words_of(standing.freshness)).key("purged").value(words_of(verdict));
  json.key("kind").value(header.kind == entry::Kind::positive ? "positive" : "negative");
  json.key("status").value(header.status).key("contentType").value(header.content_type);
  json.key("createdAt").value(http::format_timestamp(header.created));
  json.key("ageSeconds")
      .value(whole_seconds(standing.age))
      .key("ttlSeconds")
      .value(whole_seconds(standing.ttl));
  json.key("freshSeconds").value(whole_seconds(header.fresh_for));
  json.key("staleSeconds").value(whole_seconds(header.stale_for));
  json.key("errorSeconds").value(whole_seconds(header.error_for));
  json.key("tags").texts(header.tags);
  json.key("etag").value(header.etag).key("encoding").value(entry::to_text(header.encoding));
  json.key("storedBytes").value(header.stored_size.count).key("bodyBytes").value(header.body_size.count);
}

}  // namespace larder::operators
