#include "tiers/variant_tier.h"

#include <utility>

#include "config/limits.h"
#include "tiers/resident_set.h"
#include "tiers/variant_set.h"

namespace larder::tiers {

namespace {

// The same key under its variant's name; nullopt where that would be too long for a store.
std::optional<Key> variant_key(const Key& key, const std::string& fields) {
  const std::uint64_t slot = SeededKeyHash{}(fields) % config::limit::variants_stored_max;
  Key variant = key;
  variant.storage_name = entry::variant_name(key.storage_name, slot);
  return variant.storage_name.size() <= config::limit::key_bytes_max ? std::optional<Key>(std::move(variant))
                                                                     : std::nullopt;
}

// The fields of the request as a variant with these has them.
std::string fields_of(const Key& key, const std::string& fields) {
  return http::secondary_key(http::names_of_key(fields), key.read);
}

}  // namespace

std::optional<std::string> VariantTier::known(const Key& key) const {
  const auto found = first_.find(key.storage_name);
  return found == first_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

void VariantTier::note(const Key& key, const std::string& fields) {
  if (fields.empty()) {
    first_.erase(key.storage_name);
    return;
  }
  if (first_.size() >= config::limit::variants_known_max && !first_.contains(key.storage_name)) {
    first_.clear();
  }
  first_[key.storage_name] = fields;
}

host::Task<Result<EntryPtr>> VariantTier::get_variant(host::Context here, const Key& key,
                                                      const std::string& fields) {
  std::optional<Key> variant = variant_key(key, fields);
  EntryPtr entry;
  if (variant) {
    auto found = co_await tier_->get(here, std::move(*variant));
    if (!found) {
      co_return tl::make_unexpected(std::move(found.error()));
    }
    if (found->entry != nullptr && found->entry->header.vary == fields) {
      entry = std::move(found->entry);
    }
  }
  co_return entry;
}

host::Task<Result<Found>> VariantTier::get(host::Context here, Key key) {
  if (!key.read) {
    auto plain = co_await tier_->get(here, std::move(key));
    co_return plain;
  }
  std::string tried;
  if (const auto first = known(key); first && fields_of(key, *first) != *first) {
    tried = fields_of(key, *first);
    auto variant = co_await get_variant(here, key, tried);
    if (!variant) {
      co_return tl::make_unexpected(std::move(variant.error()));
    }
    if (*variant != nullptr) {
      co_return Found(std::move(*variant), tier());
    }
  }
  auto found = co_await tier_->get(here, key);
  if (!found || found->entry == nullptr) {
    co_return found;
  }
  const std::string fields = found->entry->header.vary;
  note(key, fields);
  const std::string wanted = fields_of(key, fields);
  if (fields.empty() || wanted == fields || wanted == tried) {
    co_return found;
  }
  auto variant = co_await get_variant(here, key, wanted);
  if (!variant) {
    co_return tl::make_unexpected(std::move(variant.error()));
  }
  if (*variant != nullptr) {
    found->entry = std::move(*variant);
  }
  co_return found;
}

host::Task<Result<Stored>> VariantTier::put(host::Context here, Key key, EntryPtr entry) {
  const std::string fields = entry->header.vary;
  const auto first = known(key);
  const bool is_first = fields.empty() || !first || *first == fields ||
                        http::names_of_key(*first) != http::names_of_key(fields);
  if (is_first) {
    note(key, fields);
    auto stored = co_await tier_->put(here, std::move(key), std::move(entry));
    co_return stored;
  }
  std::optional<Key> variant = variant_key(key, fields);
  if (!variant) {
    co_return Stored::declined;
  }
  auto stored = co_await tier_->put(here, std::move(*variant), std::move(entry));
  co_return stored;
}

host::Task<Result<bool>> VariantTier::remove(host::Context here, Key key) {
  if (!key.read) {
    auto removed = co_await remove_named(here, std::move(key.storage_name));
    co_return removed;
  }
  const auto first = known(key);
  std::string name = key.storage_name;
  if (first && fields_of(key, *first) != *first) {
    const std::optional<Key> variant = variant_key(key, fields_of(key, *first));
    if (!variant) {
      co_return false;
    }
    name = variant->storage_name;
  }
  auto removed = co_await tier_->remove_named(here, std::move(name));
  co_return removed;
}

host::Task<Result<bool>> VariantTier::remove_named(host::Context here, std::string storage_name) {
  const bool has_variants = first_.erase(storage_name) > 0;
  auto removed = co_await tier_->remove_named(here, storage_name);
  for (std::uint64_t slot = 0; has_variants && slot < config::limit::variants_stored_max; ++slot) {
    auto gone = co_await tier_->remove_named(here, entry::variant_name(storage_name, slot));
    if (!gone) {
      removed = tl::make_unexpected(std::move(gone.error()));
    }
  }
  co_return removed;
}

host::Task<Removal> VariantTier::remove_many(host::Context here, std::vector<std::string> storage_names) {
  const bool has_variants = std::any_of(storage_names.begin(), storage_names.end(),
                                        [&](const std::string& name) { return first_.contains(name); });
  // Without variants the store removes them in its own way, together where it can.
  auto removal = has_variants ? CacheTier::remove_many(here, std::move(storage_names))
                              : tier_->remove_many(here, std::move(storage_names));
  auto removed = co_await std::move(removal);
  co_return removed;
}

host::Task<NamedRemoval> VariantTier::remove_matching(host::Context here, std::string keys_under,
                                                      NameSet names, std::string cursor, Instant give_up) {
  auto removal = co_await tier_->remove_matching(here, std::move(keys_under), std::move(names),
                                                 std::move(cursor), give_up);
  co_return removal;
}

host::Task<bool> VariantTier::survey(host::Context here) {
  const bool has_said = co_await tier_->survey(here);
  co_return has_said;
}

host::Task<Result<std::vector<EntryPtr>>> VariantTier::get_many(host::Context here,
                                                                const std::vector<Key>& keys) {
  auto entries = co_await tier_->get_many(here, keys);
  co_return entries;
}

host::Task<Result<KeyPage>> VariantTier::list(host::Context here, std::string prefix, std::string cursor,
                                              std::uint32_t count_max) {
  auto page = co_await tier_->list(here, std::move(prefix), std::move(cursor), count_max);
  co_return page;
}

}  // namespace larder::tiers
