#include "tiers/tier.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mutation.h"
#include "config/limits.h"
#include "policy/purge.h"

namespace larder::tiers {

namespace limit = config::limit;

std::optional<entry::Header> readable_header(std::string_view header, const Key& key) {
  auto decoded = entry::decode(header);
  const bool is_the_keys =
      decoded && (entry::proves(decoded->key, key) || LARDER_MUTATED(full_key_unchecked));
  return is_the_keys ? std::optional<entry::Header>(std::move(*decoded)) : std::nullopt;
}

EntryPtr readable_entry(std::string_view header, host::Body body, const Key& key) {
  const entry::KeptText kept = entry::parse_kept(header);
  auto decoded = readable_header(kept.header, key);
  if (decoded && kept.place == entry::BodyPlace::cold) {
    return std::make_shared<const Entry>(std::move(*decoded), host::Body(), kept.place);
  }
  if (!decoded || decoded->stored_size != body.size()) {
    return nullptr;
  }
  return std::make_shared<const Entry>(std::move(*decoded), std::move(body));
}

host::Task<Result<std::vector<EntryPtr>>> CacheTier::get_many(host::Context here,
                                                              const std::vector<Key>& keys) {
  std::vector<EntryPtr> entries;
  for (const Key& key : keys) {
    auto found = co_await get(here, key);
    if (!found) {
      co_return tl::make_unexpected(std::move(found.error()));
    }
    entries.push_back(std::move(found->entry));
  }
  co_return entries;
}

host::Task<Removal> CacheTier::remove_many(host::Context here, std::vector<std::string> storage_names) {
  Removal removal;
  for (std::string& name : storage_names) {
    auto removed = co_await remove_named(here, std::move(name));
    if (!removed) {
      removal.failure.emplace(std::move(removed.error()));
      break;
    }
    ++removal.count;
  }
  co_return removal;
}

host::Task<NamedRemoval> CacheTier::remove_matching(host::Context, std::string, NameSet, std::string,
                                                    Instant) {
  NamedRemoval removal;
  removal.failure.emplace(ErrorKind::unsupported, name(), Retry::never,
                          "This store cannot choose entries by name.");
  co_return removal;
}

host::Task<bool> CacheTier::survey(host::Context) { co_return false; }

bool NameSet::has(std::string_view name) const {
  return kind == Kind::prefix ? name.starts_with(text) : policy::fits_pattern(name, text);
}

host::Task<Result<bool>> CacheTier::remove(host::Context here, Key key) {
  auto removed = co_await remove_named(here, std::move(key.storage_name));
  co_return removed;
}

Bytes value_bytes_max_of(config::Tier tier, const TierSetup& setup) {
  switch (tier) {
#define LARDER_TIER(word, meaning, hit, holds, reach, listing, keys_at_once, bound, ...) \
  case config::Tier::word:                                                               \
    return Bytes(bound);
#include "config/tiers.def"
  }
  LARDER_UNREACHABLE();
}

std::unique_ptr<CacheTier> make_tier(config::Tier tier, const TierSetup& setup) {
  switch (tier) {
#define LARDER_TIER(word, meaning, hit, holds, reach, listing, keys_at_once, bound, bound_text, shared_by, \
                    factory)                                                                               \
  case config::Tier::word:                                                                                 \
    return factory(setup, value_bytes_max_of(tier, setup));
#include "config/tiers.def"
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::tiers
