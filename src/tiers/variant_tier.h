// A farther tier in which one key may have several variants (RFC 9111 §4.1).
//
// The first variant stands under the key itself, and says by its Vary what tells others apart. They stand
// under names of their own (entry::variant_name), of which there are limit::variants_stored_max: one for each
// slot, which the hash of their fields chooses. So what a client with ever new values fills is bounded, and
// two variants of one slot take turns. A name costs nothing to compute, and nobody keeps a list of them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tiers/tier.h"

namespace larder::tiers {

class VariantTier final : public CacheTier {
 public:
  explicit VariantTier(std::unique_ptr<CacheTier> tier) : tier_(std::move(tier)) {}

  config::Tier tier() const override { return tier_->tier(); }

  // The variant for the request that `key.read` reads; another one where none fits: its Vary says why.
  host::Task<Result<Found>> get(host::Context here, Key key) override;
  host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry) override;
  // For a request: its variant. Else all of them, as far as this isolate has seen the key's.
  host::Task<Result<bool>> remove(host::Context here, Key key) override;
  host::Task<Result<bool>> remove_named(host::Context here, std::string storage_name) override;
  host::Task<Removal> remove_many(host::Context here, std::vector<std::string> storage_names) override;
  bool removes_by_name() const override { return tier_->removes_by_name(); }
  host::Task<NamedRemoval> remove_matching(host::Context here, std::string keys_under, NameSet names,
                                           std::string cursor, Instant give_up) override;
  host::Task<bool> survey(host::Context here) override;
  std::string advice() const override { return tier_->advice(); }
  host::Task<Result<std::vector<EntryPtr>>> get_many(host::Context here,
                                                     const std::vector<Key>& keys) override;
  host::Task<Result<KeyPage>> list(host::Context here, std::string prefix, std::string cursor,
                                   std::uint32_t count_max) override;
  void write_status(JsonWriter& json) const override { tier_->write_status(json); }

 private:
  // What stands under the key itself, by its fields: for a start in the right place. Old news costs one
  // look-up.
  std::optional<std::string> known(const Key& key) const;
  void note(const Key& key, const std::string& fields);
  // nullptr: it is not there, or does not fit.
  host::Task<Result<EntryPtr>> get_variant(host::Context here, const Key& key, const std::string& fields);

  std::unique_ptr<CacheTier> tier_;
  std::unordered_map<std::string, std::string> first_;
};

}  // namespace larder::tiers
