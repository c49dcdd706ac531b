// The edge tier: the data centre's Cache API. A delete reaches this data centre only.
#include "config/limits.h"
#include "host/operations.h"
#include "tiers/store_tier.h"

namespace larder::tiers {

namespace {

class Edge final : public CacheTier {
 public:
  explicit Edge(Bytes value_bytes_max) : value_bytes_max_(value_bytes_max) {}

  config::Tier tier() const override { return config::Tier::edge; }

  host::Task<Result<Found>> get(host::Context here, Key key) override {
    auto read =
        co_await host::edge_get(here, key.storage_name, config::millis_of(config::limit::tier_patience));
    if (!read) {
      co_return tl::make_unexpected(read.error());
    }
    EntryPtr entry = read->found == 1 ? readable_entry(read->header, std::move(read->content), key) : nullptr;
    co_return entry == nullptr ? Found() : Found(std::move(entry), tier());
  }

  host::Task<Result<Stored>> put(host::Context here, Key key, EntryPtr entry) override {
    const StoreBounds bounds(value_bytes_max_, Bytes(config::limit::header_value_bytes_max), Millis(1000));
    const auto stored = storable(*entry, bounds, here.host().now());
    if (!stored) {
      co_return Stored::declined;
    }
    const auto done =
        co_await host::edge_put(here, key.storage_name, stored->header, entry->body, stored->keep_seconds);
    if (!done) {
      co_return tl::make_unexpected(done.error());
    }
    co_return Stored::stored;
  }

  host::Task<Result<bool>> remove_named(host::Context here, std::string storage_name) override {
    const auto removed = co_await host::edge_delete(here, storage_name);
    if (!removed) {
      co_return tl::make_unexpected(removed.error());
    }
    co_return removed->found == 1;
  }

  void write_status(JsonWriter& json) const override { json.begin_object().end_object(); }

 private:
  Bytes value_bytes_max_;
};

}  // namespace

std::unique_ptr<CacheTier> make_edge_tier(const TierSetup&, Bytes value_bytes_max) {
  return std::make_unique<Edge>(value_bytes_max);
}

}  // namespace larder::tiers
