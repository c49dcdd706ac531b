#include "tiers/store_tier.h"

#include "policy/freshness.h"

namespace larder::tiers {

std::optional<Storable> storable(const Entry& entry, const StoreBounds& bounds, Instant now) {
  if (entry.body.size() > bounds.value_bytes_max) {
    return std::nullopt;
  }
  const std::string_view mark = is_stub(entry) ? entry::stub_mark : std::string_view();
  auto header = entry::encode(entry.header, Bytes(bounds.header_bytes_max.count - mark.size()));
  if (!header) {
    return std::nullopt;
  }
  header->append(mark);
  const Millis kept = policy::retention(entry.header, now, bounds.keep_min);
  Storable stored;
  stored.header = std::move(*header);
  stored.keep_seconds = static_cast<std::uint64_t>(whole_seconds(kept + Millis(999)));
  return stored;
}

}  // namespace larder::tiers
